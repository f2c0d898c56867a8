"""Many photographs: what is planned is compared with what is done, then done by a `Map`.

A folder that receives photographs keeps a journal (`.colorear` in it), so that a run which stopped,
for whatever reason, goes on where it was.
"""

import hashlib
import tempfile
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple, Self

from colorear.batch.discovery import Failed, Photograph, Plan, Product
from colorear.batch.remote import Remote, is_remote, place
from colorear.batch.store import stamp_if_there, store, whole
from colorear.errors import BatchError, ColorearError, PhotographError
from colorear.inference.colorizer import Colored, Colorizer
from colorear.inference.options import DEFAULT_OPTIONS, ColorizeOptions
from colorear.photo.atomic_write import exists_already
from colorear.photo.photograph import open_photo
from colorear.photo.provenance import read as read_mark
from colorear.photo.sniffing import Stamp, reading, stamp

__all__ = ["Answer", "Batch", "Kept", "Made", "Map", "Work", "colour"]


@dataclass(frozen=True)
class Kept:
    """A photograph whose colours were there, made of the same file by the same network."""

    source: str
    output: str


Answer = Colored | Kept | Failed


class Work(NamedTuple):
    """One file to make of a photograph."""

    source: str
    target: str
    unfinished: str | None
    """The folder, on the disk of the target, for the file while it is written."""
    overwrite: bool
    made_of: str | None
    """The SHA-256 of what the target was made of, if nothing but that may have changed."""
    product: Product = "colour"
    options: ColorizeOptions = DEFAULT_OPTIONS
    variant: int = 0


class Made(NamedTuple):
    """A photograph whose colours are in place, and what is to be remembered of it."""

    answer: Colored | Kept
    stamp: Stamp
    sha256: str
    made: Stamp


Map = Callable[[Iterator[Work]], Generator[tuple[Work, Made | Failed]]]
"""Has `colour` called for each piece of work, somewhere, and gives the answers as they arrive.

It takes the next piece when there is room for it; closed, it ends at once what is being done.
"""


def colour(colorizer: Colorizer, work: Work) -> Made | Failed:
    """Do one piece of work; what cannot be done is told, not raised."""
    try:
        far = is_remote(work.source) or is_remote(work.target)
        answer, before, sha256 = (_coloured_elsewhere if far else _coloured)(colorizer, work)
        return Made(answer, before, sha256, _stamp_of_made(work.target))
    except ColorearError as error:
        return Failed(work.source, str(error))  # the error itself keeps open files alive
    except Exception as error:  # one photograph in a hundred thousand must not stop the others
        what = f"{type(error).__name__}: {error}"
        told = f"'{work.source}' could not be coloured ({what}); please report it"
        return Failed(work.source, told)


def _coloured(colorizer: Colorizer, work: Work) -> tuple[Colored | Kept, Stamp, str]:
    """The answer, and the stamp and the SHA-256 of the source."""
    source, target = Path(work.source), Path(work.target)
    with reading(source):
        before = stamp(source)
        with source.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    if sha256 == work.made_of:
        return Kept(work.source, work.target), before, sha256
    unfinished = Path(work.unfinished) if work.unfinished else None
    make = colorizer.uncertainty_map if work.product == "uncertainty" else colorizer.colorize
    answer = make(
        source,
        target,
        hints=work.options.hints,
        vividness=work.options.vividness,
        variant=work.variant,
        overwrite=work.overwrite,
        unfinished=unfinished,
    )
    return answer, before, sha256


def _coloured_elsewhere(colorizer: Colorizer, work: Work) -> tuple[Colored | Kept, Stamp, str]:
    """The same, with copies on this machine of what is on others; their names are kept."""
    source, target = place(work.source), place(work.target)
    with tempfile.TemporaryDirectory(prefix="colorear-") as folder:
        near, seen = work, None
        if isinstance(target, Remote):
            if not work.overwrite and target.stamp():
                raise exists_already(work.target)
            copy = _in(folder, "made", target.name)
            near = near._replace(target=copy, unfinished=None, overwrite=True)
        if isinstance(source, Remote):
            seen = source.stamp()
            near = near._replace(source=_in(folder, "source", source.name))
            source.fetch(Path(near.source))
        try:
            answer, before, sha256 = _coloured(colorizer, near)
        except ColorearError as error:
            told = str(error).replace(near.source, work.source).replace(near.target, work.target)
            raise PhotographError(told) from None
        if isinstance(target, Remote) and isinstance(answer, Colored):
            target.deliver(Path(near.target))
        return replace(answer, source=work.source, output=work.target), seen or before, sha256


