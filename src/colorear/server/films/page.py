"""The page for short films: its routes, and what is seen at "/films"."""

import importlib.util
from collections.abc import Awaitable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import msgspec
from fastapi import APIRouter, FastAPI, HTTPException, Request
from fastapi.responses import FileResponse

from colorear.languages import Language, language_of, translated
from colorear.server.filenames import content_disposition
from colorear.server.films.jobs import FilmGone, FilmJob, Films
from colorear.server.films.tasks import FilmRequest, Payload
from colorear.server.films.words import MESSAGES
from colorear.server.model_cache import available_models
from colorear.server.problems import ProblemError, problem_document
from colorear.server.settings import Settings
from colorear.server.ui.actions import respond
from colorear.server.ui.page import lock
from colorear.server.uploads import UploadLimits, client_of, receive, receive_json
from colorear.server.worker_pool import WorkerPool

__all__ = ["add_films"]

_STATIC = Path(__file__).parent / "static"
_FILES = {"films.js": "text/javascript", "films.css": "text/css"}
_REVALIDATE = {"Cache-Control": "no-cache"}
_PRIVATE = {"Cache-Control": "no-store"}
_REQUEST_BYTES = 2**18


def add_films(app: FastAPI, pool: WorkerPool, settings: Settings) -> None:
    """Add the page of films at "/films", as `app.state.films`, whose `stop` ends it.

    Without the extra `video` the page says so, and takes none.
    """
    films = app.state.films = Films(pool)
    router = APIRouter(include_in_schema=False)
    _document(router, settings)
    _visitors(router, films, pool, settings)
    _files(router, films)
    app.include_router(router, dependencies=lock(settings))


def _able() -> bool:
    """Whether the extra `video` is installed."""
    return all(importlib.util.find_spec(name) for name in ("av", "cv2"))


def _document(router: APIRouter, settings: Settings) -> None:
    @router.get("/films")
    async def page() -> FileResponse:
        return FileResponse(_STATIC / "films.html", headers=_REVALIDATE)

    @router.get("/page/films/static/{name}")
    async def static(name: str) -> FileResponse:
        if name not in _FILES:
            raise HTTPException(404)
        return FileResponse(_STATIC / name, headers=_REVALIDATE, media_type=_FILES[name])

    @router.get("/page/films/settings")
    def page_settings() -> dict[str, Any]:
        return {
            "messages": MESSAGES,
            "networks": list(available_models()),
            "network": settings.model,
            "able": _able(),
            "megabytes": settings.upload_megabytes,
            "seconds": settings.film_seconds,
        }


def _visitors(router: APIRouter, films: Films, pool: WorkerPool, settings: Settings) -> None:
    upload_limits = UploadLimits(settings)

    @router.post("/page/films")
    async def send(request: Request) -> Payload:
        return await _respond(_take(request, films, pool, upload_limits), request)

    @router.post("/page/films/{secret}/preview")
    async def preview(secret: str, request: Request) -> Payload:
        async def shown() -> Payload:
            return await films.preview(films.get(secret), await _wish(request, settings))

        return await _respond(shown(), request)

    @router.post("/page/films/{secret}/color")
    async def color(secret: str, request: Request) -> Payload:
        async def begun() -> Payload:
            wish = await _wish(request, settings)
            films.color(films.get(secret), wish)
            return {}

        return await _respond(begun(), request)

    @router.get("/page/films/{secret}")
    async def state(secret: str, request: Request) -> Payload:
        async def told() -> Payload:
            return _state(films.get(secret), _language(request))

        return await _respond(told(), request)


def _files(router: APIRouter, films: Films) -> None:
    """What goes home, and what goes away."""

    @router.post("/page/films/{secret}/remove")
    async def remove(secret: str) -> Payload:
        films.remove(secret)
        return {}

    @router.get("/page/films/{secret}/file")
    async def file(secret: str) -> FileResponse:
        found = films.result(secret)
        if found is None:
            raise HTTPException(404)
        path, name = found
        headers = _PRIVATE | {"Content-Disposition": content_disposition(name)}
        return FileResponse(path, media_type="application/octet-stream", headers=headers)


async def _take(
    request: Request, films: Films, pool: WorkerPool, upload_limits: UploadLimits
) -> Payload:
    if not _able():
        raise ProblemError(
            "not-found",
            "this server colors no films; whoever runs it can install the extra 'video'",
        )
    client = client_of(request)
    films.check_room(client)
    kept = ExitStack()
    try:
        folder = kept.enter_context(pool.workspace())
        with upload_limits.slot(client):
            upload = await receive(request.headers, request.stream(), folder, pool.settings)
        films.check_room(client)  # others may have come meanwhile
        job, about = await films.add(client, upload, kept)
    except BaseException:
        kept.close()
        raise
    return {"film": job.id, "name": job.name, **about}


async def _wish(request: Request, settings: Settings) -> FilmRequest:
    payload = await receive_json(
        request.headers, request.stream(), _REQUEST_BYTES, settings.upload_seconds
    )
    try:
        return msgspec.convert(payload, FilmRequest)
    except msgspec.ValidationError as error:
        raise ProblemError(
            "wrong-field", f"the page asked for what cannot be ({error}); load it anew"
        ) from None


def _state(job: FilmJob, language: Language) -> Payload:
    about = dict(job.about)
    about["left_out"] = [translated(what, language) for what in about.get("left_out", ())]
    return {
        "state": job.state,
        "progress": job.progress,
        "name": job.name,
        "file": job.result_name,
        "about": about,
        "failed": problem_document(job.problem, language).detail if job.problem else None,
    }


async def _respond(answer: Awaitable[Payload], request: Request) -> Payload:
    """As the page of photographs is answered; `gone` where the film is not here."""
    try:
        return await answer
    except FilmGone as error:
        return {"gone": translated(str(error), _language(request))}
    except Exception as error:
        return await respond(_raised(error), _language(request))


async def _raised(error: Exception) -> Payload:
    raise error


def _language(request: Request) -> Language:
    return language_of(request.headers.get("accept-language"))
