"""FSIMc: similarity of phase congruency, gradients and chroma, where there is most to see.

L. Zhang, L. Zhang, X. Mou and D. Zhang, FSIM: a feature similarity index for image quality
assessment, IEEE TIP 20(8), 2011; every constant and border as in the authors' FeatureSIM.m, whose
phase congruency is P. Kovesi's (Image features from phase congruency, Videre 1(3), 1999).
"""

import math
from functools import lru_cache

import torch
from torch import Tensor
from torch.nn import functional

from colorear.evaluation.metrics.pairs import checked_pair

__all__ = ["fsimc"]

_YIQ = ((0.299, 0.587, 0.114), (0.596, -0.274, -0.322), (0.211, -0.523, 0.312))
_SCALES, _ORIENTATIONS = 4, 4
_SHORTEST_WAVE, _WAVE_RATIO = 6.0, 2.0  # pixels; from one scale to the next
_BANDWIDTH, _ANGULAR_RATIO = 0.55, 1.2
_NOISE_DEVIATIONS, _NOISE_RESCALING = 2.0, 1.7
_T1, _T2, _T3, _T4 = 0.85, 160.0, 200.0, 200.0  # of phase congruency, gradient, I and Q
_LAMBDA = 0.03
_AT_ONCE = 2  # photographs: what is computed for more does not stay in the processor's cache


def fsimc(
    reference: Tensor, colored: Tensor, *, data_range: float, chromatic: bool = True
) -> Tensor:
    """Feature similarity (n,): 1 for equal photographs; higher is better.

    `chromatic=False` gives FSIM, which sees luma only: the grey copy of a photograph scores 1.
    Shorter sides of 384 pixels and more are first averaged to about 256.
    A grey reference has I = Q = 0, so that any colour lowers the score; where both photographs
    have one flat luma, every pixel weighs the same.
    """
    reference, colored = checked_pair(reference, colored, data_range=data_range, smallest=4)
    every = zip(*(torch.split(side, _AT_ONCE) for side in (reference, colored)), strict=True)
    return torch.cat([_fsimc(*pair, chromatic=chromatic) for pair in every]).double()


def _fsimc(reference: Tensor, colored: Tensor, *, chromatic: bool) -> Tensor:
    # float32 changes the sixth decimal of the score at most, and takes half the time.
    photographs = _reduced(255 * torch.cat((reference, colored)).float())
    yiq = torch.einsum("yc,nchw->ynhw", torch.tensor(_YIQ), photographs)
    congruency = _phase_congruency(yiq[0]).chunk(2)
    gradients = _gradient(yiq[0]).chunk(2)
    similarity = _similarity(congruency, _T1) * _similarity(gradients, _T2)
    if chromatic:
        chroma = _similarity(yiq[1].chunk(2), _T3) * _similarity(yiq[2].chunk(2), _T4)
        # The real part of a power that is complex where I or Q change sign.
        turn = torch.where(chroma < 0, math.cos(math.pi * _LAMBDA), 1.0)
        similarity = similarity * chroma.abs() ** _LAMBDA * turn
    weight = torch.maximum(*congruency)
    return (similarity * weight).sum((1, 2)) / weight.sum((1, 2))


def _similarity(pair: tuple[Tensor, ...], constant: float) -> Tensor:
    one, other = pair
    return (2 * one * other + constant) / (one.square() + other.square() + constant)


def _reduced(photographs: Tensor) -> Tensor:
    """Every F-th mean of F x F pixels, zeros beyond the border, as MATLAB's conv2 has them."""
    factor = max(1, math.floor(min(photographs.shape[-2:]) / 256 + 0.5))
    before = (factor - 1) // 2
    after = factor - 1 - before
    return functional.avg_pool2d(functional.pad(photographs, (before, after) * 2), factor)


def _gradient(luma: Tensor) -> Tensor:
    """Scharr's gradient magnitude of (n,h,w), zeros beyond the border."""
    padded = functional.pad(luma, (1, 1, 1, 1))
    across = padded[:, :, 2:] - padded[:, :, :-2]
    down = padded[:, 2:] - padded[:, :-2]
    across = 3 * (across[:, :-2] + across[:, 2:]) + 10 * across[:, 1:-1]
    down = 3 * (down[..., :-2] + down[..., 2:]) + 10 * down[..., 1:-1]
    return torch.hypot(across, down) / 16


