"""What a TIFF tells about itself, put beside new pixels: all tags but those that code the pixels.

libvips carries a few tags and rewrites some of them; here every other one comes from the original,
byte for byte (numbers in the byte order of the new file), with the directories of EXIF, GPS and
whoever else has some. Clauses are those of TIFF 6.0; the BigTIFF layout is that of libtiff's
specification.

Files may lie: each directory is read once, and all that is read is no more than the file is large.
"""

import os
import struct
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np

from colorear.errors import PhotographError

__all__ = [
    "EXTRA_SAMPLES",
    "ORIENTATION",
    "POINTERS",
    "UNITS",
    "Reader",
    "Tag",
    "append",
    "appended",
    "graft",
    "tags",
    "write_directory",
]

ORIENTATION, EXTRA_SAMPLES = 274, 338

_DIRECTORIES = (34665, 34853, 40965)  # EXIF, GPS and, within EXIF, interoperability (Exif 2.32)
_IFD, _IFD8 = 13, 18  # the types of other pointers to directories
POINTERS = {4: 4, _IFD: 4, 16: 8, _IFD8: 8}  # LONG, IFD, and BigTIFF's LONG8, IFD8
_DEEPEST = 3  # directories within directories: EXIF and interoperability, and one to spare
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}  # section 2
_SIZES |= {_IFD: 4, 16: 8, 17: 8, _IFD8: 8}
UNITS = {**_SIZES, 5: 4, 10: 4}  # what a byte order turns round: a rational is two numbers
SHORT, _UNDEFINED = 3, 7
_SHORTER = {16: 4, 17: 9}  # BigTIFF's long numbers, and what others have in their place
_MOST = 2**16  # tags of a directory, as in a TIFF; a damaged BigTIFF may claim any number
_IPTC, _XMP, _PROFILE = 33723, 700, 34675
_IPTC_MARKER = 0x1C  # IPTC-IIM 4.2, 1.6: every data set begins so

# what tells how pixels are coded, or where: of these the new file has its own
_OF_PIXELS = {
    *(255, 256, 257, 258, 259, 262, 263, 264, 265, 266, 273, 277, 278, 279, 280, 281, 284),
    *(288, 289, 290, 291, 292, 293, 317, 320, 322, 323, 324, 325, 326, 327, 328, 330),
    *(332, 333, 334, 336, 337, 338, 339, 340, 341, 342, 343, 344, 345, 346, 347, 351),
    *(512, 513, 514, 515, 517, 518, 519, 520, 521, 529, 530, 531, 532, 559),
}
_NEW = _OF_PIXELS | {_XMP, _PROFILE}


@dataclass(frozen=True)
class _Layout:
    """How the numbers of a file are written: byte order, and those that BigTIFF has longer."""

    order: str
    length: struct.Struct
    entry: struct.Struct
    pointer: struct.Struct
    first: int


class _Entry(NamedTuple):
    """A tag as a directory has it: with its value, or where that is."""

    number: int
    kind: int
    many: int
    value: bytes


@dataclass(frozen=True)
class Tag:
    """A tag and its value in the byte order of its file; of a directory, the tags in it."""

    number: int
    kind: int
    count: int
    content: "bytes | list[Tag]"


