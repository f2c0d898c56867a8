"""A batch for training: some photographs degraded, for some a few colors given as hints."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from colorear import color
from colorear.training.augmentation.degradation import degrade
from colorear.training.augmentation.recoloring import recolor
from colorear.training.datasets.crops import Batch
from colorear.training.losses import Examples
from colorear.training.recipe import AugmentationSpec

__all__ = ["MAX_SIDE", "augment"]

Pixels = NDArray[np.uint8]
Rng = np.random.Generator
MAX_SIDE = 9  # pixels across a hint


def augment(batch: Batch, spec: AugmentationSpec, device: torch.device) -> Examples:
    """Augment a batch as a recipe says.

    What is random about each photograph follows from its own seed alone, whatever else is in the
    batch.

    Parameters
    ----------
    batch
        Photographs, each with a seed.
    spec
        That part of the recipe.
    device
        Where the examples' tensors are to be.
    """
    rngs = [np.random.default_rng(seed) for seed in batch.seeds]
    pixels, hints = _with_hints(batch.pixels, spec, rngs) if spec.hinted else (batch.pixels, None)
    shown_luma = _shown_luma(pixels, spec, rngs) if spec.degraded else None
    examples = Examples(
        torch.from_numpy(pixels).to(device),
        shown_luma=None if shown_luma is None else shown_luma.to(device),
        hints=None if hints is None else hints.to(device),
    )
    return examples.with_clean_copies() if spec.consistency else examples


def _shown_luma(photographs: Pixels, spec: AugmentationSpec, rngs: list[Rng]) -> Tensor:
    """The luma (n,1,h,w) in 0..1 that the network is shown."""
    luma = np.array(color.LUMA, np.float32) / 255
    shown = [
        degrade(pixels, rng) if rng.random() < spec.degraded else pixels @ luma
        for pixels, rng in zip(photographs, rngs, strict=True)
    ]
    return torch.from_numpy(np.stack(shown)[:, None])


def _with_hints(
    photographs: Pixels, spec: AugmentationSpec, rngs: list[Rng]
) -> tuple[Pixels, Tensor]:
    """The photographs, some with an object recolored, and hints: a*, b*, mask (n,3,h,w).

    Some photographs have hints, from one to very many. Few are the rule: every doubling of their
    number is as frequent as the next. (R. Zhang et al., Real-Time User-Guided Image Colorization
    with Learned Deep Priors, SIGGRAPH 2017, section 3.2, doi:10.1145/3072959.3073703, draw it from
    a geometric distribution with a mean of 8, which has next to none with 100.)
    """
    count, height, width, _ = photographs.shape
    shown = photographs.copy()
    hints = np.zeros((count, 3, height, width), np.float32)
    for i, rng in enumerate(rngs):
        if rng.random() < spec.hinted:
            place = None
            if rng.random() < spec.recolored:
                shown[i], place = recolor(photographs[i], rng)
            for _ in range(round((spec.max_hints + 0.5) ** rng.random())):
                _add_hint(shown[i], hints[i], rng, place)
                place = None
    return shown, torch.from_numpy(hints)


def _add_hint(
    pixels: Pixels, hints: NDArray[np.float32], rng: Rng, center: tuple[int, int] | None
) -> None:
    """Add one hint to a*, b*, mask (3,h,w), in place: the mean color of the square it covers.

    The square is around `center` or, without one, anywhere.
    """
    height, width = hints.shape[1:]
    side = int(rng.integers(1, MAX_SIDE + 1))
    if center:
        top, left = (max(0, at - side // 2) for at in center)
    else:
        top, left = int(rng.integers(height)), int(rng.integers(width))
    square = (slice(top, top + side), slice(left, left + side))
    ab = color.srgb_to_lab(pixels[square].transpose(2, 0, 1) / 255)[1:]
    hints[:2, *square] = ab.mean((1, 2), keepdims=True)
    hints[2, *square] = 1
