"""Pictures, some rows at a time: their luma, and the same picture with chroma beside it.

Luma is Y' of ITU-R BT.601 of the picture's own values, in 0..1. Alpha is carried along.
"""

import math
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyvips
from numpy.typing import NDArray

from colorear import color
from colorear.errors import PhotographError

__all__ = [
    "Chroma",
    "ChromaRows",
    "Stretched",
    "alpha",
    "array",
    "bits",
    "chroma_levels",
    "colored",
    "from_array",
    "gray_lightness",
    "luma",
    "luma_of",
    "multiplied",
    "shrunk",
    "white",
    "written_in_color",
]

Planes = NDArray[np.float32]
Pixels = NDArray[Any]
"""`(h, w)` grey or `(h, w, bands)`, of whole numbers or float32; the last of 2 or 4 is alpha."""

ChromaRows = Callable[[Planes, int], Planes]
"""Luma `(n, w)` of some rows of a picture, and the first of these, to their Cb and Cr `(2, n, w)`.

These are in -0.5..0.5 within the gamut; whoever gets them may change them.
"""

Chroma = Callable[[int, int], ChromaRows]
"""What makes them, for a picture of so many rows and columns."""

_LUMA = [list(color.LUMA)]  # as in color.luma, which sees arrays and not streams
_BAND = 1 << 15  # pixels at a time: their planes stay in the cache of a processor
_READ = 1 << 20  # pixels that libvips is asked for at a time
_WHITE = {"uchar": 2**8 - 1, "ushort": 2**16 - 1, "uint": 2**32 - 1, "float": 1}
_TINY = 1e-300  # more than nothing, for divisions
_EXACT = 1e-6  # of a level: less than what libvips cuts off, more than what doubles are off by


class Stretched:
    """Planes `(c, h, w)` brought to another size by linear interpolation, some rows at a time.

    Pixel centres lie at i + 0.5; beyond the outermost of them the edge value goes on.

    >>> Stretched(np.array([[[0, 4]]], np.float32), 1, 4).rows(0, 1).tolist()
    [[[0.0, 1.0, 3.0, 4.0]]]
    """

    def __init__(self, planes: Planes, height: int, width: int) -> None:
        low, high, part = _between(planes.shape[2], width)
        self._wide = _mixed(planes.take(low, 2), planes.take(high, 2), part)
        self._low, self._high, self._part = _between(planes.shape[1], height)

    def rows(self, top: int, bottom: int) -> Planes:
        """The rows from `top` to before `bottom`, `(c, n, w)`."""
        here, there = (self._wide.take(row[top:bottom], 1) for row in (self._low, self._high))
        return _mixed(here, there, self._part[top:bottom, None])


def _between(old: int, new: int) -> tuple[NDArray[np.intp], NDArray[np.intp], Planes]:
    """For each of `new` pixels the two of `old` beside it, and how far from the first it is."""
    place = np.clip((np.arange(new) + 0.5) * old / new - 0.5, 0, old - 1)
    low = place.astype(np.intp)
    return low, np.minimum(low + 1, old - 1), (place - low).astype(np.float32)


def _mixed(here: Planes, there: Planes, part: Planes) -> Planes:
    """`here` where `part` is 0, `there` where it is 1; both are used up."""
    there -= here
    there *= part
    there += here
    return there


def from_array(picture: NDArray[Any]) -> pyvips.Image:
    """An array, (h, w) grey or (h, w, 3) RGB, uint8 or uint16, as a picture.

    Raises PhotographError for any other array.
    """
    shape: tuple[int, ...] = getattr(picture, "shape", ())
    kind = getattr(picture, "dtype", type(picture).__name__)
    gray_or_rgb = len(shape) == 2 or (len(shape) == 3 and shape[2] == 3)
    if not gray_or_rgb or 0 in shape or kind not in (np.uint8, np.uint16):
        raise PhotographError(
            f"the array has shape {shape} and type {kind}, but (h, w) or (h, w, 3) of uint8 or "
            "uint16 is needed; scale and convert it first"
        )
    return pyvips.Image.new_from_array(np.ascontiguousarray(picture))


