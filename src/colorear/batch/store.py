"""What a run needs of the place that its photographs go to, here or elsewhere.

A folder that receives photographs keeps its journal in `.colorear`. Of a remote folder the journal
is brought here, and taken back every half minute and at the end; meanwhile a lock lies beside it,
which is renewed as often. Who cannot renew it writes nothing more, before others may take it over.
"""

import os
import tempfile
import threading
import time
from collections.abc import Iterable
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Protocol

from colorear.batch.journal import FILE, Journal
from colorear.batch.lock import Lock, TakenError
from colorear.batch.remote import Remote, is_remote, place
from colorear.batch.scratch import SCRATCH, Scratch, remove_scratch
from colorear.errors import BatchError, ColorearError, UsageError, reason_of, translated
from colorear.photo.sniffing import Stamp

__all__ = ["Store", "absolute", "open_store", "stamp_if_there"]

_OURS = ".colorear"
_OFTEN, _SELDOM = 30, 150  # seconds between two copies of the journal; the lock is renewed often
_SHARE = 20  # how many times longer than copying a journal takes it is left alone


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


def open_store(destination: Path | Remote | None) -> Store:
    """The store of a folder; of anything else one that forgets. Raises BatchError."""
    folder = destination if destination and destination.is_dir() else None
    return _RemoteStore(folder) if isinstance(folder, Remote) else _LocalStore(folder)


class _LocalStore:
    """A folder of this machine; without one, wherever each target is."""

    def __init__(self, destination: Path | None) -> None:
        self._destination = destination
        self._prefix = "" if str(destination) == "." else f"{destination}/"
        self._own = _own_folder(destination) if destination else None
        self.journal = Journal(self._own, str(self._own))
        self._unfinished: dict[str, Path | None] = {}  # by the folder of the targets
        self._scratches: list[Scratch] = []
        if self._own:
            remove_scratch(self._own / SCRATCH)  # of a run that was killed: the journal is ours

    def key(self, target: str) -> str:
        return target.removeprefix(self._prefix) if self._destination else absolute(target)

    def stamp(self, target: str) -> Stamp | None:
        return stamp_if_there(target)

    def unfinished(self, target: str) -> str | None:
        """A folder on the disk of the target, made if need be; None where it cannot be."""
        if is_remote(target):
            return None
        folder = os.path.dirname(target)  # noqa: PTH120 - asked for each of a million
        if folder not in self._unfinished:
            self._unfinished[folder] = self._made(folder)
        found = self._unfinished[folder]
        return str(found) if found else None

    def _made(self, folder: str) -> Path | None:
        missing = _missing_folders(folder)
        existing = Path(os.path.dirname(missing[-1]) if missing else folder)  # noqa: PTH120 - as above
        with suppress(OSError):
            if self._own and existing.stat().st_dev == self._own.stat().st_dev:
                (self._own / SCRATCH).mkdir(exist_ok=True)
                return self._own / SCRATCH
            # a file is put in its place by being renamed, which no disk does with another's
            self._scratches.append(Scratch(existing))
            return self._scratches[-1].folder
        return None

    def begin(self, targets: Iterable[str]) -> None:
        folders = {os.path.dirname(target) for target in targets}  # noqa: PTH120 - as above
        for folder in folders if self._destination else ():
            with suppress(OSError):  # whoever writes into it says what is wrong
                for missing in reversed(_missing_folders(folder)):
                    Path(missing).mkdir(exist_ok=True)

    def check(self) -> None:
        """The journal is locked as long as it is open."""

    def close(self) -> None:
        if self._own:
            remove_scratch(self._own / SCRATCH)
        for scratch in self._scratches:
            scratch.close()
        self.journal.close()


