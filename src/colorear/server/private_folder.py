"""The folder where visitors' photographs lie: nobody else may read it, and none outlives a server.

A server holds a lock on its folder, which the system lets go however the server ends. So the next
one knows what a crash left behind, and removes it.
"""

import os
import shutil
import sys
import tempfile
from pathlib import Path
from weakref import finalize

if sys.platform != "win32":
    import fcntl

__all__ = ["PrivateFolder"]

_PREFIX = "colorear-web-"


class PrivateFolder:
    """A new folder of mode 0700 in the folder for temporary files, without those of dead servers.

    It is removed by `remove`, or when the interpreter ends.
    """

    def __init__(self) -> None:
        place = Path(tempfile.gettempdir())
        _remove_abandoned(place)
        unlocked = Path(tempfile.mkdtemp(prefix="colorear-start-"))
        lock = _lock(unlocked)
        # only now it has a name by which others look whether it is locked
        self.path = unlocked.rename(place / f"{_PREFIX}{unlocked.name.rpartition('-')[2]}")
        self._remove = finalize(self, _remove, self.path, lock)

    def remove(self) -> None:
        """Remove it, with all that lies there."""
        self._remove()


def _lock(folder: Path) -> int | None:
    """Lock a folder for as long as the descriptor is open; None if another has."""
    if sys.platform == "win32":  # there are no such locks
        return None
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor


def _remove_abandoned(place: Path) -> None:
    if sys.platform == "win32":
        return
    for folder in place.glob(f"{_PREFIX}*"):
        try:
            if folder.lstat().st_uid != os.getuid():
                continue
            descriptor = _lock(folder)
        except OSError:  # it is a link, or gone already
            continue
        if descriptor is not None:
            _remove(folder, descriptor)


def _remove(folder: Path, lock: int | None) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    if lock is not None:
        os.close(lock)
