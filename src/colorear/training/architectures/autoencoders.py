"""The four convolutional autoencoders of the slides: grey RGB -> RGB, sRGB in 0..1.

Source: D. F. Rojas, N. Galván and H. Pinzón, "Autoencoders para colorear imágenes", Universidad
Industrial de Santander. They were built with Keras, so padding, batch normalisation and first
weights are those of Keras's layers: with equal weights the outputs are equal.
"""

import math
from dataclasses import dataclass

import numpy as np
import torch
from scipy.fft import dct
from torch import Tensor, nn
from torch.nn import functional

from colorear.models.card import Layer
from colorear.training.architectures.convolutions import convolve_down, convolve_up
from colorear.training.recipe import AutoencoderName, AutoencoderSpec

__all__ = ["PLANS", "Autoencoder", "Plan", "listing"]


_BRIGHTNESS, _CONTRAST = 0.45, 0.25  # about the mean and the deviation of photographs' luma
_WAVES = 0.11  # deviation of the amplitude of waves in a square of them, times half waves there
_CORNERS = torch.tensor([[0, 0], [0, 1], [1, 0], [1, 1]])  # where the quarters of a square begin
_SHARE = 0.75  # of a stage's channels, for the photograph's frequencies where pixels do not fit


@dataclass(frozen=True)
class Plan:
    """The channels of an autoencoder, stage by stage; every stage halves or doubles the size."""

    encoder: tuple[int, ...]
    normalised: int
    """So many of the encoder's stages, the last ones, have batch normalisation."""
    decoder: tuple[int, ...]
    skips: bool
    """Each decoder stage is joined with the encoder stage of its size, the last with the input."""


PLANS: dict[AutoencoderName, Plan] = {
    "plain-shallow": Plan((128, 256, 512), 2, (256, 128, 3), skips=False),
    "plain-deep": Plan((128, 128, 256, 512, 512), 3, (512, 256, 128, 128, 3), skips=False),
    "skip-shallow": Plan((128, 256, 512), 2, (256, 128, 3), skips=True),
    "skip-deep": Plan((128, 128, 256, 512, 512), 3, (512, 256, 128, 128, 3), skips=True),
}


class Autoencoder(nn.Module):
    """`grey` (n,3,h,w), three equal channels in 0..1 -> sRGB (n,3,h,w), about in 0..1.

    h and w are multiples of 8 (shallow) or 32 (deep).

    >>> spec = AutoencoderSpec(kind="autoencoder", name="skip-deep")
    >>> Autoencoder(spec)(torch.zeros(1, 3, 64, 96)).shape
    torch.Size([1, 3, 64, 96])
    """

    def __init__(self, spec: AutoencoderSpec) -> None:
        super().__init__()
        plan = PLANS[spec.name]
        self.skips = plan.skips
        self.multiple_of = 2 ** len(plan.encoder)
        plain = len(plan.encoder) - plan.normalised
        self.encoder, self.decoder = nn.ModuleList(), nn.ModuleList()
        widths = [3]  # of what the stages above gave
        for i, width in enumerate(plan.encoder):
            self.encoder.append(Down(widths[-1], width, normalised=i >= plain))
            widths.append(width)
        below = widths.pop()
        for width in plan.decoder:
            self.decoder.append(Up(below, width))
            below = width + (widths.pop() if plan.skips else 0)
        self.last = nn.Conv2d(below, 3, 2)
        nn.init.xavier_uniform_(self.last.weight)  # Keras: glorot_uniform, here and below
        self.last.bias = nn.Parameter(torch.zeros(3))
        if spec.start == "grey-copy":
            _pass_on(self)

    def forward(self, grey: Tensor) -> Tensor:
        """The colour photographs (n,3,h,w) of a batch of grey ones."""
        planes, above = grey, []
        for stage in self.encoder:
            above.append(planes)
            planes = stage(planes)
        for stage in self.decoder:
            planes = stage(planes)
            if self.skips:
                planes = torch.cat((planes, above.pop()), 1)
        srgb: Tensor = self.last(functional.pad(planes, (0, 1, 0, 1)))
        return srgb


class Down(nn.Module):
    """Half the size: a 3x3 convolution, batch normalisation where there is any, LeakyReLU."""

    def __init__(self, before: int, after: int, *, normalised: bool) -> None:
        super().__init__()
        self.weight = nn.Parameter(nn.init.xavier_uniform_(torch.empty(after, before, 3, 3)))
        self.bias = nn.Parameter(torch.zeros(after))
        # Keras: momentum 0.99, which is the weight of the past; torch's is that of the present
        self.norm = nn.BatchNorm2d(after, eps=1e-3, momentum=0.01) if normalised else None

    def forward(self, planes: Tensor) -> Tensor:
        """The planes at half the size."""
        planes = convolve_down(planes, self.weight, self.bias)
        if self.norm:
            planes = self.norm(planes)
        return functional.leaky_relu(planes, 0.3, inplace=True)


