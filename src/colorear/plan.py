"""Which photographs are to be coloured, and where their colours go."""

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from colorear.colorizer import beside
from colorear.errors import BatchError, PhotographError
from colorear.files import SUFFIXES, is_folder

__all__ = ["Failed", "Photograph", "Plan", "plan"]

_ENDINGS = {ending for endings in SUFFIXES.values() for ending in endings}


@dataclass(frozen=True)
class Failed:
    """Why a photograph could not be coloured, in one sentence."""

    source: str
    error: str


class Photograph(NamedTuple):
    """A file, and the one that its colours go to; text, since there may be a million."""

    source: str
    target: str


@dataclass(frozen=True)
class Plan:
    """What was found."""

    photographs: list[Photograph] = field(default_factory=list)
    failed: list[Failed] = field(default_factory=list)
    """What should be a photograph and is not, or has no place to go."""
    left_alone: Counter[str] = field(default_factory=Counter)
    """How many other files there are in the folders, by their endings."""


def plan(sources: Iterable[Path], out: Path | None = None) -> Plan:
    """Find the photographs that `sources` are, or hold at any depth.

    In a folder these are the files that their content says are photographs, or at least their
    names; what is hidden, `out` itself and links to folders are left out. `x.jpg` becomes
    `x-color.jpg`: in `out` if that is a folder, else beside it; `out` may also be the file that the
    only photograph becomes. A folder is mirrored in `out`, under its own name if it is not the only
    source.

    Raises BatchError where a folder comes without another one to mirror it in.
    """
    made = Plan()
    found = list(_found(list(sources), out, made))
    owners = {os.path.realpath(photograph.source): photograph.source for photograph in found}
    for photograph in found:
        owner = owners.setdefault(os.path.realpath(photograph.target), photograph.source)
        if reason := _refused(photograph, owner):
            made.failed.append(Failed(photograph.source, reason))
        else:
            made.photographs.append(photograph)
    return made


def _refused(photograph: Photograph, owner: str) -> str:
    """Why the target cannot be its own; nothing if it can."""
    source, target = photograph
    if owner != source:
        return (
            f"'{source}' would become '{target}', which is that of '{owner}'; give it another "
            "name, or colour it into another folder"
        )
    if os.path.realpath(target) == os.path.realpath(source):
        return f"'{target}' is the photograph itself, which is never replaced; name another file"
    return ""


def _found(sources: list[Path], out: Path | None, made: Plan) -> Iterator[Photograph]:
    folder = out if out and out.is_dir() else None
    for source in sources:
        if not is_folder(source):
            yield from _named(source, out, folder, made)
            continue
        if folder is None or folder.resolve() == source.resolve():
            raise BatchError(
                f"'{source}' is a folder; name another folder for its coloured photographs (-o)"
            )
        mirror = folder if len(sources) == 1 else folder / source.resolve().name
        yield from _held(source, mirror, folder, made)


def _named(source: Path, out: Path | None, folder: Path | None, made: Plan) -> Iterator[Photograph]:
    """A photograph that was given by its name."""
    try:
        target = out if out and not folder else beside(source, folder)
    except PhotographError as error:
        made.failed.append(Failed(str(source), str(error)))
    else:
        yield Photograph(str(source), str(target))


def _held(source: Path, mirror: Path, out: Path, made: Plan) -> Iterator[Photograph]:
    """The photographs in a folder, in the order of their names."""

    def note(error: OSError) -> None:
        reason = f"'{error.filename}' cannot be read: {error.strerror}"
        made.failed.append(Failed(str(error.filename), reason))

    here = out.resolve()
    for place, folders, names in os.walk(source, onerror=note):
        folders[:] = sorted(
            name for name in folders if name[0] != "." and Path(place, name).resolve() != here
        )
        for name in sorted(name for name in names if name[0] != "."):
            path = Path(place, name)
            try:
                target = beside(path, mirror / path.parent.relative_to(source))
            except PhotographError as error:
                if path.suffix.lower() in _ENDINGS:
                    made.failed.append(Failed(str(path), str(error)))
                else:
                    made.left_alone[path.suffix.lower()] += 1
            else:
                yield Photograph(str(path), str(target))
