"""Files and folders that are written whole or not at all: the only writer of what takes a place.

Whatever may hold something else already is written under another name on the same disk, brought to
the disk, and only then renamed; a power cut leaves the old or the new, never half of it.
"""

import errno
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pyvips

from colorear.errors import PhotographError, reason_of, translated

__all__ = [
    "check_target",
    "exists_already",
    "remove_unfinished",
    "replacing",
    "writing_photograph",
]

_UNFINISHED = ".colorear-"
_NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}


@contextmanager
def replacing(
    target: Path, *, unfinished: Path | None = None, overwrite: bool = True
) -> Iterator[Path]:
    """Give a path that is free, for a file or a folder that becomes `target` if all goes well.

    Otherwise it vanishes. A folder takes only the place of an empty one.

    Parameters
    ----------
    unfinished
        The folder where it lies until then, on the disk of `target`; without one beside it.
    overwrite
        Whether a file may be in its place by then.

    Raises
    ------
    FileExistsError
        Where there is something at `target` that must not be replaced.
    OSError
        Where it cannot be written.
    """
    part = (unfinished or target.parent) / f"{_UNFINISHED}{uuid.uuid4().hex}"
    try:
        yield part
        _sync(part)
        if overwrite or part.is_dir():
            part.replace(target)
        else:
            _take_free_place(part, target)
        with suppress(OSError):  # some systems cannot open folders, and keep their lists themselves
            _to_disk(target.parent)
    finally:
        if part.is_dir():
            shutil.rmtree(part, ignore_errors=True)
        part.unlink(missing_ok=True)


def remove_unfinished(folder: Path) -> None:
    """Remove what writers that were killed left in a folder that nobody writes into now."""
    for part in folder.glob(f"{_UNFINISHED}*"):
        if part.is_dir():
            shutil.rmtree(part, ignore_errors=True)
        else:
            part.unlink(missing_ok=True)


@contextmanager
def writing_photograph(
    target: Path, *, unfinished: Path | None = None, overwrite: bool = True
) -> Iterator[Path]:
    """As `replacing`, for a photograph.

    Raises
    ------
    PhotographError
        In place of the errors of the system and of libvips.
    """
    with translated(PhotographError, f"'{target}'", "written"):
        if not target.parent.is_dir():
            raise PhotographError(
                f"'{target}' cannot be written: there is no folder '{target.parent}'; make it first"
            )
        try:
            with replacing(target, unfinished=unfinished, overwrite=overwrite) as part:
                yield part
        except FileExistsError:
            raise exists_already(str(target)) from None
        except pyvips.Error as error:
            raise PhotographError(
                f"'{target}' cannot be made ({reason_of(error)}); "
                "make sure that the photograph is intact and that the disk has room"
            ) from error


def check_target(target: Path, source: Path, *, overwrite: bool) -> None:
    """Refuse to write over the photograph itself, or without leave over another file.

    Raises
    ------
    PhotographError
        Where that is so, or where `target` cannot be looked at.
    """
    with translated(PhotographError, f"'{target}'", "written"):
        there = target.exists()
        itself = there and target.samefile(source)
    if itself:
        raise PhotographError(
            f"'{target}' is the photograph itself, which is never replaced; name another file"
        )
    if there and not overwrite:
        raise exists_already(str(target))


def exists_already(target: str) -> PhotographError:
    """The error for a file that nobody allowed to overwrite."""
    return PhotographError(
        f"'{target}' exists already; allow to overwrite it (--overwrite) or name another"
    )


def _take_free_place(part: Path, target: Path) -> None:
    """Rename, but never onto another file, even one that came this moment."""
    try:
        os.link(part, target)  # unlike a rename, it fails where something is
        part.unlink()
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        with target.open("xb"):  # where a disk has no links (FAT): the place is taken, then filled
            part.replace(target)


def _sync(part: Path) -> None:
    """Wait until it is on the disk, with all that a folder holds."""
    if part.is_dir():
        for each in part.rglob("*"):
            _to_disk(each)
    _to_disk(part)


def _to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
