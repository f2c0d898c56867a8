"""Colors that stay with things: agreed within a shot and carried along its motion.

A frame every so often is an anchor, which the network colors. What the anchors of a stretch of
frames say of the same thing is averaged along its motion, first forward and then backward, so that
each hears all that come before and after it; an anchor counts as long as it can be followed. The
frames between two anchors take their colors from both, the nearer one more. What neither of them
shows is colored by the network afresh.
"""

import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from colorear.hints import Hint
from colorear.video.flow import Motion, chained, sampled, still

__all__ = ["TOLD", "Agreed", "Frame", "agree"]

Planes = NDArray[np.float32]
Network = Callable[["Frame"], "Agreed"]
"""a*b* of a frame by itself, and how much each place counts: 1, or `TOLD` where hints made it."""

TOLD = 1000.0
"""Anchors' worth of what somebody knows: what networks hold for likely is nothing beside it."""

_EVERY = 3  # frames from one anchor to the next, at most
_OPINIONS = 16  # anchors that a shot should have to begin with: the mean of few may be far off
_LOST = 0.7  # of an anchor's places: when fewer can be followed, the next anchor comes
_MEMORY = 24.0  # anchors' worth of agreement, beyond which older ones fade
_NEW = 0.01  # of a frame that no anchor shows, beyond which the network colors it
_SOFT = 2.0  # sigma in pixels by which old and new are faded into one another
_FILLED = 6.0  # sigma in pixels over which the colors around fill a hole
_LITTLE = 1e-3
_CORE = np.ones((5, 5), np.uint8)  # thinner holes are the seams of things, which others fill


class Frame(NamedTuple):
    """One frame at the network's size."""

    luma: NDArray[np.uint8]
    """`(h, w)`, 0 black to 255 white."""
    back: Motion | None
    """To the frame before it, of the same shot; None where it is the first."""
    forth: Motion | None
    """From the frame before it to this one."""
    hints: tuple[Hint, ...] = ()
    """What somebody knows of it."""


@dataclass
class Agreed:
    """What has been agreed of a frame's colors."""

    ab: Planes
    """`(h, w, 2)`."""
    weight: Planes
    """`(h, w)`: how many anchors have had a say."""


def agree(
    frames: Sequence[Frame],
    network: Network,
    before: Agreed | None,
    each: Callable[[Network, Iterable[Frame]], Iterable[Agreed]] = map,
) -> tuple[list[Planes], Agreed]:
    """a*b* `(h, w, 2)` of each of a shot's frames, in order, and what the next ones must know.

    `before` is of the frame before the first one, if that belongs to the same shot. `each` asks the
    network of several frames: `map`, or that of a pool of threads.
    """
    anchors, ways = _anchors(frames, before)
    asked = [place for place in anchors if place >= 0]
    own = dict(zip(asked, each(network, (frames[place] for place in asked)), strict=True))
    past = _heard(anchors, ways, own, before)
    agreed: dict[int, Planes] = {anchors[-1]: past[anchors[-1]].ab}
    colors: dict[int, Planes] = {}
    later = None
    for first, last in reversed([*itertools.pairwise(anchors)]):
        later = _and_now(own[last], later)
        onward = _onward(frames, first, last)
        if first >= 0:
            told = _brought(later, onward[first])
            agreed[first] = _mean(past[first], told).ab
            later = told
        else:
            agreed[first] = past[first].ab  # which is in the film already
        for place in range(first + 1, last):
            earlier = sampled(agreed[first], ways[place].flow), ways[place].valid
            later_ = sampled(agreed[last], onward[place].flow), onward[place].valid
            nearness = (place - first) / (last - first)
            alone = partial(network, frames[place])
            colors[place] = _between(earlier, later_, nearness, alone)
    colors |= {place: ab for place, ab in agreed.items() if place >= 0}
    end = past[anchors[-1]]
    return [colors[place] for place in range(len(frames))], end