def _stamp_of_made(target: str) -> Stamp:
    made = stamp_if_there(target)
    if made is None:
        raise PhotographError(f"'{target}' vanished as soon as it was made; colour it again")
    return made


def _in(folder: str, name: str, file: str) -> str:
    """A file in a new folder."""
    Path(folder, name).mkdir()
    return str(Path(folder, name, file))


class Batch:
    """A plan, less what is done already: `to_do`, `kept` and `failed`.

    `out` is the folder that was planned for, if it is one. `how` names the network and whatever
    else but the `options` decides the colours: what was made otherwise is made anew. Hints and
    vividness of the `options` hold for all photographs; which variants are made is planned. Files
    in the way that colorear did not make, or that were changed since, are replaced only if
    `overwrite` allows it.

    Nobody else can write into `out` until this is closed. Raises BatchError where that is so.
    """

    def __init__(
        self,
        plan: Plan,
        out: Path | Remote | None,
        how: str,
        *,
        options: ColorizeOptions = DEFAULT_OPTIONS,
        overwrite: bool = False,
    ) -> None:
        self.to_do: list[Work] = []
        self.kept: list[Kept] = []
        self.failed = list(plan.failed)
        self._how = ", ".join(filter(None, (how, options.fingerprint)))
        self._options, self._overwrite = options, overwrite
        self._store = store(out)
        try:
            for photograph in plan.photographs:
                self._sort(photograph, plan.stamps.get(photograph.source))
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
        """How many photographs there are, done and failed ones too."""
        return len(self.to_do) + len(self.kept) + len(self.failed)

    def run(self, work_off: Map) -> Generator[Answer]:
        """Do it, and tell what became of each photograph: none stops the others.

        Raises BatchError where the journal cannot be written.
        """
        yield from self.failed
        yield from self.kept
        journal, key = self._store.journal, self._store.key
        journal.begin(((key(work.target), whole(work.source)) for work in self.to_do), self._how)
        self._store.begin(work.target for work in self.to_do)
        answers = work_off(iter(self.to_do))
        try:
            for work, made in answers:
                self._store.check()
                if isinstance(made, Made):
                    journal.finish(key(work.target), made.stamp, made.sha256, made.made)
                    yield made.answer
                else:
                    with suppress(BatchError):  # a full disk stops none: it stays as begun
                        journal.undo(key(work.target))
                    yield made
        finally:
            answers.close()

    def _sort(self, photograph: Photograph, now: Stamp | None) -> None:
        """To what is to do, what is kept, or what cannot be done; `now` is the source's stamp."""
        source, target, variant, product = photograph
        entry = self._store.journal.entry(self._store.key(target))
        there = self._store.stamp(target)
        overwrite, made_of = self._overwrite, None
        if entry and there and (there == entry.made or (entry.begun and _is_ours(photograph))):
            overwrite = True
        if entry and entry.stamp and there == entry.made and entry.how == self._how:
            made_of = entry.sha256
            same = entry.source == whole(source)
            if same and entry.stamp == (now or stamp_if_there(source)):
                self.kept.append(Kept(source, target))
                return
        if there and not overwrite:
            changed = entry and entry.made
            what = "was changed since it was coloured" if changed else "exists already"
            reason = f"'{target}' {what}; allow to overwrite it (--overwrite) or name another"
            self.failed.append(Failed(source, reason))
            return
        unfinished = self._store.unfinished(target)
        self.to_do.append(
            Work(
                source,
                target,
                unfinished,
                overwrite,
                made_of,
                product,
                self._options,
                variant,
            )
        )


def _is_ours(photograph: Photograph) -> bool:
    """Whether a run that was killed made what is in the place of its target.

    What shows how sure the colours are has no mark, and of what is elsewhere only the whole could
    be brought here to look for one: of these all that a run had begun is taken for its own.
    """
    if photograph.product == "uncertainty" or is_remote(photograph.target):
        return True
    try:
        return read_mark(open_photo(photograph.target).xmp) is not None
    except PhotographError:
        return False
