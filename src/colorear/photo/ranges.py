"""Whether it is clear what the values of a TIFF with 32 bits a channel mean.

Whole numbers and floating-point ones of 32 bits hold anything: counts of photons, heights, 12-bit
samples in longer words. Only a photograph from black to white is one, so all pixels are looked at.
"""

import math
from pathlib import Path

import pyvips

from colorear.errors import PhotographError
from colorear.photo.tiff_kinds import has_associated_alpha, is_white_zero

__all__ = ["check_range"]

_LEAST = 2**28  # that the largest whole number must be: below lie those of shorter words


def check_range(image: pyvips.Image, path: Path, page: int) -> None:
    """Refuse a page whose floats are not from 0 to 1, or whose 32-bit whole numbers are small.

    Parameters
    ----------
    image
        Its pixels, a stream that is read to its end.

    Raises
    ------
    PhotographError
        Where what it holds does not say how dark or light it is.
    pyvips.Error
        Where it is damaged.
    """
    floating = image.format == "float"
    kind = "floating-point numbers" if floating else "whole numbers of 32 bits"
    if image.bands in (2, 4) and has_associated_alpha(path, page):
        raise PhotographError(
            f"'{path}' holds {kind} that are multiplied by alpha, which cannot be kept; convert it "
            "to 16 bits a channel, or to alpha that multiplies nothing"
        )
    if floating and is_white_zero(path, page):
        raise PhotographError(
            f"'{path}' holds {kind} of which 0 is white, but 0 for black is needed; convert it to "
            "16 bits a channel"
        )
    low, high, total = image.stats().numpy()[0, :3]
    if not math.isfinite(total):
        raise PhotographError(
            f"'{path}' holds {kind} that are infinite or none at all, but 0 for black to 1 for "
            "white are needed; replace them, or convert it to 16 bits a channel"
        )
    if floating and not 0 <= low <= high <= 1:
        raise PhotographError(
            f"'{path}' holds {kind} from {low:.6g} to {high:.6g}, but 0 for black to 1 for white "
            "are needed; scale them, or convert it to 16 bits a channel"
        )
    if not floating and high < _LEAST:
        raise PhotographError(
            f"'{path}' holds {kind} of {high:.0f} at the most, of {2**32 - 1} for white, so that "
            "its range is not clear; scale them, or convert it to 16 bits a channel"
        )
