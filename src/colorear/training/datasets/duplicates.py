"""Photographs that repeat earlier ones: in the same bytes, in the same pixels, or nearly."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from colorear.training.datasets.photographs import resize

__all__ = ["NEAR_BITS", "NEAR_CORRELATION", "Match", "Sketch", "repeats", "sketch"]

NEAR_BITS = 64
"""Most bits of 256 by which the difference hashes of nearly equal pictures differ."""

NEAR_CORRELATION = 0.95
"""The least correlation of the luma at 16 x 16 of pictures that count as nearly equal.

The hash alone takes one sea below a clear sky for another: of the 3000 photographs of `landscapes`
19 are within 40 bits of an earlier one, and one of these by eye shows the same scene. By both
numbers 5 are alike, and 3 of these show the same scene; of 10,000 photographs 17, and 8.
"""

_SIDE = 16
_ROWS = 256  # compared with all earlier ones at once: 8 bytes for each pair


class Sketch(NamedTuple):
    """What is nearly the same for nearly equal pictures."""

    hash: NDArray[np.uint8]
    """(256,) bits: whether luma rises from each of 17 x 16 places to the next on the right."""
    luma: NDArray[np.uint8]
    """(16, 16)"""


class Match(NamedTuple):
    """One photograph, by its index, repeats an earlier one."""

    later: int
    earlier: int
    match: Literal["file", "pixels", "near"]
    bits: int


def sketch(luma: NDArray[np.uint8]) -> Sketch:
    """The sketch of a picture from its `luma` (h,w), bytes.

    It hardly changes with size, brightness, contrast and JPEG quality, but it does with cropping.
    Source: N. Krawetz, "Kind of Like That", The Hacker Factor Blog, 2013 ("dHash"), with 16 x 16
    bits where he has 8 x 8.
    """
    places = resize(luma, _SIDE, _SIDE + 1, cv2.INTER_AREA)
    rises = (places[:, 1:] > places[:, :-1]).astype(np.uint8)
    return Sketch(rises.ravel(), resize(luma, _SIDE, _SIDE, cv2.INTER_AREA))


def repeats(
    files: Sequence[str],
    pixels: Sequence[str],
    sketches: Sequence[Sketch],
    *,
    first: int = 0,
    before: int | None = None,
) -> list[Match]:
    """The photographs that repeat an earlier one, each with the closest of those.

    Parameters
    ----------
    files, pixels
        Of each photograph, the digest of its file and of its pixels.
    sketches
        Of each photograph, what `sketch` makes.
    first
        The photographs from this number on are looked up.
    before
        If given, only the photographs [:before] count as earlier.
    """
    count = len(files)
    before = count if before is None else before
    first_file, first_pixels = _first(files), _first(pixels)
    near, bits = _nearest(sketches, first, before)
    found = []
    for i in range(first, count):
        limit = min(i, before)
        if first_file[files[i]] < limit:
            found.append(Match(i, first_file[files[i]], "file", 0))
        elif first_pixels[pixels[i]] < limit:
            found.append(Match(i, first_pixels[pixels[i]], "pixels", 0))
        elif bits[i - first] <= NEAR_BITS:
            found.append(Match(i, int(near[i - first]), "near", int(bits[i - first])))
    return found


def _first(keys: Sequence[str]) -> dict[str, int]:
    """The first index of each key."""
    found: dict[str, int] = {}
    for i, key in enumerate(keys):
        found.setdefault(key, i)
    return found


def _nearest(
    sketches: Sequence[Sketch], first: int, before: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """For each from `first` on: the nearest of the earlier that correlate, and the bits between.

    Bits as -1 and 1 have a product of (bits that agree) - (bits that differ), exact in float32. So
    both comparisons are products of matrices, which every numpy is fast at: 10,000 photographs take
    one to three seconds on two shared cores. (np.bitwise_count came with numpy 2.)
    """
    signs = np.stack([each.hash for each in sketches]).astype(np.float32) * 2 - 1
    forms = np.stack([each.luma.ravel() for each in sketches]).astype(np.float32)
    forms -= forms.mean(axis=1, keepdims=True)
    forms /= np.maximum(np.linalg.norm(forms, axis=1, keepdims=True), 1)  # 0 for a flat picture
    count, length = signs.shape
    near = np.zeros(count - first, np.int64)
    bits = np.full(count - first, length + 1, np.int64)
    for start in range(first, count, _ROWS):
        rows = np.arange(start, min(start + _ROWS, count))
        columns = np.arange(min(int(rows[-1]), before))
        if not columns.size:
            continue
        product = signs[rows] @ signs[: columns.size].T
        other = forms[rows] @ forms[: columns.size].T < NEAR_CORRELATION
        product[other | (columns >= rows[:, None])] = -length - 2  # further than the furthest
        near[rows - first] = product.argmax(axis=1)
        bits[rows - first] = (length - product.max(axis=1)) / 2
    return near, bits
