"""Batches of photographs as a network is shown them, and losses of what it makes of them."""

from collections.abc import Callable
from functools import cached_property

import torch
from torch import Tensor
from torch.nn import functional

from colorear import color
from colorear.training.recipe import Loss

__all__ = [
    "LOSSES",
    "Examples",
    "LossFunction",
    "categorical_accuracy",
    "colorized",
    "consistency_loss",
]

LossFunction = Callable[[Tensor, Tensor], Tensor]


def _smooth_l1(predicted: Tensor, truth: Tensor) -> Tensor:
    return functional.smooth_l1_loss(predicted, truth, beta=0.1)


LOSSES: dict[Loss, LossFunction] = {
    "absolute": functional.l1_loss,
    "squared": functional.mse_loss,
    "smooth-l1": _smooth_l1,
}
"""What a recipe calls each loss: a mean over all values of a batch."""


class Examples:
    """A batch of color photographs as a network's input and as its target.

    >>> gray = Examples(torch.full((1, 8, 8, 3), 128, dtype=torch.uint8))
    >>> gray.lightness.shape, round(gray.ab.abs().max().item(), 3)
    (torch.Size([1, 1, 8, 8]), 0.0)
    """

    def __init__(
        self,
        pixels: Tensor,
        *,
        shown_luma: Tensor | None = None,
        hints: Tensor | None = None,
        clean_copies: Tensor | None = None,
    ) -> None:
        """Take a batch.

        Parameters
        ----------
        pixels
            (n,h,w,3), sRGB bytes.
        shown_luma
            (n,1,h,w) in 0..1: the network's input, if that is not the photographs' own luma.
        hints
            (n,3,h,w): a*, b* in CIELAB units where hints are given, and a mask.
        clean_copies
            (m): the last m photographs are those of these numbers, shown without degradation.
        """
        self.hints = hints
        self.srgb = pixels.permute(0, 3, 1, 2).float() / 255  # (n,3,h,w) in 0..1
        self.luma: Tensor = color.luma(self.srgb)  # (n,1,h,w) in 0..1
        self.shown_luma = self.luma if shown_luma is None else shown_luma
        self.clean_copies = (
            torch.empty(0, dtype=torch.long) if clean_copies is None else clean_copies
        )

    @cached_property
    def gray(self) -> Tensor:
        """(n,3,h,w): the photographs that are shown, as three equal channels in 0..1."""
        return self.shown_luma.repeat(1, 3, 1, 1).contiguous(memory_format=torch.channels_last)

    @cached_property
    def lightness(self) -> Tensor:
        """(n,1,h,w): L* in 0..100 of the photographs that are shown."""
        lightness: Tensor = color.luma_to_lightness(self.shown_luma)
        return lightness

    def with_clean_copies(self) -> "Examples":
        """These, and the degraded ones among them once more without degradation."""
        differs = (self.shown_luma - self.luma).abs().amax((1, 2, 3)) > 1e-3  # more than rounding
        degraded = differs.nonzero()[:, 0]
        pixels = (255 * torch.cat((self.srgb, self.srgb[degraded]))).permute(0, 2, 3, 1)
        shown_luma = torch.cat((self.shown_luma, self.luma[degraded]))
        hints = None if self.hints is None else torch.cat((self.hints, self.hints[degraded]))
        return Examples(pixels, shown_luma=shown_luma, hints=hints, clean_copies=degraded)

    @cached_property
    def ab(self) -> Tensor:
        """(n,2,h,w): the true a*, b*, in CIELAB units."""
        lab: Tensor = color.srgb_to_lab(self.srgb)
        return lab[:, 1:]


def colorized(examples: Examples, ab: Tensor) -> Tensor:
    """The photographs (n,3,h,w), sRGB in 0..1, with color `ab` (n,2,h/s,w/s) and their own luma."""
    ab = functional.interpolate(ab, examples.luma.shape[-2:], mode="bilinear", align_corners=False)
    chroma = color.limit_chroma(examples.luma, color.ab_to_chroma(examples.luma, ab))
    srgb: Tensor = color.ycc_to_srgb(torch.cat((examples.luma, chroma), 1))
    return srgb.clamp(0, 1)  # rounding error only: the chroma is inside the gamut


def categorical_accuracy(predicted: Tensor, truth: Tensor) -> Tensor:
    """The part of the pixels whose largest channel is the true one.

    It is what Keras calls "accuracy" when the slides train on (n,h,w,3) arrays; of two equal
    channels the first is the largest, so a gray pixel counts as red.

    Parameters
    ----------
    predicted, truth
        (n,3,h,w), sRGB.
    """
    return (predicted.argmax(1) == truth.argmax(1)).float().mean()


def consistency_loss(colors: Tensor, clean_copies: Tensor) -> Tensor:
    """The mean square by which degraded photographs are colored unlike their clean copies.

    Gradients move both: a network may know less of a degraded photograph, but what it only believes
    it knows of a clean one goes too.

    Parameters
    ----------
    colors
        (n,...): the last m are those of the clean copies.
    clean_copies
        (m): the numbers of the degraded photographs. With none the loss is 0.
    """
    difference: Tensor = colors[clean_copies] - colors[len(colors) - len(clean_copies) :]
    return difference.square().sum() / colors.numel()
