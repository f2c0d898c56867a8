"""What the page asks for: a photograph opened, its colors, uncertainty, suggestions, files.

Every answer is an object for the page's scripts: what was asked for; or `problem`, a sentence; or
`gone`, where the session has ended.
"""

import asyncio
import shutil
import zipfile
from collections.abc import Awaitable, Mapping, Sequence
from logging import getLogger
from pathlib import Path
from typing import Any

import msgspec

from colorear.errors import HintError, PhotographError
from colorear.hints import Hint, parse_hints
from colorear.inference.colorizer import Colorizer, colored_name
from colorear.inference.suggestions import can_choose
from colorear.models import Network
from colorear.server.filenames import named_in_errors
from colorear.server.problems import ProblemError, problem_document, to_problem_error
from colorear.server.ui import previews
from colorear.server.ui.session import File, Opened, Session, SessionExpired, Sessions
from colorear.server.uploads import Upload
from colorear.server.worker_pool import WorkerPool

__all__ = ["PageActions", "Payload", "respond"]

Payload = dict[str, Any]

_SMALL = 320  # pixels, of the longer side, of variants side by side
_MANY = 200  # photographs in one zip

_log = getLogger(__name__)


class _PreviewRequest(msgspec.Struct, frozen=True):
    """What a visitor wishes of the photograph that is open."""

    session: str
    model: str
    hints: tuple[Hint, ...] = ()
    vividness: float = 1.0
    variant: int = 0
    small: bool = False
    """Whether a picture of the size of a stamp will do."""
    x: float = 0.5
    y: float = 0.5


