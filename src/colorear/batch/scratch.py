"""Folders for files while they are written, which the next run removes if this one is killed.

Whoever made a folder holds a lock on the file `owner` in it, which ends with its process, however
that ends. A folder whose lock can be had was left behind.
"""

import os
import re
import uuid
from contextlib import suppress
from pathlib import Path
from typing import IO

try:
    import fcntl
except ModuleNotFoundError:  # Windows, where nobody can delete a file that is open
    fcntl = None  # type: ignore[assignment] # its types know no such system

__all__ = ["SCRATCH", "Scratch", "remove_scratch"]

SCRATCH = "unfinished"
_NAME = re.compile(r"\.colorear-[0-9a-f]{32}")
_PART = ".colorear-"  # begins the names of files that are being written
_OWNER = "owner"


class Scratch:
    """A new folder within `parent`; those that others left there are removed. Raises OSError."""

    def __init__(self, parent: Path) -> None:
        _remove_abandoned(parent)
        self.folder = parent / f".colorear-{uuid.uuid4().hex}"
        self.folder.mkdir()
        self._owner = (self.folder / _OWNER).open("w")
        _lock(self._owner)

    def close(self) -> None:
        """Remove it, and what is unfinished in it."""
        self._owner.close()
        remove_scratch(self.folder)


def remove_scratch(folder: Path) -> None:
    """Remove such a folder with the files of colorear's in it; nothing where there is none.

    Links are not followed, and files that colorear does not make stay.
    """
    with suppress(OSError):
        if folder.is_symlink():
            return
        with os.scandir(folder) as entries:
            ours = [e for e in entries if e.name.startswith(_PART) or e.name == _OWNER]
        for entry in sorted(ours, key=lambda entry: entry.name != _OWNER):
            os.unlink(entry.path)  # noqa: PTH108 - an entry is no Path
        folder.rmdir()


def _remove_abandoned(parent: Path) -> None:
    with os.scandir(parent) as entries:
        found = [Path(e.path) for e in entries if _NAME.fullmatch(e.name)]
    for folder in found:
        with suppress(OSError), (folder / _OWNER).open("r+") as owner:
            if _lock(owner):
                if fcntl is None:
                    owner.close()
                remove_scratch(folder)


def _lock(owner: IO[str]) -> bool:
    """Whether it could be had."""
    if fcntl is None:
        return True
    try:
        fcntl.flock(owner, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
