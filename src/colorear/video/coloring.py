"""The colors of a film's frames, one stretch of a shot after the other.

Frames wait, as planes of luma, until a stretch of them is there; so the memory that is needed
depends on their size and not on the length of the film.
"""

import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from colorear import color
from colorear.hints import Hint, Place
from colorear.models import Network
from colorear.video.chroma import small_luma
from colorear.video.facts import Facts
from colorear.video.film import Picture
from colorear.video.flow import motion
from colorear.video.shots import cut_between, is_cut
from colorear.video.steady import TOLD, Agreed, Frame, agree

__all__ = ["STRETCH", "Colored", "Look", "Memory", "color_pictures"]

Planes = NDArray[np.float32]

_LIGHTNESS: Planes = np.asarray(color.luma_to_lightness(np.arange(256) / 255), np.float32)
STRETCH = 48
"""Frames that are colored together, at most."""
_WAITING = 24 << 20  # bytes of luma that wait for their colors, at most
_MADE = 5.0  # CIELAB units: a color that hints change by more is what they made it
_FEWEST = 4  # frames of a stretch, however large they are


@dataclass(frozen=True)
class Memory:
    """What the frames to come must know of those before them."""

    luma: NDArray[np.uint8]
    """The last one's, at the network's size."""
    agreed: Agreed

    def packed(self) -> bytes:
        """As bytes, of which `unpacked` makes the same again."""
        planes = (self.luma, self.agreed.ab, self.agreed.weight)
        parts = [(plane.shape, zlib.compress(plane.tobytes(), 1)) for plane in planes]
        return msgspec.msgpack.encode(parts)

    @classmethod
    def unpacked(cls, content: bytes) -> "Memory":
        """The reverse."""
        parts = msgspec.msgpack.decode(content, type=list[tuple[tuple[int, ...], bytes]])
        luma, ab, weight = (
            np.frombuffer(zlib.decompress(packed), kind).reshape(shape)
            for (shape, packed), kind in zip(parts, ("u1", "<f4", "<f4"), strict=True)
        )
        return cls(luma, Agreed(ab, weight))


class Colored(NamedTuple):
    """A picture and its colors."""

    picture: Picture
    ab: Planes
    """`(2, h, w)` at the network's size, lying as the picture does."""
    luma: Planes
    """`(h, w)` at that size, 0..1."""
    cut: bool
    """Whether a shot begins with it."""
    memory: Memory | None
    """What must be known of it if the next picture is the first of another run; None where a
    stretch is not over yet."""


