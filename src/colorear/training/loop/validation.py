"""The validation of a network while it trains."""

from collections.abc import Callable, Iterable
from typing import Any

import torch

from colorear.errors import DataError
from colorear.training.datasets.photographs import PackedImages
from colorear.training.losses import Examples, categorical_accuracy
from colorear.training.recipe import Recipe
from colorear.training.tasks import Task

__all__ = ["sample_examples", "validate", "validate_batches"]

_BATCH = 32
_MIN_GRAY_MSE = 1e-9  # mean square: less than any color, more than what rounding makes of gray


def validate(
    predict: Callable[[Examples], Any],
    photographs: PackedImages,
    task: Task,
    recipe: Recipe,
) -> dict[str, float]:
    """Validate a network on photographs.

    Parameters
    ----------
    predict
        From examples to the network's output.
    photographs
        Squares of one size.
    task, recipe
        What the network is trained for.

    Returns
    -------
    metrics
        Means over the photographs, of sRGB in 0..1: `loss`, the recipe's; `accuracy`, Keras's;
        `mae`; `mse`; `mse ratio`, the MSE over that of the gray copies.

    Raises
    ------
    DataError
        No photograph has any color.
    """
    parts = (
        range(first, min(first + _BATCH, len(photographs)))
        for first in range(0, len(photographs), _BATCH)
    )
    return validate_batches(predict, (_examples(photographs, part) for part in parts), task, recipe)


def validate_batches(
    predict: Callable[[Examples], Any],
    batches: Iterable[Examples],
    task: Task,
    recipe: Recipe,
) -> dict[str, float]:
    """Like `validate`, on batches of examples, whichever device they are on."""
    count = 0
    sums = dict.fromkeys(("loss", "accuracy", "mae", "mse", "grey"), 0.0)
    for examples in batches:
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
            sums[name] += mean.item() * len(examples.srgb)
        count += len(examples.srgb)
    gray = sums.pop("grey")
    if gray < _MIN_GRAY_MSE * count:
        raise DataError("the validation photographs are all grey; give some with colour")
    means = {name: total / count for name, total in sums.items()}
    return means | {"mse ratio": sums["mse"] / gray}


def sample_examples(photographs: PackedImages, count: int) -> Examples:
    """The first `count` photographs, or all if there are fewer."""
    return _examples(photographs, range(min(count, len(photographs))))


def _examples(photographs: PackedImages, part: range) -> Examples:
    return Examples(torch.stack([torch.from_numpy(photographs[i].copy()) for i in part]))
