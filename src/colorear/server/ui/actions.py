"""What the page asks for: a photograph opened, its colors, uncertainty, suggestions, files.

Every answer is an object for the page's scripts: what was asked for; or `problem`, a sentence; or
`expired`, where the session has ended.
"""

import asyncio
import shutil
import zipfile
from collections import Counter
from collections.abc import Awaitable, Mapping, Sequence
from functools import partial
from logging import getLogger
from pathlib import Path
from typing import Any

import msgspec

from colorear.errors import HintError
from colorear.hints import Hint, parse_hints
from colorear.inference.naming import colored_name
from colorear.languages import Language
from colorear.photo.appearance import ONE_TONE
from colorear.server.filenames import named_in_errors
from colorear.server.problems import ProblemError, problem_document, to_problem_error
from colorear.server.ui.session import File, Opened, Session, SessionExpired, Sessions
from colorear.server.ui.tasks import (
    Payload,
    PreviewRequest,
    color_draft,
    color_one_of_many,
    color_preview,
    color_suggestions,
    colorize_file,
    invert_photo,
    open_preview,
    photo_detail,
    uncertainty_tint,
)
from colorear.server.uploads import Upload
from colorear.server.worker_pool import WorkerPool

__all__ = ["WORK", "PageActions", "respond"]

_MANY = 2000  # photographs in one zip; the room on the disk mostly ends before

WORK = "work"
"""The field in which the page tells what it wants of one of many photographs."""
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
        """The preview in color, and which hints cannot be had as they are.

        A draft is there sooner; asked for the same afterwards, the network is not run again.
        """
        request, _, open_photo = self._parse(payload)
        preview = open_photo.preview
        wanted = msgspec.structs.replace(request, draft=False)
        if request.draft:
            draft = partial(color_draft, preview.coarse, preview.draft, request)
            ab, told = await self._pool.run(client, request.model, draft)
            open_photo.drafted = wanted, ab
            return told | {"negative": told["negative"] and preview.appearance in ONE_TONE}
        drafted = open_photo.drafted
        known = drafted[1] if drafted and drafted[0] == wanted else None
        gray = preview.coarse if request.small else preview.gray
        task = partial(color_preview, gray, request, known)
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

    async def inverted(self, client: str, payload: Mapping[str, Any]) -> Payload:
        """The photograph as a PNG with light and dark exchanged: of a negative the positive."""
        request, session, open_photo = self._parse(payload)
        name = f"{Path(open_photo.name).stem}-inverted.png"
        file = File(session.new_folder() / "inverted.png", name)
        task = partial(invert_photo, open_photo.path, file.path)
        with open_photo.in_use(), named_in_errors(open_photo.path, open_photo.name):
            await self._pool.run(client, request.model, task)
        self._sessions.update_size(session)
        return {"file": self._sessions.publish(session, file), "name": name}

    async def file(self, client: str, payload: Mapping[str, Any]) -> Payload:
        """The photograph at full size, in its own format, ready to be fetched."""
        request, session, open_photo = self._parse(payload)
        file, about = await self._colorize_file(client, request, session, open_photo)
        return {"file": self._sessions.publish(session, file), "name": file.name, **about}

    async def add_to_batch(self, client: str, secret: str, upload: Upload) -> Payload:
        """Color an uploaded photograph at full size, as its field `work` wishes, and keep it.

        It takes the place of the one that had its number.
        """
        session = self._sessions.of(secret)
        payload = _decoded(upload.fields.get(WORK, b"{}"))
        request = self._requested({"model": self._pool.settings.model} | payload, secret)
        is_new = request.number not in session.batch
        if is_new and (len(session.batch) >= _MANY or self._sessions.is_full(session)):
            raise ProblemError(
                "too-many-of-yours",
                f"{len(session.batch)} photographs are here for one zip, and there is no room for "
                "more; fetch it and begin again, or color the folder with the command colorear",
            )
        task = partial(
            color_one_of_many, upload.photograph, self._pool.settings.megapixels, request
        )
        with named_in_errors(upload.photograph, upload.name):
            path, about = await self._pool.run(client, request.model, task)
        self._sessions.of(secret)  # it may have ended meanwhile
        file = File(path, colored_name(upload.name, about.pop("format")))
        self._sessions.keep(session, request.number, file)
        return {"name": file.name, **about}

    async def zip_batch(self, _: str, payload: Mapping[str, Any]) -> Payload:
        """All of many that were colored, in one file."""
        session = self._sessions.of(payload.get("session"))
        if not session.batch:
            raise ProblemError(
                "not-found",
                "there are no photographs for this zip any more, since nobody used the page for "
                "long; color them again",
            )
        path = session.new_folder() / "colored.zip"
        members = _unlike_each_other([file for _, file in sorted(session.batch.items())])
        await asyncio.to_thread(_zip, path, members)
        file = File(path, "colorear.zip")
        return {"file": self._sessions.publish(session, file), "name": file.name}

    async def batch_file(self, _: str, payload: Mapping[str, Any]) -> Payload:
        """One of many that were colored, ready to be fetched."""
        session = self._sessions.of(payload.get("session"))
        number = payload.get("number")
        file = session.batch.get(number) if isinstance(number, int) else None
        if file is None:
            raise ProblemError(
                "not-found",
                "this photograph is not here any more, since nobody used the page for long; color "
                "it again",
            )
        return {"file": self._sessions.publish(session, file), "name": file.name}

    async def shared(self, _: str, payload: Mapping[str, Any]) -> Payload:
        """One of the photographs that another app shared, ready to be fetched, and how many are."""
        session = self._sessions.of(payload.get("session"))
        if session.refusal:
            raise session.refusal
        number = payload.get("number")
        if not (isinstance(number, int) and 0 <= number < len(session.shared)):
            raise SessionExpired
        file = session.shared[number]
        secret = self._sessions.publish(session, file)
        return {"file": secret, "name": file.name, "count": len(session.shared)}

    async def clear_batch(self, _: str, payload: Mapping[str, Any]) -> Payload:
        """Begin another zip, with all the room there is."""
        session = self._sessions.of(payload.get("session"))
        for file in session.batch.values():
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
        return self._requested(payload, session.secret), session, session.open_photo

    def _requested(self, payload: Mapping[str, Any], secret: str) -> PreviewRequest:
        """What is asked. Raises HintError."""
        try:
            request = msgspec.convert({**payload, "session": secret}, PreviewRequest)
        except msgspec.ValidationError as error:
            raise HintError(f"the page asked for what cannot be ({error}); load it anew") from None
        self._few(request.hints)
        return request

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
        detail = problem_document(problem_error, language).detail
        return {"problem": detail, "kind": problem_error.kind}


def _decoded(content: bytes) -> Payload:
    """A JSON object that came beside a photograph. Raises ProblemError."""
    try:
        return msgspec.json.decode(content, type=Payload)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        raise ProblemError(
            "malformed-request",
            f"the field {WORK!r} is not the JSON object that it must be; load the page anew",
        ) from None


def _unlike_each_other(files: Sequence[File]) -> list[File]:
    """The same files; where one has the name of another before it, that name gets a number."""
    taken: Counter[str] = Counter()
    names: set[str] = set()
    unlike = []
    for file in files:
        told, name = Path(file.name), file.name
        while name in names:
            taken[file.name] += 1
            name = f"{told.stem} ({taken[file.name] + 1}){told.suffix}"
        names.add(name)
        unlike.append(File(file.path, name))
    return unlike


def _zip(path: Path, members: Sequence[File]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:  # they are compressed already
        for member in members:
            archive.write(member.path, member.name)
