"""Photographs that another app of a phone shares with the installed page (Web Share Target).

The manifest names the field and the address. The page is opened then, told by the fragment of its
address, which no server and no log sees, under which secret the photographs wait.
"""

import asyncio
import shutil
from collections.abc import AsyncGenerator, AsyncIterator
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from colorear.errors import ColorearError
from colorear.server.access import SHARED
from colorear.server.filenames import safe_name
from colorear.server.problems import ProblemError, to_problem_error, too_large, too_slow
from colorear.server.settings import Settings
from colorear.server.ui.session import File, Session, Sessions
from colorear.server.uploads import UploadLimits, client_of

__all__ = ["FIELD", "share_target"]

FIELD = "photographs"
_MOST = 100  # files at one time
_OTHERS = 8  # fields besides: a title, a text, an address


def share_target(sessions: Sessions, settings: Settings) -> APIRouter:
    """Where shared photographs come in: each time into a session of its own."""
    router = APIRouter(include_in_schema=False)
    limits = UploadLimits(settings)

    @router.post(SHARED)
    async def shared(request: Request) -> RedirectResponse:
        client = client_of(request)
        session = sessions.of(sessions.begin(client))
        try:
            with limits.slot(client):
                session.shared = await _received(request, session, settings)
            sessions.update_size(session)
        except ColorearError as error:
            session.refusal = to_problem_error(error)  # said by the page, which is opened anyway
        except BaseException:
            sessions.end(session.secret)
            raise
        return RedirectResponse(f"./#shared={session.secret}", 303)

    return router


async def _received(request: Request, session: Session, settings: Settings) -> list[File]:
    """The files of the form, in folders of their own. Raises ProblemError."""
    body = _bounded(request.stream(), settings.upload_bytes)
    parser = MultiPartParser(request.headers, body, max_files=_MOST, max_fields=_OTHERS)
    try:
        async with asyncio.timeout(settings.upload_seconds):
            form = await parser.parse()
    except TimeoutError:
        raise too_slow(settings.upload_seconds) from None
    except (MultiPartException, KeyError):  # KeyError: without a boundary
        raise ProblemError(
            "malformed-request",
            f"what was shared could not be read, or was more than {_MOST} files; share fewer",
        ) from None
    try:
        uploads = [one for one in form.getlist(FIELD) if isinstance(one, UploadFile) and one.size]
        if not uploads:
            raise ProblemError(
                "not-a-photograph", "no photograph was among what was shared; share one"
            )
        return [await asyncio.to_thread(_kept, one, session.new_folder()) for one in uploads]
    finally:
        await form.close()


def _kept(upload: UploadFile, folder: Path) -> File:
    path = folder / "photograph"
    with path.open("xb") as file:
        shutil.copyfileobj(upload.file, file)
    return File(path, safe_name(upload.filename or ""))


async def _bounded(body: AsyncIterator[bytes], most: int) -> AsyncGenerator[bytes, None]:
    size = 0
    async for chunk in body:
        size += len(chunk)
        if size > most:
            raise too_large(most)
        yield chunk
