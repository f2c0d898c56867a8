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
    # columns first: whole rows are then interpolated at once
    for axis, length in ((-1, width), (-2, height)):
        if length < planes.shape[axis]:
            planes = np.moveaxis(_shrunk(np.moveaxis(planes, axis, -1), length), -1, axis)
        elif length > planes.shape[axis]:
            planes = _grown(planes, length, axis)
    return np.ascontiguousarray(planes)


def _grown(planes: Planes, length: int, axis: int) -> Planes:
    """Without a product of matrices, whose threads would wait on the cores for the network's."""
    old = planes.shape[axis]
    place = np.clip((np.arange(length) + 0.5) * old / length - 0.5, 0, old - 1)
    low = np.minimum(place.astype(np.intp), old - 1)
    part = (place - low).astype(np.float32).reshape(-1, *(1,) * (-1 - axis))
    here: Planes
    there: Planes
    here, there = (np.take(planes, each, axis) for each in (low, np.minimum(low + 1, old - 1)))
    there -= here
    there *= part
    there += here
    return there


def _shrunk(planes: Planes, length: int) -> Planes:
    old = planes.shape[-1]
    many, rest = divmod(old, length)
    if not rest:  # each new pixel is the mean of whole ones
        total: Planes = np.add.reduce([planes[..., i::many] for i in range(many)])
        return np.multiply(total, np.float32(1 / many), dtype=np.float32)
    start = np.zeros((*planes.shape[:-1], 1))
    sums = np.concatenate((start, np.cumsum(planes, axis=-1, dtype=np.float64)), axis=-1)
    edges = _between(sums, np.arange(length + 1) * old / length)
    mean: Planes = (np.diff(edges, axis=-1) * length / old).astype(np.float32)
    return mean


def _between(values: NDArray[np.floating], place: NDArray[np.float64]) -> NDArray[np.floating]:
    """The values at fractional indices of the last axis, linearly interpolated."""
    low = np.minimum(place.astype(np.intp), values.shape[-1] - 1)
    high = np.minimum(low + 1, values.shape[-1] - 1)
    part = (place - low).astype(values.dtype)
    between: NDArray[np.floating] = values[..., low] * (1 - part) + values[..., high] * part
    return between
