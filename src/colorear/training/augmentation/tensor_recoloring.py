"""Objects of other colors as tensors: what `recoloring` does to one photograph, done to many."""

import math

import torch
from torch import Tensor
from torch.nn import functional

from colorear import color
from colorear.training.augmentation.recoloring import (
    MAX_CHROMA,
    MAX_PART,
    MIN_PART,
    SIMILAR,
    TRIES,
)
from colorear.training.augmentation.tensor_degradation import gaussian_blur

__all__ = ["object_masks", "recolor_tensors"]

_SWEEPS = 12  # along rows and columns; hardly any object has more turns than that


def recolor_tensors(srgb: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Give one object of each photograph another color.

    Parameters
    ----------
    srgb
        (n,3,h,w) in 0..1.

    Returns
    -------
    recolored
        (n,3,h,w) in 0..1, of the same luma.
    places
        (n,2): row and column of a pixel of the object.
    found
        (n): whether there is one. Else the photograph is as it was.
    """
    smooth = _median(color.srgb_to_lab(srgb)[:, 1:])
    masks, places, found = _choose(smooth)
    count, device = len(srgb), srgb.device
    chroma = MAX_CHROMA * torch.rand(count, device=device)
    hue = 2 * math.pi * torch.rand(count, device=device)
    new = torch.stack((chroma * hue.cos(), chroma * hue.sin()), 1)
    own = smooth[torch.arange(count, device=device), :, places[:, 0], places[:, 1]]
    soft = gaussian_blur(masks, torch.ones(count, 1, 1, 1, device=device))
    ab = color.srgb_to_lab(srgb)[:, 1:] + soft * (new - own)[:, :, None, None]
    luma = color.luma(srgb)
    limited = color.limit_chroma(luma, color.ab_to_chroma(luma, ab))
    recolored = color.ycc_to_srgb(torch.cat((luma, limited), 1)).clamp(0, 1)
    return torch.where(found[:, None, None, None], recolored, srgb), places, found


def object_masks(ab: Tensor, places: Tensor) -> Tensor:
    """Where the color is that of a place and connected with it.

    Parameters
    ----------
    ab
        (n,2,h,w), in CIELAB units.
    places
        (n,2): row and column.

    Returns
    -------
    masks
        (n,1,h,w): 1 there, else 0.
    """
    count = torch.arange(len(ab), device=ab.device)
    own = ab[count, :, places[:, 0], places[:, 1]][:, :, None, None]
    least, part = SIMILAR
    similar = (ab - own).norm(dim=1) < least + part * own.norm(dim=1)
    mask = torch.zeros_like(ab[:, 0])
    mask[count, places[:, 0], places[:, 1]] = 1
    rows, columns = _stretches(similar, 2), _stretches(similar, 1)
    for _ in range(_SWEEPS):
        mask = _fill(mask, rows, 2) * similar
        mask = _fill(mask, columns, 1) * similar
        mask = functional.max_pool2d(mask, 3, 1, 1) * similar  # corners connect too
    return mask[:, None]


def _choose(ab: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Of some random places the first whose object is neither too small nor too large."""
    count, _, height, width = ab.shape
    draws = torch.rand(TRIES, count, 2, device=ab.device)
    places = (draws * torch.tensor((height, width), device=ab.device)).long()
    masks = object_masks(ab.repeat(TRIES, 1, 1, 1), places.flatten(0, 1))
    masks = masks.reshape(TRIES, count, 1, height, width)
    parts = masks.mean((2, 3, 4))
    good = (parts > MIN_PART) & (parts < MAX_PART)
    first, of = good.float().argmax(0), torch.arange(count, device=ab.device)
    return masks[first, of], places[first, of], good.any(0)


def _stretches(similar: Tensor, dim: int) -> tuple[Tensor, Tensor]:
    """(n,h,w) each: where along `dim` the stretch of similar pixels around a pixel begins, and
    where the first one after it is."""
    size = similar.shape[dim]
    at = torch.arange(size, device=similar.device).reshape((1, -1, 1) if dim == 1 else (1, 1, -1))
    begins = torch.where(similar, -1, at).cummax(dim).values + 1
    ends = torch.where(similar, size, at).flip(dim).cummin(dim).values.flip(dim)
    return begins, ends


def _fill(mask: Tensor, stretches: tuple[Tensor, Tensor], dim: int) -> Tensor:
    """Where any pixel of a stretch is in the mask, all of them: by sums, without any sorting."""
    begins, ends = stretches
    before = functional.pad(mask.cumsum(dim), (1, 0) if dim == 2 else (0, 0, 1, 0))
    return (before.gather(dim, ends) > before.gather(dim, begins)).to(mask)


def _median(planes: Tensor) -> Tensor:
    """The median of 5 along columns of that of 5 along rows, which keeps edges."""
    padded = functional.pad(planes, (2, 2, 2, 2), mode="replicate")
    rows = _median_of_five(*(padded[..., i : padded.shape[3] - 4 + i] for i in range(5)))
    return _median_of_five(*(rows[:, :, i : rows.shape[2] - 4 + i] for i in range(5)))


def _median_of_five(a: Tensor, b: Tensor, c: Tensor, d: Tensor, e: Tensor) -> Tensor:
    """By six comparisons, which no sorting of many short rows on a device is as fast as."""
    low = torch.maximum(torch.minimum(a, b), torch.minimum(c, d))
    high = torch.minimum(torch.maximum(a, b), torch.maximum(c, d))
    smaller, larger = torch.minimum(low, high), torch.maximum(low, high)
    return torch.maximum(smaller, torch.minimum(larger, e))
