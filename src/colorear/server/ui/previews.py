"""What the page shows: a photograph at the size of a screen, and how sure its colours are."""

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

__all__ = ["Preview", "as_jpeg", "doubt_picture", "out_of_reach", "preview_of", "stamp"]

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
    """A photograph upright and small, in grey."""

    grey: Bytes
    """`(h, w)`, sRGB."""
    format: Format
    """Of the file."""


def preview_of(path: Path, *, megapixels: float) -> Preview:
    """The preview of a photograph file, as its ICC profile wants it seen.

    Raises PhotographError, also where it has more than so many millions of pixels.
    """
    opened = photograph.open_photo(path)
    if opened.width * opened.height > megapixels * 1e6:
        raise PhotographError(
            f"'{path}' has {opened.width * opened.height / 1e6:.0f} million pixels, but at most "
            f"{megapixels:g} million are taken here; make it smaller"
        )
    shrink = max(1, opened.width / _LONGEST, opened.height / _LONGEST)
    height, width = (max(1, round(side / shrink)) for side in (opened.height, opened.width))
    lightness = photograph.lightness(opened, height, width)
    luma = color.lightness_to_luma(photograph.upright(lightness, opened.orientation))
    return Preview(np.rint(255 * np.clip(luma, 0, 1)).astype(np.uint8), opened.format)


def as_jpeg(picture: Bytes, *, longest: int = _LONGEST) -> str:
    """A picture, (h, w) or (h, w, 3), as a `data:` URL of at most so many pixels a side."""
    image = pyvips.Image.new_from_array(np.ascontiguousarray(picture))
    scale = longest / max(image.width, image.height)
    if scale < 1:
        image = image.resize(scale)
    return _url("jpeg", image.jpegsave_buffer(Q=_QUALITY, keep="none"))


def doubt_picture(uncertainty: Planes) -> str:
    """A tint to lay upon a picture, as a `data:` URL: clear where its colours are sure.

    `uncertainty` is (h, w) in CIELAB units.
    """
    doubt = np.clip((uncertainty - _SURE) / (_UNSURE - _SURE), 0, 1) * _STRONGEST
    tint = np.empty((*doubt.shape, 4), np.uint8)
    tint[..., :3] = _TINT
    tint[..., 3] = np.rint(255 * doubt)
    image = pyvips.Image.new_from_array(tint)
    scale = min(1, _DOUBT_LONGEST / max(image.width, image.height))
    return _url("png", image.resize(scale, kernel="linear").pngsave_buffer(keep="none"))


def out_of_reach(grey: Bytes, hints: Sequence[Hint]) -> tuple[Unreachable, ...]:
    """Those of the hints whose colours do not exist at the lightness of their places."""
    coarse = grey[::4, ::4].astype(np.float32)
    return unreachable(hints, color.luma_to_lightness(coarse / 255))


def stamp(path: Path) -> bytes:
    """A photograph file as a square JPEG of the size of a stamp."""
    return bytes(
        pyvips.Image.thumbnail(str(path), _STAMP, height=_STAMP, crop="attention").jpegsave_buffer(
            Q=_QUALITY, keep="none"
        )
    )


def _url(kind: str, content: bytes) -> str:
    return f"data:image/{kind};base64,{b64encode(content).decode()}"
