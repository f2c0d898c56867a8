"""The slides' convention: the numbers that their libraries print, for their published table alone.

The libraries' defaults and argument order are kept on purpose: image-similarity-measures 0.3 takes
4095 for white, so that RMSE is divided by 4095, PSNR is 20 log10(4095) = 72.245 dB too high and
SSIM is always about 1; its FSIM clips negative gradients; `vifp` is given the prediction first, and
values in 0..1 where it is defined on 0..255; sewar's `uqi` (0.4.4 to 0.4.10) takes means of windows
for sums.
"""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from colorear.errors import MissingExtraError
from colorear.evaluation.metrics.pairs import checked_pair

__all__ = ["score"]

Pixels = Any  # numpy.ndarray (h, w, 3), float32 in 0..1, as Keras gives it
Function = Callable[[Pixels, Pixels], float]


def score(reference: Tensor, colored: Tensor) -> dict[str, Tensor]:
    """Each of the slides' seven (n,) for photographs (n,3,h,w) whose white is 1.

    Values outside 0..1 are taken as they are: the slides judged what their networks gave.
    Equal photographs have a PSNR of inf; where a library divides 0 by 0, its NaN is kept.
    Raises MissingExtraError: the extra `slides` is not installed.
    """
    functions = _functions()
    pair = checked_pair(reference, colored, smallest=41)
    truths, ours = (planes.float().permute(0, 2, 3, 1).numpy() for planes in pair)
    with np.errstate(divide="ignore", invalid="ignore"):
        return {
            name: torch.tensor(
                [float(function(*each)) for each in zip(truths, ours, strict=True)],
                dtype=torch.float64,
            )
            for name, function in functions.items()
        }


def _functions() -> dict[str, Function]:
    """By name, each taking the truth and the prediction."""
    try:
        import sewar

        with warnings.catch_warnings():
            # phasepack can do without pyfftw, and says so.
            warnings.filterwarnings("ignore", r"\s*Module 'pyfftw'", UserWarning)
            from image_similarity_measures import quality_metrics
    except ImportError as error:
        raise MissingExtraError("the slides' convention", "slides") from error
    return {
        "mse": sewar.mse,
        "rmse": quality_metrics.rmse,
        "psnr": quality_metrics.psnr,
        "ssim": quality_metrics.ssim,
        "fsim": quality_metrics.fsim,
        "uqi": sewar.uqi,
        "vif": lambda truth, prediction: sewar.vifp(prediction, truth),
    }
