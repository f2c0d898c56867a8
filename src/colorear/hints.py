"""What is known of a photograph's colors: "this coat is red, here"."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, TypeVar

import msgspec
import numpy as np
import webcolors
from numpy.typing import NDArray

from colorear import color
from colorear.errors import HintError

__all__ = [
    "Hint",
    "Place",
    "TimedHint",
    "Unreachable",
    "known_planes",
    "parse_hints",
    "pixel_at",
    "reachable",
    "read_hints",
    "read_timed_hints",
    "unreachable",
]

Planes = NDArray[np.float32]

_QUOTED = 40  # letters of what cannot be a color
_FURTHEST = 12.0  # from the hint in CIELAB units: less is hardly another color


class Place(NamedTuple):
    """A point of a photograph that is seen upright, in fractions of its size."""

    x: float
    """From the left, 0..1 of the width."""
    y: float
    """From the top, 0..1 of the height."""


@dataclass(frozen=True)
class Hint:
    """One place of a photograph, seen upright, and the color of what is there.

    Raises
    ------
    HintError
        For a place outside the photograph, an unknown color, or a radius that is none.

    Examples
    --------
    >>> Hint(0.31, 0.62, "firebrick").srgb
    (178, 34, 34)
    """

    x: float
    """From the left, as a fraction of the width."""
    y: float
    """From the top, as a fraction of the height."""
    color: str
    """A name or `#rrggbb` of CSS (CSS Color Module Level 3)."""
    radius: float = 0.01
    """Of the disc that has this color for certain, as a fraction of the shorter side."""

    def __post_init__(self) -> None:
        """Check it."""
        if not (0 <= self.x <= 1 and 0 <= self.y <= 1):
            raise HintError(
                f"the hint at ({self.x}, {self.y}) lies outside the photograph; "
                "x and y are fractions of its width and height, from 0 to 1"
            )
        if not 0 <= self.radius <= 1:
            raise HintError(
                f"the hint at ({self.x}, {self.y}) has the radius {self.radius}, but a fraction of "
                "the shorter side, from 0 to 1, is needed"
            )
        _ = self.srgb

    @property
    def place(self) -> Place:
        """Where it is."""
        return Place(self.x, self.y)

    @property
    def srgb(self) -> tuple[int, int, int]:
        """The color's sRGB bytes, 0..255."""
        try:
            if self.color.startswith("#"):
                return tuple(webcolors.hex_to_rgb(self.color))
            return tuple(webcolors.name_to_rgb(self.color))
        except ValueError:
            raise HintError(
                f"{self.color[:_QUOTED]!r} is no color that CSS knows; give a name such as "
                "firebrick, or #rrggbb"
            ) from None

    @property
    def ab(self) -> tuple[float, float]:
        """The color's a* and b*, in CIELAB units."""
        return _ab(self.srgb)


@dataclass(frozen=True)
class TimedHint(Hint):
    """One place of a film's picture, and the color of what is there, which it keeps for its shot.

    Raises HintError as `Hint` does, and for a time below 0.
    """

    time: float = 0.0
    """Seconds from the film's start at which it is there."""

    def __post_init__(self) -> None:
        """Check it."""
        super().__post_init__()
        if not 0 <= self.time < math.inf:
            raise HintError(
                f"the hint at ({self.x}, {self.y}) has the time {self.time}, but seconds from the "
                "film's start, 0 or more, are needed"
            )


@dataclass(frozen=True)
class Unreachable:
    """A hint whose color does not exist at the lightness of its place, and the nearest that does.

    Luma is never changed: a black coat can become dark red, but not bright red.
    """

    hint: Hint
    nearest: str
    """`#rrggbb`."""


def read_hints(path: str | Path) -> tuple[Hint, ...]:
    """Read the hints of a JSON file.

    Parameters
    ----------
    path
        A list of objects with `x`, `y`, `color` (or `colour`) and maybe `radius`, as in `Hint`.

    Raises
    ------
    HintError
        Where the file cannot be read, or holds anything else.
    """
    return parse_hints(_content(path), f"'{path}'")


def read_timed_hints(path: str | Path) -> tuple[TimedHint, ...]:
    """Read the hints of a JSON file for a film.

    Parameters
    ----------
    path
        A list as for `read_hints`, each with a `time` besides: seconds from the film's start, 0
        without it.

    Raises
    ------
    HintError
        Where the file cannot be read, or holds anything else.
    """
    records = _records(_content(path), f"'{path}'", _TimedRecord)
    return tuple(TimedHint(r.x, r.y, r.color or r.colour, r.radius, r.time) for r in records)


