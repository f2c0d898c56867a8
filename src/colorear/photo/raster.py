"""Pictures as streams of pixels: their luma, and the same picture with chroma beside it.

Luma is Y' of ITU-R BT.601 of the picture's own values, in 0..1. Alpha is carried along.
"""

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
import pyvips
from numpy.typing import NDArray

from colorear import color
from colorear.errors import PhotographError

__all__ = [
    "Chroma",
    "bits",
    "colored",
    "enlarged",
    "from_array",
    "gray_lightness",
    "luma",
    "shrunk",
]

Planes = NDArray[np.float32]

Chroma = Callable[[pyvips.Image], pyvips.Image]
"""Luma of a whole picture, one float band, to its Cb and Cr in -0.5..0.5 within the gamut."""

# as in color.luma and color.ycc_to_srgb, which see arrays and not streams
_LUMA = [list(color.LUMA)]
_FROM_YCC = [[1.0, *row] for row in color.CHROMA_TO_RGB]


def from_array(picture: NDArray[Any]) -> pyvips.Image:
    """An array, (h, w) grey or (h, w, 3) RGB, uint8 or uint16, as a picture.

    Raises PhotographError for any other array.
    """
    shape: tuple[int, ...] = getattr(picture, "shape", ())
    kind = getattr(picture, "dtype", type(picture).__name__)
    grey_or_rgb = len(shape) == 2 or (len(shape) == 3 and shape[2] == 3)
    if not grey_or_rgb or 0 in shape or kind not in (np.uint8, np.uint16):
        raise PhotographError(
            f"the array has shape {shape} and type {kind}, but (h, w) or (h, w, 3) of uint8 or "
            "uint16 is needed; scale and convert it first"
        )
    return pyvips.Image.new_from_array(np.ascontiguousarray(picture))


def bits(picture: pyvips.Image) -> Literal[8, 16]:
    """The depth of a channel."""
    return 16 if picture.format == "ushort" else 8


def luma(picture: pyvips.Image) -> pyvips.Image:
    """One float band in 0..1, for grey or RGB of 8 or 16 bits."""
    opaque = _opaque(picture)
    levels = opaque.recomb(_LUMA) if opaque.bands == 3 else opaque
    return (levels / (2 ** bits(picture) - 1)).copy(interpretation="b-w")


def colored(picture: pyvips.Image, chroma: Chroma) -> pyvips.Image:
    """RGB of the same type with the picture's luma, within one level, and chroma made for it."""
    depth = bits(picture)
    seen = luma(picture)
    rgb = seen.bandjoin(chroma(seen)).recomb(_FROM_YCC) * (2**depth - 1)
    rgb = rgb.rint().cast(picture.format).copy(interpretation="srgb" if depth == 8 else "rgb16")
    return rgb.bandjoin(picture[picture.bands - 1]) if picture.bands in (2, 4) else rgb


def shrunk(picture: pyvips.Image, height: int, width: int) -> Planes:
    """RGB `(3, height, width)` in 0..1 of the picture's own values, averaged down."""
    opaque = _opaque(picture)
    rgb = opaque.bandjoin([opaque, opaque]) if opaque.bands == 1 else opaque
    # the linear kernel averages, and stays within the values that it is given
    small = rgb.resize(width / rgb.width, vscale=height / rgb.height, kernel="linear")
    values = (small / (2 ** bits(picture) - 1)).cast("float").numpy()
    return np.ascontiguousarray(values.transpose(2, 0, 1))


def enlarged(image: pyvips.Image, width: int, height: int) -> pyvips.Image:
    """Bilinear, with pixel centres where they belong: `resize` shifts by up to 0.15 of them."""
    across, down = width / image.width, height / image.height
    return image.affine(
        [across, 0, 0, down],
        interpolate=pyvips.Interpolate.new("bilinear"),
        odx=(across - 1) / 2,
        ody=(down - 1) / 2,
        oarea=[0, 0, width, height],
        extend="copy",
    )


def gray_lightness(srgb: Planes) -> Planes:
    """L* `(h, w)` in 0..100 of the grey version of sRGB `(3, h, w)`: of its luma."""
    seen: Planes = color.luma_to_lightness(np.clip(color.luma(srgb)[0], 0, 1))
    return seen.astype(np.float32, copy=False)


def _opaque(picture: pyvips.Image) -> pyvips.Image:
    return picture[: picture.bands - 1] if picture.bands in (2, 4) else picture
