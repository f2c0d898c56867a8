"""What somebody knows of a film's colors, followed through its shots.

A hint is given in one picture. Where its place lies in the others of the same shot is found along
the motion, back to the cut before it and on to the next one, as long as it can be seen.
"""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import IO, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from colorear import color
from colorear.errors import HintError
from colorear.hints import Hint, Place, TimedHint, Unreachable, unreachable
from colorear.video.coloring import Look
from colorear.video.film import Film, Picture
from colorear.video.shots import cut_between

__all__ = ["Told", "follow_hints"]

_EARLY = 0.02  # seconds by which a time may be before its picture: people round
_WINDOW = (13, 13)  # pixels around a place that are looked for in the other frame
_APART = 1.0  # pixels by which way there and way back may differ

Luma = NDArray[np.uint8]


class _Mark(NamedTuple):
    """A hint on its way through a shot."""

    hint: TimedHint
    x: float
    """Pixels from the left, at the network's size, as the picture lies."""
    y: float


@dataclass
class Told:
    """The hints of each picture."""

    at: dict[int, tuple[Hint, ...]] = field(default_factory=dict)
    """By the picture's time in the film's units, at the places where they lie in it."""
    unreachable: list[Unreachable] = field(default_factory=list)
    """Those whose colors do not exist at the lightness of their places."""


def follow_hints(
    film: Film, look: Look, hints: Sequence[TimedHint], start: int | None, end: int | None
) -> Told:
    """Where the hints of a film lie in its pictures from time `start` on and before `end`.

    It reads the film up to the end of the last hint's shot, and keeps the shot that it is in on the
    disk. Raises HintError for a time at which there is no picture.
    """
    told = Told()
    waiting = sorted(hints, key=lambda hint: hint.time)
    if not waiting:
        return told
    spool: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed below
    with spool:
        shot = _Shot(look, told, spool)
        here: Picture | None = None
        for picture in film.pictures(start, end):
            while here is not None and waiting and _before(film, waiting[0], picture.time):
                shot.tell(waiting.pop(0))
            if not waiting and not shot.marks:
                return told
            shot.add(picture)
            here = picture
        while here is not None and waiting and _before(film, waiting[0], _end_of(film, here)):
            shot.tell(waiting.pop(0))
    if waiting:
        hint = waiting[0]
        raise HintError(
            f"the hint at ({hint.x}, {hint.y}) is for {hint.time:g} seconds, where "
            f"'{film.facts.path}' has no picture that is colored; its time must be that of one"
        )
    return told


def _before(film: Film, hint: TimedHint, time: int) -> bool:
    """Whether the picture of a hint is one before `time`."""
    return hint.time + _EARLY < film.seconds(time)


def _end_of(film: Film, last: Picture) -> int:
    length = last.duration or round(1 / (film.facts.rate * film.facts.time_base))
    return last.time + length + film.time(2 * _EARLY) - film.time(0)


class _Shot:
    """The shot that is being read, and the hints in it."""

    def __init__(self, look: Look, told: Told, spool: IO[bytes]) -> None:
        self._look, self._told, self._spool = look, told, spool
        self._times: list[int] = []
        self._last: Luma | None = None
        self.marks: list[_Mark] = []
        """Those that can be seen in the last picture."""

    def add(self, picture: Picture) -> None:
        """Read one more; the hints go on into it, or end where it begins another shot."""
        luma = self._look.small(picture)
        if self._last is not None and cut_between(self._last, luma):
            self._times, self.marks = [], []
            self._spool.seek(0)
        self._spool.write(luma.tobytes())
        if self._last is not None and self.marks:
            self.marks = [*_moved(self.marks, self._last, luma)]
        self._times.append(picture.time)
        self._last = luma
        self._note(picture.time, self.marks)

    def tell(self, hint: TimedHint) -> None:
        """Take a hint for the last picture, and follow it back to where the shot begins."""
        if self._last is None:
            return
        height, width = self._last.shape
        x, y = self._look.lying(hint.place)
        mark = _Mark(hint, x * width - 0.5, y * height - 0.5)
        upright = self._look.upright(self._last).astype(np.float32) / 255
        lightness = np.asarray(color.luma_to_lightness(upright), np.float32)
        self._told.unreachable += unreachable((hint,), lightness)
        self._note(self._times[-1], (mark,))
        self.marks.append(mark)
        marks = [mark]
        frames = self._frames_backward(height, width)
        for number, (now, before) in zip(
            range(len(self._times) - 2, -1, -1), pairwise(frames), strict=False
        ):
            marks = [*_moved(marks, now, before)]
            if not marks:
                break
            self._note(self._times[number], marks)
        self._spool.seek(0, 2)

    def _frames_backward(self, height: int, width: int) -> Iterator[Luma]:
        size = height * width
        for number in range(len(self._times) - 1, -1, -1):
            self._spool.seek(number * size)
            yield np.frombuffer(self._spool.read(size), np.uint8).reshape(height, width)

    def _note(self, time: int, marks: Sequence[_Mark]) -> None:
        if not marks or self._last is None:
            return
        height, width = self._last.shape
        places = [
            self._look.seen(Place((mark.x + 0.5) / width, (mark.y + 0.5) / height))
            for mark in marks
        ]
        found = [
            replace(mark.hint, x=min(max(place.x, 0), 1), y=min(max(place.y, 0), 1))
            for mark, place in zip(marks, places, strict=True)
        ]
        self._told.at[time] = (*self._told.at.get(time, ()), *found)


def _moved(marks: Sequence[_Mark], here: Luma, there: Luma) -> Iterator[_Mark]:
    """Those of the marks that another frame shows, too, where they are there.

    Lucas and Kanade's tracker of points (J.-Y. Bouguet, Pyramidal Implementation, 2000): within
    things that move it is nearer than the dense flow that colors follow.
    """
    import cv2

    points = np.array([[(mark.x, mark.y)] for mark in marks], np.float32)
    nowhere: Any = None  # which its types do not allow, and its documentation does
    to: Any = cv2.calcOpticalFlowPyrLK(here, there, points, nowhere, winSize=_WINDOW)
    back: Any = cv2.calcOpticalFlowPyrLK(there, here, to[0], nowhere, winSize=_WINDOW)
    apart = np.linalg.norm((back[0] - points)[:, 0], axis=1)
    found = (to[1] * back[1])[:, 0] > 0
    height, width = here.shape
    for mark, (x, y), seen, gap in zip(marks, to[0][:, 0], found, apart, strict=True):
        inside = -0.5 <= x <= width - 0.5 and -0.5 <= y <= height - 0.5
        if seen and inside and gap <= _APART:
            yield _Mark(mark.hint, float(x), float(y))
