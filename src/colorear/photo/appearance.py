"""What a photograph looks like: gray, toned or in color; or nothing that color fits.

A toned photograph (sepia, cyanotype, selenium, a yellowed print) has one color for each lightness,
whatever is shown; its stains change smoothly. What departs from that is in color. Thresholds were
set on photographs whose kind is known: docs/how.md has the rates.
"""

import mmap
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Literal, get_args

import numpy as np
import pyvips
from numpy.typing import NDArray

from colorear import color
from colorear.errors import PhotographError
from colorear.photo import icc, provenance, raster
from colorear.photo.photograph import Photo, open_photo, pixels
from colorear.photo.sniffing import opened, reading

__all__ = [
    "APPEARANCES",
    "LEFT_ALONE",
    "ONE_TONE",
    "REASONS",
    "Appearance",
    "appearance_of",
    "appearance_of_all",
    "tones_of",
    "why_in_color",
]

Planes = NDArray[np.float32]
Tones = Literal["gray", "toned", "color"]
Appearance = Literal["gray", "toned", "color", "colored", "bilevel", "halftone", "negative"]
"""Of no tone; of one; of more; colored by colorear; without grays; printed in dots; a negative."""

APPEARANCES: tuple[Appearance, ...] = get_args(Appearance)
REASONS: dict[Appearance, str] = {
    "color": "is in color already",
    "colored": "was colored by colorear already",
    "bilevel": "has only black and white and no grays, as text and drawings, so that no color fits",
    "halftone": "is printed in dots (a halftone), so that hardly any color fits",
    "negative": "looks like a negative, which no color fits until it is inverted",
}
"""Why a photograph need not be colored, in words that follow its name; none for the others."""

LEFT_ALONE: frozenset[Appearance] = frozenset({"color", "colored", "bilevel"})
"""What is left alone where nobody has named it. Halftones are not: they show photographs."""

ONE_TONE: frozenset[Appearance] = frozenset({"gray", "toned"})
"""What may be a negative, which a network tells: `Network.is_negative`."""

_NAMESPACE = b"urn:colorear:provenance:"  # stands in every file that colorear colored
_LONGEST = 128  # pixels: noise and the smear of a JPEG's chroma are averaged away
_INNER = 0.1  # of each side that is not looked at: album pages, rulers, handwriting
_GRAY = 3.0  # CIELAB units of chroma, beyond which something has a tone
_MOST = 95  # per cent of the places must be like the others; the rest may be stamps and stains
_GROUPS = 24  # of equal lightness, each of which has its tone
_STAINS = 4  # parts of each side: what changes more slowly is a stain
_OTHER_HUE = 3.0, 0.06  # CIELAB units, and of the chroma, by which hues differ
_OTHER_COLOR = 3.5, 0.17  # the same for colors of places beside one another
_ROWS = 512  # in the middle of the picture, at its own size: dots are seen there
_LEAST = 256  # pixels of each side, or there is nothing to see dots in
_BETWEEN = 0.15  # of the way from black to white on either side: what is between is gray
_GRAYS = 0.03  # of all pixels, the most that edges have in what has no grays
_CONTRAST = 0.5  # from black to white, at least, of what has no grays
_SCREEN = 0.08, 0.49  # periods of dots for each pixel, between which they are looked for
_PEAK = 3.4  # natural logarithm of how far dots stand out of what has as many periods


def appearance_of(photo: Photo, *, coarse: pyvips.Image | None = None) -> Appearance:
    """Tell what a photograph looks like; half of its rows are decoded at the most.

    Parameters
    ----------
    coarse
        What `decode_coarse` gave, if it was called already.

    Returns
    -------
    Appearance
        Any but `negative`: what is in it tells that, and it is not looked at here.

    Raises
    ------
    PhotographError
        Where the picture is damaged.
    """
    if provenance.read(photo.xmp):
        return "colored"
    tones = tones_of(_small(photo, coarse))
    if tones == "color":
        return tones
    middle = _middle(photo)
    if min(middle.shape[:2]) < _LEAST:
        return tones
    if _has_no_grays(raster.luma_of(middle[::2, ::2])):  # a quarter of them tells as much
        return "bilevel"
    return "halftone" if _dots(raster.luma_of(_square(middle))) > _PEAK else tones


