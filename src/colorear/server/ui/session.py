"""What each visitor of the page has open: a photograph, in a private folder, until they go.

A session is known by a secret that only its visitor is told, and so is every file that waits to be
fetched. It ends when the page is closed, when nobody used it for long, or when others need the
room. All of it happens on the event loop.
"""

import asyncio
import secrets
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from colorear.errors import ColorearError
from colorear.server.problems import ProblemError
from colorear.server.ui.previews import Preview
from colorear.server.ui.tasks import Halves, PreviewRequest
from colorear.server.worker_pool import WorkerPool

__all__ = ["File", "Opened", "Session", "SessionExpired", "Sessions"]

_IDLE = 3600.0  # seconds
_MOST = 200  # sessions; each has a preview of about a megabyte in memory
_EACH = 40  # of one client: a class of pupils may share an address
_ROOM = 40  # largest uploads, on the disk, of all sessions together
_SHARE = 4  # sessions of the largest size find room


class SessionExpired(ColorearError):  # noqa: N818 - said as it is
    """The session has ended, or there never was one."""

    def __init__(self) -> None:
        super().__init__("this page was put away since nobody used it; open the photograph again")


@dataclass(eq=False)
class Opened:
    """The photograph that a visitor works on."""

    path: Path
    name: str
    """As the visitor calls it."""
    preview: Preview
    drafted: tuple[PreviewRequest, Halves] | None = None
    """The a*b* of the last draft, and what was asked for."""
    _users: int = 0
    _is_closed: bool = False

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Within it the file stays, though another photograph may be opened meanwhile."""
        self._users += 1
        try:
            yield
        finally:
            self._users -= 1
            if self._is_closed:
                self.close()

    def close(self) -> None:
        """Delete the file, and the folder that it has for itself, once nobody uses it."""
        self._is_closed = True
        if not self._users:
            shutil.rmtree(self.path.parent, ignore_errors=True)


class File(NamedTuple):
    """A file that waits to be fetched."""

    path: Path
    name: str


@dataclass(eq=False)
class Session:
    """What one visitor has open."""

    folder: Path
    """Private, removed when the session ends."""
    secret: str
    client: str
    """Whose it is: an address, which several visitors may share."""
    open_photo: Opened | None = None
    batch: dict[int, File] = field(default_factory=dict)
    """Coloured photographs of many that wait to be fetched, by the page's numbers for them."""
    shared: list[File] = field(default_factory=list)
    """What another app shared, and the page has not taken yet."""
    refusal: ProblemError | None = None
    """Why nothing of that is there."""
    made: str | None = None
    """The secret of the file that can be fetched."""
    size: int = 0
    """Bytes on the disk, when they were counted last."""
    kept: ExitStack = field(default_factory=ExitStack)
    """What is let go when it ends."""
    clock: asyncio.TimerHandle | None = None
    """Ends it when nobody uses it."""

    def new_folder(self) -> Path:
        """A new folder in that of the session."""
        new_folder = self.folder / secrets.token_hex(8)
        new_folder.mkdir()
        return new_folder


class Sessions:
    """All visitors of one server."""

    def __init__(
        self, pool: WorkerPool, *, idle: float = _IDLE, most: int = _MOST, each: int = _EACH
    ) -> None:
        self._pool, self._idle, self._most, self._each = pool, idle, most, each
        self._room = _ROOM * pool.settings.upload_bytes
        self._open: dict[str, Session] = {}  # the one that was used last is last
        self._files: dict[str, File] = {}

    def __len__(self) -> int:
        """How many there are."""
        return len(self._open)

    def begin(self, client: str) -> str:
        """A new session; gives its secret. Of those of one client the oldest may have to end."""
        theirs = [session.secret for session in self._open.values() if session.client == client]
        if len(theirs) >= self._each:
            self.end(theirs[0])
        secret = secrets.token_urlsafe(24)
        stack = ExitStack()
        folder = stack.enter_context(self._pool.workspace())
        self._open[secret] = Session(folder, secret, client, kept=stack)
        self.of(secret)
        self._make_room()
        return secret

    def of(self, secret: object) -> Session:
        """The session with that secret, which is in use from now on. Raises SessionExpired."""
        session = self._open.pop(secret, None) if isinstance(secret, str) else None
        if session is None:
            raise SessionExpired
        self._open[session.secret] = session
        if session.clock:
            session.clock.cancel()
        loop = asyncio.get_running_loop()
        session.clock = loop.call_later(self._idle, self.end, session.secret)
        return session

    def end(self, secret: str) -> None:
        """Forget a session and delete all its files."""
        session = self._open.pop(secret, None)
        if session is None:
            return
        if session.clock:
            session.clock.cancel()
        self.remove_published(session)
        session.kept.close()

    def end_all(self) -> None:
        """Forget every session."""
        for secret in list(self._open):
            self.end(secret)

    def update_size(self, session: Session) -> None:
        """Something was written or deleted; those who were idle the longest make room for it."""
        files = [path for path in session.folder.rglob("*") if path.is_file()]
        session.size = sum(path.stat().st_size for path in files)
        self._make_room()

    def is_full(self, session: Session) -> bool:
        """Whether it has as much on the disk as one visitor may."""
        return session.size > self._room / _SHARE

    def keep(self, session: Session, number: int, file: File) -> None:
        """Keep a colored photograph of many; the one that had its number before is deleted."""
        before = session.batch.pop(number, None)
        if before:
            session.size -= _size(before.path)
            shutil.rmtree(before.path.parent, ignore_errors=True)
        session.batch[number] = file
        session.size += _size(file.path)  # not all anew: there may be a thousand
        self._make_room()

    def publish(self, session: Session, file: File) -> str:
        """Let a file of the session be fetched, in place of the one before.

        That one is deleted, unless it is kept among many. Gives the secret by which it is fetched.
        """
        self.remove_published(session)
        session.made = secrets.token_urlsafe(24)
        self._files[session.made] = file
        self.update_size(session)
        return session.made

    def published(self, secret: str) -> File | None:
        """The file that is fetched by that secret; None if there is none any more."""
        return self._files.get(secret)

    def remove_published(self, session: Session) -> None:
        """Delete the file of the session that could be fetched, if there is one."""
        before = self._files.pop(session.made, None) if session.made else None
        session.made = None
        if before and before not in session.batch.values():
            before.path.unlink(missing_ok=True)

    def _make_room(self) -> None:
        while len(self._open) > 1 and (
            len(self._open) > self._most
            or sum(session.size for session in self._open.values()) > self._room
        ):
            self.end(next(iter(self._open)))


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0
