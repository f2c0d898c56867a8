"""Many photographs: what is found is compared with what is done, then done by an `Executor`.

A folder that receives photographs keeps a journal (`.colorear` in it), so that a run which stopped,
for whatever reason, goes on where it was.
"""

import hashlib
import tempfile
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import Enum, auto
from pathlib import Path
from typing import NamedTuple, Self

from colorear.batch.discovery import (
    Discovery,
    Failed,
    Product,
    Skipped,
    WorkItem,
    why_in_color,
)
from colorear.batch.journal import Entry
from colorear.batch.remote import Remote, is_remote, place
from colorear.batch.store import absolute, open_store, stamp_if_there
from colorear.errors import BatchError, ColorearError, PhotographError
from colorear.inference.colorizer import Colored, Colorizer
from colorear.inference.options import DEFAULT_OPTIONS, ColorizeOptions
from colorear.photo.atomic_write import exists_already
from colorear.photo.sniffing import Stamp, reading, stamp

__all__ = [
    "Batch",
    "Completed",
    "Executor",
    "Kept",
    "Result",
    "Task",
    "run_task",
]


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
    """Whether to color what is in color already."""


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
    unfinished = Path(task.unfinished) if task.unfinished else None
    make = colorizer.uncertainty_map if task.product == "uncertainty" else colorizer.colorize
    result = make(
        source,
        target,
        hints=task.options.hints,
        vividness=task.options.vividness,
        variant=task.variant,
        overwrite=task.overwrite,
        unfinished=unfinished,
    )
    return result, before, sha256


def _run_remote(colorizer: Colorizer, task: Task) -> _Done | Skipped:
    """The same, with copies on this machine of what is on others; their names are kept."""
    source, target = place(task.source), place(task.target)
    with tempfile.TemporaryDirectory(prefix="colorear-") as folder:
        near, seen = task, None
        if isinstance(target, Remote):
            if not task.overwrite and target.stamp():
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
            target.upload(Path(near.target))
        return replace(result, source=task.source, output=task.target), seen or before, sha256


def _stamp_of_output(target: str) -> Stamp:
    made = stamp_if_there(target)
    if made is None:
        raise PhotographError(f"'{target}' vanished as soon as it was made; color it again")
    return made


def _path_in(folder: str, name: str, file: str) -> str:
    """A file in a new folder."""
    Path(folder, name).mkdir()
    return str(Path(folder, name, file))


class _Target(Enum):
    """What is in the place where the colors go."""

    ABSENT = auto()
    OURS = auto()
    """As colorear left it."""
    CHANGED = auto()
    """Changed since colorear made it."""
    UNKNOWN = auto()
    """Nobody knows who made it."""


class _Source(Enum):
    """The photograph, beside what the journal says that the target was made of."""

    SAME = auto()
    """The same file, not touched since, colored with the same settings."""
    TOUCHED = auto()
    """Colored with the same settings, but touched or moved since: its hash decides."""
    OTHER = auto()
    """Anything else."""


class _Action(Enum):
    MAKE = auto()
    KEEP = auto()
    COMPARE = auto()
    """Keep it if the hash of the photograph is the same, else make it anew."""
    REDO = auto()
    REFUSE = auto()
    """Unless it is allowed to overwrite it."""


_ACTIONS: dict[tuple[_Target, _Source], _Action] = {
    (_Target.ABSENT, _Source.SAME): _Action.MAKE,
    (_Target.ABSENT, _Source.TOUCHED): _Action.MAKE,
    (_Target.ABSENT, _Source.OTHER): _Action.MAKE,
    (_Target.OURS, _Source.SAME): _Action.KEEP,
    (_Target.OURS, _Source.TOUCHED): _Action.COMPARE,
    (_Target.OURS, _Source.OTHER): _Action.REDO,
    (_Target.CHANGED, _Source.SAME): _Action.REFUSE,
    (_Target.CHANGED, _Source.TOUCHED): _Action.REFUSE,
    (_Target.CHANGED, _Source.OTHER): _Action.REFUSE,
    (_Target.UNKNOWN, _Source.SAME): _Action.REFUSE,
    (_Target.UNKNOWN, _Source.TOUCHED): _Action.REFUSE,
    (_Target.UNKNOWN, _Source.OTHER): _Action.REFUSE,
}


