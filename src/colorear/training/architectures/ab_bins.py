"""The bins of a* and b* among which a network says how likely each is: a grid over sRGB's gamut."""

import torch
from torch import Tensor
from torch.nn import functional

from colorear import color

__all__ = ["AB_BINS", "ab_cross_entropy"]

_STEP = 14.0  # CIELAB units between neighboring bins


def _grid() -> Tensor:
    """a*, b* (k,2) of the places of a square grid that some color of sRGB is nearest to."""
    levels = torch.linspace(0, 1, 65)
    srgb = torch.cartesian_prod(levels, levels, levels).T[:, None]
    ab = color.srgb_to_lab(srgb)[1:, 0].T
    places: Tensor = torch.unique((ab / _STEP).round(), dim=0)
    return _STEP * places


AB_BINS: Tensor = _grid()
"""(k,2): the centers of the bins, a*, b* in CIELAB units."""


def ab_cross_entropy(logits: Tensor, ab: Tensor) -> Tensor:
    """The cross-entropy of predicted likelihoods and the true color, a mean over all places.

    Parameters
    ----------
    logits
        (n,k,h,w): of each bin, the logarithm of its likelihood, not normalized.
    ab
        (n,2,h,w): the true a*, b*, in CIELAB units.

    Notes
    -----
    The truth is soft: it belongs to every bin nearby, by a Gaussian as wide as half a step, as in
    R. Zhang, P. Isola and A. Efros, Colorful Image Colorization, ECCV 2016, section 2.1
    (doi:10.1007/978-3-319-46487-9_40).
    """
    squares = (ab[:, None] - AB_BINS.to(ab)[None, :, :, None, None]).square().sum(2)
    truth = functional.softmax(-squares / (2 * (_STEP / 2) ** 2), 1)
    return functional.cross_entropy(logits, truth)
