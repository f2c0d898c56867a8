"""acuarela in integers: between its first and its last layers it computes with 8 bits.

It learns so: rounding is part of the training, and gradients pass straight through it (B. Jacob et
al., Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference,
CVPR 2018, section 3).
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from colorear.training.architectures.batch_norm_folding import Bias, Weights, before
from colorear.training.distributed import widest

__all__ = ["Integers", "Junction", "quantise", "ranges", "settle"]

_MOMENTUM = 0.02
_STEPS = 255  # of what is between layers
_FIRST, _FIRST_ACTIVATION = "encoder.stem_norm", "encoder.stem_activation"
_LEAST = 1e-4  # so that a range of nothing can be divided by


class Range(NamedTuple):
    """What values may be."""

    least: float = -math.inf
    most: float = math.inf


_ANY, _RELU6 = Range(), Range(0, 6)
_RANGES = {  # of what comes after a normalisation, by the last part of its name: activations cut it
    "_bn0": _RELU6,
    "_bn1": _RELU6,
    "_bn2": _ANY,
    "1": Range(0),
}


class Junction(nn.Identity):
    """Where planes of different ranges come together."""


class Integers(nn.Module):
    """Planes rounded to the 256 numbers from `lowest` to `highest` of what it has seen.

    0 is one of them, as convolutions pad with it.
    """

    lowest: Tensor
    highest: Tensor

    def __init__(self, within: Range = _ANY) -> None:
        super().__init__()
        self.within, self.watching = within, True
        self.register_buffer("lowest", torch.zeros(()))
        self.register_buffer("highest", torch.zeros(()))

    def forward(self, planes: Tensor) -> Tensor:
        """The planes, rounded."""
        if torch.onnx.is_in_onnx_export():
            return _in_onnx(planes, self.scale, self.zero)
        planes = planes.float()
        if self.training and self.watching:
            self._watch(planes)
        scale, zero = self._scale_and_zero()
        return torch.fake_quantize_per_tensor_affine(planes, scale, zero.int(), 0, _STEPS)

    def settle(self) -> None:
        """Make constants of what an exported network needs."""
        self.scale, self.zero = (
            nn.Buffer(each, persistent=False) for each in self._scale_and_zero()
        )

    def _scale_and_zero(self) -> tuple[Tensor, Tensor]:
        scale = (self.highest - self.lowest).clamp(min=_LEAST) / _STEPS
        return scale, (-self.lowest / scale).round().to(torch.uint8)

    @torch.no_grad()
    def _watch(self, planes: Tensor) -> None:
        """A moving average of the extremes, as in section 3.1 of the paper."""
        lowest, highest = widest(planes.min(), planes.max())
        lowest = lowest.clamp(max=0).clamp(min=self.within.least)
        highest = highest.clamp(min=0).clamp(max=self.within.most)
        momentum = _MOMENTUM if self.highest > self.lowest else 1.0
        self.lowest.lerp_(lowest, momentum)
        self.highest.lerp_(highest, momentum)


class IntegerConv(nn.Module):
    """The convolution that another layer does, its weights rounded, by its output channels.

    They have 7 bits: x86 processors without VNNI add pairs of products in 16 bits, which cannot
    hold those of 8 (OpenVINO's documentation, Saturation (overflow) issue workaround). Those of
    depthwise ones have 8, as ONNX Runtime multiplies these in 16 bits and adds in 32.
    """

    def __init__(self, alone: nn.Conv2d, bias: Tensor) -> None:
        super().__init__()
        self.weight, self.bias = alone.weight, nn.Parameter(bias.detach().flatten())
        self.stride, self.padding, self.groups = alone.stride, alone.padding, alone.groups
        self.largest = 63 if alone.groups == 1 else 127
        self.pad = getattr(alone, "static_padding", nn.Identity())

    def forward(self, planes: Tensor) -> Tensor:
        """Its planes, for some that are rounded."""
        # the padding that is left to the layer is symmetric, and so two numbers
        padding: tuple[int, int] = self.padding  # type: ignore[assignment]
        planes, weight = self.pad(planes), self._rounded()
        return functional.conv2d(
            planes, weight, self.bias, self.stride, padding, groups=self.groups
        )

    def settle(self) -> None:
        """Make constants of what an exported network needs."""
        scale = self._scale()
        integers = (self.weight.detach() / scale[:, None, None, None]).round().to(torch.int8)
        zero = torch.zeros_like(scale, dtype=torch.int8)
        self.integers, self.scale, self.zeros = (
            nn.Buffer(each, persistent=False) for each in (integers, scale, zero)
        )

    def _scale(self) -> Tensor:
        return self.weight.detach().abs().amax((1, 2, 3)).clamp(min=_LEAST) / self.largest

    def _rounded(self) -> Tensor:
        if torch.onnx.is_in_onnx_export():
            return _from_integers(self.integers, self.scale, self.zeros, axis=0)
        scale = self._scale()
        zero = torch.zeros_like(scale, dtype=torch.int32)
        return torch.fake_quantize_per_channel_affine(self.weight, scale, zero, 0, -128, 127)


def quantise(network: nn.Module, weights: Weights, *, keep_ranges: bool = False) -> None:
    """Let a folded network round what is between its layers, and their weights, in place.

    Activations become part of the rounding, whose range they are. What the first layer is shown is
    not rounded, nor are its weights. `weights` are those of an exported network, which may know
    the ranges; with `keep_ranges` these stay as they are.
    """
    for name, layer in list(network.named_modules()):
        if isinstance(layer, Bias) and name != _FIRST:
            convolution = network.get_submodule(before(name))
            assert isinstance(convolution, nn.Conv2d)
            network.set_submodule(before(name), IntegerConv(convolution, layer.bias))
            network.set_submodule(name, Integers(_RANGES[name.rpartition(".")[2]]))
        elif isinstance(layer, nn.ReLU6) and name == _FIRST_ACTIVATION:
            network.set_submodule(name, Integers(_RELU6))
        elif isinstance(layer, nn.ReLU | nn.ReLU6):
            network.set_submodule(name, nn.Identity())
        elif isinstance(layer, Junction):
            network.set_submodule(name, Integers())
    for name, layer in network.named_modules():
        if isinstance(layer, Integers):
            layer.watching = not keep_ranges
            if f"{name}.range" in weights:
                lowest, highest = torch.from_numpy(weights[f"{name}.range"])
                layer.lowest.copy_(lowest)
                layer.highest.copy_(highest)


def settle(network: nn.Module) -> None:
    """Make a network that may compute in integers ready for export."""
    for layer in network.modules():
        if isinstance(layer, Integers | IntegerConv):
            layer.settle()


def ranges(network: nn.Module) -> dict[str, tuple[float, float]]:
    """The lowest and the highest value of what is rounded, by the names of `Weights`."""
    return {
        f"{name}.range": (layer.lowest.item(), layer.highest.item())
        for name, layer in network.named_modules()
        if isinstance(layer, Integers)
    }


def _in_onnx(planes: Tensor, scale: Tensor, zero: Tensor) -> Tensor:
    """Rounded by the operators that ONNX Runtime knows 8-bit arithmetic by."""
    rounded = torch.onnx.ops.symbolic(
        "QuantizeLinear", (planes, scale, zero), dtype=zero.dtype, shape=planes.shape
    )
    return _from_integers(rounded, scale, zero)


def _from_integers(planes: Tensor, scale: Tensor, zero: Tensor, axis: int | None = None) -> Tensor:
    return torch.onnx.ops.symbolic(
        "DequantizeLinear",
        (planes, scale, zero),
        {} if axis is None else {"axis": axis},
        dtype=scale.dtype,
        shape=planes.shape,
    )
