"""One file to make of a photograph, wherever the two lie; what cannot be made is returned."""

import hashlib
import tempfile
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from colorear.batch.discovery import Failed, Product, Skipped, WorkItem
from colorear.batch.remote import Remote, is_remote, place
from colorear.batch.store import stamp_if_there
from colorear.errors import ColorearError, PhotographError
from colorear.inference.colorizer import Colored, Colorizer
from colorear.inference.options import DEFAULT_OPTIONS, ColorizeOptions
from colorear.photo.appearance import LEFT_ALONE, REASONS, appearance_of_all, why_in_color
from colorear.photo.atomic_write import exists_already
from colorear.photo.pages import open_pages
from colorear.photo.sniffing import Stamp, reading, stamp

__all__ = ["Completed", "Executor", "Kept", "Result", "Task", "is_ours", "run_task"]


@dataclass(frozen=True)
class Kept:
    """A photograph whose colors were there, made of the same file by the same network."""

    source: str
    output: str


Result = Colored | Kept | Skipped | Failed


class Task(NamedTuple):
    """One file to make of a photograph."""

    source: str
    target: str
    unfinished: str | None
    """The folder, on the disk of the target, for the file while it is written."""
    overwrite: bool
    made_of: str | None = None
    """The SHA-256 of what the target was made of, if nothing but that may have changed."""
    product: Product = "color"
    options: ColorizeOptions = DEFAULT_OPTIONS
    variant: int = 0
    recolor: bool = False
    """Whether to color what is in color already, or has no grays."""
    named: bool = True
    """Whether the source was named itself, not found in a folder."""
    again: bool = False
    """Whether it was begun before, by a worker that was lost."""


class Completed(NamedTuple):
    """A photograph whose colors are in place, and what is to be remembered of it."""

    result: Colored | Kept
    stamp: Stamp
    """Of the source."""
    sha256: str
    """Of the source."""
    output: Stamp


Executor = Callable[[Iterator[Task]], Generator[tuple[Task, Completed | Skipped | Failed]]]
"""Has `run_task` called for each task, somewhere, and gives the outcomes as they arrive.

It takes the next task when there is room for it; closed, it ends at once what is being done.
"""


def run_task(colorizer: Colorizer, task: Task) -> Completed | Skipped | Failed:
    """Do one task; what cannot be done is returned, not raised."""
    try:
        remote = is_remote(task.source) or is_remote(task.target)
        done = (_run_remote if remote else _run_local)(colorizer, task)
        if isinstance(done, Skipped):
            return done
        result, before, sha256 = done
        return Completed(result, before, sha256, _stamp_of_output(task.target))
    except ColorearError as error:
        return Failed(task.source, str(error))  # the error itself keeps open files alive
    except Exception as error:  # one photograph in a hundred thousand must not stop the others
        what = f"{type(error).__name__}: {error}"
        return Failed(
            task.source, f"'{task.source}' could not be colored ({what}); please report it"
        )


_Done = tuple[Colored | Kept, Stamp, str]  # the result, and the stamp and SHA-256 of the source


def _run_local(colorizer: Colorizer, task: Task) -> _Done | Skipped:
    source, target = Path(task.source), Path(task.target)
    with reading(source):
        before = stamp(source)
        with source.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    if sha256 == task.made_of:
        return Kept(task.source, task.target), before, sha256
    if not task.recolor and (reason := why_in_color(source)):
        return Skipped(task.source, reason)
    seen = None
    if not (task.named or task.recolor):
        seen = appearance_of_all(open_pages(source)[0])
        if seen in LEFT_ALONE:
            return Skipped(task.source, f"it {REASONS[seen]}", seen)
    make = colorizer.uncertainty_map if task.product == "uncertainty" else colorizer.colorize
    result = make(
        source,
        target,
        hints=task.options.hints,
        vividness=task.options.vividness,
        variant=task.variant,
        overwrite=task.overwrite or (task.again and is_ours(task)),
        unfinished=Path(task.unfinished) if task.unfinished else None,
        appearance=seen,
    )
    return result, before, sha256


def _run_remote(colorizer: Colorizer, task: Task) -> _Done | Skipped:
    """The same, with copies on this machine of what is on others; their names are kept."""
    source, target = place(task.source), place(task.target)
    with tempfile.TemporaryDirectory(prefix="colorear-") as folder:
        near, seen, may_replace = task, None, task.overwrite or task.again
        if isinstance(target, Remote):
            if not may_replace and target.stamp():  # before the work of coloring it
                raise exists_already(task.target)
            copy = _path_in(folder, "made", target.name)
            near = near._replace(target=copy, unfinished=None, overwrite=True)
        if isinstance(source, Remote):
            seen = source.stamp()
            near = near._replace(source=_path_in(folder, "source", source.name))
            source.download(Path(near.source))
        try:
            done = _run_local(colorizer, near)
        except ColorearError as error:
            said = str(error).replace(near.source, task.source).replace(near.target, task.target)
            raise PhotographError(said) from None
        if isinstance(done, Skipped):
            return replace(done, source=task.source)
        result, before, sha256 = done
        if isinstance(target, Remote) and isinstance(result, Colored):
            there = target.upload(Path(near.target), overwrite=may_replace)
            if not there:
                raise exists_already(task.target)
        return replace(result, source=task.source, output=task.target), seen or before, sha256


def is_ours(made: Task | WorkItem) -> bool:
    """Whether somebody who was lost, and had begun with that, made what is in its place.

    What shows how unsure the colors are has no mark, and of what is elsewhere only the whole could
    be brought here to look for one: of these all that was begun is taken for colorear's own.
    """
    if made.product == "uncertainty" or is_remote(made.target):
        return True
    return bool(why_in_color(Path(made.target)))


def _stamp_of_output(target: str) -> Stamp:
    made = stamp_if_there(target)
    if made is None:
        raise PhotographError(f"'{target}' vanished as soon as it was made; color it again")
    return made


def _path_in(folder: str, name: str, file: str) -> str:
    """A file in a new folder."""
    Path(folder, name).mkdir()
    return str(Path(folder, name, file))
