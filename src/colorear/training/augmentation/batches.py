"""A batch as a network learns from it: some photographs aged, for some a few colours told."""

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

__all__ = ["augment"]

Pixels = NDArray[np.uint8]
Rng = np.random.Generator
_LARGEST = 9  # pixels across a hint


def augment(batch: Batch, spec: AugmentationSpec, device: torch.device) -> Examples:
    """The batch as examples; what is random about each follows from its own number alone."""
    seeds = [np.random.default_rng(number) for number in batch.seeds]
    pixels, hints = _hints_for(batch.pixels, spec, seeds) if spec.hinted else (batch.pixels, None)
    shown_luma = _input_luma(pixels, spec, seeds) if spec.degraded else None
    examples = Examples(
        torch.from_numpy(pixels).to(device),
        shown_luma=None if shown_luma is None else shown_luma.to(device),
        hints=None if hints is None else hints.to(device),
    )
    return examples.with_clean_copies() if spec.consistency else examples


def _input_luma(photographs: Pixels, spec: AugmentationSpec, seeds: list[Rng]) -> Tensor:
    """The luma (n, 1, h, w) that is shown."""
    luma = np.array(color.LUMA, np.float32) / 255
    shown = [
        degrade(pixels, rng) if rng.random() < spec.degraded else pixels @ luma
        for pixels, rng in zip(photographs, seeds, strict=True)
    ]
    return torch.from_numpy(np.stack(shown)[:, None])


def _hints_for(
    photographs: Pixels, spec: AugmentationSpec, seeds: list[Rng]
) -> tuple[Pixels, Tensor]:
    """The photographs, some with a thing in another colour, and what is told of them.

    That is a*, b*, mask (n, 3, h, w): for some photographs from one to very many places. Few are
    the rule: every doubling of their number is as frequent as the next. (R. Zhang et al., Real-Time
    User-Guided Image Colorization with Learned Deep Priors, SIGGRAPH 2017, section 3.2, draw it
    from a geometric distribution with a mean of 8, which has next to none with 100.)
    """
    count, height, width, _ = photographs.shape
    shown = photographs.copy()
    hints = np.zeros((count, 3, height, width), np.float32)
    for i, rng in enumerate(seeds):
        if rng.random() < spec.hinted:
            thing = None
            if rng.random() < spec.recolored:
                shown[i], thing = recolor(photographs[i], rng)
            for _ in range(round((spec.max_hints + 0.5) ** rng.random())):
                _add_hint(shown[i], hints[i], rng, thing)
                thing = None
    return shown, torch.from_numpy(hints)


def _add_hint(
    pixels: Pixels, planes: NDArray[np.float32], rng: Rng, about: tuple[int, int] | None
) -> None:
    """One hint, about a place or somewhere: the mean colour of what it covers."""
    height, width = planes.shape[1:]
    side = int(rng.integers(1, _LARGEST + 1))
    if about:
        top, left = (max(0, at - side // 2) for at in about)
    else:
        top, left = int(rng.integers(height)), int(rng.integers(width))
    place = (slice(top, top + side), slice(left, left + side))
    ab = color.srgb_to_lab(pixels[place].transpose(2, 0, 1) / 255)[1:]
    planes[:2, *place] = ab.mean((1, 2), keepdims=True)
    planes[2, *place] = 1
