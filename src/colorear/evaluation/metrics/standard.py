"""The metrics in the standard convention: one number for each photograph, reference first.

Photographs are sRGB, (n,3,h,w), floating-point. Every function computes in float64 and returns
(n,) float64. Means over photographs are for the caller: the mean PSNR is not the PSNR of the mean.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor

from colorear import color
from colorear.evaluation.metrics import color_difference, features, fsim, structure
from colorear.evaluation.metrics.pairs import checked_pair

__all__ = ["METRICS", "Metric", "mae", "mse", "psnr", "rmse", "score"]

_AT_ONCE = 2  # photographs: what is computed for more does not stay in the processor's cache


def mse(reference: Tensor, colored: Tensor) -> Tensor:
    """Mean squared error over pixels and channels (n,), in squared units of the values."""
    reference, colored = checked_pair(reference, colored)
    return (reference - colored).square().mean((1, 2, 3))


def rmse(reference: Tensor, colored: Tensor) -> Tensor:
    """Root of the mean squared error over pixels and channels (n,), in units of the values."""
    return mse(reference, colored).sqrt()


def mae(reference: Tensor, colored: Tensor) -> Tensor:
    """Mean absolute error over pixels and channels (n,), in units of the values."""
    reference, colored = checked_pair(reference, colored)
    return (reference - colored).abs().mean((1, 2, 3))


def psnr(reference: Tensor, colored: Tensor, *, data_range: float) -> Tensor:
    """Peak signal-to-noise ratio in dB (n,), the peak being `data_range`; inf for equal ones.

    >>> black, gray = torch.zeros(1, 3, 8, 8), torch.full((1, 3, 8, 8), 0.1)
    >>> psnr(black, gray, data_range=1.0).round(decimals=4)
    tensor([20.], dtype=torch.float64)
    """
    reference, colored = checked_pair(reference, colored, data_range=data_range)
    return -10 * torch.log10((reference - colored).square().mean((1, 2, 3)))


def score(reference: Tensor, colored: Tensor) -> dict[str, Tensor]:
    """Every metric of one photograph, for sRGB in 0..1 of at least 41 x 41 pixels."""
    pair = checked_pair(reference, colored, data_range=1.0, smallest=41)
    parts = [
        _score(*part) for part in zip(*(torch.split(side, _AT_ONCE) for side in pair), strict=True)
    ]
    return {name: torch.cat([part[name] for part in parts]) for name in parts[0]}


def _score(reference: Tensor, colored: Tensor) -> dict[str, Tensor]:
    lab, lab_colored = (color.srgb_to_lab(srgb) for srgb in (reference, colored))
    error = mse(reference, colored)
    vividness = color_difference.colorfulness(colored)
    return {
        "mse": error,
        "rmse": error.sqrt(),
        "mae": mae(reference, colored),
        "psnr": -10 * torch.log10(error),
        "ssim": structure.ssim(reference, colored, data_range=1.0),
        "fsim": fsim.fsimc(reference, colored, data_range=1.0),
        "uqi": structure.uqi(reference, colored),
        "vif": structure.vif(reference, colored, data_range=1.0),
        "ciede2000": color_difference.ciede2000_of_lab(lab, lab_colored).mean((1, 2)),
        "chroma_psnr": color_difference.chroma_psnr_of_lab(lab, lab_colored),
        "colorfulness": vividness,
        "colorfulness_gap": (vividness - color_difference.colorfulness(reference)).abs(),
    }


@dataclass(frozen=True)
class Metric:
    """What stands beside a number wherever it is printed."""

    name: str  # the column of SCORES.parquet
    title: str
    function: Callable[..., Any]
    better: Literal["lower", "higher"] | None
    unit: str
    space: str  # where it is computed
    definition: str
    of: Literal["photograph", "set"] = "photograph"


METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        Metric(
            "mse",
            "MSE",
            mse,
            "lower",
            "squared sRGB, 0..1",
            "sRGB",
            "mean squared error over pixels and channels",
        ),
        Metric(
            "rmse",
            "RMSE",
            rmse,
            "lower",
            "sRGB, 0..1",
            "sRGB",
            "root of the mean squared error of each photograph",
        ),
        Metric(
            "mae",
            "MAE",
            mae,
            "lower",
            "sRGB, 0..1",
            "sRGB",
            "mean absolute error over pixels and channels",
        ),
        Metric(
            "psnr",
            "PSNR",
            psnr,
            "higher",
            "dB",
            "sRGB",
            "10 log10(1 / MSE) of each photograph, peak 1",
        ),
        Metric(
            "ssim",
            "SSIM",
            structure.ssim,
            "higher",
            "",
            "sRGB, mean of R, G and B",
            "structural similarity, Gaussian window of 11, sigma 1.5, no downsampling "
            "(Wang et al. 2004)",
        ),
        Metric(
            "fsim",
            "FSIMc",
            fsim.fsimc,
            "higher",
            "",
            "YIQ of sRGB",
            "similarity of phase congruency, gradient and chroma (Zhang et al. 2011)",
        ),
        Metric(
            "uqi",
            "UQI",
            structure.uqi,
            "higher",
            "",
            "sRGB, mean of R, G and B",
            "universal quality index, box windows of 8 x 8 (Wang and Bovik 2002)",
        ),
        Metric(
            "vif",
            "VIF",
            structure.vif,
            "higher",
            "",
            "sRGB on 0..255, mean of R, G and B",
            "visual information fidelity in the pixel domain (Sheikh and Bovik 2006)",
        ),
        Metric(
            "ciede2000",
            "CIEDE2000",
            color_difference.ciede2000,
            "lower",
            "CIEDE2000",
            "CIELAB, D65",
            "mean colour difference over the pixels (Sharma et al. 2005)",
        ),
        Metric(
            "chroma_psnr",
            "chroma PSNR",
            color_difference.chroma_psnr,
            "higher",
            "dB",
            "a*b* of CIELAB, D65",
            "10 log10(255^2 / MSE of a* and b*) of each photograph",
        ),
        Metric(
            "colorfulness",
            "colorfulness",
            color_difference.colorfulness,
            None,
            "sRGB, 0..255",
            "opponent colours of sRGB",
            "spread and mean of R - G and (R + G) / 2 - B (Hasler and Süsstrunk 2003, M3)",
        ),
        Metric(
            "colorfulness_gap",
            "colourfulness gap",
            color_difference.colorfulness_gap,
            "lower",
            "sRGB, 0..255",
            "opponent colours of sRGB",
            "absolute difference of colourfulness from that of the reference",
        ),
        Metric(
            "frechet",
            "Fréchet distance (EfficientNet-Lite0)",
            features.frechet_distance,
            "lower",
            "",
            "pooled EfficientNet-Lite0 features",
            "distance of Gaussians fitted to two sets; not FID, whose network is another "
            "(Dowson and Landau 1982)",
            of="set",
        ),
        Metric(
            "kid",
            "kernel distance (EfficientNet-Lite0)",
            features.kernel_distance,
            "lower",
            "",
            "pooled EfficientNet-Lite0 features",
            "unbiased squared MMD, cubic kernel; not KID's own network (Binkowski et al. 2018)",
            of="set",
        ),
    )
}
"""Every metric by name, in the order of a report's columns."""
