"""Photographs as a network sees them, and how far its answer is from the truth."""

from collections.abc import Callable
from functools import cached_property

import torch
from torch import Tensor
from torch.nn import functional

from colorear import color
from colorear.training.recipe import Loss

__all__ = [
    "DISTANCES",
    "Distance",
    "Examples",
    "categorical_accuracy",
    "colourised",
    "disagreement",
]

Distance = Callable[[Tensor, Tensor], Tensor]


def _smooth_l1(predicted: Tensor, truth: Tensor) -> Tensor:
    return functional.smooth_l1_loss(predicted, truth, beta=0.1)


DISTANCES: dict[Loss, Distance] = {
    "absolute": functional.l1_loss,
    "squared": functional.mse_loss,
    "smooth-l1": _smooth_l1,
}
"""What a recipe calls each loss: the mean over all values of a batch."""


class Examples:
    """A batch of colour photographs as what a network sees and what it should say.

    >>> grey = Examples(torch.full((1, 8, 8, 3), 128, dtype=torch.uint8))
    >>> grey.lightness.shape, round(grey.ab.abs().max().item(), 3)
    (torch.Size([1, 1, 8, 8]), 0.0)
    """

    def __init__(
        self,
        pixels: Tensor,
        *,
        seen: Tensor | None = None,
        known: Tensor | None = None,
        twins: Tensor | None = None,
    ) -> None:
        """Take (n, h, w, 3) sRGB bytes.

        `seen` is the luma (n, 1, h, w) that is shown, if not theirs; `known` a*, b* where they are
        told, and a mask (n, 3, h, w); `twins` the numbers (m) of those that the last m show again.
        """
        self.known = known
        self.srgb = pixels.permute(0, 3, 1, 2).float() / 255  # (n, 3, h, w) in 0..1
        self.luma: Tensor = color.luma(self.srgb)  # (n, 1, h, w) in 0..1
        self.seen = self.luma if seen is None else seen
        self.twins = torch.empty(0, dtype=torch.long) if twins is None else twins

    @cached_property
    def grey(self) -> Tensor:
        """(n, 3, h, w): the photograph that is shown, as three equal channels in 0..1."""
        return self.seen.repeat(1, 3, 1, 1).contiguous(memory_format=torch.channels_last)

    @cached_property
    def lightness(self) -> Tensor:
        """(n, 1, h, w): L* of the photograph that is shown."""
        lightness: Tensor = color.luma_to_lightness(self.seen)
        return lightness

    def with_twins(self) -> "Examples":
        """These, and once more as they are those that are shown otherwise, beyond rounding."""
        worn = ((self.seen - self.luma).abs().amax((1, 2, 3)) > 1e-3).nonzero()[:, 0]
        pixels = (255 * torch.cat((self.srgb, self.srgb[worn]))).permute(0, 2, 3, 1)
        seen = torch.cat((self.seen, self.luma[worn]))
        known = None if self.known is None else torch.cat((self.known, self.known[worn]))
        return Examples(pixels, seen=seen, known=known, twins=worn)

    @cached_property
    def ab(self) -> Tensor:
        """(n, 2, h, w): the true colour, in CIELAB units."""
        lab: Tensor = color.srgb_to_lab(self.srgb)
        return lab[:, 1:]


def colourised(examples: Examples, ab: Tensor) -> Tensor:
    """The photographs (n,3,h,w), sRGB in 0..1, with colour `ab` (n,2,h/s,w/s) and luma kept."""
    ab = functional.interpolate(ab, examples.luma.shape[-2:], mode="bilinear", align_corners=False)
    chroma = color.limit_chroma(examples.luma, color.ab_to_chroma(examples.luma, ab))
    srgb: Tensor = color.ycc_to_srgb(torch.cat((examples.luma, chroma), 1))
    return srgb.clamp(0, 1)  # rounding error only: the chroma is inside the gamut


def categorical_accuracy(predicted: Tensor, truth: Tensor) -> Tensor:
    """Part of the pixels whose largest channel is the true one.

    It is what Keras calls "accuracy" when the slides train on (n,h,w,3) arrays; of two equal
    channels the first is the largest, so a grey pixel counts as red.
    """
    return (predicted.argmax(1) == truth.argmax(1)).float().mean()


def disagreement(colours: Tensor, twins: Tensor) -> Tensor:
    """The mean square by which photographs are coloured otherwise than their twins.

    `colours` are (n,...), the last ones those of the twins of the photographs numbered `twins`
    (m); of photographs without one it is 0. Both are to move: a network may know less of a worn
    photograph, but what it only believes it knows of a good one goes too.
    """
    apart: Tensor = colours[twins] - colours[len(colours) - len(twins) :]
    return apart.square().sum() / colours.numel()
