"""The four convolutional autoencoders of the slides: gray RGB -> RGB, sRGB in 0..1.

Source: D. F. Rojas, N. Galván and H. Pinzón, "Autoencoders para colorear imágenes", Universidad
Industrial de Santander. They were built with Keras, so padding, batch normalization and first
weights are those of Keras's layers: with equal weights the outputs are equal.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from colorear.models.card import Layer
from colorear.training.architectures.convolutions import (
    convolve_down,
    convolve_last,
    convolve_up,
    turned,
)
from colorear.training.recipe import AutoencoderName, AutoencoderSpec

__all__ = ["ARCHITECTURES", "Architecture", "Autoencoder", "Down", "Up", "layer_table"]


@dataclass(frozen=True)
class Architecture:
    """The channels of an autoencoder, stage by stage; every stage halves or doubles the size."""

    encoder: tuple[int, ...]
    normalized: int
    """How many of the encoder's stages, the last ones, have batch normalization."""
    decoder: tuple[int, ...]
    skips: bool
    """Each decoder stage is joined with the encoder stage of its size, the last with the input."""


ARCHITECTURES: dict[AutoencoderName, Architecture] = {
    "plain-shallow": Architecture((128, 256, 512), 2, (256, 128, 3), skips=False),
    "plain-deep": Architecture((128, 128, 256, 512, 512), 3, (512, 256, 128, 128, 3), skips=False),
    "skip-shallow": Architecture((128, 256, 512), 2, (256, 128, 3), skips=True),
    "skip-deep": Architecture((128, 128, 256, 512, 512), 3, (512, 256, 128, 128, 3), skips=True),
}


class Autoencoder(nn.Module):
    """`gray` (n,3,h,w), three equal channels in 0..1 -> sRGB (n,3,h,w), about in 0..1.

    h and w are multiples of 8 (shallow) or 32 (deep).

    >>> spec = AutoencoderSpec(kind="autoencoder", name="skip-deep")
    >>> Autoencoder(spec)(torch.zeros(1, 3, 64, 96)).shape
    torch.Size([1, 3, 64, 96])
    """

    def __init__(self, spec: AutoencoderSpec) -> None:
        super().__init__()
        architecture = ARCHITECTURES[spec.name]
        self.skips = architecture.skips
        self.multiple_of = 2 ** len(architecture.encoder)
        plain = len(architecture.encoder) - architecture.normalized
        self.encoder, self.decoder = nn.ModuleList(), nn.ModuleList()
        widths = [3]  # output channels so far, of stages that are not yet joined with another
        for i, width in enumerate(architecture.encoder):
            self.encoder.append(Down(widths[-1], width, batch_norm=i >= plain))
            widths.append(width)
        below = widths.pop()
        for width in architecture.decoder:
            self.decoder.append(Up(below, width))
            below = width + (widths.pop() if architecture.skips else 0)
        self.last = Last(below, 3, 2)
        nn.init.xavier_uniform_(self.last.weight)  # Keras: glorot_uniform, here and below
        self.last.bias = nn.Parameter(torch.zeros(3))

    def forward(self, gray: Tensor) -> Tensor:
        """The colour photographs (n,3,h,w) of a batch of gray ones."""
        planes, skips = turned(gray), []
        for stage in self.encoder:
            skips.append(planes)
            planes = stage(planes)
        for stage in self.decoder:
            planes = stage(planes)
            if self.skips:
                planes = torch.cat((planes, skips.pop()), 1)
        return turned(self.last(planes))


class Down(nn.Module):
    """Half the size: a 3x3 convolution, batch normalization where there is any, LeakyReLU."""

    def __init__(self, in_channels: int, out_channels: int, *, batch_norm: bool) -> None:
        super().__init__()
        self.weight = nn.Parameter(
            nn.init.xavier_uniform_(torch.empty(out_channels, in_channels, 3, 3))
        )
        self.bias = nn.Parameter(torch.zeros(out_channels))
        # Keras: momentum 0.99, which is the weight of the past; torch's is that of the present
        self.norm = nn.BatchNorm2d(out_channels, eps=1e-3, momentum=0.01) if batch_norm else None

    def forward(self, planes: Tensor) -> Tensor:
        """The turned planes at half the size."""
        planes = convolve_down(planes, self.weight, self.bias)
        if self.norm:
            planes = self.norm(planes)
        return functional.leaky_relu(planes, 0.3, inplace=True)


class Up(nn.Module):
    """Twice the size: a transposed 3x3 convolution and LeakyReLU."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(
            nn.init.xavier_uniform_(torch.empty(in_channels, out_channels, 3, 3))
        )
        self.bias = nn.Parameter(torch.zeros(out_channels))

    def forward(self, planes: Tensor) -> Tensor:
        """The turned planes at twice the size."""
        planes = convolve_up(planes, self.weight, self.bias)
        return functional.leaky_relu(planes, 0.3, inplace=True)


class Last(nn.Conv2d):
    """The size kept: a 2x2 convolution."""

    def forward(self, planes: Tensor) -> Tensor:
        """The turned planes' three colour channels."""
        return convolve_last(planes, self.weight, self.bias)


def layer_table(name: AutoencoderName, side: int = 160) -> tuple[Layer, ...]:
    """The layers of an autoencoder as the slides list them.

    Plain networks are listed layer by layer, those with skips by blocks. Keras counts the moving
    averages of batch normalization as parameters, and so does this.

    Parameters
    ----------
    name
        Which of the four.
    side
        Of the square that the network is shown, in pixels.

    >>> sum(row.parameters for row in layer_table("plain-shallow"))
    2960426
    """
    architecture = ARCHITECTURES[name]
    rows = [Layer("input", (side, side, 3), 0, 0, ())]
    skips: list[Layer] = []
    for i, width in enumerate(architecture.encoder):
        skips.append(rows[-1])
        batch_norm = i >= len(architecture.encoder) - architecture.normalized
        side //= 2
        _append_stage(rows, architecture, "conv2d", (side, side, width), batch_norm=batch_norm)
    for width in architecture.decoder:
        side *= 2
        _append_stage(rows, architecture, "conv2d_transpose", (side, side, width), batch_norm=False)
        if architecture.skips:
            joined = skips.pop()
            shape = (side, side, width + joined.shape[2])
            _append(rows, "concatenate", shape, (0, 0), rows[-1].layer, joined.layer)
    last = 4 * rows[-1].shape[2] * 3 + 3
    _append(rows, "conv2d", (side, side, 3), (last, last), rows[-1].layer)
    return tuple(rows)


def _append_stage(
    rows: list[Layer],
    architecture: Architecture,
    kind: str,
    shape: tuple[int, int, int],
    *,
    batch_norm: bool,
) -> None:
    before, after = rows[-1].shape[2], shape[2]
    weights = 9 * before * after + after
    parts = {kind: (weights, weights)}  # all, trainable
    if batch_norm:
        parts["batch_normalization"] = (4 * after, 2 * after)
    parts["leaky_re_lu"] = (0, 0)
    if architecture.skips:
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