def bits(picture: pyvips.Image) -> Literal[8, 16, 24, 32]:
    """The depth of a channel; 24 for floats, which are as exact as whole numbers of so many."""
    depths: dict[str, Literal[16, 24, 32]] = {"ushort": 16, "float": 24, "uint": 32}
    return depths.get(picture.format, 8)


def white(picture: pyvips.Image) -> int:
    """The value of white: 1 in floats."""
    return _WHITE[picture.format]


def array(picture: pyvips.Image) -> Pixels:
    """All of its pixels, (h, w, bands): libvips' own leaves out what is 1."""
    pixels: Pixels = picture.numpy().reshape(picture.height, picture.width, picture.bands)
    return pixels


def luma(picture: pyvips.Image) -> pyvips.Image:
    """One float band in 0..1, for grey or RGB; a double one where floats are not exact enough."""
    opaque = _opaque(picture)
    opaque = opaque.cast("double") if bits(picture) > 16 else opaque
    levels = opaque.recomb(_LUMA) if opaque.bands == 3 else opaque
    return (levels / white(picture)).copy(interpretation="b-w")


def luma_of(picture: Pixels, kind: type[np.floating] = np.float32) -> NDArray[Any]:
    """`luma` of an array, (h, w) or (h, w, bands): (h, w)."""
    unit = 1 / _most(picture)
    if picture.ndim == 2 or picture.shape[2] < 3:
        gray: NDArray[Any] = (picture if picture.ndim == 2 else picture[..., 0]) * kind(unit)
        return gray
    red, green, blue = (picture[..., i] * kind(w * unit) for i, w in enumerate(color.LUMA))
    return np.asarray(red + green + blue)


def chroma_levels(
    picture: Pixels, chroma: Chroma, size: tuple[int, int], step: int
) -> NDArray[np.uint8]:
    """Cb and Cr `(2, h, w)` in levels, 128 for none, at `size` (h, w).

    `picture` has one pixel for `step` of them across and down.
    """
    height, width = picture.shape[:2]
    by_rows = chroma(height, width)
    coarse = np.empty((2, height, width), np.uint8 if step == 1 else np.float32)
    for rows in _bands(height, width):
        planes = by_rows(luma_of(picture[rows]), rows.start)
        planes *= 255
        planes += 128
        coarse[:, rows] = np.rint(planes, out=planes) if step == 1 else planes
    if step == 1:
        return coarse
    fine = Stretched(coarse, step * height, step * width)
    made = np.empty((2, *size), np.uint8)
    for rows in _bands(*size):
        planes = fine.rows(rows.start, rows.stop)
        made[:, rows] = np.rint(planes, out=planes)[..., : size[1]]
    return made


def colored(picture: Pixels, chroma: Chroma) -> Pixels:
    """RGB of the same type with the picture's luma, within one level, and chroma made for it."""
    made = np.empty((*picture.shape[:2], _channels(picture)), picture.dtype)
    _color(picture, chroma(*picture.shape[:2]), 0, made)
    return made


def written_in_color(
    picture: pyvips.Image, chroma: Chroma, path: Path, *, multiply: bool = False
) -> pyvips.Image:
    """As `colored`, for a picture of random access; what it tells besides its pixels is left out.

    They lie in a new file, which must be there as long as they are needed: there may be more of
    them than the memory holds.

    Parameters
    ----------
    multiply
        Whether colors are to be multiplied by alpha, as they were before libvips undid it.

    Raises
    ------
    pyvips.Error, OSError
        Where the file is damaged, or the disk is full.
    """
    height, width = picture.height, picture.width
    by_rows = chroma(height, width)
    with path.open("xb") as file:
        for rows in _bands(height, width, _READ):
            strip = array(picture.crop(0, rows.start, width, rows.stop - rows.start))
            made = np.empty((*strip.shape[:2], _channels(strip)), strip.dtype)
            _color(strip, by_rows, rows.start, made, multiply=multiply)
            file.write(made.data)
    return pyvips.Image.rawload(
        os.fsencode(path),
        width,
        height,
        _channels(strip),
        format=picture.format,
        interpretation="srgb" if bits(picture) == 8 else "rgb16",
        access="sequential",
    )