def why_in_color(photograph: Path) -> str:
    """Why it needs no color: it has colorear's own; nothing if it needs some."""
    try:
        with (
            photograph.open("rb") as file,
            mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as m,
        ):
            if m.find(_NAMESPACE) < 0:  # without looking further: there may be a million
                return ""
        mark = provenance.read(open_photo(photograph).xmp)
    except (OSError, ValueError, PhotographError):
        return ""  # whoever colors it says what is wrong
    return "" if mark is None else f"it was colored by colorear {mark.version}"


def appearance_of_all(pages: Sequence[Photo], *, coarse: pyvips.Image | None = None) -> Appearance:
    """That of the first page that needs color; of the first one if none does.

    Pages that are damaged are passed over. Raises PhotographError where all are.
    """
    first = None
    for page in pages:
        try:
            seen = appearance_of(page, coarse=coarse)
        except PhotographError:
            if page is pages[-1] and first is None:
                raise
            continue
        if seen not in LEFT_ALONE:
            return seen
        first = first or seen
    return first or "gray"


def tones_of(srgb: Planes) -> Tones:
    """How many tones a small picture has: none, one for each lightness, or more.

    Parameters
    ----------
    srgb : (3, h, w)
        In 0..1, some hundred pixels long; larger ones only take longer.
    """
    lab = color.srgb_to_lab(srgb)
    lightness, ab = lab[0].ravel(), lab[1:].reshape(2, -1)
    chroma = float(np.percentile(np.hypot(*ab), _MOST))
    if chroma < _GRAY:
        return "gray"
    tone = _tone(lightness, ab)
    apart = ab - tone
    # of one tone: a stain makes it stronger or weaker, and no other hue
    sideways = np.percentile(np.abs(_across(tone, apart)), _MOST)
    planes = apart.reshape(2, *srgb.shape[1:]).astype(np.float32)
    nearby = np.percentile(np.hypot(*(planes - _slow(planes))), _MOST)
    other_hue, other_color = (a + b * chroma for a, b in (_OTHER_HUE, _OTHER_COLOR))
    return "color" if sideways > other_hue or nearby > other_color else "toned"


def _small(photo: Photo, coarse: pyvips.Image | None) -> Planes:
    """sRGB `(3, h, w)` of all but the edges, at most so many pixels long, in 0..1."""
    scale = min(1, _LONGEST / max(photo.width, photo.height))
    size = photo.height, photo.width
    height, width = (max(1, round(side * scale)) for side in size)
    with reading(photo.path):
        if coarse is None and photo.format == "jpeg":
            on_load = next((s for s in (8, 4, 2) if s * scale <= 1 and s * 8 <= min(size)), 1)
            coarse = opened(photo.path, "jpeg", shrink=on_load)
        device = raster.shrunk(coarse or pixels(photo), height, width)
    rows, columns = (slice(round(s * _INNER), s - round(s * _INNER)) for s in (height, width))
    return icc.converted(device, source=photo.colored_profile, target=None)[:, rows, columns]


def _tone(lightness: Planes, ab: Planes) -> Planes:
    """The usual a*, b* `(2, n)` of what is as light."""
    groups = np.array_split(np.argsort(lightness), min(_GROUPS, lightness.size))
    centers = [float(np.median(lightness[group])) for group in groups]
    usual = [np.median(ab[:, group], axis=1) for group in groups]
    return np.array([np.interp(lightness, centers, [u[i] for u in usual]) for i in (0, 1)])


def _across(tone: Planes, apart: Planes) -> Planes:
    """How far `apart` lies beside the direction of the tone; all of it where there is none."""
    strength: Planes = np.hypot(*tone)
    mean = tone.mean(1)
    general = float(np.hypot(*mean))
    if general < _GRAY - 1:
        whole: Planes = np.hypot(*apart)
        return whole
    weak = strength < _GRAY - 1
    a, b = np.where(weak, (mean / general)[:, None], tone / np.maximum(strength, 1e-6))
    sideways: Planes = a * apart[1] - b * apart[0]
    return sideways


