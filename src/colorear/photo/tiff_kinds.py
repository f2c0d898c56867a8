"""What kind of TIFF a file is: a picture, one and its smaller copies, or a camera's raw data.

Clauses are those of TIFF 6.0.
"""

import struct
from contextlib import suppress
from pathlib import Path

from colorear.photo.tiff import EXTRA_SAMPLES, ORIENTATION, POINTERS, Reader

__all__ = ["has_associated_alpha", "is_one_picture", "is_raw", "without_bad_orientation"]

_SUBFILE, _SMALLER = 254, 1  # NewSubfileType, what a directory holds: section 8
_SUB_DIRECTORIES, _DNG, _PHOTOMETRIC, _COMPRESSION = 330, 50706, 262, 259
_OF_SENSORS = (32803, 34892)  # color filter array, linear raw
_OF_CAMERAS = (34713, 65000, 32867)  # Nikon's and Kodak's compressions
_MOST_INNER = 16


def has_associated_alpha(path: Path) -> bool:
    """Whether colors were multiplied by alpha, which libvips undoes when it reads them."""
    with path.open("rb") as file, suppress(struct.error, OverflowError):
        reader = Reader(file, path)
        entries = reader.entries(reader.first())
        return any(e.number == EXTRA_SAMPLES and reader.number(e.value[:2]) == 1 for e in entries)
    return False


def without_bad_orientation(path: Path) -> bytes | None:
    """The file with an orientation that libtiff takes for damage as 1; None if it has none."""
    with path.open("rb") as file, suppress(struct.error, OverflowError):
        reader = Reader(file, path)
        layout, at = reader.layout, reader.first()
        for number, entry in enumerate(reader.entries(at), start=1):
            if entry.number == ORIENTATION and not 1 <= reader.number(entry.value[:2]) <= 8:
                end = at + layout.length.size + number * layout.entry.size
                content = bytearray(path.read_bytes())
                struct.pack_into(f"{layout.order}H", content, end - len(entry.value), 1)
                return bytes(content)
    return None


def is_raw(path: Path) -> bool:
    """Whether it holds what a camera's sensor saw, and pictures for display beside it at the most.

    DNG says so by a tag of its own (DNG 1.7, DNGVersion); others by pixels in the pattern of the
    sensor's filters, in the first directory or those that it leads to.
    """
    with path.open("rb") as file, suppress(struct.error, OSError, OverflowError):
        reader = Reader(file, path)
        entries = reader.entries(reader.first())
        inner = [e for e in entries if e.number == _SUB_DIRECTORIES and e.kind in POINTERS]
        for each in inner:
            size = POINTERS[each.kind]
            places = each.value
            if size * each.many > len(places):
                places = reader.read(reader.number(each.value), size * min(each.many, _MOST_INNER))
            for start in range(0, min(len(places), size * each.many), size):
                entries += reader.entries(reader.number(places[start : start + size]))
        return any(
            e.number == _DNG
            or (e.number == _PHOTOMETRIC and reader.number(e.value[:2]) in _OF_SENSORS)
            or (e.number == _COMPRESSION and reader.number(e.value[:2]) in _OF_CAMERAS)
            for e in entries
        )
    return False


def is_one_picture(path: Path) -> bool:
    """Whether all pages but the first are smaller copies of it, as in a pyramid.

    Raises
    ------
    PhotographError
        Where directories lie upon one another.
    """
    with path.open("rb") as file, suppress(struct.error, OSError, OverflowError):
        reader = Reader(file, path)
        at, pages = reader.first(), 0
        while at and (entries := reader.entries(at)):
            kinds = [reader.number(e.value[:4]) for e in entries if e.number == _SUBFILE]
            smaller = bool(kinds and kinds[-1] & _SMALLER)
            if smaller != bool(pages):
                return False
            pages += 1
            at = reader.following(at, len(entries))
        return True
    return False
