"""The picture within its margins: scanner lids, album pages, white borders, black bars."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from colorear.hints import Hint, Place, pixel_at
from colorear.models.resize import resized

__all__ = ["Frame", "find_frame"]

_FLAT = 3.0  # L* by which pixels of a margin may differ from its level: noise, paper, JPEG
_ALIKE = 6.0  # L* by which margins of one frame may differ from each other
_BLACK, _WHITE = 8.0, 95.0  # L* of bars on two sides alone, which a sky or a wall hardly has
_STRAIGHT = 0.6  # of the sides' length: things before a plain ground touch less of their box
_THIN = 0.015  # of the side: what is thinner shows the network nothing that misleads it
_AT_ONCE = 16  # rows: most pictures have no margin, and theirs end the search
_LEFT_OVER = 0.1  # of each side at least, or there is no picture within

Planes = NDArray[np.float32]


@dataclass(frozen=True)
class Frame:
    """What of a picture of `height` x `width` pixels lies within its margins."""

    height: int
    width: int
    rows: slice
    columns: slice

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of what lies within."""
        return self.rows.stop - self.rows.start, self.columns.stop - self.columns.start

    def holds(self, place: Place) -> bool:
        """Whether a place of the whole picture lies within."""
        row, column = pixel_at(place, self.height, self.width)
        rows, columns = self.rows, self.columns
        return bool(rows.start <= row < rows.stop and columns.start <= column < columns.stop)

    def shifted(self, hint: Hint) -> Hint:
        """A hint that lies within, as one of what lies within."""
        height, width = self.size
        return replace(
            hint,
            x=min(max((hint.x * self.width - self.columns.start) / width, 0), 1),
            y=min(max((hint.y * self.height - self.rows.start) / height, 0), 1),
            radius=min(hint.radius * min(self.height, self.width) / min(height, width), 1),
        )

    def inside(self, planes: Planes) -> Planes:
        """What of `(..., height, width)` lies within."""
        return planes[..., self.rows, self.columns]

    def around(self, planes: Planes) -> Planes:
        """`(c, h, w)` of any size put in its place; the margins are 0."""
        whole = np.zeros((len(planes), self.height, self.width), np.float32)
        self.inside(whole)[:] = resized(planes, *self.size)
        return whole

    def spread(self, grid: Planes) -> Planes:
        """A coarse `(c, h, w)` over what lies within as one over the whole.

        A margin has what is nearest to it, so that it still adds up to 1.
        """
        return grid[
            :,
            _nearest(grid.shape[1], self.rows, self.height)[:, None],
            _nearest(grid.shape[2], self.columns, self.width),
        ]


def _nearest(count: int, part: slice, whole: int) -> NDArray[np.intp]:
    """For each cell over the whole the nearest of `count` over the part."""
    length = part.stop - part.start
    cells = max(1, round(count * whole / length))
    centers = (np.arange(cells) + 0.5) * whole / cells
    nearest = np.clip((centers - part.start) * count / length, 0, count - 1)
    return np.asarray(nearest, np.intp)


def find_frame(lightness: Planes) -> Frame | None:
    """Find uniform margins on all four sides, or black or white bars on two opposite ones.

    A plain sky or wall on one or on three sides is no frame, nor is the ground around a thing.

    Parameters
    ----------
    lightness : (h, w), 0..100
        L* of a picture, at about the size that a network sees.

    Returns
    -------
    frame
        What lies within the margins, or None where there are none.
    """
    height, width = lightness.shape
    top, bottom = _margins(lightness)
    left, right = _margins(lightness[top : height - bottom].T)
    top, bottom = _margins(lightness[:, left : width - right])
    rows, columns = height - top - bottom, width - left - right
    if rows < _LEFT_OVER * height or columns < _LEFT_OVER * width:
        return None
    across = min(top, bottom) > _THIN * height
    along = min(left, right) > _THIN * width
    sides: list[tuple[Planes, int]] = []  # lines from the edge on, and how many are margin
    if across:
        lines = lightness[:, left : width - right]
        sides += [(lines, top), (lines[::-1], bottom)]
    if along:
        lines = lightness[top : height - bottom].T
        sides += [(lines, left), (lines[::-1], right)]
    levels = [float(np.median(lines[:count])) for lines, count in sides]
    if not sides or max(levels) - min(levels) > _ALIKE:
        return None
    if len(sides) == 2 and _BLACK < np.mean(levels) < _WHITE:
        return None
    if np.mean([_begins(*side) for side in sides]) < _STRAIGHT:
        return None
    return Frame(
        height,
        width,
        slice(top, height - bottom) if across else slice(0, height),
        slice(left, width - right) if along else slice(0, width),
    )


def _margins(lightness: Planes) -> tuple[int, int]:
    """How many of the first and of the last rows are as plain as the outermost one."""
    return _count(lightness), _count(lightness[::-1])


def _begins(lines: Planes, margin: int) -> float:
    """The part of its length along which a picture begins at its margin.

    The line after the first is looked at: the first may be mixed with the margin.
    """
    line = lines[min(margin + 1, len(lines) - 1)]
    return float((np.abs(line - np.median(lines[:margin])) > _FLAT).mean())


def _count(lightness: Planes) -> int:
    if not lightness.size:
        return 0
    level = np.median(lightness[0])
    for begin in range(0, len(lightness), _AT_ONCE):
        rows = lightness[begin : begin + _AT_ONCE]
        plain = (np.abs(rows - level) <= _FLAT).mean(axis=1) > 0.98
        if not plain.all():
            return begin + int(np.argmin(plain))
    return len(lightness)
