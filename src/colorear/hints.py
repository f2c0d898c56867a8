"""What somebody knows or wishes of a photograph's colours: "this coat is red, here"."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
import webcolors
from numpy.typing import NDArray

from colorear import color
from colorear.errors import HintError

__all__ = [
    "MOST_VIVID",
    "NO_WISHES",
    "Hint",
    "Unreachable",
    "Wishes",
    "known_planes",
    "parse_hints",
    "pixel_of",
    "reachable",
    "read_hints",
    "unreachable",
]

Planes = NDArray[np.float32]

MOST_VIVID = 3.0
_QUOTED = 40  # letters of what cannot be a colour
_FURTHEST = 12.0  # from the wish in CIELAB units: less is hardly another colour


@dataclass(frozen=True)
class Hint:
    """One place of a photograph, seen upright, and the colour of what is there.

    Raises HintError for a place outside the photograph, an unknown colour or a radius that is none.

    >>> Hint(0.31, 0.62, "firebrick").srgb
    (178, 34, 34)
    """

    x: float
    """From the left, as a fraction of the width."""
    y: float
    """From the top, as a fraction of the height."""
    colour: str
    """A name or `#rrggbb` of CSS (CSS Color Module Level 3)."""
    radius: float = 0.01
    """Of the place that has this colour for certain, as a fraction of the shorter side."""

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
    def srgb(self) -> tuple[int, int, int]:
        """The colour in bytes."""
        try:
            if self.colour.startswith("#"):
                return tuple(webcolors.hex_to_rgb(self.colour))
            return tuple(webcolors.name_to_rgb(self.colour))
        except ValueError:
            raise HintError(
                f"{self.colour[:_QUOTED]!r} is no colour that CSS knows; give a name such as "
                "firebrick, or #rrggbb"
            ) from None

    @property
    def ab(self) -> tuple[float, float]:
        """Its a* and b*."""
        srgb = np.array(self.srgb, np.float64).reshape(3, 1, 1) / 255
        _, a, b = color.srgb_to_lab(srgb).ravel()
        return float(a), float(b)


@dataclass(frozen=True)
class Wishes:
    """How a photograph is to be coloured. Raises HintError where a number is out of its range."""

    hints: tuple[Hint, ...] = ()
    vividness: float = 1.0
    """0 for grey, 1 for the colours of life as the network sees them, up to 3 for stronger ones."""
    variant: int = 0
    """0 for the colours that the network holds for the best, from 1 on other plausible ones."""

    def __post_init__(self) -> None:
        """Check it."""
        if not 0 <= self.vividness <= MOST_VIVID:
            raise HintError(
                f"a vividness of {self.vividness} came, but one from 0 (grey) over 1 (as in life) "
                f"to {MOST_VIVID:g} is needed"
            )
        if self.variant < 0:
            raise HintError(
                f"variant {self.variant} came, but 0, for the best colours, or more is needed"
            )


NO_WISHES = Wishes()


@dataclass(frozen=True)
class Unreachable:
    """A hint whose colour does not exist at the lightness of its place, and the nearest that does.

    Luma is never changed: a black coat can become dark red, but not bright red.
    """

    hint: Hint
    nearest: str
    """`#rrggbb`."""


def read_hints(path: str | Path) -> tuple[Hint, ...]:
    """The hints of a JSON file: a list of objects with `x`, `y`, `colour` and maybe `radius`.

    Raises HintError.
    """
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise HintError(f"'{path}' cannot be read: {error.strerror}; check the name") from error
    return parse_hints(content, f"'{path}'")


def parse_hints(content: bytes, name: str) -> tuple[Hint, ...]:
    """The same from the content of such a file; `name` is what errors call it.

    >>> parse_hints(b'[{"x": 0, "y": 1, "colour": "teal"}]', "this")
    (Hint(x=0.0, y=1.0, colour='teal', radius=0.01),)
    """
    try:
        told = msgspec.json.decode(content, type=list[_Told])
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise HintError(
            f"{name} holds no hints ({error}); a list such as "
            '[{"x": 0.31, "y": 0.62, "colour": "#8a2b2b", "radius": 0.01}] is needed'
        ) from error
    return tuple(Hint(one.x, one.y, one.colour, one.radius) for one in told)


def known_planes(hints: Sequence[Hint], height: int, width: int) -> Planes:
    """a*, b* and a mask `(3, height, width)`: 1 where they are known, and all 0 elsewhere.

    Each hint covers one pixel at least; later ones lie upon earlier ones.
    """
    known = np.zeros((3, height, width), np.float32)
    rows, columns = np.ogrid[:height, :width]
    for hint in hints:
        row, column = pixel_of(hint, height, width)
        radius = hint.radius * min(height, width)
        there = (rows - row) ** 2 + (columns - column) ** 2 <= radius**2
        known[:, there] = np.array([*hint.ab, 1], np.float32)[:, None]
    return known


def pixel_of(hint: Hint, height: int, width: int) -> tuple[int, int]:
    """Row and column of its place in a picture of that size."""
    return min(int(hint.y * height), height - 1), min(int(hint.x * width), width - 1)


def reachable(lightness: float, ab: tuple[float, float]) -> str:
    """`#rrggbb` of a colour at that L*, less vivid where sRGB has none like it.

    >>> reachable(50, (0, 0)), reachable(50, (90, 60))
    ('#777777', '#ff3b49')
    """
    luma = color.lightness_to_luma(np.full((1, 1, 1), lightness, np.float64))
    chroma = color.limit_chroma(luma, color.ab_to_chroma(luma, np.array(ab).reshape(2, 1, 1)))
    srgb = np.clip(color.ycc_to_srgb(np.concatenate((luma, chroma))), 0, 1)
    return str(webcolors.rgb_to_hex(tuple(np.rint(255 * srgb).astype(int).ravel().tolist())))


def unreachable(hints: Sequence[Hint], lightness: Planes) -> tuple[Unreachable, ...]:
    """Those of the hints whose colours cannot be had on L* `(h, w)`, which stays as it is."""
    found = []
    for hint in hints:
        nearest = reachable(float(lightness[pixel_of(hint, *lightness.shape)]), hint.ab)
        if np.hypot(*np.subtract(Hint(0, 0, nearest).ab, hint.ab)) > _FURTHEST:
            found.append(Unreachable(hint, nearest))
    return tuple(found)


class _Told(msgspec.Struct, forbid_unknown_fields=True):
    x: float
    y: float
    colour: str
    radius: float = 0.01
