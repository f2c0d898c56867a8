"""Many photographs: what is found is compared with what is done, then done by an `Executor`.

A folder that receives photographs keeps a journal (`.colorear` in it), so that a run which stopped,
for whatever reason, goes on where it was.
"""

from collections.abc import Generator
from contextlib import suppress
from enum import Enum, auto
from pathlib import Path
from typing import Self

from colorear.batch.discovery import Discovery, Failed, WorkItem
from colorear.batch.journal import Entry
from colorear.batch.remote import Remote
from colorear.batch.store import absolute, open_store, stamp_if_there
from colorear.batch.task import Completed, Executor, Kept, Result, Task, is_ours
from colorear.errors import BatchError
from colorear.inference.options import DEFAULT_OPTIONS, ColorizeOptions
from colorear.photo.sniffing import Stamp

__all__ = ["Batch"]


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
        Whether photographs that are in color already, or have no grays, are colored.

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
                named = item.source in discovery.named
                self._sort(item, discovery.stamps.get(item.source), named=named)
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

    def _sort(self, item: WorkItem, now: Stamp | None, *, named: bool) -> None:
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
            task = self._task(item, overwrite=ours or self._overwrite, made_of=made_of)
            self.to_do.append(task._replace(named=named))

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
    if entry and (there == entry.output or (entry.begun and is_ours(item))):
        return _Target.OURS
    return _Target.CHANGED if entry and entry.output else _Target.UNKNOWN


def _why_refused(item: WorkItem, target: _Target) -> str:
    changed = target is _Target.CHANGED
    what = "was changed since it was colored" if changed else "exists already"
    return f"'{item.target}' {what}; allow to overwrite it (--overwrite) or name another"
