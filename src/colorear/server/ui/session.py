"""What each visitor of the page has open: a photograph, in a private folder, until they go.

A sitting is known by a secret that only its visitor is told, and so is every file that waits to be
fetched. It ends when the page is closed, when nobody used it for long, or when others need the
room. All of it happens on the event loop.
"""

import asyncio
import secrets
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from colorear.errors import ColorearError
from colorear.server.ui.previews import Preview
from colorear.server.worker_pool import Studio

__all__ = ["File", "Gone", "Opened", "Sitting", "Sittings"]

_IDLE = 3600.0  # seconds
_MOST = 200  # sittings; each has a preview of about a megabyte in memory
_EACH = 40  # of one client: a class of pupils may share an address
_ROOM = 40  # largest uploads, on the disk, of all sittings together
_SHARE = 4  # sittings of the largest size find room


class Gone(ColorearError):  # noqa: N818 - said as it is
    """The sitting has ended, or there never was one."""

    def __init__(self) -> None:
        super().__init__("this page was put away since nobody used it; open the photograph again")


@dataclass(frozen=True, eq=False)
class Opened:
    """The photograph that a visitor works on."""

    path: Path
    name: str
    """As the visitor calls it."""
    preview: Preview


class File(NamedTuple):
    """A file that waits to be fetched."""

    path: Path
    name: str


@dataclass(eq=False)
class Sitting:
    """What one visitor has open."""

    folder: Path
    """Private, removed when the sitting ends."""
    secret: str
    client: str
    """Whose it is: an address, which several visitors may share."""
    opened: Opened | None = None
    many: list[File] = field(default_factory=list)
    """Coloured photographs that wait to be zipped."""
    made: str | None = None
    """The secret of the file that can be fetched."""
    size: int = 0
    """Bytes on the disk, when `Sittings.weigh` looked last."""
    kept: ExitStack = field(default_factory=ExitStack)
    """What is let go when it ends."""
    clock: asyncio.TimerHandle | None = None
    """Ends it when nobody uses it."""

    def room(self) -> Path:
        """A new folder in that of the sitting."""
        room = self.folder / secrets.token_hex(8)
        room.mkdir()
        return room


class Sittings:
    """All visitors of one server."""

    def __init__(
        self, studio: Studio, *, idle: float = _IDLE, most: int = _MOST, each: int = _EACH
    ) -> None:
        self._studio, self._idle, self._most, self._each = studio, idle, most, each
        self._room = _ROOM * studio.settings.upload_bytes
        self._open: dict[str, Sitting] = {}  # the one that was used last is last
        self._files: dict[str, File] = {}

    def __len__(self) -> int:
        """How many there are."""
        return len(self._open)

    def begin(self, client: str) -> str:
        """A new sitting; gives its secret. Of those of one client the oldest may have to end."""
        theirs = [sitting.secret for sitting in self._open.values() if sitting.client == client]
        if len(theirs) >= self._each:
            self.end(theirs[0])
        secret = secrets.token_urlsafe(24)
        stack = ExitStack()
        folder = stack.enter_context(self._studio.workspace())
        self._open[secret] = Sitting(folder, secret, client, kept=stack)
        self.of(secret)
        self._make_room()
        return secret

    def of(self, secret: object) -> Sitting:
        """The sitting with that secret, which is in use from now on. Raises Gone."""
        sitting = self._open.pop(secret, None) if isinstance(secret, str) else None
        if sitting is None:
            raise Gone
        self._open[sitting.secret] = sitting
        if sitting.clock:
            sitting.clock.cancel()
        loop = asyncio.get_running_loop()
        sitting.clock = loop.call_later(self._idle, self.end, sitting.secret)
        return sitting

    def end(self, secret: str) -> None:
        """Forget a sitting and delete all its files."""
        sitting = self._open.pop(secret, None)
        if sitting is None:
            return
        if sitting.clock:
            sitting.clock.cancel()
        self.withdraw(sitting)
        sitting.kept.close()

    def end_all(self) -> None:
        """Forget every sitting."""
        for secret in list(self._open):
            self.end(secret)

    def weigh(self, sitting: Sitting) -> None:
        """Something was written or deleted; those who were idle the longest make room for it."""
        files = [path for path in sitting.folder.rglob("*") if path.is_file()]
        sitting.size = sum(path.stat().st_size for path in files)
        self._make_room()

    def is_full(self, sitting: Sitting) -> bool:
        """Whether it has as much on the disk as one visitor may."""
        return sitting.size > self._room / _SHARE

    def publish(self, sitting: Sitting, file: File) -> str:
        """Let a file of the sitting be fetched, in place of the one before, which is deleted.

        Gives the secret by which it is fetched.
        """
        self.withdraw(sitting)
        sitting.made = secrets.token_urlsafe(24)
        self._files[sitting.made] = file
        self.weigh(sitting)
        return sitting.made

    def published(self, secret: str) -> File | None:
        """The file that is fetched by that secret; None if there is none any more."""
        return self._files.get(secret)

    def withdraw(self, sitting: Sitting) -> None:
        """Delete the file of the sitting that could be fetched, if there is one."""
        before = self._files.pop(sitting.made, None) if sitting.made else None
        sitting.made = None
        if before:
            before.path.unlink(missing_ok=True)

    def _make_room(self) -> None:
        while len(self._open) > 1 and (
            len(self._open) > self._most
            or sum(sitting.size for sitting in self._open.values()) > self._room
        ):
            self.end(next(iter(self._open)))
