"""How far a network is, on photographs that it does not learn from."""

from collections.abc import Callable
from typing import Any

import torch

from colorear.errors import DataError
from colorear.training.datasets.photographs import PackedImages
from colorear.training.losses import Examples, categorical_accuracy
from colorear.training.recipe import Recipe
from colorear.training.tasks import Task

__all__ = ["sample_examples", "validate"]

_BATCH = 32
_MIN_GRAY_MSE = 1e-9  # mean square: less than any colour, more than what rounding makes of grey


def validate(
    predict: Callable[[Examples], Any],
    photographs: PackedImages,
    task: Task,
    recipe: Recipe,
) -> dict[str, float]:
    """What the network makes of grey copies: means over the photographs, of sRGB in 0..1.

    `loss`: the recipe's own; `accuracy`: Keras's; `mae`, `mse`; `mse ratio`: over the MSE of the
    grey copies. Raises DataError: no photograph has any colour.
    """
    sums = dict.fromkeys(("loss", "accuracy", "mae", "mse", "grey"), 0.0)
    for first in range(0, len(photographs), _BATCH):
        part = range(first, min(first + _BATCH, len(photographs)))
        examples = _examples(photographs, part)
        output = predict(examples)
        srgb = task.srgb(output, examples)
        of_part = {
            "loss": task.loss(output, examples, recipe),
            "accuracy": categorical_accuracy(srgb, examples.srgb),
            "mae": (srgb - examples.srgb).abs().mean(),
            "mse": (srgb - examples.srgb).square().mean(),
            "grey": (examples.gray - examples.srgb).square().mean(),
        }
        for name, mean in of_part.items():
            sums[name] += mean.item() * len(part)
    gray = sums.pop("grey")
    if gray < _MIN_GRAY_MSE * len(photographs):
        raise DataError("the validation photographs are all grey; give some with colour")
    means = {name: total / len(photographs) for name, total in sums.items()}
    return means | {"mse ratio": sums["mse"] / gray}


def sample_examples(photographs: PackedImages, count: int) -> Examples:
    """The first `count`, or all that there are."""
    return _examples(photographs, range(min(count, len(photographs))))


def _examples(photographs: PackedImages, part: range) -> Examples:
    return Examples(torch.stack([torch.from_numpy(photographs[i].copy()) for i in part]))
