"""Low-resolution a*b* to chroma at any size, along the edges of the luma and inside the gamut."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyvips
from numpy.typing import NDArray

from colorear import color
from colorear.photo.raster import enlarged

__all__ = ["WINDOW", "EdgeChroma", "blurred", "follow_edges"]

Planes = NDArray[np.float32]

WINDOW = 0.7
"""Sigma of `blurred` in low-resolution pixels: about the eight neighbours."""
_DOUBT = 0.003  # luma variance below which a neighbourhood's contrast says little about its colour


@dataclass(frozen=True)
class EdgeChroma:
    """Chroma as a function of luma that changes from place to place: slope x luma + offset.

    Both are (2, h, w), for Cb and Cr in -0.5..0.5 and luma in 0..1.
    """

    slope: Planes
    offset: Planes

    def at(self, luma: pyvips.Image) -> pyvips.Image:
        """Cb, Cr (two float bands) for the whole picture at the size of `luma` (one band, 0..1).

        The result is inside the sRGB gamut: where a colour is not, its chroma is reduced at
        constant luma and hue, as by `color.limit_chroma`. Nothing is computed until pixels are
        asked for.
        """
        planes = np.ascontiguousarray(np.concatenate((self.slope, self.offset)).transpose(1, 2, 0))
        places = enlarged(pyvips.Image.new_from_array(planes), luma.width, luma.height)
        chroma = places[0:2] * luma + places[2:4]
        # the one of the two quotients that is positive is the room there is; nothing is exactly 0
        differences = chroma.recomb([list(row) for row in color.CHROMA_TO_RGB]) + 1e-9
        factors = ((1 - luma) / differences).maxpair(luma * -1 / differences)
        return chroma * factors[0].minpair(factors[1]).minpair(factors[2]).clamp()


def blurred(planes: Planes) -> Planes:
    """`(c, h, w)`, each place mixed with its eight neighbours."""
    image = pyvips.Image.new_from_array(np.ascontiguousarray(planes.transpose(1, 2, 0)))
    mixed: Planes = image.gaussblur(WINDOW, precision="float").numpy()
    return mixed.reshape(*planes.shape[1:], -1).transpose(2, 0, 1)


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
