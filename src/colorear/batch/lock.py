"""The lock of a remote folder: of many runs, on whatever machines, one may write there.

It is a file that says who writes there, and said so when. It is made, and taken over from an owner
who is gone, by requests of which a store grants one. When an owner is gone tells the clock of the
store: those of the machines may be wrong, and are asked only where a store tells no times.
"""

import json
import os
import socket
import threading
import time
import uuid
from contextlib import suppress
from typing import Annotated

import msgspec

from colorear.batch.conditional import was_compared
from colorear.batch.remote import Remote
from colorear.errors import BatchError, ColorearError

__all__ = ["STALE", "Lock", "TakenError"]

STALE = 600
"""Seconds; whoever renewed a lock so long ago is gone."""
_UNSURE = STALE / 2  # seconds; whoever renewed it so long ago asks before going on
_SETTLES = 1  # seconds in which two that take one lock at once see each other


class TakenError(BatchError):
    """Another run has the lock."""

    def __init__(self, folder: Remote) -> None:
        super().__init__(
            f"another run is writing into '{folder}'; wait until it has ended, "
            "or give another folder"
        )


class Lock:
    """The lock of `folder`, which is this run's until it is released; safe to use from threads.

    Raises TakenError where another run has it, and what `Remote` does.
    """

    def __init__(self, folder: Remote) -> None:
        self._folder, self._file = folder, folder / "lock"
        self._token = uuid.uuid4().hex
        self._renewing = threading.Lock()
        self._renewed = started = _elapsed()
        try:
            self._version = self._file.create(self._content()) or self._our_version()
            is_new = self._version is not None
            if not is_new:
                self._version = self._taken_over()
            if not (is_new and was_compared(self._version or "")):
                # some stores grant it to two, of which the later one stays
                time.sleep(max(_SETTLES, 2 * (_elapsed() - started)))
                self.renew()
        except BaseException:  # Ctrl-C too: others would wait for nobody
            with suppress(ColorearError):
                self.release()
            raise

    def renew(self) -> None:
        """Say that it is still ours. Raises TakenError if it is not."""
        with self._renewing:
            asked = _elapsed()  # the store may have granted it at any time since
            if self._version is not None:
                new = self._file.replace(self._content(), self._version)
                self._version = new or self._our_version()
            if self._version is None:
                raise TakenError(self._folder)
            self._renewed = asked

    def ensure(self) -> None:
        """Renew it if others might soon take it for that of somebody who is gone."""
        if _elapsed() - self._renewed > _UNSURE:
            self.renew()

    def release(self) -> None:
        """Let others in."""
        if self._our_version() is not None:
            self._file.remove()

    def _taken_over(self) -> str:
        """The version that it has since it was taken from an owner who is gone."""
        there = self._file.read_version()
        if there and self._is_left(_owner(there[0])):
            version = self._file.replace(self._content(), there[1])
            if version is not None:
                return version
        raise TakenError(self._folder)

    def _is_left(self, owner: "_Owner | None") -> bool:
        """Whether its owner is gone. Raises BatchError where nobody can tell."""
        if owner is None:  # no run ever writes what cannot be read
            return True
        clock = self._folder / f"clock-{self._token}"
        clock.write(self._content())
        try:
            now, then = clock.stamp(), self._file.stamp()
        finally:
            clock.remove()
        if now and then and now.modified and then.modified:
            # a store that was set back has locks from its future: whoever is there renews them
            return abs(now.modified - then.modified) >= STALE * 10**9
        seconds = time.time() - owner.time
        if seconds <= -STALE:
            raise BatchError(
                f"the lock '{self._file}' is of a time that is yet to come; set the clock of this "
                "machine, or delete the lock if no other run goes on"
            )
        return seconds >= STALE

    def _our_version(self) -> str | None:
        """Its version, if it is ours: the answer to an earlier request may have been lost."""
        there = self._file.read_version()
        owner = _owner(there[0]) if there else None
        return there[1] if there and owner and owner.token == self._token else None

    def _content(self) -> bytes:
        who = {"host": socket.gethostname(), "process": os.getpid()}
        return json.dumps({"token": self._token, "time": time.time()} | who).encode()


class _Owner(msgspec.Struct):
    """Whose a lock is, and when it was renewed, by the clock of that machine."""

    token: str
    time: Annotated[float, msgspec.Meta(ge=0)]


def _owner(content: bytes) -> _Owner | None:
    """None where nobody can tell."""
    try:
        return msgspec.json.decode(content, type=_Owner)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        return None


def _elapsed() -> float:
    """Seconds, among them those in which this machine slept and its run renewed nothing."""
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.monotonic()
