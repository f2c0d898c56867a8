"""Planes on a pixel grid of another size, with no shift: pixel centres lie at i + 0.5."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["resized"]

Planes = NDArray[np.float32]  # (..., h, w)


def resized(planes: Planes, height: int, width: int) -> Planes:
    """`(..., h, w)` stretched to `(..., height, width)`.

    An axis that grows is interpolated linearly, one that shrinks is averaged over the area of each
    new pixel, so that nothing is skipped. Beyond the outermost centres the edge value goes on.

    >>> resized(np.array([[0, 4]], np.float32), 1, 4).tolist()
    [[0.0, 1.0, 3.0, 4.0]]
    >>> resized(np.array([[0, 3, 9]], np.float32), 1, 2).tolist()
    [[1.0, 7.0]]
    """
    rows, columns = (
        _weights(*ends) for ends in zip(planes.shape[-2:], (height, width), strict=True)
    )
    return np.asarray(rows @ planes @ columns.T, np.float32)


def _weights(old: int, new: int) -> Planes:
    """`(new, old)`: how much of each old value is in each new one.

    A product with so many zeros is still far faster than picking what is none.
    """
    if new > old:
        place = np.clip((np.arange(new) + 0.5) * old / new - 0.5, 0, old - 1)
        weights = np.clip(1 - np.abs(place[:, None] - np.arange(old)), 0, None)
    else:
        edges = np.arange(new + 1)[:, None] * old / new
        weights = new / old * np.diff(np.clip(edges - np.arange(old), 0, 1), axis=0)
    picked: Planes = weights.astype(np.float32)
    return picked
