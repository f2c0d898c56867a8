"""SSIM, UQI and VIF: what becomes of means and variances in small windows.

Each is computed on R, G and B alone and averaged over them. Only windows that lie wholly inside the
photograph count, as in the authors' own programs.
"""

from collections.abc import Callable
from functools import lru_cache

import torch
from torch import Tensor

from colorear.evaluation.metrics.pairs import checked_pair

__all__ = ["ssim", "uqi", "vif"]

_SSIM_WINDOW, _SSIM_SIGMA = 11, 1.5
_UQI_WINDOW = 8
_VIF_NOISE = 2.0  # variance of the noise of seeing, for values in 0..255
_STRIP = 48  # rows or columns that one matrix product gives: more waste zeros, fewer waste calls


def ssim(reference: Tensor, colored: Tensor, *, data_range: float) -> Tensor:
    """Structural similarity (n,): 1 for equal photographs, above -1; higher is better.

    Gaussian window of 11 with sigma 1.5, no downsampling, population variances; at least 11 x 11.
    Source: Z. Wang et al., IEEE TIP 13(4), 2004, (13) with K1 = 0.01 and K2 = 0.03, and (14).
    """
    reference, colored = checked_pair(
        reference, colored, data_range=data_range, smallest=_SSIM_WINDOW
    )
    kernel = _gaussian(_SSIM_WINDOW, _SSIM_SIGMA)
    window = _Window(reference, colored, lambda planes: _filtered(planes, kernel))
    c1, c2 = 0.01**2, 0.03**2
    mean = (2 * window.mean_product + c1) / (window.mean_squares + c1)
    spread = (2 * window.covariance + c2) / (window.reference + window.colored + c2)
    return (mean * spread).mean((1, 2, 3))


def uqi(reference: Tensor, colored: Tensor) -> Tensor:
    """Universal quality index (n,): 1 for equal photographs, at least -1; higher is better.

    Box windows of 8 x 8 that move pixel by pixel; at least 8 x 8 pixels, of values from 0 up.
    Where both windows are constant the formula is 0/0: what counts there is the term of the means
    alone, or 1 where both are black (as in the authors' img_qi.m). One constant window gives 0.
    A grey reference is nothing special: its three channels are equal.
    Source: Z. Wang and A. Bovik, IEEE Signal Processing Letters 9(3), 2002, (1).
    """
    reference, colored = checked_pair(reference, colored, smallest=_UQI_WINDOW)
    window = _Window(reference, colored, _box)
    variances = window.reference + window.colored
    # Rounding leaves about 1e-16 of a constant window's square; one level of 8 bits in one pixel
    # of a window that is otherwise constant makes 2e-7 of white's.
    constant = variances <= 1e-13 * window.mean_squares
    means = 2 * window.mean_product / window.mean_squares
    means.masked_fill_(window.mean_squares == 0, 1.0)
    spreads = (2 * window.covariance / variances).masked_fill_(constant, 1.0)
    return (means * spreads).mean((1, 2, 3))


def vif(reference: Tensor, colored: Tensor, *, data_range: float) -> Tensor:
    """Visual information fidelity in the pixel domain (n,): 1 for equal photographs.

    Higher is better; above 1 where contrast was added. Not symmetric. At least 41 x 41 pixels.
    A constant channel of the reference holds no information that could be lost, and counts as 1.
    Source: H. Sheikh and A. Bovik, IEEE TIP 15(2), 2006, as in the authors' vifp_mscale.m.
    """
    reference, colored = checked_pair(reference, colored, data_range=data_range, smallest=41)
    # Variances do not see a constant; without it they keep all their digits.
    reference, colored = (255 * planes - 127.5 for planes in (reference, colored))
    kept, whole = torch.zeros(reference.shape[:2]), torch.zeros(reference.shape[:2])
    for scale in range(4):
        width = 2 ** (4 - scale) + 1
        kernel = _gaussian(width, width / 5)
        if scale:
            reference, colored = (
                _filtered(planes, kernel, step=2) for planes in (reference, colored)
            )
        kept_here, whole_here = _information(reference, colored, kernel)
        kept, whole = kept + kept_here, whole + whole_here
    return torch.where(whole > 0, kept / whole, 1.0).mean(1)