def _slow(planes: Planes) -> Planes:
    """What changes slowly in `(2, h, w)`: means of parts, and between them what lies between."""
    height, width = planes.shape[1:]
    rows, columns = (np.arange(min(_STAINS, n)) * n // min(_STAINS, n) for n in (height, width))
    sums = np.add.reduceat(np.add.reduceat(planes, rows, 1), columns, 2)
    counts = np.outer(np.diff([*rows, height]), np.diff([*columns, width]))
    return raster.Stretched((sums / counts).astype(np.float32), height, width).rows(0, height)


def _middle(photo: Photo) -> raster.Pixels:
    """Rows in the middle, `(h, w, bands)`."""
    count = min(_ROWS, photo.height)
    with reading(photo.path):
        rows = pixels(photo).crop(0, (photo.height - count) // 2, photo.width, count)
        return raster.array(rows)


def _has_no_grays(levels: Planes) -> bool:
    """Whether almost all is black or white, some of each."""
    black, white = np.percentile(levels, (0.5, 99.5))
    if white - black < _CONTRAST:
        return False
    part = (levels - black) / (white - black)
    return bool(np.mean((part > _BETWEEN) & (part < 1 - _BETWEEN)) < _GRAYS)


def _square(middle: raster.Pixels) -> raster.Pixels:
    """What dots are looked for in, of an even number of rows and columns."""
    size = min(_ROWS, *middle.shape[:2]) // 2 * 2
    top, left = ((side - size) // 2 for side in middle.shape[:2])
    return middle[top : top + size, left : left + size]


def _dots(square: Planes) -> float:
    """How far a screen of dots stands out: two waves of one length at a right angle."""
    size = len(square)
    window, places, starts = _rings(size)
    waves = np.abs(np.fft.rfft2((square - square.mean()) * window))
    heights = np.log(waves.ravel()[places] + 1e-9)
    for start, stop in pairwise(starts):
        half = (stop - start) // 2
        heights[start:stop] -= np.partition(heights[start:stop], half)[half]  # the median
    right = np.zeros((size, size // 2 + 1), np.float32)
    right.ravel()[places] = heights
    left = np.roll(right[::-1, -2:0:-1], 1, axis=0)  # the same turned round
    above = _widened(np.fft.fftshift(np.hstack([right, left])))
    turned = np.roll(np.rot90(above), 1, axis=0)  # whose middle is where that of the other is
    return float(np.minimum(above, turned).max())


@lru_cache(4)  # each takes up to 2 MB, and a server sees photographs of all sizes
def _rings(size: int) -> tuple[Planes, NDArray[np.intp], list[int]]:
    """A window of a square, and the places of its spectrum, ring by ring, where dots would be.

    Returns
    -------
    window
        `(size, size)`.
    places
        Of `rfft2` of a square laid out in a row, by their distance from frequency 0.
    starts
        Where each ring begins among these, and the last one ends.
    """
    window = np.hanning(size).astype(np.float32)
    down, across = (np.rint(f(size) * size) for f in (np.fft.fftfreq, np.fft.rfftfreq))
    ring = np.hypot(down[:, None], across).astype(int).ravel()
    first, last = (round(part * size) for part in _SCREEN)
    places = np.argsort(ring, kind="stable")
    starts = np.searchsorted(ring[places], range(first, last + 1))
    return np.outer(window, window), places[starts[0] : starts[-1]], [*(starts - starts[0])]


def _widened(heights: Planes) -> Planes:
    """The highest of five by five, as no screen lies exactly on the pixels of the spectrum."""
    for axis in (0, 1):
        two = np.maximum(heights, np.roll(heights, 1, axis))
        four = np.maximum(two, np.roll(two, 2, axis))
        heights = np.roll(np.maximum(four, np.roll(heights, 4, axis)), -2, axis)
    return heights
