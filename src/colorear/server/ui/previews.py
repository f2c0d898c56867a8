"""What the page shows: a photograph at the size of a screen, and how sure its colors are."""

from base64 import b64encode
from collections.abc import Sequence
from math import ceil
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyvips
from numpy.typing import NDArray

from colorear import color
from colorear.errors import PhotographError
from colorear.hints import Hint, Unreachable, unreachable
from colorear.photo import icc, photograph, raster
from colorear.photo.appearance import Appearance, appearance_of
from colorear.photo.photograph import Photo
from colorear.photo.sniffing import Format, reading

__all__ = [
    "Part",
    "Preview",
    "jpeg_data_url",
    "load_detail",
    "load_preview",
    "open_limited",
    "stamp_data_url",
    "thumbnail",
    "uncertainty_data_url",
    "unreachable_hints",
]

Bytes = NDArray[np.uint8]
Planes = NDArray[np.float32]

_LONGEST = 1024  # pixels, of the longer side: a hint must show at once
_COARSE = 512
_DRAFT = 384  # little more than half the pixels of 512; it is seen by the light of `gray`
_DOUBT_LONGEST = 512
_QUALITY = 88
_STAMP = 240
_SURE, _UNSURE = 13.0, 28.0  # CIELAB units: nothing is shown below, nothing more above
_TINT = (214, 0, 147)  # of doubt
_STRONGEST = 0.75  # opacity: it lies upon the gray picture


class Preview(NamedTuple):
    """A photograph upright and small, in gray."""

    gray: Bytes
    """`(h, w)`, sRGB."""
    coarse: Bytes
    """The same at half the size: as fine as colors mostly are in JPEG."""
    draft: Bytes
    """The same smaller still, for colors that are seen until better ones come."""
    format: Format
    """Of the file."""
    width: int
    """Pixels of the file, upright."""
    height: int
    appearance: Appearance = "gray"


class Part(NamedTuple):
    """A part of a photograph that is seen upright, in fractions of its width and height."""

    left: float
    top: float
    width: float
    height: float


def load_preview(path: Path, *, megapixels: float) -> Preview:
    """The preview of a photograph file, as its ICC profile wants it seen.

    Raises PhotographError, also where it has more than so many millions of pixels.
    """
    photo = open_limited(path, megapixels=megapixels)
    shrink = max(1, photo.width / _LONGEST, photo.height / _LONGEST)
    height, width = (max(1, round(side / shrink)) for side in (photo.height, photo.width))
    lightness = photograph.lightness(photo, height, width)
    size = (photo.height, photo.width) if photo.orientation >= 5 else (photo.width, photo.height)
    gray = _gray(photo, lightness)
    coarse, draft = (_shrunk(gray, longest=longest) for longest in (_COARSE, _DRAFT))
    return Preview(gray, coarse, draft, photo.format, *size, appearance_of(photo))


def open_limited(path: Path, *, megapixels: float) -> Photo:
    """A photograph file of at most so many millions of pixels. Raises PhotographError."""
    photo = photograph.open_photo(path)
    if photo.width * photo.height > megapixels * 1e6:
        raise PhotographError(
            f"'{path}' has {photo.width * photo.height / 1e6:.0f} million pixels, but at most "
            f"{megapixels:g} million are taken here; make it smaller"
        )
    return photo


def load_detail(path: Path, part: Part, *, longest: int) -> Bytes:
    """A part of a photograph file in gray (h, w), upright, of at most so many pixels a side.

    Where the part has fewer they are the file's own. Raises PhotographError.
    """
    photo = photograph.open_photo(path)
    x0, y0 = _stored(part.left, part.top, photo.orientation)
    x1, y1 = _stored(part.left + part.width, part.top + part.height, photo.orientation)
    left, right = _pixels(x0, x1, photo.width)
    top, bottom = _pixels(y0, y1, photo.height)
    shrink = max(1, (right - left) / longest, (bottom - top) / longest)
    height, width = (max(1, round(side / shrink)) for side in (bottom - top, right - left))
    with reading(path):
        image = photograph.pixels(photo).crop(left, top, right - left, bottom - top)
        device = raster.shrunk(image, height, width)
    srgb = icc.converted(device, source=photo.colored_profile, target=None)
    return _gray(photo, raster.gray_lightness(srgb))


