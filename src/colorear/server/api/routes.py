"""The routes of the REST API: each reads what was asked, makes one call, answers."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from pathlib import Path
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Depends, Header, Request, Response
from fastapi.responses import JSONResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from colorear.server.access import has_token
from colorear.server.api import prometheus
from colorear.server.api.forms import SUGGESTION_FIELDS
from colorear.server.api.jobs import JobState
from colorear.server.api.openapi import (
    Health,
    ModelInfo,
    Models,
    Suggestions,
    file_answer,
    form,
    problem_responses,
    question_form,
)
from colorear.server.api.responses import file_response
from colorear.server.api.service import Service
from colorear.server.model_cache import available_models
from colorear.server.problems import Kind, ProblemError
from colorear.server.settings import Settings
from colorear.server.uploads import client_of, receive

__all__ = ["health", "router"]

T = TypeVar("T")

_CLIENT_GONE = 499
_bearer = HTTPBearer(auto_error=False, description="What the server was given as COLOREAR_TOKEN.")


def _service(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


Serving = Annotated[Service, Depends(_service)]


async def _workspace(service: Serving) -> AsyncIterator[Path]:
    with service.pool.workspace() as folder:
        yield folder


Workspace = Annotated[Path, Depends(_workspace, scope="request")]  # until the answer is sent
Prefer = Annotated[
    str | None,
    Header(description="`respond-async` asks for a job (RFC 7240).", examples=["respond-async"]),
]


def _check_token(
    request: Request,
    service: Serving,
    _: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],  # for the document
) -> None:
    token = service.settings.token
    header = request.headers.get("authorization")
    if token and not has_token(header, token.get_secret_value()):
        raise ProblemError(
            "token-needed",
            "this server wants its token; send it as the header Authorization: Bearer",
            {"WWW-Authenticate": "Bearer"},
        )


_COLORED = file_answer("The photograph in color; several files as a zip.") | {
    202: {
        "model": JobState,
        "description": "The photograph is large, or a job was preferred.",
        "headers": {
            "Location": {"description": "The job.", "schema": {"type": "string"}},
            "Preference-Applied": {"schema": {"type": "string"}},
        },
    }
}

_REFUSED: tuple[Kind, ...] = (  # what may become of a photograph that comes
    "malformed-request",
    "upload-too-slow",
    "too-many-bytes",
    "too-many-pixels",
    "too-much-memory",
    "not-a-photograph",
    "wrong-field",
    "too-many-of-yours",
    "server-error",
    "queue-full",
    "stopping",
    "took-too-long",
)

health = APIRouter(tags=["health"])


def router(settings: Settings) -> APIRouter:
    """The routes under /v1, and /metrics, as these settings want them."""
    closed = [Depends(_check_token)] if settings.token else []
    routes = APIRouter(
        dependencies=closed, responses=problem_responses("token-needed") if settings.token else None
    )
    routes.add_api_route(
        "/v1/colorize",
        colorize,
        methods=["POST"],
        tags=["color"],
        response_class=Response,
        responses=_COLORED | problem_responses(*_REFUSED),
        openapi_extra=form(settings),
    )
    routes.add_api_route(
        "/v1/suggestions",
        suggestions,
        methods=["POST"],
        tags=["color"],
        response_model=Suggestions,
        responses=problem_responses(*_REFUSED),
        openapi_extra=question_form(settings),
    )
    routes.add_api_route(
        "/v1/models",
        list_models,
        methods=["GET"],
        tags=["networks"],
        responses=problem_responses("server-error"),
    )
    routes.include_router(_jobs)
    routes.add_api_route(
        "/metrics",
        metrics,
        methods=["GET"],
        tags=["health"],
        response_class=Response,
        responses={
            200: {"content": {prometheus.MEDIA_TYPE: {"schema": {"type": "string"}}}},
            **problem_responses("server-error"),
        },
    )
    return routes


async def colorize(
    request: Request, service: Serving, folder: Workspace, prefer: Prefer = None
) -> Response:
    """Color a photograph.

    The answer is the same file in color, named `<stem>-color<ending>`. Photographs that are large,
    or for which a job is preferred, are answered with a job to ask for.
    """
    client, settings = client_of(request), service.settings
    service.pool.check_room(client)
    with service.upload_limits.slot(client):
        upload = await receive(request.headers, request.stream(), folder, settings)
    photograph, wish = await service.look(upload)
    preferred = _prefers_job(prefer)
    if preferred or photograph.megapixels > settings.job_megapixels:
        job = service.begin_job(client, photograph, wish)
        path = request.app.url_path_for("job", id=job.id)
        state = service.jobs.state(job, _result(request, job.id))
        applied = {"Preference-Applied": "respond-async"} if preferred else {}
        return JSONResponse(state.model_dump(mode="json"), 202, {"Location": path} | applied)
    result = await _unless_gone(request, service.color(client, photograph, wish))
    return file_response(result) if result else Response(status_code=_CLIENT_GONE)


async def suggestions(
    request: Request, service: Serving, folder: Workspace
) -> Suggestions | Response:
    """Tell which colors are likely at a place of a photograph."""
    client, settings = client_of(request), service.settings
    service.pool.check_room(client)
    with service.upload_limits.slot(client):
        upload = await receive(
            request.headers, request.stream(), folder, settings, fields=SUGGESTION_FIELDS
        )
    answered = await _unless_gone(request, service.suggest(client, upload))
    if answered is None:
        return Response(status_code=_CLIENT_GONE)
    question, colors = answered
    return Suggestions(model=question.options.model, colors=colors)


async def list_models(service: Serving) -> Models:
    """The networks that can be named."""
    cards = await asyncio.to_thread(available_models)
    return Models(
        default=service.settings.model, models=[ModelInfo.of(card) for card in cards.values()]
    )


async def metrics(service: Serving) -> Response:
    """Counters and gauges for Prometheus."""
    return Response(service.metrics.text(), headers={"Content-Type": prometheus.MEDIA_TYPE})


_jobs = APIRouter(prefix="/v1/jobs", tags=["jobs"])


@_jobs.get("/{id}", name="job", responses=problem_responses("not-found", "server-error"))
async def show_job(id: str, request: Request, service: Serving) -> JobState:  # noqa: A002 - the name in the path, as clients know it
    """How far a job is."""
    return service.jobs.state(service.jobs.get(id), _result(request, id))


@_jobs.get(
    "/{id}/result",
    name="result",
    response_class=Response,
    responses=file_answer("The photograph in color.")
    | problem_responses(
        "not-found",
        "not-finished",
        "too-much-memory",
        "not-a-photograph",
        "wrong-field",
        "server-error",
        "queue-full",
        "stopping",
        "took-too-long",
        "too-many-of-yours",
    ),
)
async def fetch_result(id: str, service: Serving) -> Response:  # noqa: A002 - the name in the path, as clients know it
    """What came of a job; the problem, if it failed."""
    job = service.jobs.get(id)
    if job.error:
        raise job.error
    if not job.result:
        raise ProblemError("not-finished", "the job is not done yet; ask again in a while")
    return file_response(job.result)


@_jobs.delete("/{id}", status_code=204, responses=problem_responses("not-found", "server-error"))
async def delete_job(id: str, service: Serving) -> None:  # noqa: A002 - the name in the path, as clients know it
    """Give a job up, or forget its result."""
    service.jobs.remove(id)


@health.get("/healthz", responses=problem_responses("server-error"))
async def healthz() -> Health:
    """Whether the server lives."""
    return Health(status="ok")


@health.get("/readyz", responses=problem_responses("server-error", "stopping", "not-ready"))
async def readyz(service: Serving) -> Health:
    """Whether it takes photographs."""
    service.pool.check_ready()
    return Health(status="ready")


def _prefers_job(prefer: str | None) -> bool:
    wishes = (prefer or "").replace(";", ",").lower().split(",")
    return "respond-async" in (request.strip() for request in wishes)


def _result(request: Request, job: str) -> str:
    return str(request.app.url_path_for("result", id=job))


async def _unless_gone(request: Request, work: Coroutine[Any, Any, T]) -> T | None:
    """What the work gives; it is given up, and None comes, when the client hangs up."""
    task = asyncio.create_task(work)
    gone = asyncio.create_task(_gone(request))
    try:
        await asyncio.wait((task, gone), return_when=asyncio.FIRST_COMPLETED)
        return await task if task.done() else None
    finally:
        task.cancel()
        gone.cancel()


async def _gone(request: Request) -> None:
    """Ends when the client has hung up; the request must have been read."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
