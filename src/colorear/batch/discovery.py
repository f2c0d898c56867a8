"""Which photographs there are, and where their colors go."""

import fnmatch
import itertools
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PurePath, PurePosixPath
from typing import Literal, NamedTuple

from colorear.batch.remote import Remote, RemoteFile, is_remote
from colorear.errors import PhotographError, UsageError, translated
from colorear.inference.naming import colored_name
from colorear.photo.appearance import Appearance, why_in_color
from colorear.photo.sniffing import (
    CONVERTED,
    HEAD,
    SUFFIXES,
    Format,
    Stamp,
    format_in,
    format_of,
    is_folder,
    read_at,
    reading,
)

__all__ = ["Discovery", "Failed", "Product", "Skipped", "WorkItem", "discover"]

Product = Literal["color", "uncertainty"]
Location = Path | Remote

_SUFFIXES = {*CONVERTED, *(suffix for suffixes in SUFFIXES.values() for suffix in suffixes)}
_CONNECTIONS, _AHEAD = 32, 4096  # remote files looked into at a time; of which so many may wait

SYSTEM_FOLDERS = frozenset(
    {
        "@eadir",  # Synology's thumbnails
        "@tmp",
        "#recycle",
        "#snapshot",
        "@recycle",  # QNAP
        "@recently-snapshot",
        "$recycle.bin",  # Windows
        "system volume information",
        "lost+found",
        "__macosx",
    }
)
"""Folders that systems and network drives make, in small letters: nobody's photographs."""


@dataclass(frozen=True)
class Skipped:
    """A photograph that needs no color, or that none fits, and why."""

    source: str
    reason: str
    appearance: Appearance = "colored"


@dataclass(frozen=True)
class Failed:
    """Why a photograph could not be colored, in one sentence."""

    source: str
    error: str


class WorkItem(NamedTuple):
    """A photograph, and one file to make of it; text, since there may be a million."""

    source: str
    target: str
    variant: int = 0
    product: Product = "color"


@dataclass(frozen=True)
class Discovery:
    """What was found."""

    items: list[WorkItem] = field(default_factory=list)
    failed: list[Failed] = field(default_factory=list)
    """What should be a photograph and is not, or has no place to go."""
    skipped: list[Skipped] = field(default_factory=list)
    """What colorear colored itself, in the place where it would put these colors again."""
    left_alone: Counter[str] = field(default_factory=Counter)
    """How many other files there are in the folders, by the suffixes of their names."""
    stamps: dict[str, Stamp] = field(default_factory=dict)
    """Of the sources that are not on this machine."""
    named: set[str] = field(default_factory=set)
    """The sources that were named themselves, not found in a folder."""


def discover(
    sources: Iterable[Location],
    destination: Location | None = None,
    *,
    variants: int = 1,
    uncertainty: bool = False,
    exclude: Iterable[str] = (),
    recolor: bool = False,
) -> Discovery:
    """Find the photographs that `sources` are, or hold at any depth.

    In a folder these are the files that their content says are photographs, or at least their
    names; what is hidden, `destination` itself, links to folders and what systems make are left
    out. `x.jpg` becomes `x-color.jpg`: in `destination` if that is a folder, else beside it;
    `destination` may also be the file that the only photograph becomes. A folder is mirrored in
    `destination`, under its own name if it is not the only source. What is named twice counts once.

    Parameters
    ----------
    variants
        How many colorings of each; further ones become `x-color-2.jpg` and so on.
    uncertainty
        Whether a picture of how unsure the colors are, `x-uncertainty.png`, is made too.
    exclude
        Patterns as a shell has them (`*.tif`, `thumbs/*`) of what to leave out of folders: of a
        name, or of a path from the folder on.
    recolor
        Whether photographs are colored that colorear colored before.

    Raises
    ------
    UsageError
        Where a folder comes without another one to mirror it in.
    BatchError
        Where a store does not answer.
    """
    found = Discovery()
    items = [
        product
        for item in _found(_distinct(sources), destination, tuple(exclude), found)
        for product in _products(item, variants, uncertainty=uncertainty)
    ]
    _allot(items, found, recolor=recolor)
    _real_folders.clear()  # folders may move before somebody discovers again
    return found


