"""What is told of some places, spread over what they belong to."""

from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.nn import functional

__all__ = ["Spreading"]

T = TypeVar("T", Tensor, float)

_CELL = 8  # pixels: what is told is looked at in cells of this size
_NEAR = 64.0  # pixels, which count as much as one unit of what the features differ by
_UNLIKE = 0.15  # at first, what likeness makes of the features' differences
_SAME = 0.18  # what is at such distances is hardly told apart
_FAR = 1.6  # at this distance what is told weighs as much as changing nothing


class Spreading(nn.Module):
    """A kernel regression from the places that are told to all others.

    What is told differs from what the network would say. Other places take over as much of that
    difference as they are like those: near, and alike to the network, in a way that it learns. So
    a coat gets its colour up to its edge, where something else begins. It is the estimator of
    E. Nadaraya, On Estimating Regression, 1964, with a constant added to the sum of the weights, so
    that nothing changes where nothing is like what was told; the learnt likeness is attention's
    (A. Vaswani et al., Attention Is All You Need, 2017) with distances for products. Weights fall
    with a power of the distance (D. Shepard, A two-dimensional interpolation function for
    irregularly-spaced data, 1968): one hint reaches far, and among many the nearest decides.
    """

    def __init__(self, channels: int, stride: int, *, likeness: int = 16) -> None:
        """For `channels` of features at that stride, of which it makes `likeness` numbers."""
        super().__init__()
        self.stride = stride
        self.like = nn.Conv2d(channels, likeness, 1, bias=False)
        nn.init.normal_(self.like.weight, std=_UNLIKE)

    def forward(self, features: Tensor, ab: Tensor, known: Tensor) -> tuple[Tensor, Tensor]:
        """How a*b* (n,2,h/t,w/t) change, and how far each place is told (n,1,h/t,w/t), 0..1.

        `features` are (n,c,h/t,w/t) at the stride t, `ab` (n,2,h/s,w/s) is what the network says by
        itself, `known` a*, b*, mask (n,3,h,w). Without anything known both are exactly 0.
        """
        wish, mask = known[:, :2], known[:, 2:]
        places = self._places(features)
        told = functional.max_pool2d(mask, _CELL)  # cells, like all that follows
        change = _mean(wish, mask) - _mean(ab, mask)
        cells = torch.cat((told, change, _mean(places, mask)), 1).flatten(2).transpose(1, 2)
        queries = places.flatten(2).transpose(1, 2)
        if self.training:  # most cells are not told: without these a step is far shorter
            each = zip(queries, cells, strict=True)
            spread = torch.stack([_taken_over(query, cell[cell[:, 0] > 0]) for query, cell in each])
        else:
            spread = _taken_over(queries, cells)
        planes = spread.transpose(1, 2).reshape(-1, 3, *features.shape[-2:])
        return planes[:, :2], planes[:, 2:]

    def _places(self, features: Tensor) -> Tensor:
        """What each place looks like, and where it lies (n,l+2,h/t,w/t)."""
        one = torch.full_like(features[:, :1], self.stride / _NEAR)
        return torch.cat((self.like(features), one.cumsum(2), one.cumsum(3)), 1)


def _taken_over(places: Tensor, cells: Tensor) -> Tensor:
    """The change at each of the places, and how far it is told (...,p,3).

    `places` are (...,p,k), `cells` (...,c,3+k): how far each is told, its change, and what stands
    for places.
    """
    told, change, cells = cells[..., :1], cells[..., 1:3], cells[..., 3:]
    squares = places.square().sum(-1, keepdim=True) + cells.square().sum(-1)[..., None, :]
    squares = (squares - 2 * places @ cells.transpose(-1, -2)).clamp(min=0)
    weighed = _weight(squares) @ (told * torch.cat((change, torch.ones_like(told)), -1))
    total = weighed[..., 2:]
    return torch.cat((weighed[..., :2], total), -1) / (total + _weight(_FAR**2))


def _weight(square: T) -> T:
    """Of what is told at a distance of that square."""
    ratio = 1 + square / _SAME**2
    return 1 / (ratio * ratio * ratio)  # a power would be far slower on a processor


def _mean(planes: Tensor, mask: Tensor) -> Tensor:
    """The mean of each cell's places under the mask (n,1,h,w); 0 where there are none."""
    stride = mask.shape[-1] // planes.shape[-1]
    under = functional.max_pool2d(mask, stride)
    step = _CELL // stride
    return functional.avg_pool2d(planes * under, step) / functional.avg_pool2d(under, step).clamp(
        min=1e-6
    )
