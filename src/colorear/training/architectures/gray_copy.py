"""First weights by which an autoencoder copies the gray photograph that it is given.

Then only color is left to be learned. With skips the last layer passes on the input that it is
joined with. Without them the first channels of every stage hold the pixels of the square that a
place of the stage stands for or, where half of the channels are too few for that, the lowest
frequencies of its four quarters.
"""

import math
from dataclasses import dataclass

import numpy as np
import torch
from scipy.fft import dct
from torch import Tensor

from colorear.training.architectures.autoencoders import Autoencoder, Down, Up

__all__ = ["initialize_as_gray_copy"]

_LUMA_MEAN, _LUMA_DEVIATION = 0.45, 0.25  # about those of photographs
_WAVE_DEVIATION = 0.11  # of the amplitude of waves in a square, times the half waves there
_CORNERS = torch.tensor([[0, 0], [0, 1], [1, 0], [1, 1]])  # where the quarters of a square begin
_SHARE = 0.75  # of a stage's channels, for the photograph's frequencies where pixels do not fit


@torch.no_grad()
def initialize_as_gray_copy(network: Autoencoder) -> None:
    """Change the first weights in place so that the gray photograph comes out as it went in.

    The deep network without skips has too few channels for all of it: of that the lower frequencies
    come out.
    """
    network.last.weight.zero_()
    network.last.weight[:, -3:, 0, 0] = torch.eye(3)
    if network.skips:
        return
    pixels = torch.zeros(1, 2, dtype=torch.int64)  # where in the square each channel's is: y, x
    bases = []
    for stage in network.encoder:
        if isinstance(stage, Down):
            width = len(stage.weight)
            fit = 4 * len(pixels) <= width // 2
            bases.append(_pixels(pixels) if fit else _waves(pixels, int(_SHARE * width) // 4))
            _analyze(stage, bases[-1])
            pixels = torch.cat([pixels + math.isqrt(len(pixels)) * corner for corner in _CORNERS])
    for stage in network.decoder:
        if isinstance(stage, Up):
            _synthesize(stage, bases.pop())


@dataclass(frozen=True)
class _Basis:
    """What is kept of each quarter of a square, and how that varies among photographs."""

    patterns: Tensor
    """(kept, pixels), orthogonal."""
    mean: Tensor
    """(kept)"""
    deviation: Tensor
    """(kept)"""
    offset: Tensor
    """(kept): added so that values are above zero, where a LeakyReLU changes nothing."""


def _pixels(pixels: Tensor) -> _Basis:
    """Every pixel."""
    one = torch.ones(len(pixels))
    return _Basis(torch.eye(len(pixels)), _LUMA_MEAN * one, _LUMA_DEVIATION * one, 0 * one)


def _waves(pixels: Tensor, count: int) -> _Basis:
    """The `count` lowest frequencies, by the type II discrete cosine transform.

    Waves have an amplitude of one, because Adam moves small weights as far as large ones.
    """
    side = math.isqrt(len(pixels))
    waves = torch.from_numpy(dct(np.eye(side, dtype=np.float32), axis=0, norm="ortho"))
    waves *= (side / 2) ** 0.5
    down, across = torch.cartesian_prod(torch.arange(side), torch.arange(side)).T
    lowest = (down + across).argsort(stable=True)[:count]
    down, across = down[lowest], across[lowest]
    patterns = waves[down][:, pixels[:, 0]] * waves[across][:, pixels[:, 1]]
    constant = lowest == 0
    mean = torch.where(constant, _LUMA_MEAN / patterns[0, 0], 0)
    deviation = _WAVE_DEVIATION / torch.hypot(down.float(), across.float()).clamp(min=0.25)
    return _Basis(patterns, mean, deviation, torch.where(constant, 0, 3 * deviation))


def _analyze(stage: Down, basis: _Basis) -> None:
    """Let the first channels be the coefficients of the four quarters of a square."""
    kept, pixels = basis.patterns.shape
    patterns = basis.patterns / basis.patterns.square().sum(1, keepdim=True)
    stage.weight[: 4 * kept] = 0
    for quarter, (y, x) in enumerate(_CORNERS):
        stage.weight[quarter * kept :][:kept, :pixels, y, x] = patterns
    if stage.norm:
        statistics = stage.norm.state_dict()  # changed in place, such that they only add the offset
        for name, values in {
            "running_mean": basis.mean,
            "running_var": basis.deviation**2,
            "weight": (basis.deviation**2 + stage.norm.eps) ** 0.5,
            "bias": basis.mean + basis.offset,
        }.items():
            statistics[name][: 4 * kept] = values.repeat(4)


def _synthesize(stage: Up, basis: _Basis) -> None:
    """Undo `_analyze`."""
    kept, pixels = basis.patterns.shape
    outputs = max(pixels, 3 * (pixels == 1))  # the last stage makes red, green and blue
    stage.weight[:, :outputs] = 0
    for quarter, (y, x) in enumerate(_CORNERS):
        stage.weight[quarter * kept :][:kept, :outputs, y, x] = basis.patterns
    stage.bias[:outputs] = -basis.offset @ basis.patterns
