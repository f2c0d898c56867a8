"""Pictures that stand beside scores: the photographs that the slides show, small enough to keep."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyvips
from numpy.typing import NDArray

__all__ = ["decode", "encode", "shown_in_slides"]

_SEVEN = slice(51, 58)  # of the test photographs
_QUALITY = 88


def shown_in_slides(photographs: Sequence[str]) -> Sequence[str]:
    """The seven of the test photographs that the slides show, or the first of a smaller set."""
    return photographs[_SEVEN] or photographs[:7]


def encode(picture: NDArray[Any]) -> bytes:
    """A JPEG of a picture (h, w, 3), sRGB bytes, without chroma subsampling."""
    content: bytes = pyvips.Image.new_from_array(np.ascontiguousarray(picture)).jpegsave_buffer(
        Q=_QUALITY, subsample_mode="off"
    )
    return content


def decode(content: bytes) -> NDArray[np.uint8]:
    """The picture (h, w, 3) of such a JPEG."""
    pixels: NDArray[np.uint8] = pyvips.Image.new_from_buffer(content, "").numpy()
    return pixels
