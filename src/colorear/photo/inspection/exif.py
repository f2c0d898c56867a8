"""The tags of a TIFF, and of EXIF data, which is one."""

import io
from typing import BinaryIO

import numpy as np

from colorear.photo.inspection.contents import Contents

__all__ = ["Tags", "add_exif", "add_tags", "read_tags"]

Tags = dict[int, object]
"""By number: bytes, whole numbers, or the tags of another directory."""

_ORIENTATION, _IPTC, _XMP, _PROFILE, _C2PA = 274, 33723, 700, 34675, 52545
_RESOLUTION = (282, 283, 296)
_EXTRA_SAMPLES = 338
_INNER = {34665: "EXIF", 34853: "GPS", 40965: "EXIF"}  # Exif 2.32, 4.6.3
_WHOLE = {3: 2, 4: 4, 13: 4, 16: 8, 18: 8}  # unsigned, as bytes: TIFF 6.0, section 2, and BigTIFF
_SIZES = {1: 1, 2: 1, 5: 4, 6: 1, 7: 1, 8: 2, 9: 4, 10: 4, 11: 4, 12: 8, 17: 8, **_WHOLE}
_PAIRS = (5, 10)  # rationals are two numbers
_DEEPEST = 2
# what tells how pixels are coded, or where they are: TIFF 6.0, parts 1 to 3, and its supplements
_CODING = {
    *(*range(254, 260), *range(262, 267), 273, *range(277, 282), 284, *range(288, 294), 317, 320),
    *(*range(322, 329), 330, *range(332, 335), *range(336, 348), 351),
    *(*range(512, 516), *range(517, 522), *range(529, 533), 559),
}


def add_exif(contents: Contents, exif: bytes) -> None:
    """What EXIF data in a file of another format says; and, whatever it says, its bytes."""
    contents.add("EXIF", exif)
    tags = read_tags(io.BytesIO(exif.removeprefix(b"Exif\0\0")))
    contents.add("orientation", _orientation(tags))
    for number in _RESOLUTION:
        contents.add("resolution", tags.get(number))


def add_tags(contents: Contents, tags: Tags) -> None:
    """Everything in the first directory of a TIFF that codes no pixels."""
    contents.add("orientation", _orientation(tags))
    for number in _RESOLUTION:
        contents.add("resolution", tags.get(number))
    profile, packet, iptc = (tags.get(number) for number in (_PROFILE, _XMP, _IPTC))
    contents.profile = profile if isinstance(profile, bytes) else None
    if isinstance(packet, bytes):
        contents.xmp.append(packet)
    if iptc:
        contents.add("IPTC", _iptc(iptc))
    if _EXTRA_SAMPLES in tags:
        contents.add("what the other channels mean", tags[_EXTRA_SAMPLES])
    told = {_ORIENTATION, *_RESOLUTION, _PROFILE, _XMP, _IPTC, _C2PA}
    for number in sorted(tags.keys() - _CODING - told):
        contents.add(_INNER.get(number, f"TIFF tag {number}"), tags[number])


def _orientation(tags: Tags) -> object:
    """One that there is not means that nothing was said (TIFF 6.0, section 8)."""
    value = tags.get(_ORIENTATION)
    return value if isinstance(value, tuple) and 1 <= value[0] <= 8 else (1,)


def read_tags(file: BinaryIO, page: int = 0) -> Tags:
    """The tags of the directory of a page and of those in it; damaged ones are none."""
    head = file.read(16)
    order = ">" if head[:2] == b"MM" else "<"
    big = head[2:4] in (b"+\0", b"\0+")
    reader = _Reader(file, order, big)
    place = _number(head[8:16] if big else head[4:8], order)
    for _ in range(page):
        place = reader.following(place)
    return reader.directory(place, 0)


class _Reader:
    """A file of this byte order; `big` for BigTIFF."""

    def __init__(self, file: BinaryIO, order: str, big: bool) -> None:
        self._file, self._order, self._big = file, order, big
        self._left = file.seek(0, io.SEEK_END)  # no more is read than there is

    def directory(self, place: int, depth: int) -> Tags:
        """The tags of the directory in that place."""
        wide, step = (8, 20) if self._big else (2, 12)
        count = min(_number(self._read(place, wide), self._order), 65536)
        entries = self._read(place + wide, count * step)
        tags: Tags = {}
        for at in range(0, len(entries) - step + 1, step):
            number, kind = (_number(entries[at + i : at + i + 2], self._order) for i in (0, 2))
            many = _number(entries[at + 4 : at + step // 2 + 2], self._order)
            field = entries[at + step // 2 + 2 : at + step]
            value: object = self._value(kind, many, field)
            if number in _INNER and isinstance(value, tuple) and len(value) == 1:
                value = self.directory(int(value[0]), depth + 1) if depth < _DEEPEST else None
            if value:
                tags[number] = value
        return tags

    def following(self, place: int) -> int:
        """Where the directory after the one in that place is."""
        wide, step = (8, 20) if self._big else (2, 12)
        count = _number(self._read(place, wide), self._order)
        return _number(
            self._read(place + wide + count * step, wide if self._big else 4), self._order
        )

    def _value(self, kind: int, many: int, field: bytes) -> bytes | tuple[int, ...] | None:
        unit = _SIZES.get(kind, 0)
        size = many * unit * (2 if kind in _PAIRS else 1)
        content = field[:size]
        if size > len(field):
            content = self._read(_number(field, self._order), size)
        if not size or len(content) != size:
            return None
        numbers = np.frombuffer(content, f"{self._order}u{unit}")
        if kind in _WHOLE:
            return tuple(numbers.tolist())
        return numbers.astype(f">u{unit}").tobytes()

    def _read(self, place: int, size: int) -> bytes:
        if size > self._left or place > 2**62:
            return b""
        self._left -= size
        self._file.seek(place)
        return self._file.read(size)


def _iptc(value: object) -> bytes:
    """Its bytes, which some programs write as numbers of either byte order."""
    if not isinstance(value, tuple):
        return bytes(value).rstrip(b"\0") if isinstance(value, bytes) else b""
    either = [np.array(value, f"{order}u4").tobytes() for order in "><"]
    return next((e for e in either if e[:1] == b"\x1c"), either[0]).rstrip(b"\0")


def _number(content: bytes, order: str) -> int:
    return int.from_bytes(content, "big" if order == ">" else "little")
