"""The colours among which a network says how likely each is: a grid over what sRGB can show."""

import torch
from torch import Tensor
from torch.nn import functional

from colorear import color

__all__ = ["PALETTE", "unlikeliness"]

_STEP = 14.0  # CIELAB units between neighbours


def _grid() -> Tensor:
    """a*, b* (k, 2) of the places of a square grid that some colour of sRGB is nearest to."""
    levels = torch.linspace(0, 1, 65)
    srgb = torch.cartesian_prod(levels, levels, levels).T[:, None]
    ab = color.srgb_to_lab(srgb)[1:, 0].T
    places: Tensor = torch.unique((ab / _STEP).round(), dim=0)
    return _STEP * places


PALETTE: Tensor = _grid()


def unlikeliness(likelihood: Tensor, ab: Tensor) -> Tensor:
    """The cross-entropy of what is said (n, k, h, w) and the true a*b* (n, 2, h, w), a mean.

    The truth is soft: it belongs to each colour nearby, by a Gaussian as wide as half a step, as in
    R. Zhang, P. Isola and A. Efros, Colorful Image Colorization, ECCV 2016, section 2.1.
    """
    away = (ab[:, None] - PALETTE.to(ab)[None, :, :, None, None]).square().sum(2)
    truth = functional.softmax(-away / (2 * (_STEP / 2) ** 2), 1)
    return functional.cross_entropy(likelihood, truth)
