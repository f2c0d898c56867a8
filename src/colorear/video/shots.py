"""Cuts: where one shot ends and the next begins."""

import numpy as np
from numpy.typing import NDArray

from colorear.video.flow import Motion, motion, sampled

__all__ = ["cut_between", "goes_on", "is_cut"]

# Of neighboring frames under a moving camera (12 pixels a frame in 320, turning, zooming, grain of
# 10 levels) at least 0.29 could be followed, of frames across a cut at most 0.08. Of faster motion
# nothing can be followed either, but the picture as the flow bends it still correlates with 0.67 or
# more and 0.1 of its levels at most are others. Across a cut it correlates with 0.61 at most (0.75
# where frames are tiny, since the flow then bends anything into anything), and at least 0.2 of its
# levels are others.
_FOLLOWED = 0.1
_ALIKE = 0.62
_OTHERS = 0.17
_GOES_ON = 0.9  # a correlation of two frames from which nobody need look for a cut
_SOFT = 2.0  # sigma in pixels: grain is not what is compared


def cut_between(before: NDArray[np.uint8], now: NDArray[np.uint8]) -> bool:
    """`is_cut` of two frames whose motion nobody has looked for yet."""
    if goes_on(before, now):
        return False
    back, forth = motion(now, before)
    return is_cut(before, now, back, forth)


def goes_on(before: NDArray[np.uint8], now: NDArray[np.uint8]) -> bool:
    """Whether two frames, both luma `(h, w)`, are so alike that no cut can be between them."""
    one, other = (frame[::2, ::2].ravel().astype(np.float32) for frame in (before, now))
    one -= one.mean()
    other -= other.mean()
    size = float(np.linalg.norm(one) * np.linalg.norm(other))
    return float(one @ other) > _GOES_ON * size


def is_cut(before: NDArray[np.uint8], now: NDArray[np.uint8], back: Motion, forth: Motion) -> bool:
    """Whether `now` begins another shot than `before`, both luma `(h, w)`.

    `back` leads from `now` to `before`, `forth` the other way.
    """
    if max(float(back.valid.mean()), float(forth.valid.mean())) >= _FOLLOWED or goes_on(
        before, now
    ):
        return False
    import cv2

    bent = cv2.GaussianBlur(sampled(before.astype(np.float32), back.flow), (0, 0), _SOFT)
    seen = cv2.GaussianBlur(now.astype(np.float32), (0, 0), _SOFT)
    bent -= bent.mean()
    seen -= seen.mean()
    size = float(np.linalg.norm(bent) * np.linalg.norm(seen))
    if size < 1e-3 * bent.size:  # one of them is all of one level: a fade's end
        return True
    levels = [np.histogram(frame, 32, (0, 256))[0] / frame.size for frame in (before, now)]
    others = float(np.abs(levels[0] - levels[1]).sum()) / 2
    return others > _OTHERS or float((bent * seen).sum()) / size < _ALIKE
