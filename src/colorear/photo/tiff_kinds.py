"""What kind of TIFF a file is: a picture, several with their smaller copies, or raw data.

Clauses are those of TIFF 6.0.
"""

import struct
from contextlib import suppress
from pathlib import Path

from colorear.errors import PhotographError
from colorear.photo.tiff import EXTRA_SAMPLES, ORIENTATION, POINTERS, SHORT, Reader

__all__ = ["ends_early", "has_associated_alpha", "is_raw", "is_white_zero", "mended", "pages"]

_SUBFILE, _SMALLER, _MASK = 254, 1, 4  # NewSubfileType, what a directory holds: section 8
_OLD_SUBFILE, _OLD_SMALLER = 255, 2
_HEIGHT = 257  # which thumbnails of EXIF (Exif 2.32, 4.5.5) and manifests of C2PA do not have
_SUB_DIRECTORIES, _DNG, _PHOTOMETRIC, _COMPRESSION = 330, 50706, 262, 259
_OF_SENSORS = (32803, 34892)  # color filter array, linear raw
_OF_CAMERAS = (34713, 65000, 32867)  # Nikon's and Kodak's compressions
_MOST_INNER = 16
_MOST_PAGES = 5000  # each of which libvips looks for from the first on
# of one page, and of all: libtiff's work grows with the square of those that it does not know
_MOST_TAGS, _MOST_OF_ALL = 1_000, 200_000


def has_associated_alpha(path: Path, page: int = 0) -> bool:
    """Whether colors were multiplied by alpha, which libvips undoes when it reads them."""
    return _says(path, page, EXTRA_SAMPLES, 1)


def is_white_zero(path: Path, page: int = 0) -> bool:
    """Whether 0 is white, which libvips turns round in whole numbers and not in others."""
    return _says(path, page, _PHOTOMETRIC, 0)


def _says(path: Path, page: int, tag: int, value: int) -> bool:
    """Whether a tag of a page, a short number, has that value."""
    with path.open("rb") as file, suppress(struct.error, OverflowError):
        reader = Reader(file, path)
        entries = reader.entries(reader.place(page))
        return any(e.number == tag and reader.number(e.value[:2]) == value for e in entries)
    return False


def mended(path: Path) -> bytes | None:
    """The file without what libtiff takes for damage of the whole; None if there is no such thing.

    Orientations that there are not become 1, and the last page whose directory is whole the last.
    """
    content, before = None, 0
    with path.open("rb") as file, suppress(struct.error, OverflowError):
        reader = Reader(file, path)
        layout = reader.layout
        for at in reader.places():
            if before and not reader.is_whole(at):
                content = content or bytearray(path.read_bytes())
                layout.pointer.pack_into(content, reader.link(before), 0)
                break
            before = at
            for number, entry in enumerate(reader.entries(at), start=1):
                if entry.number == ORIENTATION and not 1 <= reader.number(entry.value[:2]) <= 8:
                    end = at + layout.length.size + number * layout.entry.size
                    content = content or bytearray(path.read_bytes())
                    struct.pack_into(f"{layout.order}H", content, end - len(entry.value), 1)
    return bytes(content) if content else None


def ends_early(path: Path) -> bool:
    """Whether the file ends before the directory of a page that is not the first."""
    with path.open("rb") as file, suppress(struct.error, OverflowError):
        reader = Reader(file, path)
        for number, at in enumerate(reader.places()):
            if not reader.is_whole(at):
                return number > 0
    return False


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


def pages(path: Path) -> tuple[int, ...]:
    """The numbers of the pages that are pictures, and no smaller copies, masks or thumbnails.

    Raises
    ------
    PhotographError
        Where directories lie upon one another, or there are too many pages or tags.
    """
    found: list[int] = []
    left = _MOST_OF_ALL
    with path.open("rb") as file, suppress(struct.error, OSError, OverflowError):
        reader = Reader(file, path)
        for number, at in enumerate(reader.places()):
            if number and not reader.is_whole(at):
                break
            entries = reader.entries(at)
            left -= len(entries)
            if len(entries) > _MOST_TAGS or left < 0:
                raise PhotographError(
                    f"'{path}' is a TIFF of so many tags that no program has written it; "
                    "save it anew with a program that opens it"
                )
            about = {
                e.number: reader.number(e.value[: 2 if e.kind == SHORT else 4]) for e in entries
            }
            old = about.get(_OLD_SUBFILE) == _OLD_SMALLER
            is_other = about.get(_SUBFILE, 0) & (_SMALLER | _MASK) or old
            if _HEIGHT in about and not is_other:
                found.append(number)
            if len(found) > _MOST_PAGES:
                raise PhotographError(
                    f"'{path}' has more than {_MOST_PAGES:,} pages, but no more are taken; "
                    "save them as several files"
                )
    return tuple(found)
