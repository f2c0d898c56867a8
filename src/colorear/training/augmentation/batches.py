"""A batch as a network learns from it: some photographs aged, for some a few colours told."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from colorear import color
from colorear.training.augmentation.degradation import aged
from colorear.training.augmentation.recoloring import recoloured
from colorear.training.datasets.cuts import Batch
from colorear.training.losses import Examples
from colorear.training.recipe import LessonSpec

__all__ = ["lesson"]

Pixels = NDArray[np.uint8]
Chance = np.random.Generator
_LARGEST = 9  # pixels across a hint


def lesson(batch: Batch, spec: LessonSpec, device: torch.device) -> Examples:
    """The batch as examples; what is random about each follows from its own number alone."""
    chances = [np.random.default_rng(number) for number in batch.chances]
    pixels, known = _known(batch.pixels, spec, chances) if spec.hinted else (batch.pixels, None)
    seen = _seen(pixels, spec, chances) if spec.aged else None
    examples = Examples(
        torch.from_numpy(pixels).to(device),
        seen=None if seen is None else seen.to(device),
        known=None if known is None else known.to(device),
    )
    return examples.with_twins() if spec.agreement else examples


def _seen(photographs: Pixels, spec: LessonSpec, chances: list[Chance]) -> Tensor:
    """The luma (n, 1, h, w) that is shown."""
    luma = np.array(color.LUMA, np.float32) / 255
    shown = [
        aged(pixels, chance) if chance.random() < spec.aged else pixels @ luma
        for pixels, chance in zip(photographs, chances, strict=True)
    ]
    return torch.from_numpy(np.stack(shown)[:, None])


def _known(photographs: Pixels, spec: LessonSpec, chances: list[Chance]) -> tuple[Pixels, Tensor]:
    """The photographs, some with a thing in another colour, and what is told of them.

    That is a*, b*, mask (n, 3, h, w): for some photographs from one to very many places. Few are
    the rule: every doubling of their number is as frequent as the next. (R. Zhang et al., Real-Time
    User-Guided Image Colorization with Learned Deep Priors, SIGGRAPH 2017, section 3.2, draw it
    from a geometric distribution with a mean of 8, which has next to none with 100.)
    """
    count, height, width, _ = photographs.shape
    shown = photographs.copy()
    known = np.zeros((count, 3, height, width), np.float32)
    for i, chance in enumerate(chances):
        if chance.random() < spec.hinted:
            thing = None
            if chance.random() < spec.recoloured:
                shown[i], thing = recoloured(photographs[i], chance)
            for _ in range(round((spec.most_hints + 0.5) ** chance.random())):
                _tell(shown[i], known[i], chance, thing)
                thing = None
    return shown, torch.from_numpy(known)


def _tell(
    pixels: Pixels, told: NDArray[np.float32], chance: Chance, about: tuple[int, int] | None
) -> None:
    """One hint, about a place or somewhere: the mean colour of what it covers."""
    height, width = told.shape[1:]
    side = int(chance.integers(1, _LARGEST + 1))
    if about:
        top, left = (max(0, at - side // 2) for at in about)
    else:
        top, left = int(chance.integers(height)), int(chance.integers(width))
    place = (slice(top, top + side), slice(left, left + side))
    ab = color.srgb_to_lab(pixels[place].transpose(2, 0, 1) / 255)[1:]
    told[:2, *place] = ab.mean((1, 2), keepdims=True)
    told[2, *place] = 1
