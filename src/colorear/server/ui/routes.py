"""The routes by which the page's files come and go: photographs, colored ones, scripts."""

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import FileResponse

import colorear
from colorear.languages import Language, language_of
from colorear.server.filenames import content_disposition
from colorear.server.settings import Settings
from colorear.server.ui.actions import WORK, PageActions, respond
from colorear.server.ui.previews import thumbnail
from colorear.server.ui.session import Sessions
from colorear.server.ui.tasks import Payload
from colorear.server.uploads import UploadLimits, client_of, receive, receive_json
from colorear.version import __version__

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

__all__ = ["EXAMPLES", "routes"]


EXAMPLES: dict[str, Path] = {
    path.stem: path
    for path in sorted((Path(colorear.__file__).parent / "examples").iterdir())
    if path.suffix in {".jpg", ".png", ".tif"}
}
"""Free photographs to try, by name."""

_REVALIDATE = {"Cache-Control": "no-cache"}
_PRIVATE = {"Cache-Control": "no-store"}
_MEDIA_TYPES = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
}
_PAYLOAD_BYTES = 2**20  # photographs come by a route of their own


def routes(actions: PageActions, sessions: Sessions, settings: Settings, static: Path) -> APIRouter:
    """What the page needs besides itself, below `/page`."""
    router = APIRouter(prefix="/page", include_in_schema=False)
    _visitors(router, actions, sessions, settings)
    _actions(router, actions, sessions, settings)
    _everybody(router, static)
    return router


def _visitors(
    router: APIRouter, actions: PageActions, sessions: Sessions, settings: Settings
) -> None:
    """What belongs to one visitor: photographs in, files out."""
    upload_limits = UploadLimits(settings)

    async def take(purpose: str, request: Request) -> Payload:
        secret = request.headers.get("session", "")
        client = client_of(request)
        folder = sessions.of(secret).new_folder()
        try:
            with upload_limits.slot(client):
                headers, body = request.headers, request.stream()
                upload = await receive(headers, body, folder, settings, fields=(WORK,))
            if purpose == "batch":
                return await actions.add_to_batch(client, secret, upload)
            model = request.headers.get("network", settings.model)
            return await actions.open_photo(client, secret, model, upload)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise

    @router.post("/photographs/{purpose}")
    async def photographs(purpose: Literal["open", "batch"], request: Request) -> Payload:
        return await respond(take(purpose, request), _language(request))

    @router.get("/files/{secret}")
    async def files(secret: str) -> FileResponse:
        file = sessions.published(secret)
        if file is None:
            raise HTTPException(404)
        headers = _PRIVATE | {"Content-Disposition": content_disposition(file.name)}
        return FileResponse(file.path, media_type="application/octet-stream", headers=headers)


def _actions(
    router: APIRouter, actions: PageActions, sessions: Sessions, settings: Settings
) -> None:
    """What the scripts of the page call, each with one JSON object."""

    async def begin(client: str, _: Payload) -> Payload:
        return {"session": sessions.begin(client), "version": __version__}

    async def end(_: str, payload: Payload) -> Payload:
        sessions.end(str(payload.get("session")))
        return {}

    handlers: dict[str, Callable[[str, Payload], Awaitable[Payload]]] = {
        "begin": begin,
        "end": end,
        "colors": actions.colors,
        "suggestions": actions.suggestions,
        "uncertainty": actions.uncertainty,
        "detail": actions.detail,
        "inverted": actions.inverted,
        "file": actions.file,
        "hints": actions.hints,
        "shared": actions.shared,
        "zip_batch": actions.zip_batch,
        "batch_file": actions.batch_file,
        "clear_batch": actions.clear_batch,
    }

    async def act(name: str, request: Request) -> Payload:
        payload = await receive_json(
            request.headers, request.stream(), _PAYLOAD_BYTES, settings.upload_seconds
        )
        return await handlers[name](client_of(request), payload)

    @router.post("/actions/{name}")
    async def action(name: str, request: Request) -> Payload:
        if name not in handlers:
            raise HTTPException(404)
        return await respond(act(name, request), _language(request))


def _everybody(router: APIRouter, static: Path) -> None:
    """What is the same for all: scripts and examples."""
    served = {path.name for path in static.iterdir() if path.suffix in _MEDIA_TYPES}
    thumbnails: dict[str, bytes] = {}

    @router.get("/static/{name}")
    async def scripts(name: str) -> FileResponse:
        if name not in served:
            raise HTTPException(404)
        path = static / name
        return FileResponse(path, headers=_REVALIDATE, media_type=_MEDIA_TYPES[path.suffix])

    @router.get("/examples/{name}")
    async def examples(name: str) -> FileResponse:
        path = _example(name)
        return FileResponse(path, headers={"Content-Disposition": content_disposition(path.name)})

    @router.get("/thumbnails/{name}")
    def example_thumbnails(name: str) -> Response:
        path = _example(name)
        if name not in thumbnails:
            thumbnails[name] = thumbnail(path)
        return Response(thumbnails[name], media_type="image/jpeg")


def _language(request: Request) -> Language:
    return language_of(request.headers.get("accept-language"))


def _example(name: str) -> Path:
    if name not in EXAMPLES:
        raise HTTPException(404)
    return EXAMPLES[name]
