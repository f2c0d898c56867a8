"""What the page asks for: a photograph opened, its colors, uncertainty, suggestions, files.

Every answer is an object for the page's scripts: what was asked for; or `problem`, a sentence; or
`expired`, where the session has ended.
"""

import asyncio
import shutil
import zipfile
from collections.abc import Awaitable, Mapping, Sequence
from functools import partial
from logging import getLogger
from pathlib import Path
from typing import Any

import msgspec

from colorear.errors import HintError, PhotographError
from colorear.hints import Hint, parse_hints
from colorear.inference.naming import colored_name
from colorear.server.filenames import named_in_errors
from colorear.server.languages import Language
from colorear.server.problems import ProblemError, problem_document, to_problem_error
from colorear.server.ui.session import File, Opened, Session, SessionExpired, Sessions
from colorear.server.ui.tasks import (
    Payload,
    PreviewRequest,
    color_preview,
    color_suggestions,
    colorize_file,
    open_preview,
    photo_detail,
    uncertainty_tint,
)
from colorear.server.uploads import Upload
from colorear.server.worker_pool import WorkerPool

__all__ = ["PageActions", "respond"]

_MANY = 200  # photographs in one zip

_log = getLogger(__name__)


class PageActions:
    """What visitors may ask for. `client` is who is counted, where the workers have a queue."""

    def __init__(self, pool: WorkerPool, sessions: Sessions) -> None:
        self._pool, self._sessions = pool, sessions

    async def open_photo(self, client: str, secret: str, model: str, upload: Upload) -> Payload:
        """The photograph that was uploaded into a session becomes the one that is worked on."""
        session = self._sessions.of(secret)
        path = upload.photograph
        task = partial(open_preview, path, self._pool.settings.megapixels)
        with named_in_errors(path, upload.name):
            preview, shown = await self._pool.run(client, model, task)
        self._sessions.of(secret)  # it may have ended meanwhile
        if session.open_photo:
            session.open_photo.close()
        session.open_photo = Opened(path, upload.name, preview)
        self._sessions.update_size(session)
        return {"name": upload.name, **shown}

    async def colors(self, client: str, payload: Mapping[str, Any]) -> Payload:
        """The preview in color, and which hints cannot be had as they are."""
        request, _, open_photo = self._parse(payload)
        task = partial(color_preview, open_photo.preview.gray, request)
        return await self._pool.run(client, request.model, task)

    async def suggestions(self, client: str, payload: Mapping[str, Any]) -> Payload:
        """Colors that the network holds for likely at a place."""
        request, _, open_photo = self._parse(payload)
        task = partial(color_suggestions, open_photo.preview.gray, request)
        return {"colors": await self._pool.run(client, request.model, task)}

    async def uncertainty(self, client: str, payload: Mapping[str, Any]) -> Payload:
        """A tint where the network is not sure."""
        request, _, open_photo = self._parse(payload)
        task = partial(uncertainty_tint, open_photo.preview.gray, request)
        return {"tint": await self._pool.run(client, request.model, task)}

    async def detail(self, client: str, payload: Mapping[str, Any]) -> Payload:
        """A part of the photograph in gray, by the file's own pixels."""
        request, _, open_photo = self._parse(payload)
        if request.part is None:
            raise HintError("the page asked for no part of the photograph; load it anew")
        task = partial(photo_detail, open_photo.path, request.part)
        with open_photo.in_use(), named_in_errors(open_photo.path, open_photo.name):
            return {"detail": await self._pool.run(client, request.model, task)}

    async def file(self, client: str, payload: Mapping[str, Any]) -> Payload:
        """The photograph at full size, in its own format, ready to be fetched."""
        request, session, open_photo = self._parse(payload)
        file, about = await self._colorize_file(client, request, session, open_photo)
        return {"file": self._sessions.publish(session, file), "name": file.name, **about}

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
        request = PreviewRequest(secret, model)
        try:
            file, about = await self._colorize_file(client, request, session, open_photo)
        except BaseException:  # whoever took the upload in deletes it then
            if session.open_photo is open_photo:
                session.open_photo = None
            raise
        session.batch.append(_unlike(file, session.batch))
        return {"name": session.batch[-1].name, **about}

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
            shutil.rmtree(file.path.parent, ignore_errors=True)
        session.batch.clear()
        if session.open_photo:
            session.open_photo.close()
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

    def _parse(self, payload: Mapping[str, Any]) -> tuple[PreviewRequest, Session, Opened]:
        """What is asked, in a session where a photograph is open. Raises ColorearError."""
        session = self._sessions.of(payload.get("session"))
        if session.open_photo is None:
            raise SessionExpired
        try:
            request = msgspec.convert(payload, PreviewRequest)
        except msgspec.ValidationError as error:
            raise HintError(f"the page asked for what cannot be ({error}); load it anew") from None
        self._few(request.hints)
        return request, session, session.open_photo

    async def _colorize_file(
        self, client: str, request: PreviewRequest, session: Session, open_photo: Opened
    ) -> tuple[File, Payload]:
        name = colored_name(open_photo.name, open_photo.preview.format)
        target = session.new_folder() / f"colored{Path(name).suffix}"
        task = partial(colorize_file, open_photo.path, target, request)
        with (
            open_photo.in_use(),
            named_in_errors(open_photo.path, open_photo.name),
            named_in_errors(target, name),
        ):
            about = await self._pool.run(client, request.model, task)
        self._sessions.update_size(session)
        return File(target, name), about


async def respond(answer: Awaitable[Payload], language: Language = "en") -> Payload:
    """What is answered in the end, with every error told as the page tells it, in that language."""
    try:
        return await answer
    except SessionExpired:
        return {"expired": True}
    except Exception as error:
        problem_error = to_problem_error(error)
        if problem_error.kind == "server-error":
            _log.exception("the page asked for something, and it failed")
        return {"problem": problem_document(problem_error, language).detail}


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
