"""Photographs in a folder or a zip file: which belong together, and their pixels."""

import os
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Literal, NamedTuple

from colorear.errors import DataError
from colorear.training.datasets.manifest import COLOR, GRAY
from colorear.training.datasets.photographs import natural_order
from colorear.training.datasets.pictures import (
    SUFFIXES,
    UnusableError,
    check_size,
    is_photograph,
    read_file,
)

__all__ = [
    "Arrangement",
    "Pair",
    "arrange",
    "open_source",
]

Read = Callable[[], bytes]

_ENCRYPTED = 1  # general purpose bit 0: APPNOTE.TXT 6.3.10, section 4.4.4


class Pair(NamedTuple):
    """A photograph: its name in the data set, its names in the source."""

    name: str
    color: str
    gray: str | None


class Arrangement(NamedTuple):
    """How the photographs of a source belong together."""

    layout: Literal["pairs", "color"]
    pairs: list[Pair]
    """In natural order of their names."""
    skipped: list[UnusableError]
    ignored: int
    """How many photographs lie beside color/ and gray/."""


@contextmanager
def open_source(source: Path) -> Iterator[dict[str, Read]]:
    """Open a folder or zip file: the names of its photographs, each with a function that reads it.

    Photographs are recognized by their suffixes. Hidden ones, and those in the `__MACOSX` of a
    Mac's zip files, are left out. Reading raises `UnusableError`.

    Raises
    ------
    DataError
        It is neither a folder nor a zip file, is encrypted, or has a name that points out of it.
    """
    archive = _archive(source)
    if archive is None:
        yield _in_folder(source)
    else:
        with archive:
            yield _in_zip(archive, source)


def arrange(names: Sequence[str], source: Path) -> Arrangement:
    """Find the layout: color/ and gray/ with pairs of one name, or photographs in any folders.

    Folders that all names have in common are looked through. Suffixes do not count, nor does the
    case of color/ and gray/: Color/1.jpg and Gray/1.png are a pair; of a.jpg and a.png in one
    folder the second is skipped.

    Parameters
    ----------
    names
        Of the photographs in the source, with slashes.
    source
        What errors name.

    Raises
    ------
    DataError
        There are no photographs, or gray/ is without color/ or not beside it.
    """
    skipped = [
        UnusableError(_printable(name), "its name is not UTF-8")
        for name in names
        if not _is_utf8(name)
    ]
    names = sorted((name for name in names if _is_utf8(name)), key=natural_order)
    if not names:
        raise DataError(
            f"{source}: holds no photographs ({', '.join(sorted(SUFFIXES))}); give what holds some"
        )
    top = _top(names)
    tops = {name[len(top) :].rpartition("/")[0].partition("/")[0] for name in names}
    by_lower_case = {folder.lower(): folder for folder in sorted(tops)}
    color_folder, gray_folder = by_lower_case.get(COLOR), by_lower_case.get(GRAY)
    if gray_folder and not color_folder:
        raise DataError(
            f"{source}: has grey photographs in {top}{gray_folder}/ but none in {top}{COLOR}/, "
            f"where those in colour are expected; put them there, or rename {gray_folder}/ if it "
            "has colour"
        )
    if gray_folder:
        return _arrange_pairs(names, f"{top}{color_folder}/", f"{top}{gray_folder}/", skipped)
    _refuse_apart(names, source)
    if tops == {color_folder}:
        top += f"{color_folder}/"
    color, repeated = _by_name(names, top)
    pairs = [Pair(name, color[name], None) for name in color]
    return Arrangement("color", pairs, skipped + repeated, 0)


def _arrange_pairs(
    names: Sequence[str], color_top: str, gray_top: str, skipped: list[UnusableError]
) -> Arrangement:
    """Pair the photographs below the two folders, whose names end in slashes."""
    color, repeated_color = _by_name(names, color_top)
    gray, repeated_gray = _by_name(names, gray_top)
    unpaired = [
        UnusableError(name, f"has no photograph of its name in {PurePosixPath(other).name}/")
        for mine, others, other in ((color, gray, gray_top), (gray, color, color_top))
        for target, name in mine.items()
        if target not in others
    ]
    return Arrangement(
        "pairs",
        [Pair(name, color[name], gray[name]) for name in color if name in gray],
        [*skipped, *repeated_color, *repeated_gray, *unpaired],
        ignored=sum(not name.startswith((color_top, gray_top)) for name in names),
    )


