"""What a TIFF tells about itself, put beside new pixels: the tags that libvips does not carry.

libvips keeps the ICC profile, XMP, IPTC, description, resolution and orientation; here the other
texts (scanner, date, author), the EXIF and the GPS directories are copied. Clauses are those of
TIFF 6.0; the BigTIFF layout is that of libtiff's specification.
"""

import struct
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

__all__ = ["graft", "is_one_picture", "tags"]

_DIRECTORIES = (34665, 34853, 40965)  # EXIF, GPS and, within EXIF, interoperability (Exif 2.32)
_TEXT = 2
_WINDOWS_TEXTS = range(40091, 40096)  # XPTitle to XPSubject, which are bytes by type
_POINTERS = {4: 4, 13: 4, 16: 8, 18: 8}  # LONG, IFD, and BigTIFF's LONG8, IFD8, to one of these
_SUBFILE, _SMALLER = 254, 1  # NewSubfileType, what a directory holds: section 8
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}  # section 2
_UNITS = {**_SIZES, 5: 4, 10: 4}  # what a byte order turns round: a rational is two numbers
_LARGEST = 2**24  # bytes of one tag
_MOST = 2**16  # tags of a directory, as in a TIFF; a damaged BigTIFF may claim any number


@dataclass(frozen=True)
class _Layout:
    """How the numbers of a file are written: byte order, and those that BigTIFF has longer."""

    order: str
    length: struct.Struct
    entry: struct.Struct
    pointer: struct.Struct
    first: int


@dataclass(frozen=True)
class Tag:
    """A tag and its value in the byte order of its file; of a directory, the tags in it."""

    number: int
    kind: int
    count: int
    content: "bytes | list[Tag]"


def tags(path: Path) -> list[Tag]:
    """The tags of the first directory that can be read."""
    with path.open("rb") as file:
        layout = _layout(file)
        return _directory(file, layout, _first(file, layout))


def is_one_picture(path: Path) -> bool:
    """Whether all pages but the first are smaller copies of it, as in a pyramid."""
    with path.open("rb") as file, suppress(struct.error, OSError, OverflowError):
        layout = _layout(file)
        at, seen = _first(file, layout), set[int]()
        while at and at not in seen:
            kind = 0
            for number, _, _, value in _entries(file, layout, at):
                if number == _SUBFILE:
                    kind = _number(layout, value[:4])
            if bool(kind & _SMALLER) != bool(seen):
                return False
            seen.add(at)
            at = _number(layout, file.read(layout.pointer.size))  # section 2: it follows the tags
        return True
    return False


def graft(original: Path, made: Path) -> None:
    """Append to `made` the tags of the original that it lacks, in place."""
    with original.open("rb") as about, made.open("rb+") as file:
        theirs, ours = _layout(about), _layout(file)
        entries = _entries(file, ours, _first(file, ours))
        have = {number for number, *_ in entries}
        for tag in _directory(about, theirs, _first(about, theirs)):
            told = tag.kind == _TEXT or tag.number in (*_DIRECTORIES, *_WINDOWS_TEXTS)
            if told and tag.number not in have:
                entries.append(_appended(file, ours, tag, theirs.order))
        place = _append(file, _packed(ours, entries))
        file.seek(ours.first)
        file.write(ours.pointer.pack(place))


def _layout(file: BinaryIO) -> _Layout:
    head = file.read(4)
    order = "<" if head[:2] == b"II" else ">"
    names, first = ("QHHQ8sQ", 8) if 43 in head[2:4] else ("HHHI4sI", 4)
    length, entry, pointer = (
        struct.Struct(order + form) for form in (names[0], names[1:-1], names[-1])
    )
    return _Layout(order, length, entry, pointer, first)


def _first(file: BinaryIO, layout: _Layout) -> int:
    file.seek(layout.first)
    return int(layout.pointer.unpack(file.read(layout.pointer.size))[0])


def _entries(file: BinaryIO, layout: _Layout, at: int) -> list[tuple[int, int, int, bytes]]:
    """Number, type, count, and the value or where it is."""
    file.seek(at)
    (count,) = layout.length.unpack(file.read(layout.length.size))
    return list(layout.entry.iter_unpack(file.read(min(count, _MOST) * layout.entry.size)))


def _directory(file: BinaryIO, layout: _Layout, at: int, depth: int = 0) -> list[Tag]:
    """The tags that can be read, as deep as EXIF goes: a circle in a bad file ends."""
    found = []
    for number, kind, count, value in _entries(file, layout, at):
        with suppress(struct.error, OSError, OverflowError):  # damaged: no program can read it
            if number in _DIRECTORIES and kind in _POINTERS and depth < 2:
                place = _number(layout, value[: _POINTERS[kind]])
                found.append(Tag(number, kind, 1, _directory(file, layout, place, depth + 1)))
                continue
            size = _SIZES.get(kind, 0) * count
            content = value[:size]
            if len(value) < size <= _LARGEST:
                file.seek(layout.pointer.unpack(value)[0])
                content = file.read(size)
            if size and len(content) == size:
                found.append(Tag(number, kind, count, content))
    return found


def _number(layout: _Layout, content: bytes) -> int:
    return int.from_bytes(content, "little" if layout.order == "<" else "big")


def _appended(file: BinaryIO, layout: _Layout, tag: Tag, order: str) -> tuple[int, int, int, bytes]:
    """The entry of a tag, whose value is appended to the file where it does not fit the entry."""
    kind = tag.kind
    if isinstance(tag.content, list):
        entries = [_appended(file, layout, inner, order) for inner in tag.content]
        place = _append(file, _packed(layout, entries))
        kind, form = (4, "I") if place < 2**32 else (16, "Q")  # the former is read by all
        content = struct.pack(f"{layout.order}{form}", place)
    else:
        content = tag.content
        if order != layout.order:
            content = np.frombuffer(content, f"u{_UNITS[tag.kind]}").byteswap().tobytes()
    if len(content) > layout.pointer.size:
        content = layout.pointer.pack(_append(file, content))
    return tag.number, kind, tag.count, content.ljust(layout.pointer.size, b"\0")


def _packed(layout: _Layout, entries: list[tuple[int, int, int, bytes]]) -> bytes:
    """A directory, its entries in order as section 2 asks, with none to follow."""
    body = b"".join(layout.entry.pack(*entry) for entry in sorted(entries))
    return layout.length.pack(len(entries)) + body + layout.pointer.pack(0)


def _append(file: BinaryIO, content: bytes) -> int:
    """Where the content, at an even place (section 2), now is."""
    end = file.seek(0, 2)
    file.write(bytes(end % 2) + content)
    return end + end % 2
