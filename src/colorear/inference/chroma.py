"""a*b* from a network -> what makes the chroma of a picture of any size, row by row."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from colorear import color
from colorear.inference.upsampling import EdgeChroma, follow_edges
from colorear.photo import photograph
from colorear.photo.photograph import Photo, as_stored
from colorear.photo.raster import Chroma

__all__ = ["chroma_of_array", "chroma_of_file"]

Planes = NDArray[np.float32]


def chroma_of_array(lightness: Planes, ab: Planes) -> Chroma:
    """The color of L* (h, w) for an sRGB picture that is stored upright."""
    return _edges(lightness, ab).at_size


def chroma_of_file(photo: Photo, lightness: Planes, ab: Planes) -> Chroma:
    """The color of L* (h, w), upright, for the picture as it is stored."""

    def as_in_file(srgb: Planes) -> Planes:
        return photograph.to_device(photo, as_stored(srgb, photo.orientation))

    return _edges(lightness, ab, as_in_file).at_size


def _edges(
    lightness: Planes, ab: Planes, as_in_file: Callable[[Planes], Planes] = lambda srgb: srgb
) -> EdgeChroma:
    """The color of L* (h, w), as a function of the luma of the picture that will hold it.

    `as_in_file` takes (3, h, w) sRGB to that picture's own orientation and RGB.
    """
    luma = color.lightness_to_luma(lightness[None])
    chroma = color.limit_chroma(luma, color.ab_to_chroma(luma, ab))
    ycc = color.srgb_to_ycc(as_in_file(color.ycc_to_srgb(np.concatenate((luma, chroma)))))
    return follow_edges(ycc[:1], ycc[1:])