def _allot(items: list[WorkItem], found: Discovery, *, recolor: bool) -> None:
    """Give each target to one source: the photographs themselves first, then who comes first."""
    owners = {_identity(item.source): item.source for item in items}
    targets = [_identity(item.target) for item in items]
    if not recolor:  # what colorear made itself is in nobody's way, and needs no color
        for target in owners.keys() & set(targets):
            if reason := why_in_color(Path(target)):
                found.skipped.append(Skipped(owners.pop(target), reason))
    skipped = {each.source for each in found.skipped}
    for item, target in zip(items, targets, strict=True):
        if item.source in skipped:
            continue
        owner = owners.setdefault(target, item.source)
        if reason := _refusal(item, target, owner):
            found.failed.append(Failed(item.source, reason))
        else:
            found.items.append(item)


def _products(item: WorkItem, variants: int, *, uncertainty: bool) -> Iterator[WorkItem]:
    """All that is to be made of it."""
    source, target = item[:2]
    yield item
    if variants == 1 and not uncertainty:
        return
    suffix = PurePath(target).suffix
    stem = target.removesuffix(suffix)
    for variant in range(1, variants):
        yield WorkItem(source, f"{stem}-{variant + 1}{suffix}", variant)
    if uncertainty:
        target = f"{stem.removesuffix('-color')}-uncertainty.png"
        yield WorkItem(source, target, product="uncertainty")


def _distinct(sources: Iterable[Location]) -> list[Location]:
    """Each once, as it is written first."""
    firsts: dict[str, Location] = {}
    for source in sources:
        firsts.setdefault(_entry(source), source)
    return list(firsts.values())


def _entry(source: Location) -> str:
    """Equal for the same folder, and for the same photograph if its name is, which it hands on."""
    if isinstance(source, Remote) or is_folder(source):
        return _identity(str(source))
    return f"{_identity(str(source.parent))}/{source.name}"


def _identity(text: str) -> str:
    """Equal for what is the same file."""
    if is_remote(text):
        return text
    folder, name = os.path.split(text)
    # `realpath` asks for every part of a path, which is most of the work where there are many
    if name in ("", ".", "..") or os.path.islink(text):  # noqa: PTH114 - a Path costs more
        return os.path.realpath(text)
    return os.path.join(_real_folder(folder), name)  # noqa: PTH118 - as above


_real_folders: dict[str, str] = {}  # while it is discovered


def _real_folder(folder: str) -> str:
    """As `realpath`, which would ask anew for each of the folders that hold it."""
    asked = []
    while folder not in _real_folders:
        outer, name = os.path.split(folder)
        if name in ("", ".", "..") or os.path.islink(folder):  # noqa: PTH114 - as above
            _real_folders[folder] = os.path.realpath(folder)
            break
        asked.append((folder, name))
        folder = outer
    real = _real_folders[folder]
    for each, name in reversed(asked):
        real = _real_folders[each] = os.path.join(real, name)  # noqa: PTH118 - as above
    return real


def _refusal(item: WorkItem, identity: str, owner: str) -> str:
    """Why the target, of that `identity`, cannot be its own; nothing if it can."""
    source, target = item[:2]
    if owner != source:
        return (
            f"'{source}' would become '{target}', which is that of '{owner}'; give it another "
            "name, or color it into another folder"
        )
    if identity == _identity(source):
        return f"'{target}' is the photograph itself, which is never replaced; name another file"
    return ""


def _found(
    sources: list[Location], destination: Location | None, exclude: tuple[str, ...], into: Discovery
) -> Iterator[WorkItem]:
    folder = destination if destination and destination.is_dir() else None
    for source in sources:
        if not is_folder(source):
            yield from _named(source, destination, folder, into)
            continue
        if folder is None or _resolved(folder) == _resolved(source):
            raise UsageError(
                f"'{source}' is a folder; name another folder for its colored photographs (-o)"
            )
        mirror = folder if len(sources) == 1 else folder / _resolved(source).name
        yield from _in_folder(source, mirror, folder, exclude, into)


def _resolved(folder: Location) -> Location:
    return folder if isinstance(folder, Remote) else folder.resolve()


def _named(
    source: Location, destination: Location | None, folder: Location | None, into: Discovery
) -> Iterator[WorkItem]:
    """A photograph that was given by its name."""
    try:
        if destination and not folder:
            target = destination
        else:
            target = (folder or source.parent) / colored_name(source.name, _format(source))
        if isinstance(source, Remote) and (stamp := source.stamp()):
            into.stamps[str(source)] = stamp
    except PhotographError as error:
        into.failed.append(Failed(str(source), str(error)))
    else:
        into.named.add(str(source))
        yield WorkItem(str(source), str(target))