def parse_hints(content: bytes, name: str) -> tuple[Hint, ...]:
    """Parse the content of a hints file.

    Parameters
    ----------
    content
        JSON in UTF-8, as `read_hints` takes it.
    name
        What the sentences of errors call it.

    Raises
    ------
    HintError
        Where it is anything else.

    Examples
    --------
    >>> parse_hints(b'[{"x": 0, "y": 1, "color": "teal"}]', "this")
    (Hint(x=0.0, y=1.0, color='teal', radius=0.01),)
    """
    records = _records(content, name, _HintRecord)
    return tuple(Hint(r.x, r.y, r.color or r.colour, r.radius) for r in records)


def known_planes(hints: Sequence[Hint], height: int, width: int) -> Planes:
    """Draw hints as a network takes them.

    Returns
    -------
    ndarray of float32, (3, height, width)
        a* and b* in CIELAB units and a mask: 1 where they are known; all three 0 elsewhere. Each
        hint covers one pixel at least; later ones lie upon earlier ones.
    """
    known = np.zeros((3, height, width), np.float32)
    rows, columns = np.ogrid[:height, :width]
    for hint in hints:
        row, column = pixel_at(hint.place, height, width)
        radius = hint.radius * min(height, width)
        inside = (rows - row) ** 2 + (columns - column) ** 2 <= radius**2
        known[:, inside] = np.array([*hint.ab, 1], np.float32)[:, None]
    return known


def pixel_at(place: Place, height: int, width: int) -> tuple[int, int]:
    """Row and column of a place in a picture of that size.

    >>> pixel_at(Place(0.5, 1), 10, 20)
    (9, 10)
    """
    return min(int(place.y * height), height - 1), min(int(place.x * width), width - 1)


def reachable(lightness: float, ab: tuple[float, float]) -> str:
    """`#rrggbb` of a color at that L* (0..100), less vivid where sRGB has none like it.

    >>> reachable(50, (0, 0)), reachable(50, (90, 60))
    ('#777777', '#ff3b49')
    """
    luma = color.lightness_to_luma(np.full((1, 1, 1), lightness, np.float64))
    chroma = color.limit_chroma(luma, color.ab_to_chroma(luma, np.array(ab).reshape(2, 1, 1)))
    srgb = np.clip(color.ycc_to_srgb(np.concatenate((luma, chroma))), 0, 1)
    return str(webcolors.rgb_to_hex(tuple(np.rint(255 * srgb).astype(int).ravel().tolist())))


def unreachable(hints: Sequence[Hint], lightness: Planes) -> tuple[Unreachable, ...]:
    """Those of the hints whose colors do not exist on the photograph.

    Parameters
    ----------
    hints
        What is known of the colors.
    lightness : (h, w), 0..100
        L* of the photograph, upright, of any size; it stays as it is.
    """
    found = []
    for hint in hints:
        level = float(lightness[pixel_at(hint.place, *lightness.shape)])
        nearest = reachable(level, hint.ab)
        if np.hypot(*np.subtract(_ab(webcolors.hex_to_rgb(nearest)), hint.ab)) > _FURTHEST:
            found.append(Unreachable(hint, nearest))
    return tuple(found)


def _ab(srgb: tuple[int, int, int]) -> tuple[float, float]:
    _, a, b = color.srgb_to_lab(np.array(srgb, np.float64).reshape(3, 1, 1) / 255).ravel()
    return float(a), float(b)


class _HintRecord(msgspec.Struct, forbid_unknown_fields=True):
    """A hint as JSON spells it: with one of the two spellings of its color."""

    x: float
    y: float
    color: str = ""
    colour: str = ""
    radius: float = 0.01

    def __post_init__(self) -> None:
        if bool(self.color) == bool(self.colour):
            raise ValueError('one of "color" and "colour" is needed')


class _TimedRecord(_HintRecord, forbid_unknown_fields=True):
    """The same of a film."""

    time: float = 0.0


_Record = TypeVar("_Record", bound=_HintRecord)


def _content(path: str | Path) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise HintError(f"'{path}' cannot be read: {error.strerror}; check the name") from error


def _records(content: bytes, name: str, kind: type[_Record]) -> list[_Record]:
    try:
        return msgspec.json.decode(content, type=list[kind])  # type: ignore[valid-type]
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        time = ', "time": 12.5' if issubclass(kind, _TimedRecord) else ""
        raise HintError(
            f"{name} holds no hints ({error}); a list such as "
            f'[{{"x": 0.31, "y": 0.62, "color": "#8a2b2b", "radius": 0.01{time}}}] is needed'
        ) from error
