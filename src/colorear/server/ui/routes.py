"""The routes by which the page's files come and go: photographs, coloured ones, scripts."""

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import FileResponse

import colorear
from colorear.server.filenames import disposition
from colorear.server.settings import Settings
from colorear.server.ui.actions import Answer, Desk, answered
from colorear.server.ui.previews import stamp
from colorear.server.ui.session import Sittings
from colorear.server.uploads import Arrivals, client_of, receive, receive_json

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

__all__ = ["EXAMPLES", "routes"]

Payload = dict[str, Any]

EXAMPLES: dict[str, Path] = {
    path.stem: path
    for path in sorted((Path(colorear.__file__).parent / "examples").iterdir())
    if path.suffix in {".jpg", ".png", ".tif"}
}
"""Free photographs to try, by name."""

_REVALIDATE = {"Cache-Control": "no-cache"}
_PRIVATE = {"Cache-Control": "no-store"}
_MEDIA_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_PAYLOAD_BYTES = 2**20  # photographs come by a route of their own


def routes(desk: Desk, sittings: Sittings, settings: Settings, static: Path) -> APIRouter:
    """What the page needs besides itself, below `/page`."""
    router = APIRouter(prefix="/page", include_in_schema=False)
    _visitors(router, desk, sittings, settings)
    _actions(router, desk, sittings, settings)
    _everybody(router, static)
    return router


def _visitors(router: APIRouter, desk: Desk, sittings: Sittings, settings: Settings) -> None:
    """What belongs to one visitor: photographs in, files out."""
    arrivals = Arrivals(settings)

    async def take(purpose: str, request: Request) -> Answer:
        secret = request.headers.get("sitting", "")
        model = request.headers.get("network", settings.model)
        client = client_of(request)
        folder = sittings.of(secret).room()
        try:
            with arrivals.one_more(client):
                upload = await receive(request.headers, request.stream(), folder, settings)
            call = desk.opened if purpose == "open" else desk.one_of_many
            return await call(client, secret, model, upload)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise

    @router.post("/photographs/{purpose}")
    async def photographs(purpose: Literal["open", "many"], request: Request) -> Answer:
        return await answered(take(purpose, request))

    @router.get("/files/{secret}")
    async def files(secret: str) -> FileResponse:
        file = sittings.published(secret)
        if file is None:
            raise HTTPException(404)
        headers = _PRIVATE | {"Content-Disposition": disposition(file.name)}
        return FileResponse(file.path, media_type="application/octet-stream", headers=headers)


def _actions(router: APIRouter, desk: Desk, sittings: Sittings, settings: Settings) -> None:
    """What the scripts of the page call, each with one JSON object."""

    async def begin(client: str, _: Payload) -> Answer:
        return {"sitting": sittings.begin(client)}

    async def end(_: str, payload: Payload) -> Answer:
        sittings.end(str(payload.get("sitting")))
        return {}

    actions: dict[str, Callable[[str, Payload], Awaitable[Answer]]] = {
        "begin": begin,
        "end": end,
        "colours": desk.colours,
        "suggestions": desk.suggestions,
        "doubt": desk.doubt,
        "file": desk.file,
        "hints": desk.hints,
        "zipped": desk.zipped,
        "emptied": desk.emptied,
    }

    async def act(name: str, request: Request) -> Answer:
        payload = await receive_json(
            request.headers, request.stream(), _PAYLOAD_BYTES, settings.upload_seconds
        )
        return await actions[name](client_of(request), payload)

    @router.post("/actions/{name}")
    async def action(name: str, request: Request) -> Answer:
        if name not in actions:
            raise HTTPException(404)
        return await answered(act(name, request))


def _everybody(router: APIRouter, static: Path) -> None:
    """What is the same for all: scripts and examples."""
    served = {path.name for path in static.iterdir() if path.suffix in _MEDIA_TYPES}
    stamps: dict[str, bytes] = {}

    @router.get("/static/{name}")
    async def scripts(name: str) -> FileResponse:
        if name not in served:
            raise HTTPException(404)
        path = static / name
        return FileResponse(path, headers=_REVALIDATE, media_type=_MEDIA_TYPES[path.suffix])

    @router.get("/examples/{name}")
    async def examples(name: str) -> FileResponse:
        path = _example(name)
        return FileResponse(path, headers={"Content-Disposition": disposition(path.name)})

    @router.get("/stamps/{name}")
    def stamps_of_examples(name: str) -> Response:
        path = _example(name)
        if name not in stamps:
            stamps[name] = stamp(path)
        return Response(stamps[name], media_type="image/jpeg")


def _example(name: str) -> Path:
    if name not in EXAMPLES:
        raise HTTPException(404)
    return EXAMPLES[name]
