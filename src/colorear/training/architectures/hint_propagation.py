"""Hints, propagated from the places that they are given for to all that these belong to."""

from typing import NamedTuple, TypeVar

import torch
from torch import Tensor, nn
from torch.nn import functional

__all__ = ["HintPropagation"]

T = TypeVar("T", Tensor, float)

_PIXELS_PER_UNIT = 64.0  # pixels that count as much as one unit of embedding distance
_SIMILARITY_STD = 0.15  # of the first weights of the embedding
_KERNEL_WIDTH = 0.18  # embedding distance below which places are hardly distinguished
_SELF_WEIGHT_DISTANCE = 1.6  # at first, a hint at this distance weighs as much as no change does
_MAX_LOG_SELF_WEIGHT = 6.0  # training may change that weight by at most this factor's logarithm


class _Targets(NamedTuple):
    """Places that hints are propagated to, p of them in each picture."""

    self_weights: Tensor
    """(...,p,2): weight of keeping their own color, and of keeping their own uncertainty."""
    embeddings: Tensor
    """(...,p,k)."""


class _Sources(NamedTuple):
    """Places that hints are given for, q of them in each picture."""

    hinted: Tensor
    """(...,q,1): the part of the place that is hinted, in 0..1."""
    change: Tensor
    """(...,q,2): hinted a*, b* less the predicted ones, in CIELAB units."""
    embeddings: Tensor
    """(...,q,k)."""


class HintPropagation(nn.Module):
    """Kernel regression from the hinted places to all others.

    A hint says by how much the prediction is off at its place. Every other place takes over as much
    of that change as it is similar: near, and with similar features in a learned embedding. So a
    coat takes a hint's color up to its edge, where something else begins.

    Notes
    -----
    The estimator is that of E. Nadaraya, On Estimating Regression, 1964
    (doi:10.1137/1109020). Each place's own weight, which is learned, is added to the sum of the
    weights: a prediction that is certain is reluctant to change, and nothing changes where nothing
    is similar to a hint. The learned similarity is that of attention (A. Vaswani et al., Attention
    Is All You Need, 2017, arXiv:1706.03762) with distances in place of products. Weights fall with
    a power of the distance (D. Shepard, A two-dimensional interpolation function for
    irregularly-spaced data, 1968, doi:10.1145/800186.810616): a single hint reaches far, and among
    many the nearest decides.
    """

    def __init__(self, fine: int, coarse: int, stride: int, *, dimensions: int = 16) -> None:
        """Build the layers.

        Parameters
        ----------
        fine, coarse
            Channels of the features at `stride` and at twice that stride.
        stride
            Pixels of the input between neighboring places.
        dimensions
            Of the embedding that is learned, without the two of the position.
        """
        super().__init__()
        self.stride = stride
        self.similarity = nn.Conv2d(fine, dimensions, 1, bias=False)
        nn.init.normal_(self.similarity.weight, std=_SIMILARITY_STD)
        self.self_weight = nn.Conv2d(fine, 2, 1)  # of the own color, of the own uncertainty
        self.coarse = nn.Conv2d(coarse, 2 + dimensions, 1, bias=False)  # adds to both
        for parameter in (*self.self_weight.parameters(), *self.coarse.parameters()):
            nn.init.zeros_(parameter)

    def forward(
        self, features: tuple[Tensor, Tensor], ab: Tensor, hints: Tensor
    ) -> tuple[Tensor, Tensor]:
        """How a*, b* change, and by what part the uncertainty falls.

        Parameters
        ----------
        features
            (n,c,h/t,w/t) and (n,d,h/2t,w/2t), where t is this module's stride.
        ab
            (n,2,h/s,w/s) in CIELAB units: the prediction without hints.
        hints
            (n,3,h,w): a*, b* in CIELAB units, and a mask in 0..1.

        Returns
        -------
        change
            (n,2,h/t,w/t) in CIELAB units, exactly 0 without hints.
        certain
            (n,1,h/t,w/t) in 0..1: the part of its uncertainty that each place loses, exactly 0
            without hints.
        """
        device = ab.device.type
        if torch.is_autocast_enabled(device):  # differences of squares need all their digits
            with torch.autocast(device, enabled=False):
                fine, coarse = (planes.float() for planes in features)
                return self.forward((fine, coarse), ab.float(), hints)
        hint_ab, mask = hints[:, :2], hints[:, 2:]
        self_weights, embeddings = self._embed(*features)
        hinted = functional.max_pool2d(mask, self.stride)
        change = _masked_mean(hint_ab, mask, self.stride) - _masked_mean(ab, mask, self.stride)
        targets = _Targets(_by_place(self_weights), _by_place(embeddings))
        sources = _Sources(_by_place(hinted), _by_place(change), targets.embeddings)
        # most places are not hinted: leaving them out is far faster
        if self.training:
            propagated = torch.stack([_propagate_one(targets, sources, i) for i in range(len(ab))])
        else:
            used = sources.hinted[..., 0].amax(0).nonzero()[:, 0]
            # with a source of zeros before them, so that there always is one
            some = (
                torch.cat((torch.zeros_like(each[:, :1]), each[:, used]), 1) for each in sources
            )
            propagated = _propagate(targets, _Sources(*some))
        planes = propagated.transpose(1, 2).reshape(-1, 3, *embeddings.shape[-2:])
        return planes[:, :2], planes[:, 2:]

    def _embed(self, fine: Tensor, coarse: Tensor) -> tuple[Tensor, Tensor]:
        """The self-weights (n,2,h/t,w/t) of all places, and their embeddings (n,k,h/t,w/t)."""
        coarse = functional.interpolate(self.coarse(coarse), scale_factor=2.0, mode="bilinear")
        log_change = self.self_weight(fine) + coarse[:, :2]
        learned = self.similarity(fine) + coarse[:, 2:]
        limited = log_change.clamp(-_MAX_LOG_SELF_WEIGHT, _MAX_LOG_SELF_WEIGHT)
        self_weights = _kernel(_SELF_WEIGHT_DISTANCE**2) * limited.exp()
        step = torch.full_like(self_weights[:, :1], self.stride / _PIXELS_PER_UNIT)
        return self_weights, torch.cat((learned, step.cumsum(2), step.cumsum(3)), 1)


