"""The luma promise, checked on a pair of files: was colour added, and nothing else changed?

And what the coloured file says of its colour, which decides nothing.
"""

from dataclasses import dataclass
from pathlib import Path

import pyvips

from colorear.errors import PhotographError
from colorear.photo.jpeg import read
from colorear.photo.jpeg_dct import luma_key
from colorear.photo.photograph import Photo, luma, open_photo
from colorear.photo.provenance import Provenance
from colorear.photo.provenance import read as read_mark
from colorear.photo.sniffing import reading

__all__ = ["Verification", "verify"]


@dataclass(frozen=True)
class Verification:
    """What became of a photograph's luma, and what is said of its colour."""

    identical_dct: bool | None
    """Whether all quantised luma DCT coefficients and their table are equal; None: no JPEG."""
    max_luma_difference: int
    """In levels of the original's bit depth, over all pixels."""
    provenance: Provenance | None = None
    """What the coloured file says that made its colour; None if it has no mark of colorear."""

    @property
    def ok(self) -> bool:
        """Whether the promise is kept: equal coefficients, or for other formats one level."""
        return self.max_luma_difference <= 1 if self.identical_dct is None else self.identical_dct


def verify(original: str | Path, coloured: str | Path) -> Verification:
    """Compare the luma of a photograph with that of its coloured version.

    Where the DCT coefficients are equal the difference is 0: it is that of the luma component,
    before any decoder makes RGB of it, which rounds, and clips what is outside the gamut.
    Raises PhotographError where a file cannot be read or their sizes differ.
    """
    before, after = open_photo(original), open_photo(coloured)
    if (before.width, before.height) != (after.width, after.height):
        raise PhotographError(
            f"'{original}' has {before.width} x {before.height} pixels and '{coloured}' "
            f"{after.width} x {after.height}, but equal sizes are needed; compare a photograph "
            "with its own coloured version"
        )
    mark = read_mark(after.xmp)
    if before.format != "jpeg":
        return Verification(None, _difference(before, after), mark)
    if after.format == "jpeg" and _same_coefficients(before, after):
        return Verification(True, 0, mark)
    return Verification(False, _difference(before, after), mark)


def _difference(before: Photo, after: Photo) -> int:
    """The largest difference of rounded luma, in levels; both files are streamed."""
    top = 2**before.bits - 1
    streams = [(luma(photo) * top).rint() for photo in (before, after)]
    try:
        return int((streams[0] - streams[1]).abs().max())
    except pyvips.Error:
        for photo in (before, after):  # which of the two is damaged?
            with reading(photo.path):
                luma(photo).avg()
        raise


def _same_coefficients(before: Photo, after: Photo) -> bool:
    return _luma_key(before) == _luma_key(after)


def _luma_key(photo: Photo) -> tuple[object, ...]:
    with reading(photo.path):
        return luma_key(read(photo.path.read_bytes(), str(photo.path)))
