"""Which photographs are to be coloured, and where their colours go."""

import itertools
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Literal, NamedTuple

from colorear.batch.remote import Listed, Remote, is_remote
from colorear.errors import BatchError, PhotographError
from colorear.inference.colorizer import colored_name
from colorear.photo.sniffing import (
    SUFFIXES,
    Format,
    Stamp,
    format_in,
    format_of,
    is_folder,
    reading,
)

__all__ = ["Failed", "Photograph", "Plan", "Product", "plan"]

Product = Literal["colour", "uncertainty"]

_ENDINGS = {ending for endings in SUFFIXES.values() for ending in endings}
_ASKED = 32  # remote files that are looked into at a time
_AHEAD = 4096  # of which so many may wait, so that a million do not


@dataclass(frozen=True)
class Failed:
    """Why a photograph could not be coloured, in one sentence."""

    source: str
    error: str


class Photograph(NamedTuple):
    """A file, and one to make of it; text, since there may be a million."""

    source: str
    target: str
    variant: int = 0
    product: Product = "colour"


@dataclass(frozen=True)
class Plan:
    """What was found."""

    photographs: list[Photograph] = field(default_factory=list)
    failed: list[Failed] = field(default_factory=list)
    """What should be a photograph and is not, or has no place to go."""
    left_alone: Counter[str] = field(default_factory=Counter)
    """How many other files there are in the folders, by their endings."""
    stamps: dict[str, Stamp] = field(default_factory=dict)
    """Of the sources that are not on this machine."""


def plan(
    sources: Iterable[Path | Remote],
    out: Path | Remote | None = None,
    *,
    variants: int = 1,
    uncertainty: bool = False,
) -> Plan:
    """Find the photographs that `sources` are, or hold at any depth.

    In a folder these are the files that their content says are photographs, or at least their
    names; what is hidden, `out` itself and links to folders are left out. `x.jpg` becomes
    `x-color.jpg`: in `out` if that is a folder, else beside it; `out` may also be the file that the
    only photograph becomes. A folder is mirrored in `out`, under its own name if it is not the only
    source. What is named twice counts once. Further `variants` become `x-color-2.jpg` and so on,
    and how unsure the colours are `x-uncertainty.png`.

    Raises BatchError where a folder comes without another one to mirror it in, or where a store
    does not answer.
    """
    made = Plan()
    found = [
        product
        for photograph in _found(_distinct(sources), out, made)
        for product in _products(photograph, variants, uncertainty=uncertainty)
    ]
    owners = {_identity(photograph.source): photograph.source for photograph in found}
    for photograph in found:
        owner = owners.setdefault(_identity(photograph.target), photograph.source)
        if reason := _refused(photograph, owner):
            made.failed.append(Failed(photograph.source, reason))
        else:
            made.photographs.append(photograph)
    return made


def _products(photograph: Photograph, variants: int, *, uncertainty: bool) -> Iterator[Photograph]:
    """All that is to be made of it."""
    source, target = photograph[:2]
    ending = PurePath(target).suffix
    stem = target.removesuffix(ending)
    yield photograph
    for variant in range(1, variants):
        yield Photograph(source, f"{stem}-{variant + 1}{ending}", variant)
    if uncertainty:
        target = f"{stem.removesuffix('-color')}-uncertainty.png"
        yield Photograph(source, target, product="uncertainty")


def _distinct(sources: Iterable[Path | Remote]) -> list[Path | Remote]:
    """Each once, as it is written first."""
    firsts: dict[str, Path | Remote] = {}
    for source in sources:
        firsts.setdefault(_entry(source), source)
    return list(firsts.values())


def _entry(source: Path | Remote) -> str:
    """Equal for the same folder, and for the same photograph if its name is, which it hands on."""
    if isinstance(source, Remote) or is_folder(source):
        return _identity(str(source))
    return f"{_identity(str(source.parent))}/{source.name}"


def _identity(text: str) -> str:
    """Equal for what is the same file."""
    return text if is_remote(text) else os.path.realpath(text)