class Batch:
    """What was discovered, less what is done already: `to_do`, `kept`, `skipped` and `failed`.

    Nobody else can write into `destination` until this is closed; not to be shared by threads.

    Parameters
    ----------
    destination
        The folder that was discovered for, if it is one.
    settings
        Names the network and whatever else but the `options` decides the colors: what was made
        otherwise is made anew.
    options
        Hints and vividness hold for all photographs; which variants are made was discovered.
    overwrite
        Whether files in the way that colorear did not make, or that were changed since, are
        replaced.
    recolor
        Whether photographs that are in color already are colored.

    Raises
    ------
    BatchError
        Where another run writes into `destination`, or the journal cannot be used.
    """

    def __init__(
        self,
        discovery: Discovery,
        destination: Path | Remote | None,
        settings: str,
        *,
        options: ColorizeOptions = DEFAULT_OPTIONS,
        overwrite: bool = False,
        recolor: bool = False,
    ) -> None:
        self.to_do: list[Task] = []
        self.kept: list[Kept] = []
        self.failed = list(discovery.failed)
        self.skipped = list(discovery.skipped)
        self._settings = ", ".join(filter(None, (settings, options.fingerprint)))
        self._options, self._overwrite, self._recolor = options, overwrite, recolor
        self._store = open_store(destination)
        self._is_new = self._store.journal.is_empty
        try:
            for item in discovery.items:
                self._sort(item, discovery.stamps.get(item.source))
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        """Close it when it is left."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """Remove what is unfinished, and let others write into the folder."""
        self._store.close()

    def __len__(self) -> int:
        """How many files there are to make, done and failed ones too."""
        return len(self.to_do) + len(self.kept) + len(self.skipped) + len(self.failed)

    def run(self, executor: Executor) -> Generator[Result]:
        """Do it, and give what became of each photograph: none stops the others.

        Raises BatchError where the journal cannot be written.
        """
        yield from self.failed
        yield from self.kept
        yield from self.skipped
        journal, key = self._store.journal, self._store.key
        rows = ((key(task.target), absolute(task.source)) for task in self.to_do)
        journal.begin(rows, self._settings)
        self._store.begin(task.target for task in self.to_do)
        outcomes = executor(iter(self.to_do))
        try:
            for task, outcome in outcomes:
                self._store.check()
                if isinstance(outcome, Completed):
                    journal.finish(key(task.target), outcome.stamp, outcome.sha256, outcome.output)
                    yield outcome.result
                else:
                    with suppress(BatchError):  # a full disk stops none: it stays as begun
                        journal.undo(key(task.target))
                    yield outcome
        finally:
            outcomes.close()

    def _sort(self, item: WorkItem, now: Stamp | None) -> None:
        """To what is to do, what is kept, or what cannot be done; `now` is the source's stamp."""
        key = self._store.key(item.target)
        entry = None if self._is_new else self._store.journal.entry(key)
        there = self._store.stamp(item.target)
        target = _state_of_target(item, entry, there)
        source = self._state_of_source(item, entry, now) if entry else _Source.OTHER
        action = _ACTIONS[target, source]
        if action is _Action.KEEP:
            self.kept.append(Kept(item.source, item.target))
        elif action is _Action.REFUSE and not self._overwrite:
            self.failed.append(Failed(item.source, _why_refused(item, target)))
        else:
            made_of = entry.sha256 if entry and action is _Action.COMPARE else None
            ours = action in (_Action.COMPARE, _Action.REDO)
            self.to_do.append(self._task(item, overwrite=ours or self._overwrite, made_of=made_of))

    def _state_of_source(self, item: WorkItem, entry: Entry, now: Stamp | None) -> _Source:
        if entry.stamp is None or entry.settings != self._settings:
            return _Source.OTHER
        untouched = entry.stamp == (now or stamp_if_there(item.source))
        same = untouched and entry.source == absolute(item.source)
        return _Source.SAME if same else _Source.TOUCHED

    def _task(self, item: WorkItem, *, overwrite: bool, made_of: str | None) -> Task:
        return Task(
            source=item.source,
            target=item.target,
            unfinished=self._store.unfinished(item.target),
            overwrite=overwrite,
            made_of=made_of,
            product=item.product,
            options=self._options,
            variant=item.variant,
            recolor=self._recolor,
        )


def _state_of_target(item: WorkItem, entry: Entry | None, there: Stamp | None) -> _Target:
    if there is None:
        return _Target.ABSENT
    if entry and (there == entry.output or (entry.begun and _is_ours(item))):
        return _Target.OURS
    return _Target.CHANGED if entry and entry.output else _Target.UNKNOWN


def _why_refused(item: WorkItem, target: _Target) -> str:
    changed = target is _Target.CHANGED
    what = "was changed since it was colored" if changed else "exists already"
    return f"'{item.target}' {what}; allow to overwrite it (--overwrite) or name another"


def _is_ours(item: WorkItem) -> bool:
    """Whether a run that was killed made what is in the place of its target.

    What shows how unsure the colors are has no mark, and of what is elsewhere only the whole could
    be brought here to look for one: of these all that a run had begun is taken for its own.
    """
    if item.product == "uncertainty" or is_remote(item.target):
        return True
    return bool(why_in_color(Path(item.target)))
