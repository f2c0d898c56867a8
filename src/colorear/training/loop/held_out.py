"""The photographs that shards hold out, as examples to validate by."""

from collections.abc import Iterator

import torch

from colorear.training.datasets.photo_buffer import PhotoBuffer
from colorear.training.losses import Examples

__all__ = ["held_out_batches", "held_out_samples"]

_MOST, _AT_ONCE = 512, 64  # photographs


def held_out_batches(photographs: PhotoBuffer, size: int) -> Iterator[Examples]:
    """Batches of those held out, from all shards alike: at most 512, as squares of `size`."""
    numbers = photographs.held_out
    step = max(1, -(-len(numbers) // _MOST))
    for some in torch.split(numbers[::step], _AT_ONCE):
        yield Examples(photographs.squares(some, size))


def held_out_samples(photographs: PhotoBuffer, size: int, count: int) -> Examples:
    """The first `count` of them, or all if there are fewer."""
    with torch.no_grad():
        return Examples(photographs.squares(photographs.held_out[:count], size))
