"""a*b* at the network's size to planes of chroma at a film's, once for each of its frames.

The colors are those that photographs get (`color.ab_to_chroma`, `follow_edges`); a film has them
looked up in a table, since a frame leaves no time to solve for them.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from colorear import color
from colorear.inference.upsampling import WINDOW, follow_edges
from colorear.video.luma import Layout, levels, unit_luma

__all__ = ["ChromaPlanes", "small_luma"]

Planes = NDArray[np.float32]

_REACH = 120.0  # CIELAB units that the table spans: what networks give is less
_STEPS = 49  # of a* and of b*: five units each
_LEVELS = 41  # of luma
_LITTLE = 1e-6


class ChromaPlanes:
    """Makes the chroma planes of the frames of one film.

    `height` and `width` are those of its luma; `subsampling` is what the planes have.
    """

    def __init__(
        self, layout: Layout, height: int, width: int, subsampling: tuple[int, int]
    ) -> None:
        across, down = subsampling
        self._layout = layout
        self._size = -(-width // across), -(-height // down)  # as OpenCV has it
        self._table = _table(layout.weights)

    def __call__(
        self, luma: NDArray[np.generic], ab: Planes, small: Planes | None = None
    ) -> NDArray[np.generic]:
        """Cb and Cr `(2, h, w)` of the type and in the range of `luma` `(h, w)`, for `ab`.

        That is `(2, h', w')` in CIELAB units, lying as the luma does; `small` is the luma of that
        size in 0..1, if it is there already. The luma keeps its values, and the colors are inside
        the sRGB gamut, as `color.limit_chroma` brings them there.
        """
        return self._stored(self.units(luma, ab, small), luma.dtype)

    def units(
        self, luma: NDArray[np.generic], ab: Planes, small: Planes | None = None
    ) -> list[Planes]:
        """The same as two planes in -0.5..0.5."""
        import cv2

        if small is None:
            small = small_luma(luma, self._layout, *ab.shape[1:])
        edges = follow_edges(small[None], self._looked_up(small, ab), _blurred)
        seen = small_luma(luma, self._layout, *self._size[::-1])
        chroma: Any = []
        for slope, offset in zip(edges.slope, edges.offset, strict=True):
            steep, even = (cv2.resize(plane, self._size) for plane in (slope, offset))
            chroma.append(cv2.add(cv2.multiply(steep, seen, dst=steep), even, dst=even))
        return _limited(seen, chroma, self._layout.weights)

    def _looked_up(self, luma: Planes, ab: Planes) -> Planes:
        """`color.ab_to_chroma`, interpolated between the nearest entries of the table."""
        import cv2

        place = np.clip(luma, 0, 1) * (_LEVELS - 1)
        low = np.minimum(np.floor(place), np.float32(_LEVELS - 2))
        part = place - low
        scale = (_STEPS - 1) / (2 * _REACH)
        x, y = np.clip((ab + np.float32(_REACH)) * np.float32(scale), 0, _STEPS - 1)
        rows = y + low * np.float32(_STEPS)
        darker, lighter = (
            cv2.split(cv2.remap(self._table, x, at, cv2.INTER_LINEAR))
            for at in (rows, rows + np.float32(_STEPS))
        )
        pairs = zip(darker, lighter, strict=True)
        mixed: Planes = np.stack([dark + (light - dark) * part for dark, light in pairs])
        return mixed

    def _stored(self, chroma: list[Planes], kind: np.dtype[np.generic]) -> NDArray[np.generic]:
        import cv2

        bits = self._layout.bits
        black, white = levels(bits, full_range=self._layout.full_range)
        # BT.709-6, 4: 224 of 219 in the limited range; H.273 (26), (27): as many as luma in full
        span = white - black if self._layout.full_range else (224 << bits) >> 8
        middle = 1 << (bits - 1)
        if bits == 8:  # nothing is below 0, of which it would take the absolute value
            stored: list[Any] = [
                cv2.convertScaleAbs(plane, alpha=span, beta=middle) for plane in chroma
            ]
            return np.stack(stored)
        exact = np.stack(chroma) * np.float32(span) + np.float32(middle)
        values: NDArray[np.generic] = np.clip(np.rint(exact), 0, (1 << bits) - 1).astype(kind)
        return values


def small_luma(luma: NDArray[np.generic], layout: Layout, height: int, width: int) -> Planes:
    """Luma `(height, width)` in 0..1, averaged down from `(h, w)` of a film's own values."""
    import cv2

    values: Any = luma
    if luma.shape != (height, width):
        smaller = luma.shape[0] >= height and luma.shape[1] >= width
        how = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
        values = cv2.resize(values, (width, height), interpolation=how)
    scale, offset = unit_luma(layout)
    units: Planes = values.astype(np.float32) * np.float32(scale) + np.float32(offset)
    return np.clip(units, 0, 1, out=units)


def _table(weights: color.Weights) -> Planes:
    """Cb and Cr `(levels * steps, steps, 2)`: for each luma a square of b* by a*."""
    axis = np.linspace(-_REACH, _REACH, _STEPS)
    b, a = np.meshgrid(axis, axis, indexing="ij")
    squares = []
    for level in np.linspace(0, 1, _LEVELS):
        luma = np.full((1, _STEPS, _STEPS), level)
        squares.append(color.ab_to_chroma(luma, np.stack((a, b)), weights))
    table: Planes = np.concatenate([square.transpose(1, 2, 0) for square in squares])
    return np.ascontiguousarray(table, np.float32)


def _blurred(planes: Planes) -> Planes:
    """As `upsampling.blurred`, in a fifth of the time."""
    import cv2

    mixed: Planes = np.empty(planes.shape, np.float32)
    for plane, place in zip(planes, mixed, strict=True):
        cv2.GaussianBlur(plane, (3, 3), WINDOW, dst=place, borderType=cv2.BORDER_REPLICATE)
    return mixed


def _limited(luma: Planes, chroma: list[Planes], weights: color.Weights) -> list[Planes]:
    """`color.limit_chroma` of `(h, w)` and two of them."""
    import cv2

    cv: Any = cv2  # whose types know of no numbers beside arrays
    blue, red = chroma
    rows = color.chroma_to_rgb(weights)
    differences = [cv.addWeighted(blue, row[0], red, row[1], 0) for row in rows]
    highest = cv.max(cv.max(differences[0], differences[1]), differences[2])
    lowest = cv.min(cv.min(differences[0], differences[1]), differences[2])
    above = cv.max(highest, _LITTLE)  # instead of nothing, to divide by
    below = cv.min(lowest, -_LITTLE)
    factors = cv.min(cv.divide(1 - luma, above), cv.divide(luma, below, scale=-1))
    factors = cv.min(factors, 1.0)
    return [cv.multiply(plane, factors) for plane in chroma]