def _shrunk(gray: Bytes, *, longest: int) -> Bytes:
    image = pyvips.Image.new_from_array(gray)
    return np.asarray(image.thumbnail_image(longest, height=longest, size="down").numpy(), np.uint8)


def jpeg_data_url(picture: Bytes, *, longest: int = _LONGEST) -> str:
    """A picture, (h, w) or (h, w, 3), as a `data:` URL of at most so many pixels a side."""
    image = pyvips.Image.new_from_array(np.ascontiguousarray(picture))
    scale = longest / max(image.width, image.height)
    if scale < 1:
        image = image.resize(scale)
    return _url("jpeg", image.jpegsave_buffer(Q=_QUALITY, keep="none"))


def uncertainty_data_url(uncertainty: Planes) -> str:
    """A tint to lay upon a picture, as a `data:` URL: clear where its colors are sure.

    `uncertainty` is (h, w) in CIELAB units.
    """
    uncertainty = np.clip((uncertainty - _SURE) / (_UNSURE - _SURE), 0, 1) * _STRONGEST
    tint = np.empty((*uncertainty.shape, 4), np.uint8)
    tint[..., :3] = _TINT
    tint[..., 3] = np.rint(255 * uncertainty)
    image = pyvips.Image.new_from_array(tint)
    scale = min(1, _DOUBT_LONGEST / max(image.width, image.height))
    return _url("png", image.resize(scale, kernel="linear").pngsave_buffer(keep="none"))


def unreachable_hints(gray: Bytes, hints: Sequence[Hint]) -> tuple[Unreachable, ...]:
    """Those of the hints whose colors do not exist at the lightness of their places."""
    coarse = gray[::4, ::4].astype(np.float32)
    return unreachable(hints, color.luma_to_lightness(coarse / 255))


def thumbnail(path: Path) -> bytes:
    """A photograph file as a square JPEG of the size of a stamp."""
    return bytes(
        pyvips.Image.thumbnail(str(path), _STAMP, height=_STAMP, crop="attention").jpegsave_buffer(
            Q=_QUALITY, keep="none"
        )
    )


def stamp_data_url(path: Path, *, longest: int) -> str:
    """A photograph file, small and whole, as a `data:` URL."""
    image = pyvips.Image.thumbnail(str(path), longest, height=longest, size="down")
    return _url("jpeg", image.jpegsave_buffer(Q=_QUALITY, keep="none"))


def _gray(photo: Photo, lightness: Planes) -> Bytes:
    """Levels of sRGB (h, w), upright, of L* as stored."""
    luma = color.lightness_to_luma(photograph.upright(lightness, photo.orientation))
    levels: Bytes = np.rint(255 * np.clip(luma, 0, 1)).astype(np.uint8)
    return levels


def _stored(x: float, y: float, orientation: int) -> tuple[float, float]:
    """Where a point of the picture seen upright is stored, both in fractions."""
    x = 1 - x if orientation in (2, 3, 6, 7) else x
    y = 1 - y if orientation in (3, 4, 7, 8) else y
    return (y, x) if orientation >= 5 else (x, y)


def _pixels(one: float, other: float, size: int) -> tuple[int, int]:
    """The first and the one after the last between two places, at least one."""
    low = min(size - 1, max(0, int(min(one, other) * size)))
    return low, min(size, max(low + 1, ceil(max(one, other) * size)))


def _url(kind: str, content: bytes) -> str:
    return f"data:image/{kind};base64,{b64encode(content).decode()}"