def _refuse_apart(names: Sequence[str], source: Path) -> None:
    """Refuse color/ and gray/ that are no pair: gray ones would pass for photographs in color."""
    folders = {folder for name in names for folder in PurePosixPath(name).parents}
    color, gray = (
        sorted(str(folder) for folder in folders if folder.name.lower() == kind)
        for kind in (COLOR, GRAY)
    )
    if color and gray:
        raise DataError(
            f"{source}: has {color[0]}/ and {gray[0]}/, which are expected beside one another; put "
            "them there, or give one of the two"
        )


def _in_folder(source: Path) -> dict[str, Read]:
    def fail(error: OSError) -> None:
        raise DataError(f"{error.filename}: cannot be read ({error.strerror}); allow it") from error

    found: dict[str, Read] = {}
    for folder, _, names in os.walk(source, onerror=fail):
        for name in names:
            path = Path(folder, name)
            inside = path.relative_to(source)
            if is_photograph(inside):
                found[inside.as_posix()] = partial(read_file, path, inside.as_posix())
    return found


def _archive(source: Path) -> zipfile.ZipFile | None:
    """None for a folder."""
    try:
        return None if source.is_dir() else zipfile.ZipFile(source)
    except zipfile.BadZipFile:
        raise DataError(
            f"{source}: is neither a folder nor a zip file; give one that holds photographs"
        ) from None
    except OSError as error:
        raise DataError(
            f"{source}: cannot be read ({error.strerror}); give a folder or a zip file"
        ) from error


def _in_zip(archive: zipfile.ZipFile, source: Path) -> dict[str, Read]:
    found: dict[str, Read] = {}
    for member in archive.infolist():
        path = PureWindowsPath(member.filename)  # either slash; knows drives
        if path.anchor or ".." in path.parts:
            raise DataError(
                f"{source}: holds '{member.filename}', a name that points out of the zip file; "
                "make it again with plain names"
            )
        inside = PurePosixPath(*path.parts)
        if member.is_dir() or not is_photograph(inside):
            continue
        if member.flag_bits & _ENCRYPTED:
            raise DataError(
                f"{source}: is encrypted, but a plain zip file is needed; unpack it and give the "
                "folder"
            )
        found[str(inside)] = partial(_read_member, archive, member, str(inside))
    return found


def _read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, name: str) -> bytes:
    """The content, as long as the member claims to be: `zipfile` unpacks no more than that.

    This holds for the two methods that zip files of photographs have, but not for the others.
    """
    check_size(member.file_size, name)
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise UnusableError(name, "cannot be unpacked (neither stored nor deflated)")
    try:
        with archive.open(member) as file:
            return file.read(member.file_size)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError) as error:
        raise UnusableError(name, f"cannot be unpacked ({error})") from error


def _top(names: Sequence[str]) -> str:
    """The folders that all names have in common, down to color/ or gray/: "landscape Images/"."""
    top = ""
    while True:
        following = {name[len(top) :].partition("/")[:2] for name in names}
        folder, slash = following.pop()
        if following or not slash or folder.lower() in (COLOR, GRAY):
            return top
        top += f"{folder}/"


def _by_name(names: Sequence[str], top: str) -> tuple[dict[str, str], list[UnusableError]]:
    """The photographs below `top` by their names in the data set; those whose name is taken."""
    found: dict[str, str] = {}
    skipped = []
    for name in names:
        if not name.startswith(top):
            continue
        target = str(PurePosixPath(name[len(top) :]).with_suffix(".png"))
        if target in found:
            skipped.append(
                UnusableError(name, f"has the name of {found[target]} but for its suffix")
            )
        else:
            found[target] = name
    return {target: found[target] for target in sorted(found, key=natural_order)}, skipped


def _is_utf8(name: str) -> bool:
    return _printable(name) == name


def _printable(name: str) -> str:
    return name.encode(errors="backslashreplace").decode()