class Look:
    """How the network sees a film: upright, with square pixels, at the size that it wants."""

    def __init__(self, facts: Facts, network: Network, vividness: float) -> None:
        self._facts, self._network, self._vividness = facts, network, vividness
        # a film that is smaller stays so: its motion is followed by the pixels that it has
        height, width = map(min, network.fit(*facts.shown), facts.shown)
        self._size = (width, height) if facts.rotation % 180 else (height, width)
        self._turns = facts.rotation // 90

    def small(self, picture: Picture) -> NDArray[np.uint8]:
        """Its luma `(h, w)`, lying as it does in the film, 0 black to 255 white."""
        units = small_luma(picture.luma, self._facts.layout, *self._size)
        levels: NDArray[np.uint8] = np.rint(units * 255).astype(np.uint8)
        return levels

    def upright(self, luma: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """A picture `(h, w)` that lies as it does in the film, turned as it is seen."""
        return np.rot90(luma, self._turns)

    def lying(self, seen: Place) -> Place:
        """Where a place of the upright picture is in the one that lies as in the film."""
        place = seen
        for _ in range(self._turns):
            place = Place(1 - place.y, place.x)
        return place

    def seen(self, lying: Place) -> Place:
        """The reverse."""
        place = lying
        for _ in range(self._turns):
            place = Place(place.y, 1 - place.x)
        return place

    def colors(self, frame: Frame) -> Planes:
        """a*b* `(h, w, 2)` of a frame by itself, lying as it does in the film."""
        return self._colors(frame.luma, frame.hints)

    def opinion(self, frame: Frame) -> Agreed:
        """The same, and how much each place counts beside those of other frames."""
        ab = self.colors(frame)
        weight = np.ones(ab.shape[:2], np.float32)
        if frame.hints:
            moved = np.linalg.norm(ab - self._colors(frame.luma, ()), axis=2)
            weight[moved > _MADE] = TOLD
        return Agreed(ab, weight)

    def _colors(self, luma: NDArray[np.uint8], hints: Sequence[Hint]) -> Planes:
        ab = self._network.ab(_LIGHTNESS[self.upright(luma)], hints, self._vividness)
        lying: Planes = np.rot90(ab, -self._turns, axes=(1, 2)).transpose(1, 2, 0)
        return np.ascontiguousarray(lying, np.float32)


@dataclass(frozen=True)
class _Manner:
    """How a stretch of frames is colored, by whom."""

    look: Look
    steady: float
    pool: Executor

    def colors(
        self, frames: Sequence[Frame], before: Agreed | None
    ) -> tuple[Iterable[Planes], Agreed | None]:
        """a*b* `(h, w, 2)` of each, as soon as it is there, and what is agreed at their end."""
        if self.steady == 0:  # those of the next frames are made while one is encoded
            return self.pool.map(self.look.colors, frames), before
        agreed, end = agree(frames, self.look.opinion, before, self.pool.map)
        if self.steady == 1:
            return agreed, end
        part = np.float32(self.steady)
        alone = self.pool.map(self.look.colors, frames)
        return (own + (ab - own) * part for ab, own in zip(agreed, alone, strict=True)), end


@dataclass
class _Stretch:
    pictures: list[Picture] = field(default_factory=list)
    frames: list[Frame] = field(default_factory=list)
    cut: bool = False


def color_pictures(
    pictures: Iterable[Picture],
    facts: Facts,
    network: Network,
    *,
    vividness: float,
    steady: float,
    memory: Memory | None = None,
    told: Mapping[int, tuple[Hint, ...]] | None = None,
    threads: int = 1,
) -> Iterator[Colored]:
    """Each of a film's pictures with its colors, in order.

    `memory` is that of the picture before the first one, if there is one; `told` are the hints of
    pictures, by their times. So many `threads` ask the network, each for a picture of its own.
    """
    look = Look(facts, network, vividness)
    pool = ThreadPoolExecutor(threads, "network")
    try:
        yield from _colored(pictures, _Manner(look, steady, pool), facts, memory, told or {})
    finally:
        pool.shutdown(cancel_futures=True)


def _colored(
    pictures: Iterable[Picture],
    manner: _Manner,
    facts: Facts,
    memory: Memory | None,
    told: Mapping[int, tuple[Hint, ...]],
) -> Iterator[Colored]:
    largest = facts.width * facts.height * (1 if facts.layout.bits == 8 else 2)
    most = max(_FEWEST, min(STRETCH, _WAITING // largest))
    stretch = _Stretch(cut=memory is None)
    for picture in pictures:
        luma = manner.look.small(picture)
        before = stretch.frames[-1].luma if stretch.frames else memory.luma if memory else None
        hints = told.get(picture.time, ())
        frame = Frame(luma, None, None, hints)
        if before is not None:
            moved = motion(luma, before) if manner.steady > 0 else None
            if is_cut(before, luma, *moved) if moved else cut_between(before, luma):
                yield from _finished(stretch, manner, memory)
                memory, stretch = None, _Stretch(cut=True)
            elif moved:
                frame = Frame(luma, *moved, hints)
        if len(stretch.frames) == most:
            for colored in _finished(stretch, manner, memory):
                yield colored
                memory = colored.memory or memory
            stretch = _Stretch()
        stretch.pictures.append(picture)
        stretch.frames.append(frame)
    yield from _finished(stretch, manner, memory)


def _finished(stretch: _Stretch, manner: _Manner, memory: Memory | None) -> Iterator[Colored]:
    if not stretch.frames:
        return
    colors, end = manner.colors(stretch.frames, memory.agreed if memory else None)
    for number, (picture, ab) in enumerate(zip(stretch.pictures, colors, strict=True)):
        frame = stretch.frames[number]
        last = number == len(stretch.pictures) - 1
        if last and end is None:  # nothing is agreed where each frame is by itself
            end = Agreed(ab, np.ones(ab.shape[:2], np.float32))
        yield Colored(
            picture,
            np.ascontiguousarray(ab.transpose(2, 0, 1)),
            frame.luma * np.float32(1 / 255),
            cut=stretch.cut and number == 0,
            memory=Memory(frame.luma, end) if last and end is not None else None,
        )