def _information(reference: Tensor, colored: Tensor, kernel: Tensor) -> tuple[Tensor, Tensor]:
    """Information (n,3) that is left of the reference at one scale, and that was in it."""
    tiny = 1e-10  # as in vifp_mscale.m
    window = _Window(reference, colored, lambda planes: _filtered(planes, kernel))
    there = window.reference * (window.reference >= tiny)
    gain = (window.covariance / (window.reference + tiny)).clamp(min=0)
    gain *= (there > 0) & (window.colored >= tiny)
    distortion = (window.colored - gain * window.covariance).clamp(min=tiny)
    kept = torch.log1p(gain.square() * there / (distortion + _VIF_NOISE))
    return kept.sum((2, 3)), torch.log1p(there / _VIF_NOISE).sum((2, 3))


class _Window:
    """Variances, covariance and products of the means of two batches in every window."""

    def __init__(
        self, reference: Tensor, colored: Tensor, averaged: Callable[[Tensor], Tensor]
    ) -> None:
        mean, mean_colored = averaged(reference), averaged(colored)
        square, square_colored = mean.square(), mean_colored.square()
        self.mean_product = mean * mean_colored
        self.mean_squares = square + square_colored
        self.reference = (averaged(reference.square()) - square).clamp(min=0)
        self.colored = (averaged(colored.square()) - square_colored).clamp(min=0)
        self.covariance = averaged(reference * colored) - self.mean_product


def _box(planes: Tensor) -> Tensor:
    """Means of all 8 x 8 windows, by adding neighbours, pairs of them and pairs of those."""
    for axis in (-1, -2):
        for step in (1, 2, 4):
            length = planes.shape[axis] - step
            planes = planes.narrow(axis, 0, length) + planes.narrow(axis, step, length)
    return planes / _UQI_WINDOW**2


def _gaussian(width: int, sigma: float) -> Tensor:
    kernel = torch.exp(-(torch.arange(width) - (width - 1) / 2).double().square() / (2 * sigma**2))
    return kernel / kernel.sum()


def _filtered(planes: Tensor, kernel: Tensor, step: int = 1) -> Tensor:
    """`(n, c, h, w)` weighted with the kernel across and down, where it fits wholly inside.

    Every `step`-th row and column of that, `step` being a divisor of the strip. By products with a
    band matrix, strip by strip: in float64 torch's convolution takes 20 times as long.
    """
    band, reach = _band(tuple(kernel.tolist())), len(kernel) - 1
    across = [
        planes[..., start : start + _STRIP + reach]
        @ _fitted(band, planes.shape[-1] - start)[:, ::step]
        for start in range(0, planes.shape[-1] - reach, _STRIP)
    ]
    planes = torch.cat(across, -1)
    down = [
        _fitted(band, planes.shape[-2] - start)[:, ::step].mT
        @ planes[..., start : start + _STRIP + reach, :]
        for start in range(0, planes.shape[-2] - reach, _STRIP)
    ]
    return torch.cat(down, -2)


def _fitted(band: Tensor, left: int) -> Tensor:
    """The band matrix for a strip, or for the last one, which is as long as what is left."""
    reach = band.shape[0] - band.shape[1]
    return band[:left, : left - reach]


@lru_cache(maxsize=8)
def _band(kernel: tuple[float, ...]) -> Tensor:
    band = torch.zeros(_STRIP + len(kernel) - 1, _STRIP, dtype=torch.float64)
    for i, weight in enumerate(kernel):
        band.diagonal(-i).fill_(weight)
    return band
