"""The application, put together; and the process that serves it until it is told to stop."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from logging import ERROR, getLogger
from types import FrameType
from typing import TYPE_CHECKING, Any

import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.cors import CORSMiddleware
from fastapi.openapi.utils import get_openapi
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from colorear.errors import ColorearError
from colorear.server.access import is_loopback, refuse_foreign_sites
from colorear.server.api.openapi import DESCRIPTION
from colorear.server.api.reference import reference
from colorear.server.api.responses import HEADERS
from colorear.server.api.routes import health, router
from colorear.server.api.service import Service
from colorear.server.films.page import add_films
from colorear.server.middleware import (
    catch_errors,
    problem_response,
    security_headers,
    send_timeout,
)
from colorear.server.problems import Problem, ProblemError, to_problem_error
from colorear.server.settings import Settings
from colorear.server.ui.page import add_page

if TYPE_CHECKING:
    from concurrent.futures import Future

__all__ = ["create_app", "serve", "server_of"]

_log = getLogger(__name__)

_LAST_BYTES = 10  # seconds that clients have to take their answers when the server stops
_HEADER_BYTES = 32 * 1024


def create_app(settings: Settings, *, loopback: bool = False) -> FastAPI:
    """Put the API, and the page unless settings say otherwise, over one `app.state.service`.

    Whoever runs it must run its lifespan, at whose end the worker pool is stopped.

    Parameters
    ----------
    loopback
        Whether it will be served to this machine only, under names of this machine.
    """
    service = Service(settings)
    app = FastAPI(
        title="colorear",
        version="1.0",
        description=DESCRIPTION,
        openapi_url="/v1/openapi.json",
        docs_url=None,  # its scripts would come from elsewhere
        redoc_url=None,
        lifespan=_lifespan,
        separate_input_output_schemas=False,
    )
    app.state.service, app.state.films = service, None
    app.include_router(health)
    app.include_router(router(settings))
    app.include_router(reference)
    setattr(app, "openapi", partial(_document, app))  # noqa: B010 - as FastAPI wants it done
    _answer_errors(app)
    app.add_middleware(catch_errors)
    app.add_middleware(
        CORSMiddleware,  # without origins it lets nobody in, and keeps the page from doing so
        allow_origins=settings.origins,
        allow_methods=["GET", "POST", "DELETE"],
        allow_headers=["Authorization", "Content-Type", "Prefer"],
        expose_headers=[*HEADERS, "Location", "Preference-Applied", "Retry-After"],
    )
    app.add_middleware(refuse_foreign_sites, settings=settings, loopback=loopback)
    app.add_middleware(service.metrics.count_requests)
    app.add_middleware(send_timeout, seconds=settings.upload_seconds)
    app.add_middleware(security_headers)
    if settings.page:
        add_page(app, service.pool, settings)
        add_films(app, service.pool, settings)
    return app


def serve(settings: Settings, host: str, port: int, *, ready: Callable[[str], None]) -> None:
    """Serve until SIGINT or SIGTERM: what runs then is finished and answered, the rest is told.

    What is not finished after `settings.stop_seconds`, or when a second signal comes, is ended.

    Parameters
    ----------
    ready
        Hears the address when photographs can be sent there.
    """
    server = server_of(settings, host, port, ready=ready)
    try:
        server.run()
    finally:
        server.remove_traces()


def server_of(
    settings: Settings, host: str, port: int, *, ready: Callable[[str], None]
) -> "_Server":
    """What `serve` runs."""
    getLogger("python_multipart").setLevel(ERROR)  # it warns of every malformed upload
    app = create_app(settings, loopback=is_loopback(host))
    config = uvicorn.Config(
        app,
        host,
        port,
        http="h11",
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=bool(settings.proxies),
        forwarded_allow_ips=list(settings.proxies),
        h11_max_incomplete_event_size=_HEADER_BYTES,
        timeout_graceful_shutdown=_LAST_BYTES,
    )
    return _Server(config, app.state.service, ready)


class _Server(uvicorn.Server):
    """It ends a while after it was told to: a server that is being stopped still says so."""

    def __init__(
        self, config: uvicorn.Config, service: Service, ready: Callable[[str], None]
    ) -> None:
        super().__init__(config)
        self._service, self._ready = service, ready
        self._stopping: Future[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def startup(self, sockets: list[Any] | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets)
        host, port = self.servers[0].sockets[0].getsockname()[:2]
        self._ready(f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}")

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - uvicorn's
        if self._loop and not self._stopping and not self.should_exit:
            self.begin_to_stop()
        else:  # told again: what runs is ended, and answered so
            self._service.pool.kill()

    def remove_traces(self) -> None:
        """Remove what visitors sent, though the server may have been ended half-way."""
        self._service.pool.close()

    def begin_to_stop(self) -> None:
        """Have it end when what runs is done; from any thread, once it has started."""
        assert self._loop
        self._stopping = asyncio.run_coroutine_threadsafe(self._stop(), self._loop)

    async def _stop(self) -> None:
        await self._service.pool.finish()
        self.should_exit = True  # the answers are sent, then the lifespan ends


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    app.state.service.pool.start()
    yield
    if app.state.films is not None:
        await app.state.films.stop()
    await app.state.service.stop()


def _answer_errors(app: FastAPI) -> None:
    """Every error of a route is a problem."""

    async def answer(request: Request, error: Exception) -> Response:
        problem_error = to_problem_error(error)
        if (
            problem_error.kind == "server-error" and problem_error is not error
        ):  # a job's is in the log already
            _log.error("%s %s failed", request.method, request.url.path, exc_info=error)
        return problem_response(problem_error, request.scope)

    async def answer_http(request: Request, error: Exception) -> Response:
        headers = getattr(error, "headers", None) or {}
        match getattr(error, "status_code", 500):
            case 404:
                what = "there is nothing at this address; GET /v1/openapi.json tells what there is"
                return problem_response(ProblemError("not-found", what), request.scope)
            case 405:
                allowed = headers.get("Allow", "")
                what = f"{request.method[:20]} is not done here; {allowed or 'another method'} is"
                return problem_response(
                    ProblemError("method-not-allowed", what, headers), request.scope
                )
            case status if status < 500:
                what = "the request cannot be understood; GET /v1/openapi.json tells how to ask"
                return problem_response(ProblemError("malformed-request", what), request.scope)
            case _:
                return problem_response(error, request.scope)

    async def answer_wrong(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        wrong = error.errors()[0]
        where = ".".join(str(part) for part in wrong["loc"])[:80]
        return problem_response(
            ProblemError("wrong-field", f"{where}: {wrong['msg']}; correct it"), request.scope
        )

    async def answer_nobody(_: Request, __: Exception) -> Response:
        return Response(status_code=499)

    app.add_exception_handler(ColorearError, answer)
    app.add_exception_handler(HTTPException, answer_http)
    app.add_exception_handler(RequestValidationError, answer_wrong)
    app.add_exception_handler(ClientDisconnect, answer_nobody)


def _document(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document, with the problems that every route may answer."""
    if app.openapi_schema is None:
        document = get_openapi(
            title=app.title,
            version=app.version,
            description=app.description,
            routes=app.routes,
        )
        schemas = document["components"]["schemas"]
        schemas["Problem"] = Problem.model_json_schema()
        for name in ("HTTPValidationError", "ValidationError"):  # FastAPI's own, never answered
            schemas.pop(name, None)
        for operation in (way for path in document["paths"].values() for way in path.values()):
            if "HTTPValidationError" in str(operation["responses"].get("422")):
                del operation["responses"]["422"]
        app.openapi_schema = document
    return app.openapi_schema