class Up(nn.Module):
    """Twice the size: a transposed 3x3 convolution and LeakyReLU."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(nn.init.xavier_uniform_(torch.empty(before, after, 3, 3)))
        self.bias = nn.Parameter(torch.zeros(after))

    def forward(self, planes: Tensor) -> Tensor:
        """The planes at twice the size."""
        planes = convolve_up(planes, self.weight, self.bias)
        return functional.leaky_relu(planes, 0.3, inplace=True)


@torch.no_grad()
def _pass_on(network: Autoencoder) -> None:
    """Make the grey photograph come out as it went in.

    With skips the last layer gives the input that it is joined with. Without them the first
    channels of every stage hold the pixels of the square that a place of the stage stands for or,
    where half of the channels are too few for that, the lowest frequencies of its four quarters.
    """
    network.last.weight.zero_()
    network.last.weight[:, -3:, 0, 0] = torch.eye(3)
    if network.skips:
        return
    pixels = torch.zeros(1, 2, dtype=torch.int64)  # where in the square each channel's is: y, x
    kept = []
    for stage in network.encoder:
        if isinstance(stage, Down):
            width = len(stage.weight)
            fit = 4 * len(pixels) <= width // 2
            kept.append(_all_of(pixels) if fit else _lowest(pixels, int(_SHARE * width) // 4))
            _gather(stage, kept[-1])
            pixels = torch.cat([pixels + math.isqrt(len(pixels)) * corner for corner in _CORNERS])
    for stage in network.decoder:
        if isinstance(stage, Up):
            _scatter(stage, kept.pop())


@dataclass(frozen=True)
class _Kept:
    """What is kept of each quarter of a square, and how it varies among photographs."""

    patterns: Tensor
    """(kept, pixels), orthogonal."""
    mean: Tensor
    deviation: Tensor
    lift: Tensor
    """(kept): what is added to be above zero, where a LeakyReLU changes nothing."""


def _all_of(pixels: Tensor) -> _Kept:
    one = torch.ones(len(pixels))
    return _Kept(torch.eye(len(pixels)), _BRIGHTNESS * one, _CONTRAST * one, 0 * one)


def _lowest(pixels: Tensor, count: int) -> _Kept:
    """The lowest frequencies, by the type II discrete cosine transform.

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
    mean = torch.where(constant, _BRIGHTNESS / patterns[0, 0], 0)
    deviation = _WAVES / torch.hypot(down.float(), across.float()).clamp(min=0.25)
    return _Kept(patterns, mean, deviation, torch.where(constant, 0, 3 * deviation))


def _gather(stage: Down, kept: _Kept) -> None:
    """The first channels get what is kept of the four quarters of a square."""
    given, taken = kept.patterns.shape
    patterns = kept.patterns / kept.patterns.square().sum(1, keepdim=True)
    stage.weight[: 4 * given] = 0
    for quarter, (y, x) in enumerate(_CORNERS):
        stage.weight[quarter * given :][:given, :taken, y, x] = patterns
    if stage.norm:
        statistics = stage.norm.state_dict()  # changed in place, such that they only lift
        for name, values in {
            "running_mean": kept.mean,
            "running_var": kept.deviation**2,
            "weight": (kept.deviation**2 + stage.norm.eps) ** 0.5,
            "bias": kept.mean + kept.lift,
        }.items():
            statistics[name][: 4 * given] = values.repeat(4)


def _scatter(stage: Up, kept: _Kept) -> None:
    """Undo `_gather`."""
    taken, given = kept.patterns.shape
    outputs = max(given, 3 * (given == 1))  # the last stage makes red, green and blue
    stage.weight[:, :outputs] = 0
    for quarter, (y, x) in enumerate(_CORNERS):
        stage.weight[quarter * taken :][:taken, :outputs, y, x] = kept.patterns
    stage.bias[:outputs] = -kept.lift @ kept.patterns


def listing(name: AutoencoderName, side: int = 160) -> tuple[Layer, ...]:
    """The layers as the slides list them, for pictures of side x side.

    Plain networks are listed layer by layer, those with skips by blocks. Keras counts the moving
    averages of batch normalisation as parameters, and so does this.

    >>> sum(row.parameters for row in listing("plain-shallow"))
    2960426
    """
    plan = PLANS[name]
    rows = [Layer("input", (side, side, 3), 0, 0, ())]
    above: list[Layer] = []
    for i, width in enumerate(plan.encoder):
        above.append(rows[-1])
        normalised = i >= len(plan.encoder) - plan.normalised
        side //= 2
        _append_stage(rows, plan, "conv2d", (side, side, width), normalised=normalised)
    for width in plan.decoder:
        side *= 2
        _append_stage(rows, plan, "conv2d_transpose", (side, side, width), normalised=False)
        if plan.skips:
            joined = above.pop()
            shape = (side, side, width + joined.shape[2])
            _append(rows, "concatenate", shape, (0, 0), rows[-1].layer, joined.layer)
    last = 4 * rows[-1].shape[2] * 3 + 3
    _append(rows, "conv2d", (side, side, 3), (last, last), rows[-1].layer)
    return tuple(rows)


def _append_stage(
    rows: list[Layer], plan: Plan, kind: str, shape: tuple[int, int, int], *, normalised: bool
) -> None:
    before, after = rows[-1].shape[2], shape[2]
    weights = 9 * before * after + after
    parts = {kind: (weights, weights)}  # all, trainable
    if normalised:
        parts["batch_normalization"] = (4 * after, 2 * after)
    parts["leaky_re_lu"] = (0, 0)
    if plan.skips:
        every, trainable = zip(*parts.values(), strict=True)
        parts = {"sequential": (sum(every), sum(trainable))}
    for part, counts in parts.items():
        _append(rows, part, shape, counts, rows[-1].layer)


def _append(
    rows: list[Layer], kind: str, shape: tuple[int, int, int], counts: tuple[int, int], *to: str
) -> None:
    """Add a row, named as Keras names layers: conv2d, conv2d_1, conv2d_2."""
    number = sum(row.layer.rstrip("_0123456789") == kind for row in rows)
    rows.append(Layer(f"{kind}_{number}" if number else kind, shape, *counts, to))
