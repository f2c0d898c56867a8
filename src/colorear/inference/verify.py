"""The promises, checked on a pair of files: was color added, and nothing else changed?

What the colored file says of its color decides nothing. Metadata is read by code that writes
nothing, pixels by two decoders; luma coefficients are coded anew.
"""

from dataclasses import dataclass
from pathlib import Path

import pyvips

from colorear.errors import PhotographError
from colorear.photo.inspection.differences import LUMA, changed_metadata, changed_pixels
from colorear.photo.inspection.pixels import MOST_PIXELS
from colorear.photo.jpeg import read
from colorear.photo.jpeg_dct import luma_key
from colorear.photo.photograph import Photo, alpha, luma, open_photo
from colorear.photo.provenance import Provenance
from colorear.photo.provenance import read as read_mark
from colorear.photo.sniffing import reading

__all__ = ["Verification", "verify"]


@dataclass(frozen=True)
class Verification:
    """What became of everything in a photograph's file, and what is said of its color."""

    identical_dct: bool | None
    """Whether all quantized luma DCT coefficients and their table are equal; None: no JPEG."""
    max_luma_difference: int
    """In levels of the original's bit depth, over all pixels."""
    provenance: Provenance | None = None
    """What the colored file says that made its color; None if it has no mark of colorear."""
    changed: tuple[str, ...] = ()
    """What else is not as it was: alpha, orientation, resolution, ICC profile, EXIF and so on."""
    decoded_twice: bool = True
    """Whether the luma was read by a second decoder too: one that knows the kind of file, and for
    other formats than JPEG not above 100 megapixels."""

    @property
    def ok(self) -> bool:
        """Whether the promises are kept: equal coefficients, or for other formats one level; and
        nothing else has changed."""
        kept = self.max_luma_difference <= 1 if self.identical_dct is None else self.identical_dct
        return kept and not self.changed


def verify(original: str | Path, colored: str | Path) -> Verification:
    """Compare a photograph with its colored version: luma, alpha, and all that the files say.

    Where the DCT coefficients are equal the difference is 0: it is that of the luma component,
    before any decoder makes RGB of it, which rounds, and clips what is outside the gamut. A gray
    ICC profile may have become one for RGB that shows the same grays, and XMP may have colorear's
    mark. Raises PhotographError where a file cannot be read, the coloured one is not whole, or
    their sizes differ.
    """
    before, after = open_photo(original), open_photo(colored)
    if (before.width, before.height) != (after.width, after.height):
        raise PhotographError(
            f"'{original}' has {before.width} x {before.height} pixels and '{colored}' "
            f"{after.width} x {after.height}, but equal sizes are needed; compare a photograph "
            "with its own coloured version"
        )
    mark = read_mark(after.xmp)
    if before.format != after.format:
        dct = False if before.format == "jpeg" else None
        return Verification(dct, _difference(before, after), mark, ("format",))
    changed = changed_metadata(before.path, after.path, before.format)
    same = _same_coefficients(before, after) if before.format == "jpeg" else None
    difference = 0 if same else _difference(before, after)
    if before.orientation != after.orientation:
        changed.append("orientation")
    if before.bits != after.bits:
        changed.append("bits of a channel")
    if not _same_alpha(before, after):
        changed.append("alpha")
    decoded_twice = before.format == "jpeg"
    if not decoded_twice and before.width * before.height <= MOST_PIXELS:
        seen = changed_pixels(before.path, after.path, before.format, bits=before.bits)
        decoded_twice = seen is not None
        changed += [name for name in seen or () if name != LUMA or difference <= 1]
    return Verification(same, difference, mark, tuple(dict.fromkeys(changed)), decoded_twice)


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


def _same_alpha(before: Photo, after: Photo) -> bool:
    """Whether it is the same in every pixel, or in neither."""
    planes = alpha(before), alpha(after)
    if planes[0] is None or planes[1] is None:
        return planes == (None, None)
    return bool((planes[0] - planes[1]).abs().max() == 0)


def _same_coefficients(before: Photo, after: Photo) -> bool:
    return _luma_key(before) == _luma_key(after)


def _luma_key(photo: Photo) -> tuple[object, ...]:
    with reading(photo.path):
        return luma_key(read(photo.path.read_bytes(), str(photo.path)))
