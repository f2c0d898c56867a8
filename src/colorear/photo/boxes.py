"""The boxes that JPEG 2000, JPEG XL, AVIF and HEIC are made of, and what the last two say of color.

Clauses are those of ISO/IEC 15444-1 (JPEG 2000), 14496-12 (boxes) and 23008-12 (HEIF).
"""

import struct
from collections.abc import Iterator

from colorear.photo.cicp import UNSPECIFIED

__all__ = ["boxes", "color_codes"]

_FULL = 4  # bytes of version and flags: 14496-12, 4.2
_WITHIN = {b"jp2h": 0, b"res ": 0, b"meta": _FULL, b"iprp": 0}  # boxes of boxes, after what


def boxes(content: bytes, start: int = 0, end: int | None = None) -> Iterator[tuple[bytes, bytes]]:
    """The boxes of a file, those in its headers too (15444-1, I.4; 23008-12, 9.3.1)."""
    at, end = start, len(content) if end is None else end
    while at + 8 <= end:
        size, head = int.from_bytes(content[at : at + 4], "big"), 8
        kind = content[at + 4 : at + 8]
        if size == 1:
            size, head = int.from_bytes(content[at + 8 : at + 16], "big"), 16
        stop = at + size if size else end
        if stop > end or stop < at + head:
            return
        if kind in _WITHIN:
            yield from boxes(content, at + head + _WITHIN[kind], stop)
        else:
            yield kind, content[at + head : stop]
        at = stop


def color_codes(content: bytes) -> tuple[int, int]:
    """Primaries and transfer that a HEIF tells by `nclx` of its main picture (14496-12, 12.1.5)."""
    main, told, properties = b"", [], []
    for kind, inner in boxes(content):
        if kind == b"pitm":
            main = inner[_FULL:]
        elif kind == b"ipma":
            told.append(inner)
        elif kind == b"ipco":
            properties = list(boxes(inner))
    try:
        numbers = [n for each in told for n in _properties_of(int.from_bytes(main, "big"), each)]
    except (struct.error, IndexError):  # cut short
        return UNSPECIFIED, UNSPECIFIED
    for number in numbers:
        kind, inner = properties[number - 1] if 0 < number <= len(properties) else (b"", b"")
        if kind == b"colr" and inner[:4] == b"nclx" and len(inner) >= 8:
            primaries, transfer = struct.unpack_from(">HH", inner, 4)
            return primaries, transfer
    return UNSPECIFIED, UNSPECIFIED


def _properties_of(item: int, told: bytes) -> list[int]:
    """The numbers of an item's properties, by ItemPropertyAssociation (23008-12, 9.3.1)."""
    name, at = ("I" if told[0] else "H"), _FULL + 4
    wide = told[3] & 1
    (count,) = struct.unpack_from(">I", told, _FULL)
    for _ in range(count):
        number, size = struct.unpack_from(f">{name}B", told, at)
        at += struct.calcsize(f">{name}B")
        found = struct.unpack_from(f">{size}{'H' if wide else 'B'}", told, at)
        if number == item:
            return [n & (0x7FFF if wide else 0x7F) for n in found]  # but whether it is essential
        at += size * (2 if wide else 1)
    return []
