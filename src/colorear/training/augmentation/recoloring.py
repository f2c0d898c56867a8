"""Photographs in which one object has another color, as somebody who corrects one may wish."""

import cv2
import numpy as np
from numpy.typing import NDArray

from colorear import color

__all__ = ["MAX_CHROMA", "MAX_PART", "MIN_PART", "SIMILAR", "TRIES", "recolor"]

Pixels = NDArray[np.uint8]
Planes = NDArray[np.float32]
Rng = np.random.Generator

SIMILAR = 6.0, 0.25  # CIELAB units, and parts of the chroma, within which colors are one object's
MIN_PART, MAX_PART = 0.01, 0.5  # of the picture: what is smaller or larger is no object
MAX_CHROMA = 70.0  # CIELAB units, of the new color
TRIES = 4


def recolor(srgb: Pixels, rng: Rng) -> tuple[Pixels, tuple[int, int] | None]:
    """Give one object of a photograph another color.

    An object is the connected region around a random place that has one color.

    Parameters
    ----------
    srgb
        (h,w,3), sRGB bytes.
    rng
        What decides which object, and its new color.

    Returns
    -------
    recolored
        (h,w,3), sRGB bytes of the same luma.
    place
        Row and column of a pixel of the object; None if no object was found and the photograph is
        as it was.
    """
    planes: Planes = srgb.transpose(2, 0, 1).astype(np.float32) / np.float32(255)
    ab = color.srgb_to_lab(planes)[1:].astype(np.float32)
    smooth = np.stack([cv2.medianBlur(plane, 5) for plane in ab])  # keeps edges
    for _ in range(TRIES):
        place = int(rng.integers(srgb.shape[0])), int(rng.integers(srgb.shape[1]))
        mask = _object_mask(smooth, place)
        if MIN_PART < mask.mean() < MAX_PART:
            chroma, hue = rng.uniform(0, MAX_CHROMA), rng.uniform(0, 2 * np.pi)
            new = np.array([chroma * np.cos(hue), chroma * np.sin(hue)], np.float32)
            soft = np.asarray(cv2.GaussianBlur(mask, (0, 0), 1.0), np.float32)
            return _with_colors(planes, ab + soft * (new - smooth[:, *place])[:, None, None]), place
    return srgb, None


def _object_mask(ab: Planes, place: tuple[int, int]) -> Planes:
    """(h,w): 1 where the color is that of the place, and connected with it, else 0."""
    own = ab[:, *place][:, None, None]
    least, part = SIMILAR
    similar = np.linalg.norm(ab - own, axis=0) < least + part * np.linalg.norm(own)
    _, labels = cv2.connectedComponents(similar.astype(np.uint8))
    mask: Planes = (np.asarray(labels) == labels[place]).astype(np.float32)
    return mask


def _with_colors(srgb: Planes, ab: Planes) -> Pixels:
    """(h,w,3), bytes: the luma of `srgb` (3,h,w) with the colors `ab` (2,h,w)."""
    luma = color.luma(srgb)
    chroma = color.limit_chroma(luma, color.ab_to_chroma(luma, ab))
    made = color.ycc_to_srgb(np.concatenate((luma, chroma)))
    pixels: Pixels = (255 * made.clip(0, 1)).round().astype(np.uint8)
    return pixels.transpose(1, 2, 0)
