"""What the page shows: a photograph at the size of a screen, and how sure its colors are."""

from base64 import b64encode
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyvips
from numpy.typing import NDArray

from colorear import color
from colorear.errors import PhotographError
from colorear.hints import Hint, Unreachable, unreachable
from colorear.photo import photograph
from colorear.photo.sniffing import Format

__all__ = [
    "Preview",
    "jpeg_data_url",
    "load_preview",
    "thumbnail",
    "uncertainty_data_url",
    "unreachable_hints",
]

Bytes = NDArray[np.uint8]
Planes = NDArray[np.float32]

_LONGEST = 1024  # pixels, of the longer side: a hint must show at once
_DOUBT_LONGEST = 512
_QUALITY = 88
_STAMP = 240
_SURE, _UNSURE = 13.0, 28.0  # CIELAB units: nothing is shown below, nothing more above
_TINT = (214, 0, 147)  # of doubt: a hue that photographs hardly have
_STRONGEST = 0.55  # opacity


class Preview(NamedTuple):
    """A photograph upright and small, in gray."""

    gray: Bytes
    """`(h, w)`, sRGB."""
    format: Format
    """Of the file."""


def load_preview(path: Path, *, megapixels: float) -> Preview:
    """The preview of a photograph file, as its ICC profile wants it seen.

    Raises PhotographError, also where it has more than so many millions of pixels.
    """
    photo = photograph.open_photo(path)
    if photo.width * photo.height > megapixels * 1e6:
        raise PhotographError(
            f"'{path}' has {photo.width * photo.height / 1e6:.0f} million pixels, but at most "
            f"{megapixels:g} million are taken here; make it smaller"
        )
    shrink = max(1, photo.width / _LONGEST, photo.height / _LONGEST)
    height, width = (max(1, round(side / shrink)) for side in (photo.height, photo.width))
    lightness = photograph.lightness(photo, height, width)
    luma = color.lightness_to_luma(photograph.upright(lightness, photo.orientation))
    return Preview(np.rint(255 * np.clip(luma, 0, 1)).astype(np.uint8), photo.format)


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


def _url(kind: str, content: bytes) -> str:
    return f"data:image/{kind};base64,{b64encode(content).decode()}"
