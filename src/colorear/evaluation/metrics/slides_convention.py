"""The slides' convention: the numbers that their libraries print, for their published table alone.

"The slides" are those by D. F. Rojas, N. Galván and H. Pinzón (`CREDITS.md`), who judged with sewar
and image-similarity-measures 0.3 as these come. Their defaults and faults are kept on purpose:

- `rmse`, `psnr` and `ssim` take 4095 for white, where the slides' white was 1: RMSE is divided by
  4095, PSNR is 20 log10(4095) = 72.245 dB too high, and SSIM is always about 1.
- `fsim` takes values in 0..1 where its constants are for 0..255, rounds gradients to whole numbers
  and makes negative ones zero; its phase congruency is another one than FSIM's authors use.
- `vif` is given the prediction first, and values in 0..1 where its noise is for 0..255.
- `uqi` (sewar 0.4.4 to 0.4.10) takes means of windows for sums, and leaves out the last windows.

Nothing of the libraries is needed: the tests compare with what they print.
"""

import math
from functools import lru_cache

import torch
from torch import Tensor
from torch.nn import functional

from colorear.evaluation.metrics import structure
from colorear.evaluation.metrics.pairs import checked_pair

__all__ = ["score"]

_WHITE = 4095.0
_T1, _T2 = 0.85, 160.0  # of phase congruency and gradient
_SCALES, _ORIENTATIONS = 4, 6
_SHORTEST_WAVE, _WAVE_RATIO, _BANDWIDTH = 6.0, 2.0, 0.5978  # pixels; from one scale to the next
_NOISE_DEVIATIONS = 2.0
_SPREAD_CUT, _SPREAD_GAIN = 0.5, 10.0
_EPSILON = 1e-4
_SSIM_WINDOW, _UQI_WINDOW = 7, 8


def score(reference: Tensor, colored: Tensor) -> dict[str, Tensor]:
    """Each of the slides' seven metrics, for photographs whose white is 1.

    Parameters
    ----------
    reference, colored
        Floating-point sRGB (n,3,h,w), at least 41 x 41. Values outside 0..1 are taken as they are:
        the slides judged what their networks gave.

    Returns
    -------
    dict of str to Tensor
        (n,) float64 by name. Equal photographs have a PSNR of inf; where a library divides 0 by 0,
        as of flat photographs, its NaN is kept.

    Raises
    ------
    MetricError
        They are no such batches, differ in shape, or hold NaN or infinity.
    """
    # Keras gave the libraries float32
    truth, ours = (
        planes.float().double() for planes in checked_pair(reference, colored, smallest=41)
    )
    error = (truth - ours).square().mean((2, 3))
    metrics = {
        "mse": error.mean(1),
        "rmse": error.sqrt().mean(1) / _WHITE,
        "psnr": 20 * torch.log10(_WHITE / error.mean(1).sqrt()),
    }
    return metrics | {
        "ssim": _ssim(truth, ours),
        "fsim": _fsim(truth, ours),
        "uqi": _uqi(truth, ours),
        "vif": _vif(truth, ours),
    }


def _means(planes: Tensor, side: int) -> Tensor:
    """Of every window that lies wholly inside."""
    return functional.avg_pool2d(planes, side, stride=1)


def _ssim(truth: Tensor, ours: Tensor) -> Tensor:
    """As scikit-image computes it by default: box windows of 7, sample variances."""
    c1, c2 = (0.01 * _WHITE) ** 2, (0.03 * _WHITE) ** 2
    sample = _SSIM_WINDOW**2 / (_SSIM_WINDOW**2 - 1)
    one, other = _means(truth, _SSIM_WINDOW), _means(ours, _SSIM_WINDOW)
    squares = _means(truth.square() + ours.square(), _SSIM_WINDOW)
    variances = sample * (squares - one.square() - other.square())
    covariance = sample * (_means(truth * ours, _SSIM_WINDOW) - one * other)
    mean = (2 * one * other + c1) / (one.square() + other.square() + c1)
    return (mean * (2 * covariance + c2) / (variances + c2)).mean((1, 2, 3))


def _uqi(truth: Tensor, ours: Tensor) -> Tensor:
    """With the formula for sums, of means; where both windows are black it is 1."""
    one, other, squares, products = (
        _means(planes, _UQI_WINDOW)[..., :-1, :-1]
        for planes in (truth, ours, truth.square() + ours.square(), truth * ours)
    )
    count = _UQI_WINDOW**2
    product, both = one * other, one.square() + other.square()
    spread = count * squares - both
    quality = 4 * (count * products - product) * product / (spread * both)
    quality = torch.where((spread == 0) & (both != 0), 2 * product / both, quality)
    return torch.where((spread == 0) & (both == 0), 1.0, quality).mean((1, 2, 3))


def _vif(truth: Tensor, ours: Tensor) -> Tensor:
    """By the usual arithmetic, told that white is 255, so that values stay as they are."""
    lowest = min(truth.min().item(), ours.min().item())  # which variances do not see
    usual = structure.vif(ours - lowest, truth - lowest, data_range=255.0)
    flat = (ours.amax((2, 3)) == ours.amin((2, 3))).any(1)
    return torch.where(flat, math.nan, usual)