def _format(path: Location) -> Format:
    """Its format. Raises PhotographError."""
    if isinstance(path, Remote):
        return format_in(path.head(), str(path))
    with reading(path):
        return format_of(path)


class _Found(NamedTuple):
    """A file in a folder."""

    path: str
    name: str
    within: str
    """The folder that holds it, from the source on; with slashes, nothing for the source itself."""
    format: Format | PhotographError


def _in_folder(
    source: Location,
    mirror: Location,
    destination: Location,
    exclude: tuple[str, ...],
    into: Discovery,
) -> Iterator[WorkItem]:
    """The photographs in a folder, in the order of their names."""
    if isinstance(source, Remote):
        files = _listed(source, destination, exclude, into)
    else:
        files = _walked(source, destination, exclude, into)
    for path, name, within, form in files:
        if not isinstance(form, PhotographError):
            folder = f"{mirror}/{within}" if within else str(mirror)
            yield WorkItem(path, f"{folder}/{colored_name(name, form)}")
        elif _suffix(name) in _SUFFIXES:
            into.failed.append(Failed(path, str(form)))
        else:
            into.left_alone[_suffix(name)] += 1


def _suffix(name: str) -> str:
    return PurePath(name).suffix.lower()


def _is_left_out(name: str, within: str, exclude: tuple[str, ...]) -> bool:
    """Whether nobody wants what is called so in that folder."""
    if name[0] == "." or name.lower() in SYSTEM_FOLDERS:
        return True
    path = f"{within}/{name}" if within else name
    return any(fnmatch.fnmatchcase(tried, rule) for rule in exclude for tried in (name, path))


def _walked(
    source: Path, destination: Location, exclude: tuple[str, ...], into: Discovery
) -> Iterator[_Found]:
    """The files of a folder of this machine, its own before those of the folders in it.

    No recursion: folders may lie deeper than Python can call itself.
    """
    here = "" if isinstance(destination, Remote) else str(destination.resolve())
    pending = [(str(source), "")]
    while pending:
        folder, within = pending.pop()
        try:
            with os.scandir(folder) as entries:
                ordered = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            reason = f"'{folder}' cannot be read: {error.strerror}"
            into.failed.append(Failed(folder, reason))
            continue
        folders = []
        for entry in ordered:
            if _is_left_out(entry.name, within, exclude):
                continue
            if not _is_any_folder(entry):
                yield _Found(entry.path, entry.name, within, _format_of_entry(entry))
            elif not entry.is_symlink() and _identity(entry.path) != here:
                folders.append((entry.path, f"{within}/{entry.name}" if within else entry.name))
        pending += reversed(folders)


def _is_any_folder(entry: os.DirEntry[str]) -> bool:
    """Whether it is a folder, or a link to one."""
    try:
        return entry.is_dir()
    except OSError:
        return False


def _format_of_entry(entry: os.DirEntry[str]) -> Format | PhotographError:
    """As `_format`, with fewer questions to the system: there may be a million files."""
    try:
        if entry.is_symlink() or not entry.is_file():
            return _format(Path(entry.path))
        with translated(PhotographError, f"'{entry.path}'"):
            descriptor = os.open(entry.path, os.O_RDONLY)
            try:
                head = os.read(descriptor, HEAD)
                return format_in(head, entry.path, partial(read_at, descriptor))
            finally:
                os.close(descriptor)
    except PhotographError as error:
        return error


def _listed(
    source: Remote, destination: Location, exclude: tuple[str, ...], into: Discovery
) -> Iterator[_Found]:
    """The files of a folder elsewhere."""

    def wanted(file: RemoteFile) -> bool:
        parts = PurePosixPath(file.path).parts
        left_out = any(
            _is_left_out(part, "/".join(parts[:depth]), exclude) for depth, part in enumerate(parts)
        )
        return not left_out and not str(source / file.path).startswith(f"{destination}/")

    files = filter(wanted, source.list_files())
    with ThreadPoolExecutor(_CONNECTIONS) as executor:
        while some := list(itertools.islice(files, _AHEAD)):
            paths = [source / file.path for file in some]
            formats = executor.map(_format_of_remote, paths)
            for path, file, form in zip(paths, some, formats, strict=True):
                into.stamps[str(path)] = file.stamp
                within, _, name = file.path.rpartition("/")
                yield _Found(str(path), name, within, form)


def _format_of_remote(path: Remote) -> Format | PhotographError:
    try:
        return _format(path)
    except PhotographError as error:
        return error
