"""Degradation of photographs as by time and old cameras.

Each fault is drawn on its own, from mild to bad, so most photographs have one or two.
"""

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from colorear import color

__all__ = ["degrade"]

Pixels = NDArray[np.uint8]
Luma = NDArray[np.float32]
Rng = np.random.Generator

# how much red, green and blue a film sees: panchromatic as BT.601, orthochromatic (no red), the
# first plates (blue alone); J. Peres, The Focal Encyclopedia of Photography, 4th ed., 2007
_FILMS = ((0.299, 0.587, 0.114), (0.05, 0.55, 0.40), (0.02, 0.13, 0.85), (0.45, 0.45, 0.10))


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
    for fault, part in _FAULTS:
        if rng.random() < part:
            luma = _float32(np.clip(fault(luma, rng), 0, 1))
    return luma


def _film(rng: Rng) -> Luma:
    """Red, green and blue of one film, or of something between two."""
    if rng.random() < 0.4:
        return np.array(color.LUMA, np.float32)
    one, other = rng.choice(len(_FILMS), 2)
    weight = rng.random()
    return _float32(weight * np.array(_FILMS[one]) + (1 - weight) * np.array(_FILMS[other]))


def _blurred(luma: Luma, rng: Rng) -> Luma:
    return np.asarray(cv2.GaussianBlur(luma, (0, 0), rng.uniform(0.4, 1.6)), np.float32)


def _faded(luma: Luma, rng: Rng) -> Luma:
    """Another tone curve, and less between black and white."""
    black, white = rng.uniform(0, 0.25), rng.uniform(0.7, 1)
    return _float32(black + (white - black) * luma ** np.exp(rng.uniform(-0.5, 0.5)))


def _unevenly_faded(luma: Luma, rng: Rng) -> Luma:
    """Lighter towards one side, or darker towards the corners."""
    rows, columns = np.meshgrid(*(np.linspace(-1, 1, side) for side in luma.shape), indexing="ij")
    angle, strength = rng.uniform(0, 2 * np.pi), rng.uniform(0.05, 0.25)
    slope = np.cos(angle) * rows + np.sin(angle) * columns
    if rng.random() < 0.5:
        slope = -(rows**2 + columns**2)
    return _float32(luma * (1 + strength * slope))


def _grainy(luma: Luma, rng: Rng) -> Luma:
    """Grain of one to two pixels, strongest in the middle tones."""
    grain = rng.standard_normal(luma.shape).astype(np.float32)
    if rng.random() < 0.5:
        grain = _float32(1.8 * np.asarray(cv2.GaussianBlur(grain, (0, 0), 0.7)))
    strength = rng.uniform(0.01, 0.07) * (0.4 + 2.4 * luma * (1 - luma))
    return _float32(luma + strength * grain)


def _scratched(luma: Luma, rng: Rng) -> Luma:
    """A few thin lines and specks, white or black."""
    marked = luma.copy()
    height, width = luma.shape
    for _ in range(rng.integers(1, 6)):
        tone = float(rng.choice((0.02, 0.97)))
        across, down = int(rng.integers(width)), int(rng.integers(height))
        if rng.random() < 0.5:
            end = (across + int(rng.integers(-6, 7)), int(rng.integers(height)))
            cv2.line(marked, (across, down), end, tone, 1, cv2.LINE_AA)
        else:
            cv2.circle(marked, (across, down), int(rng.integers(1, 3)), tone, -1, cv2.LINE_AA)
    return marked


def _compressed(luma: Luma, rng: Rng) -> Luma:
    quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(25, 85))]
    _, content = cv2.imencode(".jpg", np.round(255 * luma).astype(np.uint8), quality)
    decoded = cv2.imdecode(content, cv2.IMREAD_GRAYSCALE)
    return _float32(np.asarray(decoded) / 255)


def _float32(values: NDArray[np.floating[Any]]) -> Luma:
    return values.astype(np.float32, copy=False)


_FAULTS: tuple[tuple[Callable[[Luma, Rng], Luma], float], ...] = (
    (_blurred, 0.35),
    (_faded, 0.5),
    (_unevenly_faded, 0.2),
    (_grainy, 0.4),
    (_scratched, 0.15),
    (_compressed, 0.35),
)
"""In the order in which they happen, each with how many pictures have it."""
