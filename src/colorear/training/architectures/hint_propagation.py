"""What is told of some places, spread over what they belong to."""

from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.nn import functional

__all__ = ["Spreading"]

T = TypeVar("T", Tensor, float)

_NEAR = 64.0  # pixels, which count as much as one unit of what the features differ by
_UNLIKE = 0.15  # at first, what likeness makes of the features' differences
_SAME = 0.18  # what is at such distances is hardly told apart
_FAR = 1.6  # at first, at this distance what is told weighs as much as changing nothing
_SUREST = 6.0  # the logarithm of how many times that weight may grow, or fall


class Spreading(nn.Module):
    """A kernel regression from the places that are told to all others.

    What is told differs from what the network would say. Other places take over as much of that
    difference as they are like those: near, and alike to the network, in a way that it learns. So
    a coat gets its colour up to its edge, where something else begins. It is the estimator of
    E. Nadaraya, On Estimating Regression, 1964, with the place's own weight, which is learnt too,
    added to the sum of the weights: what the network is sure of is reluctant to change, and nothing
    does where nothing is like what was told. The learnt likeness is attention's
    (A. Vaswani et al., Attention Is All You Need, 2017) with distances for products. Weights fall
    with a power of the distance (D. Shepard, A two-dimensional interpolation function for
    irregularly-spaced data, 1968): one hint reaches far, and among many the nearest decides.
    """

    def __init__(self, fine: int, coarse: int, stride: int, *, likeness: int = 16) -> None:
        """For so many features at that stride and at twice it, of which it makes `likeness`."""
        super().__init__()
        self.stride = stride
        self.like = nn.Conv2d(fine, likeness, 1, bias=False)
        nn.init.normal_(self.like.weight, std=_UNLIKE)
        self.sure = nn.Conv2d(fine, 2, 1)  # of its colour, and of its doubt
        self.coarse = nn.Conv2d(coarse, 2 + likeness, 1, bias=False)  # adds to both
        for start in (*self.sure.parameters(), *self.coarse.parameters()):
            nn.init.zeros_(start)

    def forward(
        self, features: tuple[Tensor, Tensor], ab: Tensor, known: Tensor
    ) -> tuple[Tensor, Tensor]:
        """How a*b* (n,2,h/t,w/t) change, and what part of its doubt each place loses (n,1,h/t,w/t).

        `features` are (n,c,h/t,w/t) and (n,d,h/2t,w/2t), `ab` (n,2,h/s,w/s) is what the network
        says by itself, `known` a*, b*, mask (n,3,h,w). Without anything known both are exactly 0.
        """
        device = ab.device.type
        if torch.is_autocast_enabled(device):  # differences of squares need all their digits
            with torch.autocast(device, enabled=False):
                fine, coarse = (planes.float() for planes in features)
                return self.forward((fine, coarse), ab.float(), known)
        wish, mask = known[:, :2], known[:, 2:]
        own, places = self._seen(*features)
        told = functional.max_pool2d(mask, self.stride)  # places, like all that follows
        change = _mean(wish, mask, self.stride) - _mean(ab, mask, self.stride)
        sources = torch.cat((told, change, places), 1).flatten(2).transpose(1, 2)
        takers = torch.cat((own, places), 1).flatten(2).transpose(1, 2)
        # most places are not told: without these it is far faster
        if self.training:
            each = zip(takers, sources, strict=True)
            spread = torch.stack([_taken_over(to, of[of[:, 0] > 0]) for to, of in each])
        else:
            some = sources[..., 0].amax(0).nonzero()[:, 0]
            none = torch.zeros_like(sources[:, :1])  # so that there is one
            spread = _taken_over(takers, torch.cat((none, sources[:, some]), 1))
        planes = spread.transpose(1, 2).reshape(-1, 3, *places.shape[-2:])
        return planes[:, :2], planes[:, 2:]

    def _seen(self, fine: Tensor, coarse: Tensor) -> tuple[Tensor, Tensor]:
        """Weights of the own colour and doubt of each place (n,2,h/t,w/t); what stands for it."""
        coarse = functional.interpolate(self.coarse(coarse), scale_factor=2.0, mode="bilinear")
        sure, like = self.sure(fine) + coarse[:, :2], self.like(fine) + coarse[:, 2:]
        own = _weight(_FAR**2) * sure.clamp(-_SUREST, _SUREST).exp()
        one = torch.full_like(own[:, :1], self.stride / _NEAR)
        return own, torch.cat((like, one.cumsum(2), one.cumsum(3)), 1)


def _taken_over(takers: Tensor, sources: Tensor) -> Tensor:
    """The change at each of the takers, and what part of its doubt goes (...,p,3).

    `takers` are (...,p,2+k), the weights of their own colour and doubt first, `sources`
    (...,q,3+k): how far each is told, its change; and what stands for places.
    """
    colour, doubt, places = torch.tensor_split(takers, (1, 2), -1)
    told, change, from_places = torch.tensor_split(sources, (1, 3), -1)
    squares = places.square().sum(-1, keepdim=True) + from_places.square().sum(-1)[..., None, :]
    squares = (squares - 2 * places @ from_places.transpose(-1, -2)).clamp(min=0)
    weighed = _weight(squares) @ (told * torch.cat((change, torch.ones_like(told)), -1))
    changes, total = weighed[..., :2], weighed[..., 2:]
    # what is alike is learnt from colours alone: they would reach less far for doubts that fit
    certain = total.detach()
    return torch.cat((changes / (total + colour), certain / (certain + doubt)), -1)


def _weight(square: T) -> T:
    """Of what is told at a distance of that square."""
    ratio = 1 + square / _SAME**2
    return 1 / (ratio * ratio * ratio)  # a power would be far slower on a processor


def _mean(planes: Tensor, mask: Tensor, side: int) -> Tensor:
    """The mean under the mask (n,1,h,w) of each square of that side; 0 where nothing is."""
    stride = mask.shape[-1] // planes.shape[-1]
    under = functional.max_pool2d(mask, stride)
    means = functional.avg_pool2d(planes * under, side // stride)
    return means / functional.avg_pool2d(under, side // stride).clamp(min=1e-6)