class PageActions:
    """What visitors may ask for. `client` is who is counted, where the workers have a queue."""

    def __init__(self, pool: WorkerPool, sessions: Sessions) -> None:
        self._pool, self._sessions = pool, sessions

    async def open_photo(self, client: str, secret: str, model: str, upload: Upload) -> Payload:
        """The photograph that was uploaded into a session becomes the one that is worked on."""
        session = self._sessions.of(secret)
        path, limit = upload.photograph, self._pool.settings.megapixels

        def look(colorizer: Colorizer) -> tuple[previews.Preview, Payload]:
            preview = previews.load_preview(path, megapixels=limit)
            return preview, _abilities(colorizer.network)

        with named_in_errors(path, upload.name):
            preview, able = await self._pool.run(client, model, look)
        self._sessions.of(secret)  # it may have ended meanwhile
        if session.open_photo:
            _remove(session.open_photo.path)
        session.open_photo = Opened(path, upload.name, preview)
        self._sessions.update_size(session)
        height, width = preview.gray.shape
        before = previews.jpeg_data_url(preview.gray)
        return {"name": upload.name, "width": width, "height": height, "before": before, **able}

    async def colors(self, client: str, payload: Mapping[str, Any]) -> Payload:
        """The preview in color, and which hints cannot be had as they are."""
        request, _, open_photo = self._parse(payload)
        gray = open_photo.preview.gray

        def color(colorizer: Colorizer) -> Payload:
            network = colorizer.network
            hints = request.hints if network.card.hints else ()
            rgb = colorizer(gray, hints=hints, vividness=request.vividness, variant=request.variant)
            far = [] if request.small else previews.unreachable_hints(gray, hints)
            return {
                "after": previews.jpeg_data_url(
                    rgb, **({"longest": _SMALL} if request.small else {})
                ),
                "unreachable": [hints.index(one.hint) for one in far],
                **_abilities(network),
            }

        return await self._pool.run(client, request.model, color)

    async def suggestions(self, client: str, payload: Mapping[str, Any]) -> Payload:
        """Colours that the network holds for likely at a place."""
        request, _, open_photo = self._parse(payload)

        def suggest(colorizer: Colorizer) -> list[str]:
            if not colorizer.network.tells_likelihood:
                return []
            return colorizer.suggestions(
                open_photo.preview.gray, (request.x, request.y), hints=request.hints
            )

        return {"colors": await self._pool.run(client, request.model, suggest)}

    async def uncertainty(self, client: str, payload: Mapping[str, Any]) -> Payload:
        """A tint where the network is not sure."""
        request, _, open_photo = self._parse(payload)

        def tell(colorizer: Colorizer) -> str:
            hints = request.hints if colorizer.network.card.hints else ()
            gray = open_photo.preview.gray
            told = colorizer.uncertainty(
                gray, hints=hints, vividness=request.vividness, variant=request.variant
            )
            return previews.uncertainty_data_url(told)

        return {"tint": await self._pool.run(client, request.model, tell)}

    async def file(self, client: str, payload: Mapping[str, Any]) -> Payload:
        """The photograph at full size, in its own format, ready to be fetched."""
        request, session, open_photo = self._parse(payload)
        file, told = await self._colour(client, request, session, open_photo)
        return {"file": self._sessions.publish(session, file), "name": file.name, **told}

    async def add_to_batch(self, client: str, secret: str, model: str, upload: Upload) -> Payload:
        """Color an uploaded photograph at full size and keep it for the zip."""
        session = self._sessions.of(secret)
        if len(session.batch) >= _MANY or self._sessions.is_full(session):
            raise ProblemError(
                "too-many-of-yours",
                f"{len(session.batch)} photographs are here for one zip, and there is no room for "
                "more; fetch it and begin again, or color the folder with the command colorear",
            )
        await self.open_photo(client, secret, model, upload)
        open_photo = session.open_photo
        if open_photo is None:
            raise SessionExpired
        request = _PreviewRequest(secret, model)
        try:
            file, told = await self._colour(client, request, session, open_photo)
        except BaseException:  # whoever took the upload in deletes it then
            if session.open_photo is open_photo:
                session.open_photo = None
            raise
        session.batch.append(_unlike(file, session.batch))
        return {"name": session.batch[-1].name, **told}

    async def zip_batch(self, _: str, payload: Mapping[str, Any]) -> Payload:
        """All that was colored for the zip, in one file."""
        session = self._sessions.of(payload.get("session"))
        if not session.batch:
            raise PhotographError(
                "there are no photographs for this zip any more, since nobody used the page for "
                "long; color them again"
            )
        path, members = session.new_folder() / "colored.zip", list(session.batch)
        await asyncio.to_thread(_zip, path, members)
        file = File(path, "colorear.zip")
        return {"file": self._sessions.publish(session, file), "name": file.name}

    async def clear_batch(self, _: str, payload: Mapping[str, Any]) -> Payload:
        """Begin another zip, with all the room there is."""
        session = self._sessions.of(payload.get("session"))
        for file in session.batch:
            _remove(file.path)
        session.batch.clear()
        if session.open_photo:
            _remove(session.open_photo.path)
            session.open_photo = None
        self._sessions.remove_published(session)
        self._sessions.update_size(session)
        return {}

    async def hints(self, _: str, payload: Mapping[str, Any]) -> Payload:
        """The hints in the text of a file that was saved on another day, colors as `#rrggbb`."""
        self._sessions.of(payload.get("session"))
        text = str(payload.get("text", "")).encode(errors="replace")
        hints = self._few(parse_hints(text, repr(str(payload.get("name", "hints.json")))))
        return {
            "hints": [
                msgspec.to_builtins(hint) | {"color": f"#{bytes(hint.srgb).hex()}"}
                for hint in hints
            ]
        }

    def _few(self, hints: Sequence[Hint]) -> Sequence[Hint]:
        most = self._pool.settings.hints
        if len(hints) > most:
            raise HintError(f"{len(hints)} hints came, but at most {most} are taken; use fewer")
        return hints

    def _parse(self, payload: Mapping[str, Any]) -> tuple[_PreviewRequest, Session, Opened]:
        """What is asked, in a session where a photograph is open. Raises ColorearError."""
        session = self._sessions.of(payload.get("session"))
        if session.open_photo is None:
            raise SessionExpired
        try:
            request = msgspec.convert(payload, _PreviewRequest)
        except msgspec.ValidationError as error:
            raise HintError(f"the page asked for what cannot be ({error}); load it anew") from None
        self._few(request.hints)
        return request, session, session.open_photo

    async def _colour(
        self, client: str, request: _PreviewRequest, session: Session, open_photo: Opened
    ) -> tuple[File, Payload]:
        name = colored_name(open_photo.name, open_photo.preview.format)
        target = session.new_folder() / f"colored{Path(name).suffix}"

        def color(colorizer: Colorizer) -> Payload:
            hints = request.hints if colorizer.network.card.hints else ()
            told = colorizer.colorize(
                open_photo.path,
                target,
                hints=hints,
                vividness=request.vividness,
                variant=request.variant,
            )
            return {
                "seconds": round(told.seconds, 2),
                "megapixels": round(told.megapixels, 1),
                "unreachable": [hints.index(one.hint) for one in told.unreachable],
            }

        with named_in_errors(open_photo.path, open_photo.name), named_in_errors(target, name):
            told = await self._pool.run(client, request.model, color)
        self._sessions.update_size(session)
        return File(target, name), told


async def respond(answer: Awaitable[Payload]) -> Payload:
    """What is answered in the end, with every error told as the page tells it."""
    try:
        return await answer
    except SessionExpired:
        return {"expired": True}
    except Exception as error:
        problem_error = to_problem_error(error)
        if problem_error.kind == "server-error":
            _log.exception("the page asked for something, and it failed")
        return {"problem": problem_document(problem_error).detail}


def _abilities(network: Network) -> Payload:
    """What the network can do, for the page's controls."""
    return {
        "abilities": {
            "hints": network.card.hints,
            "suggestions": network.card.hints and network.tells_likelihood,
            "uncertainty": network.tells_uncertainty,
            "variants": can_choose(network),
        }
    }


def _unlike(file: File, others: Sequence[File]) -> File:
    """The same file, with a name that none of the others has."""
    taken = {other.name for other in others}
    name, number = Path(file.name), 1
    while file.name in taken:
        number += 1
        file = File(file.path, f"{name.stem} ({number}){name.suffix}")
    return file


def _zip(path: Path, members: Sequence[File]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:  # they are compressed already
        for member in members:
            archive.write(member.path, member.name)


def _remove(path: Path) -> None:
    """The file, and the folder it had for itself; both may be gone already."""
    shutil.rmtree(path.parent, ignore_errors=True)
