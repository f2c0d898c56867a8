"""Files that are written whole or not at all, and over others only with leave."""

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pyvips

from colorear.errors import PhotographError
from colorear.photo.sniffing import reason_of

__all__ = ["check_target", "exists_already", "replacing"]


def check_target(target: Path, source: Path, *, overwrite: bool) -> None:
    """Refuse to write over the photograph itself, or without leave over another file."""
    with _writing(target):
        there = target.exists()
        itself = there and target.samefile(source)
    if itself:
        raise PhotographError(
            f"'{target}' is the photograph itself, which is never replaced; name another file"
        )
    if there and not overwrite:
        raise exists_already(str(target))


def exists_already(target: str) -> PhotographError:
    """The sentence for a file that nobody allowed to overwrite."""
    return PhotographError(
        f"'{target}' exists already; allow to overwrite it (--overwrite) or name another"
    )


@contextmanager
def replacing(target: Path, unfinished: Path | None = None) -> Iterator[Path]:
    """A file to write, which takes the place of `target` when all went well, else vanishes.

    It lies in the folder `unfinished`, which must be on the same disk; without one beside `target`.
    Once it is in its place a power cut does not take it away.
    """
    with _writing(target):
        there = target.parent.is_dir()
    if not there:
        raise PhotographError(
            f"'{target}' cannot be written: there is no folder '{target.parent}'; make it first"
        )
    part = (unfinished or target.parent) / f".colorear-{uuid.uuid4().hex}"
    try:
        with _writing(target):
            yield part
            with part.open("rb+") as file:
                os.fsync(file.fileno())
            part.replace(target)
            _sync_folder(target.parent)
    except pyvips.Error as error:
        raise PhotographError(
            f"'{target}' cannot be made ({reason_of(error)}); "
            "make sure that the photograph is intact and that the disk has room"
        ) from error
    finally:
        part.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    """Wait until the list of its files is on the disk."""
    with suppress(OSError):  # some systems cannot open folders, and keep their lists themselves
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@contextmanager
def _writing(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise PhotographError(f"'{target}' cannot be written: {error.strerror}") from error
