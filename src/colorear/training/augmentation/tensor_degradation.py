"""Degradation of photographs as tensors: what `degradation` does to one, done to many at once.

Of a batch each fault gets its part of the photographs, to one photograph; everything stays on the
device where the photographs are.
"""

import math
import random
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from colorear import color
from colorear.training.augmentation.degradation import (
    BLACK,
    BLUR,
    EXPONENT,
    FILMS,
    GRAIN,
    JPEG_QUALITY,
    MARK_TONES,
    MARKS,
    PANCHROMATIC,
    PARTS,
    UNEVENNESS,
    WHITE,
)

__all__ = ["degrade_tensors", "gaussian_blur", "random_part", "uniform"]

_RADIUS = 5  # of a Gaussian, in pixels: three standard deviations of the widest
_BLOCK = 8  # pixels of a JPEG's block
# ITU-T T.81, table K.1: steps of the luma's coefficients at quality 50
_JPEG_STEPS = (
    (16, 11, 10, 16, 24, 40, 51, 61),
    (12, 12, 14, 19, 26, 58, 60, 55),
    (14, 13, 16, 24, 40, 57, 69, 56),
    (14, 17, 22, 29, 51, 87, 80, 62),
    (18, 22, 37, 56, 68, 109, 103, 77),
    (24, 35, 55, 64, 81, 104, 113, 92),
    (49, 64, 78, 87, 103, 121, 120, 101),
    (72, 92, 95, 98, 112, 100, 103, 99),
)


def degrade_tensors(srgb: Tensor) -> Tensor:
    """Degrade photographs.

    Parameters
    ----------
    srgb
        (n,3,h,w) in 0..1.

    Returns
    -------
    luma
        (n,1,h,w) in 0..1.
    """
    luma = torch.einsum("nc,nchw->nhw", _films(srgb), srgb)[:, None]
    for name, part in PARTS.items():
        some = random_part(len(luma), part, luma.device)
        if len(some):
            luma[some] = _FAULTS[name](luma[some]).clamp(0, 1)
    return luma


def random_part(count: int, part: float, device: torch.device) -> Tensor:
    """Numbers, below `count`, of that part of them: in random order, and rounded at random.

    How many they are is decided on the CPU, so that nothing waits for the device.
    """
    some = math.floor(part * count + random.random())
    return torch.randperm(count, device=device)[:some]


def uniform(like: Tensor, low: float = 0.0, high: float = 1.0) -> Tensor:
    """(n,1,1,1): a random number for each of the pictures `like` (n,...)."""
    return low + (high - low) * torch.rand(len(like), 1, 1, 1, device=like.device)


def gaussian_blur(planes: Tensor, sigma: Tensor) -> Tensor:
    """Blur planes (n,1,h,w), each by its own sigma (n,1,1,1) in pixels; edges are mirrored."""
    offsets = torch.arange(-_RADIUS, _RADIUS + 1, device=planes.device)
    kernels = torch.exp(-offsets.square() / (2 * sigma[:, :, 0].square()))  # (n,1,k)
    kernels = kernels / kernels.sum(2, keepdim=True)
    side = (_RADIUS,) * 4
    padded = functional.pad(planes.transpose(0, 1), side, mode="reflect")
    rows = functional.conv2d(padded, kernels[:, :, None], groups=len(planes))
    return functional.conv2d(rows, kernels[..., None], groups=len(planes)).transpose(0, 1)


def _films(srgb: Tensor) -> Tensor:
    """(n,3): red, green and blue as the film of each photograph sees them."""
    count, device = len(srgb), srgb.device
    films = torch.tensor(FILMS, device=device)
    one, other = films[torch.randint(len(FILMS), (2, count), device=device)]
    weight = torch.rand(count, 1, device=device)
    panchromatic = torch.rand(count, 1, device=device) < PANCHROMATIC
    luma = torch.tensor(color.LUMA, device=device)
    return torch.where(panchromatic, luma, weight * one + (1 - weight) * other)


def _blurred(luma: Tensor) -> Tensor:
    return gaussian_blur(luma, uniform(luma, *BLUR))


def _faded(luma: Tensor) -> Tensor:
    black, white = uniform(luma, *BLACK), uniform(luma, *WHITE)
    return black + (white - black) * luma.clamp(min=0) ** uniform(luma, *EXPONENT).exp()


