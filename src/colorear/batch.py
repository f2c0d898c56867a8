"""Many photographs: what is planned is compared with what is done, then done by a `Map`.

A folder that receives photographs keeps a journal (`.colorear` in it), so that a run which stopped,
for whatever reason, goes on where it was.
"""

import hashlib
import shutil
import uuid
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Self

from colorear.colorizer import Colorizer, Coloured
from colorear.errors import BatchError, ColorearError
from colorear.files import Stamp, reading, stamp
from colorear.journal import Journal
from colorear.plan import Failed, Photograph, Plan

__all__ = ["Answer", "Batch", "Kept", "Made", "Map", "Work", "colour"]

_OURS = ".colorear"


@dataclass(frozen=True)
class Kept:
    """A photograph whose colours were there, made of the same file by the same network."""

    source: str
    output: str


Answer = Coloured | Kept | Failed


class Work(NamedTuple):
    """One photograph to colour."""

    source: str
    target: str
    unfinished: str | None
    """The folder, on the disk of the target, for the file while it is written."""
    overwrite: bool
    made_of: str | None
    """The SHA-256 of what the target was made of, if nothing but that may have changed."""


class Made(NamedTuple):
    """A photograph whose colours are in place, and what is to be remembered of it."""

    answer: Coloured | Kept
    stamp: Stamp
    sha256: str
    made: Stamp


Map = Callable[[Iterator[Work]], Generator[tuple[Work, Made | Failed]]]
"""Has `colour` called for each piece of work, somewhere, and gives the answers as they arrive.

It takes the next piece when there is room for it; closed, it ends at once what is being done.
"""


def colour(colorizer: Colorizer, work: Work) -> Made | Failed:
    """Do one piece of work; what cannot be done is told, not raised."""
    source, target = Path(work.source), Path(work.target)
    try:
        with reading(source):
            before = stamp(source)
            with source.open("rb") as file:
                sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        if sha256 == work.made_of:
            return Made(Kept(work.source, work.target), before, sha256, stamp(target))
        unfinished = Path(work.unfinished) if work.unfinished else None
        answer = colorizer.colorize(source, target, overwrite=work.overwrite, unfinished=unfinished)
        return Made(answer, before, sha256, stamp(target))
    except ColorearError as error:
        return Failed(work.source, str(error))  # the error itself keeps open files alive
    except Exception as error:  # one photograph in a hundred thousand must not stop the others
        what = f"{type(error).__name__}: {error}"
        return Failed(work.source, f"'{source}' could not be coloured ({what}); please report it")


class Batch:
    """A plan, less what is done already: `to_do`, `kept` and `failed`.

    `out` is the folder that was planned for, if it is one. `how` names the network and whatever
    else decides the colours: what was made otherwise is made anew. Files in the way that colorear
    did not make, or that were changed since, are replaced only if `overwrite` allows it.

    Nobody else can write into `out` until this is closed. Raises BatchError where that is so.
    """

    def __init__(self, plan: Plan, out: Path | None, how: str, *, overwrite: bool = False) -> None:
        self.to_do: list[Work] = []
        self.kept: list[Kept] = []
        self.failed = list(plan.failed)
        self._how, self._overwrite = how, overwrite
        self._out = out if out and out.is_dir() else None
        self._journal = Journal(_made(self._out / _OURS) if self._out else None)
        self._unfinished: dict[Path, Path] = {}
        if self._out:
            shutil.rmtree(self._out / _OURS / "unfinished", ignore_errors=True)
        for photograph in plan.photographs:
            self._sort(photograph)

    def __enter__(self) -> Self:
        """Close it when it is left."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """Remove what is unfinished, and let others write into the folder."""
        for folder in self._unfinished.values():
            shutil.rmtree(folder, ignore_errors=True)
        self._journal.close()

    def __len__(self) -> int:
        """How many photographs there are, done and failed ones too."""
        return len(self.to_do) + len(self.kept) + len(self.failed)

    def run(self, work_off: Map) -> Iterator[Answer]:
        """Do it, and tell what became of each photograph: none stops the others.

        Raises BatchError where the journal cannot be written.
        """
        yield from self.failed
        yield from self.kept
        begun = ((self._key(work.target), _place(work.source)) for work in self.to_do)
        self._journal.begin(begun, self._how)
        for parent in {Path(work.target).parent for work in self.to_do} if self._out else ():
            with suppress(OSError):  # whoever writes into it says what is wrong
                parent.mkdir(parents=True, exist_ok=True)
        answers = work_off(iter(self.to_do))
        try:
            for work, made in answers:
                if isinstance(made, Made):
                    self._journal.finish(self._key(work.target), made.stamp, made.sha256, made.made)
                    yield made.answer
                else:
                    yield made
        finally:
            answers.close()

    def _sort(self, photograph: Photograph) -> None:
        """To what is to do, what is kept, or what cannot be done."""
        source, target = photograph
        entry = self._journal.entry(self._key(target))
        there = _stamp_if_there(target)
        overwrite, made_of = self._overwrite, None
        if entry and (entry.made is None or there == entry.made):
            overwrite = True  # it is ours
        if entry and entry.made and there == entry.made and entry.how == self._how:
            made_of = entry.sha256
            same = entry.source == _place(source)
            if same and entry.stamp == _stamp_if_there(source):
                self.kept.append(Kept(source, target))
                return
        if there and not overwrite:  # before it is begun, else it would be taken for ours
            what = "was changed since it was coloured" if entry else "exists already"
            reason = f"'{target}' {what}; allow to overwrite it (--overwrite) or name another"
            self.failed.append(Failed(source, reason))
            return
        unfinished = self._unfinished_beside(Path(target))
        self.to_do.append(Work(source, target, unfinished, overwrite, made_of))

    def _key(self, target: str) -> str:
        return str(Path(target).relative_to(self._out)) if self._out else _place(target)

    def _unfinished_beside(self, target: Path) -> str | None:
        """A folder for files that are being written, made if need be; None where it cannot be."""
        place = self._out / _OURS if self._out else target.parent
        if place not in self._unfinished:
            name = "unfinished" if self._out else f"{_OURS}-{uuid.uuid4().hex}"
            try:
                place.joinpath(name).mkdir()
            except OSError:
                return None
            self._unfinished[place] = place / name
        return str(self._unfinished[place])


def _made(folder: Path) -> Path:
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise BatchError(
            f"'{folder.parent}' cannot be written: {error.strerror}; give another folder"
        ) from error
    return folder


def _place(path: str) -> str:
    """The whole path; links stay, as the file may be seen under another name tomorrow."""
    return str(Path(path).absolute())


def _stamp_if_there(path: str) -> Stamp | None:
    try:
        return stamp(path)
    except OSError:
        return None