def _anchors(frames: Sequence[Frame], before: Agreed | None) -> tuple[list[int], dict[int, Motion]]:
    """Which frames are anchors, and from each frame the way to the anchor before it.

    -1 stands for the frame before the first one; the last one is always an anchor.
    """
    anchors = [0] if before is None else [-1]
    every = max(1, min(_EVERY, len(frames) // _OPINIONS)) if before is None else _EVERY
    ways: dict[int, Motion] = {}
    way = still(*frames[0].luma.shape)
    for place in range(anchors[0] + 1, len(frames)):
        back = frames[place].back
        if back is None:
            raise ValueError("a frame within a shot needs its motion from the one before it")
        way = ways[place] = chained(back, way)
        gone = place - anchors[-1]
        lost = float(way.valid.mean()) < _LOST
        if gone == every or lost or place == len(frames) - 1:
            anchors.append(place)
            way = still(*frames[0].luma.shape)
    return anchors, ways


def _onward(frames: Sequence[Frame], first: int, last: int) -> dict[int, Motion]:
    """From each frame of an anchor on, but for -1, the way to the anchor after it."""
    ways = {last: still(*frames[last].luma.shape)}
    for place in range(last - 1, max(first, 0) - 1, -1):
        forth = frames[place + 1].forth
        if forth is None:
            raise ValueError("a frame within a shot needs its motion from the one before it")
        ways[place] = chained(forth, ways[place + 1])
    return ways


def _heard(
    anchors: Sequence[int],
    ways: dict[int, Motion],
    own: dict[int, Agreed],
    before: Agreed | None,
) -> dict[int, Agreed]:
    """Of each anchor what it and all that come before it say."""
    heard: dict[int, Agreed] = {}
    for place in anchors:
        if place < 0 and before is not None:
            heard[place] = before
        elif not heard:
            heard[place] = _and_now(own[place], None)
        else:
            latest = heard[max(heard)]
            heard[place] = _and_now(own[place], _brought(latest, ways[place]))
    return heard


def _and_now(one: Agreed, others: Agreed | None) -> Agreed:
    """What others say, and one anchor more."""
    if others is None:
        return one
    both = _mean(one, others)
    most = np.where(both.weight > TOLD / 2, np.float32(TOLD), np.float32(_MEMORY))
    return Agreed(both.ab, np.minimum(both.weight, most))


def _mean(one: Agreed, other: Agreed) -> Agreed:
    weight = one.weight + other.weight
    part = (other.weight / weight)[..., None]
    return Agreed(one.ab + (other.ab - one.ab) * part, weight)


def _brought(agreed: Agreed, way: Motion) -> Agreed:
    """What was agreed of another frame, as seen from this one."""
    both = sampled(np.concatenate((agreed.ab, agreed.weight[..., None]), axis=2), way.flow)
    return Agreed(np.ascontiguousarray(both[..., :2]), both[..., 2] * way.valid)


def _between(
    earlier: tuple[Planes, Planes],
    later: tuple[Planes, Planes],
    nearness: float,
    alone: Callable[[], Agreed],
) -> Planes:
    """The colors of a frame between two anchors; `nearness` is 0 at the earlier one.

    Each brings colors `(h, w, 2)` and where they are valid `(h, w)`. What neither shows is taken
    from the frame `alone`, or from around it where that is little.
    """
    import cv2

    weights = [
        valid * cv2.GaussianBlur(valid, (0, 0), _SOFT) * np.float32(share)
        for (_, valid), share in zip((earlier, later), (1 - nearness, nearness), strict=True)
    ]
    total = weights[0] + weights[1]
    mixed = earlier[0] * weights[0][..., None] + later[0] * weights[1][..., None]
    hole = (np.maximum(earlier[1], later[1]) < 0.5).astype(np.float32)
    if float(cv2.erode(hole, _CORE).mean()) > _NEW:
        fresh = alone().ab
    else:
        spread = cv2.GaussianBlur(np.dstack((mixed, total)), (0, 0), _FILLED)
        plain = earlier[0] * np.float32(1 - nearness) + later[0] * np.float32(nearness)
        around = spread[..., 2:]
        fresh = (spread[..., :2] + _LITTLE * plain) / (around + _LITTLE)
    gap = cv2.GaussianBlur(hole, (0, 0), _SOFT) * hole + np.float32(_LITTLE)
    result: Planes = (mixed + fresh * gap[..., None]) / (total + gap)[..., None]
    return result