def _fsim(truth: Tensor, ours: Tensor) -> Tensor:
    """FSIM of R, G and B, averaged."""
    congruency = _phase_congruency(truth), _phase_congruency(ours)
    gradients = _gradient(truth), _gradient(ours)
    similarity = _similarity(*congruency, _T1) * _similarity(*gradients, _T2)
    weight = torch.maximum(*congruency)
    return ((similarity * weight).sum((2, 3)) / weight.sum((2, 3))).mean(1)


def _similarity(one: Tensor, other: Tensor, constant: float) -> Tensor:
    return (2 * one * other + constant) / (one.square() + other.square() + constant)


def _gradient(planes: Tensor) -> Tensor:
    """Scharr's, as OpenCV gives it in 16 bits without a sign: whole, and no less than zero."""
    padded = functional.pad(planes.float(), (1, 1, 1, 1), mode="reflect")
    across = padded[..., 2:] - padded[..., :-2]
    down = padded[..., 2:, :] - padded[..., :-2, :]
    across = 3 * (across[..., :-2, :] + across[..., 2:, :]) + 10 * across[..., 1:-1, :]
    down = 3 * (down[..., :-2] + down[..., 2:]) + 10 * down[..., 1:-1]
    across, down = (slope.round().clamp(min=0).double() for slope in (across, down))
    return torch.hypot(across, down)


def _phase_congruency(planes: Tensor) -> Tensor:
    """The sum over all orientations (n,3,h,w), by phasepack, which is what the library uses.

    Source: P. Kovesi, Image features from phase congruency, Videre 1(3), 1999, in phasepack 1.5.
    """
    spectrum = torch.fft.fft2(planes)
    # what phasepack takes for noise, per median amplitude at the smallest scale
    tau = (1 - _WAVE_RATIO**-_SCALES) / (1 - 1 / _WAVE_RATIO) / math.sqrt(math.log(4))
    deviations = math.sqrt(math.pi / 2) + _NOISE_DEVIATIONS * math.sqrt(2 - math.pi / 2)
    congruency = torch.zeros_like(planes)
    for orientation in _filters(*planes.shape[-2:]):
        responses = torch.fft.ifft2(spectrum[:, :, None] * orientation)  # (n, 3, scales, h, w)
        even, odd, amplitudes = responses.real, responses.imag, responses.abs()
        sum_even, sum_odd = even.sum(2, keepdim=True), odd.sum(2, keepdim=True)
        size = torch.hypot(sum_even, sum_odd) + _EPSILON
        energy = even * sum_even + odd * sum_odd - (even * sum_odd - odd * sum_even).abs()
        noise = (tau * deviations * _median(amplitudes[:, :, 0])).clamp(min=_EPSILON)
        above = ((energy / size).sum(2) - noise).clamp(min=0)
        total = amplitudes.sum(2)
        width = (total / (amplitudes.amax(2) + _EPSILON) - 1) / (_SCALES - 1)
        congruency += torch.sigmoid(_SPREAD_GAIN * (width - _SPREAD_CUT)) * above / total
    return congruency


def _median(planes: Tensor) -> Tensor:
    """Of every plane (n,3,1,1); between the two middle values, of which torch gives the lower."""
    values = planes.flatten(2).sort().values
    count = values.shape[2]
    return ((values[..., (count - 1) // 2] + values[..., count // 2]) / 2)[..., None, None]


@lru_cache(maxsize=4)
def _filters(height: int, width: int) -> Tensor:
    """Log-Gabor filters (orientations, scales, h, w), each spread as a raised cosine."""
    y, x = torch.meshgrid(_frequencies(height), _frequencies(width), indexing="ij")
    radius, angle = torch.hypot(x, y), torch.atan2(-y, x)
    low_pass = 1 / (1 + (radius / 0.45) ** 30)
    radius[0, 0] = 1  # no frequency has no logarithm; its filter value is set to zero below
    waves = _SHORTEST_WAVE * _WAVE_RATIO ** torch.arange(_SCALES).double()[:, None, None]
    scales = torch.exp(-(((radius * waves).log() / math.log(_BANDWIDTH)) ** 2) / 2) * low_pass
    scales[:, 0, 0] = 0
    turns = torch.arange(_ORIENTATIONS).double()[:, None, None] * math.pi / _ORIENTATIONS
    away = torch.remainder(angle - turns + math.pi, 2 * math.pi) - math.pi
    spread = (1 + torch.cos((away.abs() * _ORIENTATIONS / 2).clamp(max=math.pi))) / 2
    return spread[:, None] * scales


def _frequencies(length: int) -> Tensor:
    """Cycles per pixel, zero first; an odd length is stretched to reach 1/2."""
    steps = torch.arange(length).double() - length // 2
    return torch.roll(steps / (length - length % 2), -(length // 2))
