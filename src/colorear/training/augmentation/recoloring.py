"""A photograph in which one thing has another colour, as somebody who corrects it may wish."""

import cv2
import numpy as np
from numpy.typing import NDArray

from colorear import color

__all__ = ["recolor"]

Pixels = NDArray[np.uint8]
Planes = NDArray[np.float32]
Rng = np.random.Generator

_ALIKE = 6.0, 0.25  # CIELAB units, and parts of the chroma, within which colours are one thing's
_LEAST, _MOST = 0.01, 0.5  # parts of the picture: what is smaller or larger is no thing
_STRONGEST = 70.0  # CIELAB units of chroma of the new colour
_TRIES = 4


def recolor(srgb: Pixels, rng: Rng) -> tuple[Pixels, tuple[int, int] | None]:
    """`srgb` (h, w, 3) with one thing in another colour and the same luma, and where the thing is.

    A thing is what has one colour about a random place, as far as it is connected; where no such
    is found the photograph stays as it is, and the place is None.
    """
    planes: Planes = srgb.transpose(2, 0, 1).astype(np.float32) / np.float32(255)
    ab = color.srgb_to_lab(planes)[1:].astype(np.float32)
    smooth = np.stack([cv2.medianBlur(plane, 5) for plane in ab])  # keeps edges
    for _ in range(_TRIES):
        place = int(rng.integers(srgb.shape[0])), int(rng.integers(srgb.shape[1]))
        thing = _thing(smooth, place)
        if _LEAST < thing.mean() < _MOST:
            chroma, hue = rng.uniform(0, _STRONGEST), rng.uniform(0, 2 * np.pi)
            new = np.array([chroma * np.cos(hue), chroma * np.sin(hue)], np.float32)
            soft = np.asarray(cv2.GaussianBlur(thing, (0, 0), 1.0), np.float32)
            return _with(planes, ab + soft * (new - smooth[:, *place])[:, None, None]), place
    return srgb, None


def _thing(ab: Planes, place: tuple[int, int]) -> Planes:
    """1 where the colour is that of the place, and connected with it, else 0 (h, w)."""
    own = ab[:, *place][:, None, None]
    least, part = _ALIKE
    alike = np.linalg.norm(ab - own, axis=0) < least + part * np.linalg.norm(own)
    _, labels = cv2.connectedComponents(alike.astype(np.uint8))
    thing: Planes = (np.asarray(labels) == labels[place]).astype(np.float32)
    return thing


def _with(srgb: Planes, ab: Planes) -> Pixels:
    """The picture (h, w, 3) of the luma of `srgb` (3, h, w) and the colours `ab`."""
    luma = color.luma(srgb)
    chroma = color.limit_chroma(luma, color.ab_to_chroma(luma, ab))
    made = color.ycc_to_srgb(np.concatenate((luma, chroma)))
    pixels: Pixels = (255 * made.clip(0, 1)).round().astype(np.uint8)
    return pixels.transpose(1, 2, 0)
