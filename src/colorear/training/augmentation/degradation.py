"""Degradation of photographs as by time and old cameras.

Each fault is drawn on its own, from mild to bad, so most photographs have one or two.
"""

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from colorear import color

__all__ = [
    "BLACK",
    "BLUR",
    "EXPONENT",
    "FILMS",
    "GRAIN",
    "JPEG_QUALITY",
    "MARKS",
    "MARK_TONES",
    "PANCHROMATIC",
    "PARTS",
    "UNEVENNESS",
    "WHITE",
    "degrade",
]

Pixels = NDArray[np.uint8]
Luma = NDArray[np.float32]
Rng = np.random.Generator

# how much red, green and blue a film sees: panchromatic as BT.601, orthochromatic (no red), the
# first plates (blue alone); J. Peres, The Focal Encyclopedia of Photography, 4th ed., 2007
FILMS = ((0.299, 0.587, 0.114), (0.05, 0.55, 0.40), (0.02, 0.13, 0.85), (0.45, 0.45, 0.10))
PANCHROMATIC = 0.4  # of the photographs; the film of each other is one between two of these

PARTS = {
    "blurred": 0.35,
    "faded": 0.5,
    "unevenly faded": 0.2,
    "grainy": 0.4,
    "scratched": 0.15,
    "compressed": 0.35,
}
"""How many pictures have each fault, in the order in which they happen."""

BLUR = 0.4, 1.6  # pixels, of one standard deviation
BLACK, WHITE = (0.0, 0.25), (0.7, 1.0)  # luma, of what was 0 and 1
EXPONENT = -0.5, 0.5  # the logarithm of that of the tone curve
UNEVENNESS = 0.05, 0.25  # at the edges
GRAIN = 0.01, 0.07  # one standard deviation, in luma, times what the tone adds
MARKS = 1, 5  # scratches and specks of a picture
MARK_TONES = 0.02, 0.97
JPEG_QUALITY = 25, 84


def degrade(srgb: Pixels, rng: Rng) -> Luma:
    """Degrade one photograph.

    Parameters
    ----------
    srgb
        (h,w,3), sRGB bytes.
    rng
        What decides which faults the photograph gets, and how bad they are.

    Returns
    -------
    luma
        (h,w) in 0..1.
    """
    luma = _float32((srgb.astype(np.float32) / 255) @ _film(rng))
    for name, part in PARTS.items():
        if rng.random() < part:
            fault = _FAULTS[name]
            luma = _float32(np.clip(fault(luma, rng), 0, 1))
    return luma


def _film(rng: Rng) -> Luma:
    """Red, green and blue of one film, or of something between two."""
    if rng.random() < PANCHROMATIC:
        return np.array(color.LUMA, np.float32)
    one, other = rng.choice(len(FILMS), 2)
    weight = rng.random()
    return _float32(weight * np.array(FILMS[one]) + (1 - weight) * np.array(FILMS[other]))


def _blurred(luma: Luma, rng: Rng) -> Luma:
    return np.asarray(cv2.GaussianBlur(luma, (0, 0), rng.uniform(*BLUR)), np.float32)


def _faded(luma: Luma, rng: Rng) -> Luma:
    """Another tone curve, and less between black and white."""
    black, white = rng.uniform(*BLACK), rng.uniform(*WHITE)
    return _float32(black + (white - black) * luma ** np.exp(rng.uniform(*EXPONENT)))


def _unevenly_faded(luma: Luma, rng: Rng) -> Luma:
    """Lighter towards one side, or darker towards the corners."""
    rows, columns = np.meshgrid(*(np.linspace(-1, 1, side) for side in luma.shape), indexing="ij")
    angle, strength = rng.uniform(0, 2 * np.pi), rng.uniform(*UNEVENNESS)
    slope = np.cos(angle) * rows + np.sin(angle) * columns
    if rng.random() < 0.5:
        slope = -(rows**2 + columns**2)
    return _float32(luma * (1 + strength * slope))


def _grainy(luma: Luma, rng: Rng) -> Luma:
    """Grain of one to two pixels, strongest in the middle tones."""
    grain = rng.standard_normal(luma.shape).astype(np.float32)
    if rng.random() < 0.5:
        grain = _float32(1.8 * np.asarray(cv2.GaussianBlur(grain, (0, 0), 0.7)))
    strength = rng.uniform(*GRAIN) * (0.4 + 2.4 * luma * (1 - luma))
    return _float32(luma + strength * grain)


def _scratched(luma: Luma, rng: Rng) -> Luma:
    """A few thin lines and specks, white or black."""
    marked = luma.copy()
    height, width = luma.shape
    for _ in range(rng.integers(MARKS[0], MARKS[1] + 1)):
        tone = float(rng.choice(MARK_TONES))
        across, down = int(rng.integers(width)), int(rng.integers(height))
        if rng.random() < 0.5:
            end = (across + int(rng.integers(-6, 7)), int(rng.integers(height)))
            cv2.line(marked, (across, down), end, tone, 1, cv2.LINE_AA)
        else:
            cv2.circle(marked, (across, down), int(rng.integers(1, 3)), tone, -1, cv2.LINE_AA)
    return marked


def _compressed(luma: Luma, rng: Rng) -> Luma:
    quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(JPEG_QUALITY[0], JPEG_QUALITY[1] + 1))]
    _, content = cv2.imencode(".jpg", np.round(255 * luma).astype(np.uint8), quality)
    decoded = cv2.imdecode(content, cv2.IMREAD_GRAYSCALE)
    return _float32(np.asarray(decoded) / 255)


def _float32(values: NDArray[np.floating[Any]]) -> Luma:
    return values.astype(np.float32, copy=False)


_FAULTS: dict[str, Callable[[Luma, Rng], Luma]] = {
    "blurred": _blurred,
    "faded": _faded,
    "unevenly faded": _unevenly_faded,
    "grainy": _grainy,
    "scratched": _scratched,
    "compressed": _compressed,
}
