"""What a run needs of the place that its photographs go to, here or elsewhere.

A folder that receives photographs keeps its journal in `.colorear`. Of a remote folder the journal
is brought here, and taken back every half minute and at the end; meanwhile a lock lies beside it,
which is renewed as often.
"""

import json
import os
import shutil
import socket
import tempfile
import threading
import time
import uuid
from collections.abc import Iterable
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Protocol

from colorear.batch.journal import FILE, Journal
from colorear.batch.remote import Remote, is_remote, place
from colorear.errors import BatchError, ColorearError
from colorear.photo.sniffing import Stamp, stamp

__all__ = ["Store", "stamp_if_there", "store", "whole"]

_OURS = ".colorear"
_OFTEN, _SELDOM = 30, 150  # seconds between two renewals of a lock
_SHARE = 20  # how many times longer than copying a journal takes it is left alone
_STALE = 600  # seconds; whoever renewed a lock so long ago is gone
_SETTLES = 1  # seconds in which two runs that take a lock at once see each other


class Store(Protocol):
    """Where photographs go; nobody else can write there until it is closed."""

    journal: Journal

    def key(self, target: str) -> str:
        """What a target is called in the journal."""

    def stamp(self, target: str) -> Stamp | None:
        """The stamp of what is there."""

    def unfinished(self, target: str) -> str | None:
        """A folder for the file while it is written; None where there need be none."""

    def begin(self, targets: Iterable[str]) -> None:
        """Get ready for these targets, which the journal knows."""

    def check(self) -> None:
        """Raise BatchError if somebody else has begun to write there."""

    def close(self) -> None:
        """Remove what is unfinished, and let others in."""


def store(out: Path | Remote | None) -> Store:
    """The store of a folder; of anything else one that forgets. Raises BatchError."""
    folder = out if out and out.is_dir() else None
    return _Elsewhere(folder) if isinstance(folder, Remote) else _Here(folder)


class _Here:
    """A folder of this machine; without one, wherever each target is."""

    def __init__(self, out: Path | None) -> None:
        self._out = out
        self.journal = Journal(_made(out / _OURS) if out else None)
        self._unfinished: dict[Path, Path] = {}
        if out:
            shutil.rmtree(out / _OURS / "unfinished", ignore_errors=True)

    def key(self, target: str) -> str:
        return str(Path(target).relative_to(self._out)) if self._out else whole(target)

    def stamp(self, target: str) -> Stamp | None:
        return stamp_if_there(target)

    def unfinished(self, target: str) -> str | None:
        """A folder on the disk of the target, made if need be; None where it cannot be."""
        if is_remote(target):
            return None
        parent = self._out / _OURS if self._out else Path(target).parent
        if parent not in self._unfinished:
            name = "unfinished" if self._out else f"{_OURS}-{uuid.uuid4().hex}"
            try:
                parent.joinpath(name).mkdir()
            except OSError:
                return None
            self._unfinished[parent] = parent / name
        return str(self._unfinished[parent])

    def begin(self, targets: Iterable[str]) -> None:
        for parent in {Path(target).parent for target in targets} if self._out else ():
            with suppress(OSError):  # whoever writes into it says what is wrong
                parent.mkdir(parents=True, exist_ok=True)

    def check(self) -> None:
        """The journal is locked as long as it is open."""

    def close(self) -> None:
        for folder in self._unfinished.values():
            shutil.rmtree(folder, ignore_errors=True)
        self.journal.close()


