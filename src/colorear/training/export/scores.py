"""The scores of an exported network on its validation photographs, for its card."""

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray
from rich.progress import track

from colorear import color
from colorear.errors import DataError
from colorear.inference.colorizer import Colorizer
from colorear.models.card import Card
from colorear.models.network import SAFE
from colorear.models.writing import write
from colorear.training.datasets.photographs import PackedImages, list_photographs, pack_squares
from colorear.training.run_folder import load_run

__all__ = ["put_on_card", "score"]

Pixels = NDArray[np.uint8]


def put_on_card(run: Path, onnx: Path, data: Path) -> Card:
    """Score an exported network on the validation folders of its recipe, and update its card.

    A network that has safe colors is scored with those as well.

    Parameters
    ----------
    run
        The folder of the run that was exported.
    onnx
        The exported file.
    data
        The folder that the recipe's folders are relative to.

    Returns
    -------
    card
        As it was written.
    """
    recipe, _ = load_run(run)
    colorizer = Colorizer(onnx)
    size = recipe.data.validation_size
    variants: dict[str, Callable[[Pixels], Pixels]] = {"": colorizer}
    if colorizer.network.has_safe_colors:
        variants["safe_"] = partial(colorizer, vividness=SAFE)
    scores: dict[str, dict[str, float]] = {}
    for folder in recipe.data.validation:
        photographs = pack_squares(list_photographs(data, folder), size)
        scores[folder.name] = {
            f"{prefix}{metric}_{size}": value
            for prefix, colorize in variants.items()
            for metric, value in score(colorize, photographs, folder.name).items()
        }
    card = msgspec.structs.replace(colorizer.network.card, scores=scores)
    write(onnx, onnx.read_bytes(), card)
    return card


def score(
    colorizer: Callable[[Pixels], Pixels], photographs: PackedImages, name: str
) -> dict[str, float]:
    """Score what comes of the gray copies of photographs, all pixels pooled.

    Parameters
    ----------
    colorizer
        From luma (h,w) to sRGB (h,w,3), bytes.
    photographs
        The truth.
    name
        What errors and the progress bar call the photographs.

    Returns
    -------
    scores
        `mse_ratio`: MSE of the sRGB bytes over that of the gray copies; 1 is no better than gray.
        `chroma_ratio`: mean CIELAB chroma over that of the truth; below 1 is duller than life.

    Raises
    ------
    DataError
        No photograph has any color.
    """
    every, quiet = range(len(photographs)), not sys.stdout.isatty()
    squared, chroma = np.zeros(2), np.zeros(2)
    for i in track(every, f"scoring on {name}", transient=True, disable=quiet):
        truth = photographs[i].astype(np.float64)
        luma = (truth @ color.LUMA).round().astype(np.uint8)
        predicted = colorizer(luma)
        squared += ((predicted - truth) ** 2).mean(), ((luma[..., None] - truth) ** 2).mean()
        chroma += _chroma(predicted), _chroma(truth)
    if squared[1] == 0:
        raise DataError(f"the photographs of {name} are all grey; give some with colour")
    return {
        "mse_ratio": float(squared[0] / squared[1]),
        "chroma_ratio": float(chroma[0] / chroma[1]),
    }


def _chroma(pixels: NDArray[Any]) -> float:
    a, b = color.srgb_to_lab(pixels.transpose(2, 0, 1) / 255)[1:]
    return float(np.hypot(a, b).mean())