def _bands(height: int, width: int, pixels: int = _BAND) -> Iterator[slice]:
    """Rows, about so many pixels at a time."""
    step = math.ceil(pixels / width)
    return (slice(top, min(top + step, height)) for top in range(0, height, step))


def _color(
    picture: Pixels, chroma: ChromaRows, first: int, into: Pixels, *, multiply: bool = False
) -> None:
    """`colored` for the rows of a picture that begin with its row `first`."""
    most = np.float32(_most(picture))
    for rows in _bands(*picture.shape[:2]):
        seen = luma_of(picture[rows])
        cb, cr = chroma(seen, first + rows.start)
        if multiply:
            share = picture[rows, :, -1] / np.float64(most)
            stored = np.ceil(picture[rows, :, :-1] * share[..., None] - _EXACT)
            seen = luma_of(stored.astype(picture.dtype))
            cb, cr = (plane * share.astype(np.float32) for plane in (cb, cr))
        if into.shape[2] == 4:
            into[rows, :, 3] = picture[rows, :, -1]
        if picture.dtype.itemsize > 2:
            into[rows, :, :3] = _exactly(picture[rows], cb, cr)
            continue
        for channel, (of_cb, of_cr) in enumerate(color.CHROMA_TO_RGB):
            level = seen + np.float32(of_cb) * cb if of_cb else seen.copy()
            if of_cr:
                level += np.float32(of_cr) * cr
            level *= most
            into[rows, :, channel] = np.rint(level, out=level)


def _exactly(picture: Pixels, cb: Planes, cr: Planes) -> NDArray[np.float64]:
    """RGB levels of what has more bits than singles are exact to, never outside of its range."""
    seen = luma_of(picture, np.float64)[..., None]
    away = np.stack((cb, cr), -1) @ np.array(color.CHROMA_TO_RGB).T
    low, high = (end(away, axis=-1, keepdims=True) for end in (np.min, np.max))
    room = np.minimum(seen / (_TINY - low), (1 - seen) / (_TINY + high))
    levels: NDArray[np.float64] = (seen + away * np.minimum(room, 1)).clip(0, 1) * _most(picture)
    return levels.round() if _most(picture) > 1 else levels


def _channels(picture: Pixels) -> int:
    """Of the same picture in colour."""
    return 4 if picture.ndim == 3 and picture.shape[2] in (2, 4) else 3


def _most(picture: Pixels) -> int:
    """The value of white in an array."""
    return int(np.iinfo(picture.dtype).max) if np.issubdtype(picture.dtype, np.integer) else 1


def multiplied(picture: pyvips.Image) -> pyvips.Image:
    """A picture with alpha whose colors are multiplied by it, of the same type.

    libvips, as it undoes that, cuts off what is beyond whole numbers: so the next one is the right
    one, not the nearest.
    """
    other = picture[picture.bands - 1]
    share = other.cast("double") / white(picture)
    colors = (_opaque(picture).cast("double") * share - _EXACT).ceil()
    return colors.cast(picture.format).bandjoin(other).copy(interpretation=picture.interpretation)


def shrunk(picture: pyvips.Image, height: int, width: int) -> Planes:
    """RGB `(3, height, width)` in 0..1 of the picture's own values, averaged down."""
    opaque = _opaque(picture)
    # the linear kernel averages, and stays within the values that it is given
    small = opaque.resize(width / opaque.width, vscale=height / opaque.height, kernel="linear")
    values = array(small).transpose(2, 0, 1)
    rgb = np.empty((3, height, width), np.float32)
    return np.multiply(values, np.float32(1 / white(picture)), out=rgb)


def gray_lightness(srgb: Planes) -> Planes:
    """L* `(h, w)` in 0..100 of the grey version of sRGB `(3, h, w)`: of its luma."""
    seen: Planes = color.luma_to_lightness(np.clip(color.luma(srgb)[0], 0, 1))
    return seen.astype(np.float32, copy=False)


def alpha(picture: pyvips.Image) -> pyvips.Image | None:
    """The channel beside gray or RGB; None where there is none."""
    return picture[picture.bands - 1] if picture.bands in (2, 4) else None


def _opaque(picture: pyvips.Image) -> pyvips.Image:
    return picture[: picture.bands - 1] if picture.bands in (2, 4) else picture