def _phase_congruency(luma: Tensor) -> Tensor:
    """PC_2 of (n,h,w) luma in 0..255, between 0 and 1; 1 everywhere in a flat photograph."""
    # No filter sees a constant: without it a flat photograph is exactly zero.
    spectrum = torch.fft.fft2(luma - luma[:, :1, :1])
    filters, noise = _filters(*luma.shape[-2:])
    energy, amplitude = torch.zeros_like(luma), torch.zeros_like(luma)
    for orientation, threshold in zip(filters, noise, strict=True):
        responses = torch.fft.ifft2(spectrum[:, None] * orientation)  # (n, scales, h, w)
        even, odd = responses.real, responses.imag
        amplitudes = (even.square() + odd.square()).sqrt()
        sum_even, sum_odd = even.sum(1, keepdim=True), odd.sum(1, keepdim=True)
        size = (sum_even.square() + sum_odd.square()).squeeze(1).sqrt()
        across = (even * sum_odd - odd * sum_even).abs().sum(1)
        median = _median(amplitudes[:, 0].square())
        local = (size.square() - across) / (size + 1e-4)  # E cos(deviation) - E |sin(deviation)|
        energy += (local - threshold * median.sqrt()).clamp(min=0)
        amplitude += amplitudes.sum(1)
    tiny = torch.finfo(luma.dtype).eps
    return (energy + tiny) / (amplitude + tiny)


def _median(planes: Tensor) -> Tensor:
    """Of every plane (n,1,1); the mean of the two middle values, of which torch gives the lower."""
    values = planes.flatten(1)
    count = values.shape[1]
    middle = [values.kthvalue(rank + 1).values for rank in ((count - 1) // 2, count // 2)]
    return ((middle[0] + middle[1]) / 2)[:, None, None]


@lru_cache(maxsize=4)
def _filters(height: int, width: int) -> tuple[Tensor, Tensor]:
    """Log-Gabor filters (orientations, scales, h, w), and what each orientation takes for noise.

    The second is the threshold on energy per median amplitude at the smallest scale.
    """
    y, x = torch.meshgrid(_frequencies(height), _frequencies(width), indexing="ij")
    radius, angle = torch.hypot(x, y), torch.atan2(-y, x)
    low_pass = 1 / (1 + (radius / 0.45) ** 30)
    radius[0, 0] = 1  # no frequency has no logarithm; its filter value is set to zero below
    radial = []
    for scale in range(_SCALES):
        wave = _SHORTEST_WAVE * _WAVE_RATIO**scale
        radial.append(torch.exp(-(((radius * wave).log() / math.log(_BANDWIDTH)) ** 2) / 2))
    scales = torch.stack(radial) * low_pass
    scales[:, 0, 0] = 0
    sigma = math.pi / _ORIENTATIONS / _ANGULAR_RATIO
    turns = torch.arange(_ORIENTATIONS).double()[:, None, None] * math.pi / _ORIENTATIONS
    away = torch.remainder(angle - turns + math.pi, 2 * math.pi) - math.pi
    filters = torch.exp(-((away / sigma) ** 2) / 2)[:, None] * scales
    # The expected energy of noise, from the filters' own: Kovesi 1999, Rayleigh distributed.
    together = torch.fft.ifft2(filters).real.sum(1).square().sum((1, 2)) * height * width
    tau = (together / (math.log(2) * filters[:, 0].square().sum((1, 2)))).sqrt()
    deviations = math.sqrt(math.pi / 2) + _NOISE_DEVIATIONS * math.sqrt(2 - math.pi / 2)
    return filters.float(), (tau * deviations / _NOISE_RESCALING).float()


def _frequencies(length: int) -> Tensor:
    """Cycles per pixel, zero first; an odd length is stretched to reach 1/2, as the authors do."""
    steps = torch.arange(length).double() - length // 2
    return torch.roll(steps / (length - length % 2), -(length // 2))