class _Elsewhere:
    """A remote folder."""

    def __init__(self, out: Remote) -> None:
        self._out = out
        with ExitStack() as undone:
            self._lock = _Lock(out / _OURS)
            undone.callback(self._lock.release)
            self._stamps = {str(out / str(file.path)): file.stamp for file in out.listed()}
            self._folder = self._brought(undone)
            self.journal = Journal(self._folder, called=str(out / _OURS))
            undone.callback(self.journal.close)
            self._left = undone.pop_all()
        self._saved = self.journal.changes
        self._saving = threading.Lock()
        self._over = threading.Event()
        self._lost: BatchError | None = None
        self._keeper = threading.Thread(target=self._keep, daemon=True)
        self._keeper.start()

    def key(self, target: str) -> str:
        return target.removeprefix(f"{self._out}/")

    def stamp(self, target: str) -> Stamp | None:
        return self._stamps.get(target)

    def unfinished(self, target: str) -> str | None:  # noqa: ARG002 - folders need it
        return None

    def begin(self, targets: Iterable[str]) -> None:  # noqa: ARG002 - folders need it
        self._stamps.clear()  # not needed any more, and there may be a million
        self._save()  # before anything is made, else it would be taken for somebody else's

    def check(self) -> None:
        if self._lost:
            raise self._lost

    def close(self) -> None:
        self._over.set()
        self._keeper.join()
        try:
            self.check()
            self._lock.renew()
            self._save()
        finally:
            self._left.close()

    def _brought(self, undone: ExitStack) -> Path:
        """A folder of this machine with the journal, if there is one."""
        kept = (self._out / _OURS / FILE).read()
        try:
            made = tempfile.TemporaryDirectory(prefix="colorear-", ignore_cleanup_errors=True)
            folder = Path(undone.enter_context(made))
            if kept is not None:
                (folder / FILE).write_bytes(kept)
        except OSError as error:
            raise BatchError(
                f"the journal of '{self._out}' cannot be brought here: {error.strerror}; make room "
                "for temporary files, or name another place for them in TMPDIR"
            ) from error
        return folder

    def _keep(self) -> None:
        """Renew the lock and save the journal, from time to time; it runs in a thread."""
        seconds = float(_OFTEN)
        while not self._over.wait(seconds):
            started = time.monotonic()
            try:
                self._lock.renew()
                self._save()
            except _TakenError as error:
                self._lost = error
                return
            except ColorearError:  # the store may answer again; the last save tells
                continue
            seconds = min(_SELDOM, max(_OFTEN, _SHARE * (time.monotonic() - started)))

    def _save(self) -> None:
        """Take a copy of the journal to where it belongs, if there is anything new."""
        with self._saving:  # the thread may be at it, of whose copy another would make rubbish
            changes = self.journal.changes
            if changes == self._saved:
                return
            copy = self._folder / "copy"
            self.journal.copy(copy)
            (self._out / _OURS / FILE).deliver(copy)
            self._saved = changes


class _TakenError(BatchError):
    """Another run has the lock."""

    def __init__(self, folder: Remote) -> None:
        super().__init__(
            f"another run is writing into '{folder}'; wait until it has ended, "
            "or give another folder"
        )


class _Lock:
    """A file that says who writes there, and said so when; as good as the clocks are."""

    def __init__(self, folder: Remote) -> None:
        self._folder, self._file = folder, folder / "lock"
        self._token = uuid.uuid4().hex
        there = self._there()
        if there and time.time() - there[1] < _STALE:
            raise _TakenError(folder)
        try:
            self._write()
            time.sleep(_SETTLES)
            self.renew()
        except BaseException:  # Ctrl-C too: others would wait for nobody
            self.release()
            raise

    def renew(self) -> None:
        """Raises BatchError if it is not ours any more."""
        there = self._there()
        if not there or there[0] != self._token:
            raise _TakenError(self._folder)
        self._write()

    def release(self) -> None:
        """Let others in."""
        there = self._there()
        if there and there[0] == self._token:
            self._file.remove()

    def _write(self) -> None:
        who = {"host": socket.gethostname(), "process": os.getpid()}
        self._file.write(json.dumps({"token": self._token, "time": time.time()} | who).encode())

    def _there(self) -> tuple[str, float] | None:
        """Whose it is, and since when; None where there is none, or nobody's."""
        content = self._file.read()
        try:
            told = json.loads(content or b"{}")
            return str(told["token"]), float(told["time"])
        except (KeyError, TypeError, ValueError):
            return None


def whole(text: str) -> str:
    """The whole path; links stay, as the file may be seen under another name tomorrow."""
    return text if is_remote(text) else str(Path(text).absolute())


def stamp_if_there(text: str) -> Stamp | None:
    """The stamp of a file, if there is one."""
    found = place(text)
    if isinstance(found, Remote):
        return found.stamp()
    try:
        return stamp(found)
    except OSError:
        return None


def _made(folder: Path) -> Path:
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise BatchError(
            f"'{folder.parent}' cannot be written: {error.strerror}; give another folder"
        ) from error
    return folder