class Reader:
    """An open file, of which no more is read than there is in it."""

    def __init__(self, file: BinaryIO, path: Path) -> None:
        self.file = file
        self._path = path
        self._size = os.fstat(file.fileno()).st_size
        self._left = 2 * self._size  # tags may well share a value
        self._seen: set[int] = set()
        head = file.read(4)
        order = "<" if head[:2] == b"II" else ">"
        names, first = ("QHHQ8sQ", 8) if 43 in head[2:4] else ("HHHI4sI", 4)
        length, entry, pointer = (
            struct.Struct(order + form) for form in (names[0], names[1:-1], names[-1])
        )
        self.layout = _Layout(order, length, entry, pointer, first)

    def read(self, at: int, size: int) -> bytes:
        """So many bytes, or fewer at the end of the file."""
        size = min(size, max(0, self._size - at))
        self._left -= size
        if self._left < 0:
            raise PhotographError(
                f"'{self._path}' is a TIFF whose tags lie upon one another, which is damage or "
                "malice; save it anew with a program that opens it"
            )
        if not size:  # places may be beyond what any system can go to
            return b""
        self.file.seek(at)
        return self.file.read(size)

    def first(self) -> int:
        """Where the first directory is."""
        pointer = self.layout.pointer
        (at,) = pointer.unpack(self.read(self.layout.first, pointer.size))
        return int(at)

    def entries(self, at: int) -> list[_Entry]:
        """The tags of a directory; of one that was read before none."""
        if at in self._seen:
            return []
        self._seen.add(at)
        length, entry = self.layout.length, self.layout.entry
        (count,) = length.unpack(self.read(at, length.size))
        content = self.read(at + length.size, min(count, _MOST) * entry.size)
        whole = len(content) // entry.size * entry.size
        return [_Entry(*fields) for fields in entry.iter_unpack(content[:whole])]

    def places(self) -> Iterator[int]:
        """Where the directories of the pages are (section 2), each once."""
        at, seen = self.first(), set()
        while at and at not in seen:
            seen.add(at)
            yield at
            at = self.number(self.read(self.link(at), self.layout.pointer.size))

    def place(self, page: int) -> int:
        """Where the directory of one page is; that of the first page is 0."""
        return next(islice(self.places(), page, None), 0)

    def link(self, at: int) -> int:
        """Where a directory says which follows it."""
        (count,) = self.layout.length.unpack(self.read(at, self.layout.length.size))
        return at + self.layout.length.size + int(count) * self.layout.entry.size

    def is_whole(self, at: int) -> bool:
        """Whether the directory in that place is all there."""
        ends = at + self.layout.length.size <= self._size
        return ends and self.link(at) + self.layout.pointer.size <= self._size

    def number(self, content: bytes) -> int:
        """An unsigned number."""
        return int.from_bytes(content, "little" if self.layout.order == "<" else "big")

    def directory(self, at: int, depth: int = 0, only: Collection[int] | None = None) -> list[Tag]:
        """The tags that can be read, with those of the directories that they lead to.

        Of a page, or `only` these of it.
        """
        found = []
        for entry in self.entries(at):
            if only is not None and entry.number not in only:
                continue
            with suppress(struct.error, OSError, OverflowError):  # damaged: none can read it
                tag = self._tag(entry, depth)
                if tag:
                    found.append(tag)
        return found

    def _tag(self, entry: _Entry, depth: int) -> Tag | None:
        number, kind, count, value = entry
        if kind in (_IFD, _IFD8) or (number in _DIRECTORIES and kind in POINTERS):
            if count != 1 or depth == _DEEPEST:
                return None
            inner = self.directory(self.number(value[: POINTERS[kind]]), depth + 1)
            return Tag(number, kind, 1, inner) if inner else None
        size = _SIZES.get(kind, 0) * count
        content = value[:size]
        if size > len(value):
            (place,) = self.layout.pointer.unpack(value)
            content = self.read(place, size)
        return Tag(number, kind, count, content) if size and len(content) == size else None


def tags(path: Path, page: int = 0) -> list[Tag]:
    """The tags of a page that can be read; none where there is no directory.

    Raises
    ------
    PhotographError
        Where tags claim more than there is in the file.
    """
    with path.open("rb") as file, suppress(struct.error):
        reader = Reader(file, path)
        return reader.directory(reader.place(page))
    return []


