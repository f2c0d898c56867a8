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
from colorear.photo.pages import missing, open_pages, place_of
from colorear.photo.photograph import Photo, alpha, luma
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
    their sizes or numbers of pages differ. Of a TIFF every page is compared; pages that are damaged
    or not taken in the original may be missing, and are named.
    """
    before, after = open_pages(original)[0], open_pages(colored)[0]
    lost = [f"missing page {place}" for place in missing(before)]
    if len(before) > len(after):
        lost += [f"damaged page {place_of(p)}" for p in before if not _is_whole(p)]
        before = [each for each in before if _is_whole(each)]
    if len(before) != len(after):
        raise PhotographError(
            f"'{original}' has {len(before)} whole pages and '{colored}' {len(after)}, but equal "
            "numbers are needed; compare a photograph with its own coloured version"
        )
    found = [_compared(*pair) for pair in zip(before, after, strict=True)]
    several = len(found) > 1
    changed = [
        f"{what} of page {place_of(old)}" if several else what
        for old, page in zip(before, found, strict=True)
        for what in page.changed
    ]
    return Verification(
        found[0].identical_dct,
        max(page.max_luma_difference for page in found),
        found[0].provenance,
        (*lost, *changed),
        all(page.decoded_twice for page in found),
    )


def _is_whole(photo: Photo) -> bool:
    try:
        luma(photo).avg()
    except (pyvips.Error, PhotographError):
        return False
    return True


def _compared(before: Photo, after: Photo) -> Verification:
    """One picture beside its coloured version."""
    original, colored = before.path, after.path
    if (before.width, before.height) != (after.width, after.height):
        raise PhotographError(
            f"'{before.source}' has {before.width} x {before.height} pixels and '{after.source}' "
            f"{after.width} x {after.height}, but equal sizes are needed; compare a photograph "
            "with its own coloured version"
        )
    mark = read_mark(after.xmp)
    if before.format != after.format:
        dct = False if before.format == "jpeg" else None
        return Verification(dct, _difference(before, after), mark, ("format",))
    pages = before.page, after.page
    of_tiff = before.format == "tiff"  # whose tags are compared with those that were there
    told = (before.source, (before.number, after.page)) if of_tiff else (original, pages)
    changed = changed_metadata(told[0], colored, before.format, told[1])
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
        seen = changed_pixels(original, colored, before.format, pages, bits=before.bits)
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
    """Whether it is the same in every pixel, or in neither.

    A WebP may tell of alpha where all is opaque; libwebp writes none then.
    """
    planes = alpha(before), alpha(after)
    if before.format == "webp" and planes[0] is not None and planes[1] is None:
        return bool(planes[0].min() == 255)
    if planes[0] is None or planes[1] is None:
        return planes == (None, None)
    return bool((planes[0] - planes[1]).abs().max() == 0)


def _same_coefficients(before: Photo, after: Photo) -> bool:
    return _luma_key(before) == _luma_key(after)


def _luma_key(photo: Photo) -> tuple[object, ...]:
    with reading(photo.path):
        return luma_key(read(photo.path.read_bytes(), str(photo.path)))