def _unevenly_faded(luma: Tensor) -> Tensor:
    rows = torch.linspace(-1, 1, luma.shape[2], device=luma.device)[:, None]
    columns = torch.linspace(-1, 1, luma.shape[3], device=luma.device)
    angle, strength = uniform(luma, 0, 2 * math.pi), uniform(luma, *UNEVENNESS)
    to_corners = -(rows.square() + columns.square())
    slope = torch.where(uniform(luma) < 0.5, to_corners, angle.cos() * rows + angle.sin() * columns)
    return luma * (1 + strength * slope)


def _grainy(luma: Tensor) -> Tensor:
    grain = torch.randn_like(luma)
    coarse = 1.8 * gaussian_blur(grain, torch.full_like(uniform(luma), 0.7))
    grain = torch.where(uniform(luma) < 0.5, coarse, grain)
    return luma + uniform(luma, *GRAIN) * (0.4 + 2.4 * luma * (1 - luma)) * grain


def _scratched(luma: Tensor) -> Tensor:
    height, width = luma.shape[2:]
    rows = torch.arange(height, device=luma.device, dtype=luma.dtype)[:, None]
    columns = torch.arange(width, device=luma.device, dtype=luma.dtype)
    fewest, most = MARKS
    count = torch.floor(uniform(luma, fewest, most + 1))
    for i in range(most):
        x, y = (uniform(luma) * width).floor(), (uniform(luma) * height).floor()
        to_x = x + torch.floor(uniform(luma, -6, 7))
        to_y = (uniform(luma) * height).floor()
        along_x, along_y = to_x - x, to_y - y
        squared = (along_x.square() + along_y.square()).clamp(min=1)
        part = (((columns - x) * along_x + (rows - y) * along_y) / squared).clamp(0, 1)
        line = torch.hypot(columns - x - part * along_x, rows - y - part * along_y) - 0.5
        speck = torch.hypot(columns - x, rows - y) - torch.floor(uniform(luma, 1, 3))
        distance = torch.where(uniform(luma) < 0.5, line, speck)  # from the edge, in pixels
        covered = (0.5 - distance).clamp(0, 1) * (i < count)
        dark, light = MARK_TONES
        luma = luma.lerp(torch.where(uniform(luma) < 0.5, dark, light).to(luma), covered)
    return luma


def _compressed(luma: Tensor) -> Tensor:
    """As a JPEG keeps it: the cosine transform of each block, rounded."""
    height, width = luma.shape[2:]
    padding = (0, -width % _BLOCK, 0, -height % _BLOCK)
    padded = functional.pad(luma, padding, mode="replicate") if any(padding) else luma
    low, high = JPEG_QUALITY
    quality = torch.floor(uniform(luma, low, high + 1))[..., None, None]
    # libjpeg's jpeg_quality_scaling
    scale = torch.where(quality < 50, 5000 / quality, 200 - 2 * quality) / 100
    steps = (torch.tensor(_JPEG_STEPS, device=luma.device) * scale).round().clamp(1, 255) / 255
    cosines = _cosines(luma.device)
    count, _, high, wide = padded.shape
    shape = (count, 1, high // _BLOCK, _BLOCK, wide // _BLOCK, _BLOCK)
    blocks = (padded - 0.5).reshape(shape).transpose(3, 4)
    coefficients = cosines @ blocks @ cosines.T
    blocks = cosines.T @ ((coefficients / steps).round() * steps) @ cosines
    whole = blocks.transpose(3, 4).reshape(padded.shape) + 0.5
    return whole[:, :, :height, :width]


def _cosines(device: torch.device) -> Tensor:
    """(8,8): the cosine transform of 8 values: ITU-T T.81, A.3.3."""
    at = torch.arange(_BLOCK, device=device)
    waves = torch.cos(math.pi * (2 * at + 1) * at[:, None] / (2 * _BLOCK)) / 2
    waves[0] /= math.sqrt(2)
    return waves


_FAULTS: dict[str, Callable[[Tensor], Tensor]] = {
    "blurred": _blurred,
    "faded": _faded,
    "unevenly faded": _unevenly_faded,
    "grainy": _grainy,
    "scratched": _scratched,
    "compressed": _compressed,
}