class _RemoteStore:
    """A remote folder."""

    def __init__(self, destination: Remote) -> None:
        self._destination = destination
        with ExitStack() as undone:
            self._lock = Lock(destination / _OURS)
            undone.callback(self._lock.release)
            files = destination.list_files()
            self._stamps = {str(destination / file.path): file.stamp for file in files}
            self._folder = self._downloaded(undone)
            self.journal = Journal(self._folder, called=str(destination / _OURS))
            undone.callback(self.journal.close)
            self._left = undone.pop_all()
        self._saved = self.journal.changes
        self._saving = threading.Lock()
        self._over = threading.Event()
        self._lost: BatchError | None = None
        threads = (self._keep_lock, self._keep_journal)  # a copy may take long, a lock may not wait
        self._keepers = [threading.Thread(target=keep, daemon=True) for keep in threads]
        for keeper in self._keepers:
            keeper.start()

    def key(self, target: str) -> str:
        return target.removeprefix(f"{self._destination}/")

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
        self._lock.ensure()

    def close(self) -> None:
        self._over.set()
        for keeper in self._keepers:
            keeper.join()
        try:
            self.check()
            self._lock.renew()
            self._save()
        finally:
            self._left.close()

    def _downloaded(self, undone: ExitStack) -> Path:
        """A folder of this machine with the journal, if there is one."""
        kept = (self._destination / _OURS / FILE).read()
        try:
            made = tempfile.TemporaryDirectory(prefix="colorear-", ignore_cleanup_errors=True)
            folder = Path(undone.enter_context(made))
            if kept is not None:
                (folder / FILE).write_bytes(kept)
        except OSError as error:
            raise BatchError(
                f"the journal of '{self._destination}' cannot be brought here: {reason_of(error)}; "
                "make room for temporary files, or name another place for them in TMPDIR"
            ) from error
        return folder

    def _keep_lock(self) -> None:
        """Renew the lock, from time to time; it runs in a thread."""
        while not self._over.wait(_OFTEN):
            try:
                self._lock.renew()
            except TakenError as error:
                self._lost = error
                return
            except ColorearError:  # the store may answer again; `check` tells
                continue

    def _keep_journal(self) -> None:
        """Save the journal, from time to time; it runs in a thread."""
        seconds = float(_OFTEN)
        while not (self._over.wait(seconds) or self._lost):
            started = time.monotonic()
            with suppress(ColorearError):  # the store may answer again; the last save tells
                self._save()
            seconds = min(_SELDOM, max(_OFTEN, _SHARE * (time.monotonic() - started)))

    def _save(self) -> None:
        """Take a copy of the journal to where it belongs, if there is anything new."""
        with self._saving:  # the thread may be at it, of whose copy another would make rubbish
            changes = self.journal.changes
            if changes == self._saved:
                return
            copy = self._folder / "copy"
            self.journal.copy(copy)
            (self._destination / _OURS / FILE).upload(copy)
            self._saved = changes


def absolute(text: str) -> str:
    """The whole path; links stay, as the file may be seen under another name tomorrow."""
    if is_remote(text) or (text[:1] == "/" and "//" not in text and "/./" not in text):
        return text  # as Path has it; this is asked for each of a million
    return str(Path(text).absolute())


def stamp_if_there(text: str) -> Stamp | None:
    """The stamp of a file, if there is one."""
    if is_remote(text):
        found = place(text)
        return found.stamp() if isinstance(found, Remote) else None
    try:
        about = os.stat(text)  # noqa: PTH116 - as above
    except OSError:
        return None
    return Stamp(about.st_size, about.st_mtime_ns)


def _own_folder(destination: Path) -> Path:
    """The folder of ours in `destination`, made if need be."""
    folder = destination / _OURS
    if folder.is_symlink():  # what is unfinished is deleted in it
        raise BatchError(
            f"'{folder}' is a link, but colorear needs a folder of its own there; remove the link, "
            "or give another folder"
        )
    with translated(UsageError, f"'{destination}'", "written"):
        folder.mkdir(exist_ok=True)
    return folder


def _missing_folders(folder: str) -> list[str]:
    """Those that must be made for it to be there, the innermost first.

    `mkdir(parents=True)` calls itself for each folder, and cannot do so a thousand times.
    """
    missing = []
    while folder and not os.path.isdir(folder):  # noqa: PTH112 - as text, in linear time
        missing.append(folder)
        folder = os.path.dirname(folder)  # noqa: PTH120 - as above
    return missing