def _refused(photograph: Photograph, owner: str) -> str:
    """Why the target cannot be its own; nothing if it can."""
    source, target = photograph[:2]
    if owner != source:
        return (
            f"'{source}' would become '{target}', which is that of '{owner}'; give it another "
            "name, or colour it into another folder"
        )
    if _identity(target) == _identity(source):
        return f"'{target}' is the photograph itself, which is never replaced; name another file"
    return ""


def _found(
    sources: list[Path | Remote], out: Path | Remote | None, made: Plan
) -> Iterator[Photograph]:
    folder = out if out and out.is_dir() else None
    for source in sources:
        if not is_folder(source):
            yield from _named(source, out, folder, made)
            continue
        if folder is None or _resolved(folder) == _resolved(source):
            raise BatchError(
                f"'{source}' is a folder; name another folder for its coloured photographs (-o)"
            )
        mirror = folder if len(sources) == 1 else folder / _resolved(source).name
        yield from _held(source, mirror, folder, made)


def _resolved(folder: Path | Remote) -> Path | Remote:
    return folder if isinstance(folder, Remote) else folder.resolve()


def _named(
    source: Path | Remote, out: Path | Remote | None, folder: Path | Remote | None, made: Plan
) -> Iterator[Photograph]:
    """A photograph that was given by its name."""
    try:
        if out and not folder:
            target = out
        else:
            target = (folder or source.parent) / colored_name(source.name, _form(source))
        if isinstance(source, Remote) and (seen := source.stamp()):
            made.stamps[str(source)] = seen
    except PhotographError as error:
        made.failed.append(Failed(str(source), str(error)))
    else:
        yield Photograph(str(source), str(target))


def _form(path: Path | Remote) -> Format:
    """Its format. Raises PhotographError."""
    if isinstance(path, Remote):
        return format_in(path.head(), str(path))
    with reading(path):
        return format_of(path)


def _held(
    source: Path | Remote, mirror: Path | Remote, out: Path | Remote, made: Plan
) -> Iterator[Photograph]:
    """The photographs in a folder, in the order of their names."""
    held = _listed(source, out, made) if isinstance(source, Remote) else _walked(source, out, made)
    for path, parent, form in held:
        if not isinstance(form, PhotographError):
            yield Photograph(str(path), str(mirror / parent / colored_name(path.name, form)))
        elif path.suffix.lower() in _ENDINGS:
            made.failed.append(Failed(str(path), str(form)))
        else:
            made.left_alone[path.suffix.lower()] += 1


_Held = Iterator[tuple[Path | Remote, PurePath, Format | PhotographError]]
# files, the folders within the source that hold them, and what they are


def _walked(source: Path, out: Path | Remote, made: Plan) -> _Held:
    def note(error: OSError) -> None:
        reason = f"'{error.filename}' cannot be read: {error.strerror}"
        made.failed.append(Failed(str(error.filename), reason))

    here = _resolved(out)
    for place, folders, names in os.walk(source, onerror=note):
        folders[:] = sorted(
            name for name in folders if name[0] != "." and Path(place, name).resolve() != here
        )
        for name in sorted(name for name in names if name[0] != "."):
            path = Path(place, name)
            yield path, path.parent.relative_to(source), _looked_into(path)


def _listed(source: Remote, out: Path | Remote, made: Plan) -> _Held:
    def seen(file: Listed) -> bool:
        hidden = any(part[0] == "." for part in file.path.parts)
        return not hidden and not str(source / file.path).startswith(f"{out}/")

    files = filter(seen, source.listed())
    with ThreadPoolExecutor(_ASKED) as executor:
        while some := list(itertools.islice(files, _AHEAD)):
            paths = [source / file.path for file in some]
            for path, file, form in zip(
                paths, some, executor.map(_looked_into, paths), strict=True
            ):
                made.stamps[str(path)] = file.stamp
                yield path, file.path.parent, form


def _looked_into(path: Path | Remote) -> Format | PhotographError:
    try:
        return _form(path)
    except PhotographError as error:
        return error
