"""Photographs beside the coloured ones that are compared with them, checked before any metric."""

import math

import torch
from torch import Tensor

from colorear.errors import MetricError

__all__ = ["checked", "checked_pair"]


def checked_pair(
    reference: Tensor, colored: Tensor, *, data_range: float | None = None, smallest: int = 1
) -> tuple[Tensor, Tensor]:
    """The two batches (n,3,h,w) as float64; with a `data_range`, brought to 0..1.

    Raises MetricError: they are no such batches, differ in shape, hold NaN or infinity, have sides
    below `smallest`, or leave 0..`data_range`.
    """
    pair = (
        checked(reference, "the reference", data_range=data_range, smallest=smallest),
        checked(colored, "the coloured batch", data_range=data_range, smallest=smallest),
    )
    if reference.shape != colored.shape:
        raise MetricError(
            f"the reference is {tuple(reference.shape)} and the coloured batch "
            f"{tuple(colored.shape)}, which should be equal; "
            "give the same photographs at the same size"
        )
    return pair


def checked(
    photographs: Tensor, name: str, *, data_range: float | None = None, smallest: int = 1
) -> Tensor:
    """One batch, checked and brought to float64 as in `checked_pair`; errors call it `name`."""
    if data_range is not None and not 0 < data_range < math.inf:
        raise MetricError(f"data_range is {data_range}; give the positive number that is white")
    _check_form(photographs, name, smallest)
    values = photographs.detach().to(torch.float64)
    low, high = (extreme.item() for extreme in torch.aminmax(values))  # NaN makes both NaN
    if not (math.isfinite(low) and math.isfinite(high)):
        raise MetricError(f"{name} holds NaN or infinite values; look at what its network gives")
    if data_range is None:
        return values
    if low < 0 or high > data_range:
        raise MetricError(
            f"{name} runs from {low:.4g} to {high:.4g}, expected 0 to {data_range:g}; "
            "clip it, or give the data_range that it has"
        )
    return values / data_range


def _check_form(photographs: Tensor, name: str, smallest: int) -> None:
    shape = tuple(photographs.shape)
    if len(shape) != 4 or shape[1] != 3:
        raise MetricError(
            f"{name} has the shape {shape}, expected (n, 3, h, w); "
            "put the photographs in a batch, channels before rows"
        )
    if not photographs.is_floating_point():
        raise MetricError(
            f"{name} holds {str(photographs.dtype).removeprefix('torch.')} values, expected "
            "floating-point ones; divide bytes by 255"
        )
    if shape[0] == 0:
        raise MetricError(f"{name} is empty; give at least one photograph")
    if min(shape[2:]) < smallest:
        raise MetricError(
            f"{name} is {shape[2]} x {shape[3]} pixels, and this metric needs at least "
            f"{smallest} x {smallest}; give larger photographs"
        )
