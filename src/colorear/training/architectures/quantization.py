"""acuarela in integers: between its first and its last layers it computes with 8 bits.

Training is quantization-aware: rounding is part of the forward pass, and gradients pass straight
through it (B. Jacob et al., Quantization and Training of Neural Networks for Efficient
Integer-Arithmetic-Only Inference, CVPR 2018, section 3, doi:10.1109/CVPR.2018.00286).
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from colorear.training.architectures.batch_norm_folding import Bias, Weights, convolution_before
from colorear.training.distributed import range_over_processes

__all__ = ["FakeQuantize", "Junction", "prepare_for_export", "quantize", "ranges"]

_MOMENTUM = 0.02
_LEVELS = 255  # between the lowest and the highest 8-bit number
_FIRST, _FIRST_ACTIVATION = "encoder.stem_norm", "encoder.stem_activation"
_MIN_SCALED = 1e-4  # so that an empty range can be divided by


class Bounds(NamedTuple):
    """What values may be."""

    low: float = -math.inf
    high: float = math.inf


_UNBOUNDED, _RELU6 = Bounds(), Bounds(0, 6)
_BOUNDS = {  # after a normalization, by the last part of its name: the activation's
    "_bn0": _RELU6,
    "_bn1": _RELU6,
    "_bn2": _UNBOUNDED,
    "1": Bounds(0),
}


class Junction(nn.Identity):
    """Where planes of different ranges are joined, and so are quantized anew."""


class FakeQuantize(nn.Module):
    """Round planes to 256 numbers, from `lowest` to `highest` of what was observed.

    0 is one of them, as convolutions pad with it.
    """

    lowest: Tensor
    highest: Tensor

    def __init__(self, bounds: Bounds = _UNBOUNDED) -> None:
        super().__init__()
        self.bounds, self.observing = bounds, True
        self.register_buffer("lowest", torch.zeros(()))
        self.register_buffer("highest", torch.zeros(()))

    def forward(self, planes: Tensor) -> Tensor:
        """The planes, rounded; in training their range is observed first."""
        if torch.onnx.is_in_onnx_export():
            return _quantize_in_onnx(planes, self.scale, self.zero)
        planes = planes.float()
        if self.training and self.observing:
            self._observe(planes)
        scale, zero = self._scale_and_zero()
        return torch.fake_quantize_per_tensor_affine(planes, scale, zero.int(), 0, _LEVELS)

    def prepare_for_export(self) -> None:
        """Make constants of what an exported network needs."""
        self.scale, self.zero = (
            nn.Buffer(each, persistent=False) for each in self._scale_and_zero()
        )

    def _scale_and_zero(self) -> tuple[Tensor, Tensor]:
        scale = (self.highest - self.lowest).clamp(min=_MIN_SCALED) / _LEVELS
        return scale, (-self.lowest / scale).round().to(torch.uint8)

    @torch.no_grad()
    def _observe(self, planes: Tensor) -> None:
        """A moving average of the extremes, as in section 3.1 of the paper."""
        lowest, highest = range_over_processes(planes.min(), planes.max())
        lowest = lowest.clamp(max=0).clamp(min=self.bounds.low)
        highest = highest.clamp(min=0).clamp(max=self.bounds.high)
        momentum = _MOMENTUM if self.highest > self.lowest else 1.0
        self.lowest.lerp_(lowest, momentum)
        self.highest.lerp_(highest, momentum)


class QuantizedConv2d(nn.Module):
    """A convolution whose weights are rounded, channel by channel of the output.

    Weights have 7 bits: x86 processors without VNNI add pairs of products in 16 bits, which cannot
    hold those of 8 (OpenVINO's documentation, Saturation (overflow) issue workaround). Those of
    depthwise convolutions have 8, as ONNX Runtime multiplies these in 16 bits and adds in 32.
    """

    def __init__(self, convolution: nn.Conv2d, bias: Tensor) -> None:
        super().__init__()
        self.weight, self.bias = convolution.weight, nn.Parameter(bias.detach().flatten())
        self.stride, self.padding = convolution.stride, convolution.padding
        self.groups = convolution.groups
        self.largest = 63 if convolution.groups == 1 else 127
        self.pad = getattr(convolution, "static_padding", nn.Identity())

    def forward(self, planes: Tensor) -> Tensor:
        """The convolution of planes that are rounded."""
        # the padding that is left to the layer is symmetric, and so two numbers
        padding: tuple[int, int] = self.padding  # type: ignore[assignment]
        planes, weight = self.pad(planes), self._rounded()
        return functional.conv2d(
            planes, weight, self.bias, self.stride, padding, groups=self.groups
        )

    def prepare_for_export(self) -> None:
        """Make constants of what an exported network needs."""
        scale = self._scale()
        integers = (self.weight.detach() / scale[:, None, None, None]).round().to(torch.int8)
        zero = torch.zeros_like(scale, dtype=torch.int8)
        self.integers, self.scale, self.zeros = (
            nn.Buffer(each, persistent=False) for each in (integers, scale, zero)
        )

    def _scale(self) -> Tensor:
        return self.weight.detach().abs().amax((1, 2, 3)).clamp(min=_MIN_SCALED) / self.largest

    def _rounded(self) -> Tensor:
        if torch.onnx.is_in_onnx_export():
            return _dequantize_in_onnx(self.integers, self.scale, self.zeros, axis=0)
        scale = self._scale()
        zero = torch.zeros_like(scale, dtype=torch.int32)
        return torch.fake_quantize_per_channel_affine(self.weight, scale, zero, 0, -128, 127)


def quantize(network: nn.Module, weights: Weights, *, keep_ranges: bool = False) -> None:
    """Let a folded network round what is between its layers, and their weights, in place.

    Activations become part of the rounding, whose range they bound. The input of the first layer is
    not rounded, nor are its weights.

    Parameters
    ----------
    network
        A network after `batch_norm_folding.fold`.
    weights
        Those of an exported network, which may include the ranges.
    keep_ranges
        Whether the ranges stay as they are, instead of being observed in training.
    """
    for name, layer in list(network.named_modules()):
        if isinstance(layer, Bias) and name != _FIRST:
            before = convolution_before(name)
            convolution = network.get_submodule(before)
            assert isinstance(convolution, nn.Conv2d)
            network.set_submodule(before, QuantizedConv2d(convolution, layer.bias))
            network.set_submodule(name, FakeQuantize(_BOUNDS[name.rpartition(".")[2]]))
        elif isinstance(layer, nn.ReLU6) and name == _FIRST_ACTIVATION:
            network.set_submodule(name, FakeQuantize(_RELU6))
        elif isinstance(layer, nn.ReLU | nn.ReLU6):
            network.set_submodule(name, nn.Identity())
        elif isinstance(layer, Junction):
            network.set_submodule(name, FakeQuantize())
    for name, layer in network.named_modules():
        if isinstance(layer, FakeQuantize):
            layer.observing = not keep_ranges
            if f"{name}.range" in weights:
                lowest, highest = torch.from_numpy(weights[f"{name}.range"])
                layer.lowest.copy_(lowest)
                layer.highest.copy_(highest)


def prepare_for_export(network: nn.Module) -> None:
    """Make a network ready for export, in place, whether or not it computes in integers."""
    for layer in network.modules():
        if isinstance(layer, FakeQuantize | QuantizedConv2d):
            layer.prepare_for_export()


def ranges(network: nn.Module) -> dict[str, tuple[float, float]]:
    """The lowest and the highest value of each rounded layer, by the names of `Weights`."""
    return {
        f"{name}.range": (layer.lowest.item(), layer.highest.item())
        for name, layer in network.named_modules()
        if isinstance(layer, FakeQuantize)
    }


def _quantize_in_onnx(planes: Tensor, scale: Tensor, zero: Tensor) -> Tensor:
    """Rounded by the operators that ONNX Runtime knows 8-bit arithmetic by."""
    rounded = torch.onnx.ops.symbolic(
        "QuantizeLinear", (planes, scale, zero), dtype=zero.dtype, shape=planes.shape
    )
    return _dequantize_in_onnx(rounded, scale, zero)


def _dequantize_in_onnx(
    planes: Tensor, scale: Tensor, zero: Tensor, axis: int | None = None
) -> Tensor:
    return torch.onnx.ops.symbolic(
        "DequantizeLinear",
        (planes, scale, zero),
        {} if axis is None else {"axis": axis},
        dtype=scale.dtype,
        shape=planes.shape,
    )
