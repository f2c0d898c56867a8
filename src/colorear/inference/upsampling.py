"""Low-resolution a*b* to chroma at any size, along the edges of the luma and inside the gamut."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from colorear import color
from colorear.photo.raster import ChromaRows, Stretched

__all__ = ["WINDOW", "EdgeChroma", "blurred", "follow_edges"]

Planes = NDArray[np.float32]

WINDOW = 0.7
"""Sigma of `blurred` in low-resolution pixels: about the eight neighbours."""
_BESIDE = np.float32(1 / (2 + np.exp(0.5 / WINDOW**2)))  # a Gaussian's samples at -1, 0 and 1
_MIDDLE = 1 - 2 * _BESIDE
_LITTLE = np.float32(1e-6)  # instead of nothing, to divide by
_DOUBT = 0.003  # luma variance below which a neighbourhood's contrast says little about its colour


@dataclass(frozen=True)
class EdgeChroma:
    """Chroma as a function of luma that changes from place to place: slope x luma + offset.

    Both are (2, h, w), for Cb and Cr in -0.5..0.5 and luma in 0..1.
    """

    slope: Planes
    offset: Planes

    def at_size(self, height: int, width: int) -> ChromaRows:
        """What gives Cb and Cr of a picture of that size, some of its rows at a time.

        They are inside the sRGB gamut: where a colour is not, its chroma is reduced at constant
        luma and hue by `color.limit_chroma`.
        """
        places = Stretched(np.concatenate((self.slope, self.offset)), height, width)

        def rows(luma: Planes, top: int) -> Planes:
            slope, offset = np.split(places.rows(top, top + len(luma)), 2)
            chroma: Planes = slope
            chroma *= luma
            chroma += offset
            _limit(luma, chroma)
            return chroma

        return rows


def _limit(luma: Planes, chroma: Planes) -> None:
    """`color.limit_chroma`, in place, if any place needs it: in half of its time."""
    cb, cr = chroma
    (_, red), (green, green_too), (blue, _) = np.array(color.CHROMA_TO_RGB, np.float32)
    differences = red * cr, green * cb + green_too * cr, blue * cb
    low = np.minimum(np.minimum(*differences[:2]), differences[2])
    high = np.maximum(np.maximum(*differences[:2]), differences[2])
    if ((low + luma < 0) | (high + luma > 1)).any():
        # all of them at once: to pick single ones out takes longer than the two divisions
        above, below = np.maximum(high, _LITTLE), np.maximum(-low, _LITTLE)
        factors = np.minimum((1 - luma) / above, luma / below)
        chroma *= np.clip(factors, 0, 1, out=factors)


def blurred(planes: Planes) -> Planes:
    """`(c, h, w)`, each place mixed with its eight neighbours."""
    for axis in (1, 2):
        place = np.arange(planes.shape[axis])
        before = planes.take(np.maximum(place - 1, 0), axis)
        after = planes.take(np.minimum(place + 1, place[-1]), axis)
        planes = _MIDDLE * planes + _BESIDE * (before + after)
    return planes


def follow_edges(
    luma: Planes, chroma: Planes, blur: Callable[[Planes], Planes] = blurred
) -> EdgeChroma:
    """Fit how chroma (2, h, w) changes with luma (1, h, w) around each low-resolution place.

    The slope is the regression of a guided filter (K. He, J. Sun and X. Tang, Guided Image
    Filtering, TPAMI 2013, eq. 5), without its averaging: the offset makes each place keep its own
    colour exactly, and the slope only decides how colour changes between the places, so that it
    turns where the full-size luma turns. `blur` stands in for `blurred` where another library
    does the same.
    """
    mean, mean_chroma = blur(luma), blur(chroma)
    covariance = blur(luma * chroma) - mean * mean_chroma
    variance = blur(luma * luma) - mean * mean
    slope = (covariance / (variance + _DOUBT)).astype(np.float32)
    return EdgeChroma(slope, chroma - slope * luma)