def _by_place(planes: Tensor) -> Tensor:
    """(n,c,h,w) -> (n,h*w,c)."""
    return planes.flatten(2).transpose(1, 2)


def _propagate_one(targets: _Targets, sources: _Sources, i: int) -> Tensor:
    """`_propagate` for picture `i` of a batch, from its hinted places alone."""
    used = sources.hinted[i, :, 0] > 0
    return _propagate(
        _Targets(*(each[i] for each in targets)), _Sources(*(each[i][used] for each in sources))
    )


def _propagate(targets: _Targets, sources: _Sources) -> Tensor:
    """(...,p,3): the change at each target, and the part of its uncertainty that it loses."""
    self_color, self_uncertainty = torch.tensor_split(targets.self_weights, 2, -1)
    squares = targets.embeddings.square().sum(-1, keepdim=True)
    squares = squares + sources.embeddings.square().sum(-1)[..., None, :]
    products = 2 * targets.embeddings @ sources.embeddings.transpose(-1, -2)
    values = torch.cat((sources.change, torch.ones_like(sources.hinted)), -1)
    weighted = _kernel((squares - products).clamp(min=0)) @ (sources.hinted * values)
    change, total = weighted[..., :2], weighted[..., 2:]
    # the embedding is learned from colors alone: fitting uncertainties would shorten its reach
    fixed = total.detach()
    return torch.cat((change / (total + self_color), fixed / (fixed + self_uncertainty)), -1)


def _kernel(square: T) -> T:
    """The weight of a hint at a distance whose square is given."""
    ratio = 1 + square / _KERNEL_WIDTH**2
    return 1 / (ratio * ratio * ratio)  # a power would be far slower on a processor


def _masked_mean(planes: Tensor, mask: Tensor, side: int) -> Tensor:
    """The mean under the mask (n,1,h,w) of each square of that side; 0 where the mask is 0."""
    stride = mask.shape[-1] // planes.shape[-1]
    under = functional.max_pool2d(mask, stride)
    means = functional.avg_pool2d(planes * under, side // stride)
    return means / functional.avg_pool2d(under, side // stride).clamp(min=1e-6)
