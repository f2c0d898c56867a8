"""What a network is told to make small, and how far it got."""

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

from colorear import color
from colorear.learn.acuarela import AB_SCALE

__all__ = ["Examples", "ab_loss", "colourised", "squared_errors"]


class Examples:
    """A batch of colour photographs as what the network sees and what it should say.

    >>> grey = Examples(torch.full((1, 8, 8, 3), 128, dtype=torch.uint8))
    >>> grey.lightness.shape, round(grey.ab.abs().max().item(), 3)
    (torch.Size([1, 1, 8, 8]), 0.0)
    """

    def __init__(self, pixels: Tensor) -> None:
        """Take (n, h, w, 3) sRGB bytes."""
        self.srgb = pixels.permute(0, 3, 1, 2).float() / 255  # (n, 3, h, w) in 0..1
        self.luma: Tensor = color.luma(self.srgb)  # (n, 1, h, w) in 0..1
        self.lightness: Tensor = color.luma_to_lightness(self.luma)  # the grey photograph's L*
        self.ab: Tensor = color.srgb_to_lab(self.srgb)[:, 1:]  # (n, 2, h, w) in CIELAB units


def ab_loss(kind: Literal["squared", "smooth-l1"]) -> Callable[[Tensor, Tensor], Tensor]:
    """The loss between predicted `ab` (n,2,h/s,w/s) and true `ab` (n,2,h,w), in CIELAB units.

    The truth is averaged over each of the network's places, so that a loss does not ask for detail
    that the network's grid cannot hold.
    """
    distance = {"squared": functional.mse_loss, "smooth-l1": functional.smooth_l1_loss}[kind]

    def loss(predicted: Tensor, truth: Tensor) -> Tensor:
        truth = functional.adaptive_avg_pool2d(truth, (predicted.shape[-2], predicted.shape[-1]))
        return distance(predicted / AB_SCALE, truth / AB_SCALE)

    return loss


def colourised(examples: Examples, ab: Tensor) -> Tensor:
    """The photographs (n,3,h,w), sRGB in 0..1, with colour `ab` (n,2,h/s,w/s) and luma kept."""
    ab = functional.interpolate(ab, examples.luma.shape[-2:], mode="bilinear", align_corners=False)
    chroma = color.limit_chroma(examples.luma, color.ab_to_chroma(examples.luma, ab))
    srgb: Tensor = color.ycc_to_srgb(torch.cat((examples.luma, chroma), 1))
    return srgb.clamp(0, 1)  # rounding error only: the chroma is inside the gamut


def squared_errors(examples: Examples, ab: Tensor) -> tuple[Tensor, Tensor]:
    """Mean squared sRGB errors (n,) of the colourised photographs and of their grey copies."""
    ours = (colourised(examples, ab) - examples.srgb).square().mean((1, 2, 3))
    grey = (examples.luma - examples.srgb).square().mean((1, 2, 3))
    return ours, grey
