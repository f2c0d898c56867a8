"""How far off the colors of a photograph may be, as a picture."""

import os
from pathlib import Path

import numpy as np
import pyvips
from numpy.typing import NDArray

from colorear.models.resize import resized
from colorear.photo.atomic_write import writing_photograph

__all__ = ["save_uncertainty"]

_MAP = 1024  # pixels, the most along the picture
_LEVELS = 5  # of 255 in it, for each CIELAB unit


def save_uncertainty(
    uncertainty: NDArray[np.float32],
    size: tuple[int, int],
    target: Path,
    *,
    overwrite: bool,
    unfinished: Path | None,
) -> None:
    """Write `uncertainty` (h, w), in CIELAB units, of a photograph of that size, as a gray PNG.

    Raises PhotographError where it cannot be written; the rest is as `saving.save` has it.
    """
    shrink = max(1, size[0] / _MAP, size[1] / _MAP)
    height, width = (max(1, round(side / shrink)) for side in size)
    levels = (_LEVELS * resized(uncertainty, height, width)).clip(0, 255).round().astype(np.uint8)
    with writing_photograph(target, unfinished=unfinished, overwrite=overwrite) as part:
        pyvips.Image.new_from_array(levels).pngsave(os.fsencode(part))
