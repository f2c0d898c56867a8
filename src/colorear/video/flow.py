"""Where each place of one frame lies in another: optical flow, and where it can be trusted.

The flow is OpenCV's dense inverse search (T. Kroeger et al., Fast Optical Flow using Dense Inverse
Search, ECCV 2016): two milliseconds for a frame at a network's size, where the variational methods
of scikit-image take a hundred times as long.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Motion", "chained", "motion", "sampled", "still"]

Planes = NDArray[np.float32]

_APART = 0.7  # pixels by which way there and way back may differ
_APART_MORE = 0.05  # and so much of the way
_CHANGED = 18.0  # levels of 255 by which a place may change, beside what the whole frame does
_TOGETHER = 7  # pixels across of which most must be valid
_LEAST = 16  # pixels of a side: OpenCV refuses fewer than 12
_SOFT = 1.2  # sigma in pixels by which luma is smoothed first: grain does not move


class Motion(NamedTuple):
    """From each place of a frame to where the same thing is in another one."""

    flow: Planes
    """`(h, w, 2)`: pixels to the right and down."""
    valid: Planes
    """`(h, w)`: 1 where the other frame shows it too, 0 where not."""


def still(height: int, width: int) -> Motion:
    """Of a frame to itself."""
    return Motion(np.zeros((height, width, 2), np.float32), np.ones((height, width), np.float32))


def motion(here: NDArray[np.uint8], there: NDArray[np.uint8]) -> tuple[Motion, Motion]:
    """From `here` to `there`, both luma `(h, w)`, and from `there` to `here`.

    A place is valid if the way there and back ends where it began, within the frame, and if the
    luma is the same at both ends, but for a change of the whole frame as old films have it.
    """
    import cv2

    search: Any = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
    height, width = here.shape
    smooth: list[Any] = [cv2.GaussianBlur(frame, (0, 0), _SOFT) for frame in (here, there)]
    grown = [(0, max(0, _LEAST - height)), (0, max(0, _LEAST - width))]
    wide = [np.pad(frame, grown, mode="edge") for frame in smooth]
    forth: Planes = search.calc(*wide, None)[:height, :width]
    back: Planes = search.calc(*reversed(wide), None)[:height, :width]
    soft = [frame.astype(np.float32) for frame in smooth]
    return (
        Motion(forth, _validity(forth, back, soft[0], soft[1])),
        Motion(back, _validity(back, forth, soft[1], soft[0])),
    )


def sampled(planes: Planes, flow: Planes) -> Planes:
    """`(h, w)` or `(h, w, c)` of the other frame, seen from the places of this one."""
    import cv2

    height, width = flow.shape[:2]
    x, y = cv2.split(flow + _grid(height, width))
    found: Any = cv2.remap(planes, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    seen: Planes = found
    return seen


def chained(first: Motion, then: Motion) -> Motion:
    """From the first frame over the second to the third."""
    both = np.concatenate((then.flow, then.valid[..., None]), axis=2)
    further = sampled(both, first.flow)
    return Motion(first.flow + further[..., :2], first.valid * further[..., 2])


def _validity(forth: Planes, back: Planes, here: Planes, there: Planes) -> Planes:
    import cv2

    height, width = forth.shape[:2]
    known = np.concatenate((back, there[..., None]), axis=2)
    seen = sampled(known, forth)
    gap = cv2.magnitude(*(forth[..., axis] + seen[..., axis] for axis in (0, 1)))
    way = cv2.magnitude(forth[..., 0], forth[..., 1])
    change = seen[..., 2] - here
    change -= np.float32(np.median(change[::4, ::4]))
    x, y = np.moveaxis(forth + _grid(height, width), 2, 0)
    inside = (x >= -0.5) & (x <= width - 0.5) & (y >= -0.5) & (y <= height - 0.5)
    valid = inside & (gap <= _APART + _APART_MORE * way) & (np.abs(change) <= _CHANGED)
    # what fails by itself is grain, or a flat place where the flow may be any
    agreed: Planes = cv2.medianBlur(valid.astype(np.uint8), _TOGETHER).astype(np.float32)
    return agreed


def _grid(height: int, width: int) -> Planes:
    grid = np.empty((height, width, 2), np.float32)
    grid[..., 0] = np.arange(width, dtype=np.float32)
    grid[..., 1] = np.arange(height, dtype=np.float32)[:, None]
    return grid
