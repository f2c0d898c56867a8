"""How good an exported network is on photographs that it never learnt from."""

import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray
from rich.progress import track

from colorear.colorizer import Colorizer
from colorear.learn.data import Photographs, list_photographs, squares
from colorear.learn.runs import load_run
from colorear.models.card import Card, encode_card

__all__ = ["mse_ratio", "put_on_card"]

Pixels = NDArray[np.uint8]

_LUMA = np.array([0.299, 0.587, 0.114])


def put_on_card(run: Path, onnx: Path, data: Path) -> Card:
    """Judge an exported network on the validation folders of its recipe; write its card anew."""
    recipe, _ = load_run(run)
    colorizer = Colorizer(onnx)
    size = recipe.data.validation_size
    scores = {
        folder.name: {
            f"mse_ratio_{size}": mse_ratio(
                colorizer, squares(list_photographs(data, folder), size), folder.name
            )
        }
        for folder in recipe.data.validate_on
    }
    card = msgspec.structs.replace(colorizer.network.card, scores=scores)
    onnx.with_suffix(".json").write_bytes(encode_card(card))
    return card


def mse_ratio(colorizer: Callable[[Pixels], Pixels], photographs: Photographs, name: str) -> float:
    """MSE over sRGB bytes, pooled, divided by that of the grey copies: 1 is no better than grey."""
    ours = grey = 0.0
    every, quiet = range(len(photographs)), not sys.stdout.isatty()
    for i in track(every, f"judging on {name}", transient=True, disable=quiet):
        truth = photographs[i].astype(np.float64)
        luma = (truth @ _LUMA).round().astype(np.uint8)
        ours += ((colorizer(luma) - truth) ** 2).mean()
        grey += ((luma[..., None] - truth) ** 2).mean()
    return float(ours / grey)