def graft(original: Path, made: Path, page: int = 0) -> None:
    """Give `made` the tags of a page of the original, but those that code pixels, in place.

    The XMP packet and the ICC profile stay those of `made`, and what libvips added goes.

    Raises
    ------
    PhotographError
        Where the original's tags claim more than there is in the file.
    """
    theirs = {tag.number: tag for tag in tags(original, page)}
    with original.open("rb") as about:
        order = Reader(about, original).layout.order
    kept = [tag for number, tag in theirs.items() if number not in _NEW and not _is_bad(tag, order)]
    with made.open("rb+") as file:
        reader = Reader(file, made)
        ours = reader.layout
        entries = {e.number: e for e in reader.entries(reader.first()) if e.number in _NEW}
        if EXTRA_SAMPLES in entries:  # what they mean stays, and is not told if nobody has told it
            del entries[EXTRA_SAMPLES]
            kept += [tag for number, tag in theirs.items() if number == EXTRA_SAMPLES]
        for tag in kept:
            entries[tag.number] = appended(file, ours, _natural(tag), order)
        write_directory(file, ours, list(entries.values()), ours.first)


def write_directory(file: BinaryIO, layout: _Layout, entries: list[_Entry], link: int) -> int:
    """Append it, let what is at `link` lead to it, and tell its place."""
    place = append(file, _packed(layout, entries))
    file.seek(link)
    file.write(layout.pointer.pack(place))
    return place


def _is_bad(tag: Tag, order: str) -> bool:
    """Whether it is an orientation that there is not, which some programs take for damage."""
    if tag.number != ORIENTATION or not isinstance(tag.content, bytes):
        return False
    values = np.frombuffer(tag.content, f"{order}u{UNITS[tag.kind]}")
    return not 1 <= int(values[0]) <= 8


def _natural(tag: Tag) -> Tag:
    """IPTC's bytes as such: many files have them as numbers, of whatever byte order."""
    if tag.number != _IPTC or not isinstance(tag.content, bytes):
        return tag
    content = tag.content
    if content[0] != _IPTC_MARKER and len(content) % 4 == 0 and content[3] == _IPTC_MARKER:
        content = np.frombuffer(content, "u4").byteswap().tobytes()
    return Tag(_IPTC, _UNDEFINED, len(content), content)


def appended(file: BinaryIO, layout: _Layout, tag: Tag, order: str) -> _Entry:
    """The entry of a tag, whose value is appended to the file where it does not fit the entry."""
    kind = tag.kind
    if isinstance(tag.content, list):
        entries = [appended(file, layout, inner, order) for inner in tag.content]
        place = append(file, _packed(layout, entries))
        kind, form = (4, "I") if place < 2**32 else (16, "Q")  # the former is read by all
        content = struct.pack(f"{layout.order}{form}", place)
    else:
        kind, content = _fitting(kind, tag.content, order, layout)
    if len(content) > layout.pointer.size:
        content = layout.pointer.pack(append(file, content))
    return _Entry(tag.number, kind, tag.count, content.ljust(layout.pointer.size, b"\0"))


def _fitting(kind: int, content: bytes, order: str, layout: _Layout) -> tuple[int, bytes]:
    """The type and the value as the new file may have them: its byte order, and its types."""
    values = np.frombuffer(content, f"{order}u{UNITS[kind]}")
    if kind in _SHORTER and layout.pointer.size == 4 and values.max() < 2**32:
        return _SHORTER[kind], values.astype(f"{layout.order}u4").tobytes()
    return kind, values.astype(f"{layout.order}u{UNITS[kind]}").tobytes()


def _packed(layout: _Layout, entries: list[_Entry]) -> bytes:
    """A directory, its entries in order as section 2 asks, with none to follow."""
    body = b"".join(layout.entry.pack(*entry) for entry in sorted(entries))
    return layout.length.pack(len(entries)) + body + layout.pointer.pack(0)


def append(file: BinaryIO, content: bytes) -> int:
    """Where the content, at an even place (section 2), now is."""
    end = file.seek(0, 2)
    file.write(bytes(end % 2) + content)
    return end + end % 2
