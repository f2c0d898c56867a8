"""acuarela as it is exported: batch normalization is part of the convolutions.

So training can go on from an exported file. Its normalization stays as it was, which small sets of
photographs are too few to measure anyway.
"""

import io
import json
from copy import deepcopy

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from colorear.errors import TrainingError

__all__ = [
    "EIGHT_BIT",
    "HALF",
    "SCALE",
    "Bias",
    "Weights",
    "convolution_before",
    "fold",
    "fused",
    "load_weights",
    "read_weights",
]

_CONVOLUTIONS = {  # last part of a normalization's name -> that of the convolution before it
    "stem_norm": "stem",
    "_bn0": "_expand_conv",
    "_bn1": "_depthwise_conv",
    "_bn2": "_project_conv",
    "1": "0",
}

HALF, EIGHT_BIT, SCALE = ".half", ".eight_bit", ".eight_bit_scale"
"""What `export` adds to the names of weights that a file stores smaller than they are."""

Weights = dict[str, NDArray[np.float32]]
"""Tensors by the names that they have in PyTorch; `NAME.range` is the range of a rounded layer."""


class Bias(nn.Module):
    """What remains of a batch normalization that is part of the convolution before it."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(channels, 1, 1))

    def forward(self, planes: Tensor) -> Tensor:
        """The planes (n,c,h,w), a number added to each channel."""
        return planes + self.bias


def fold(network: nn.Module) -> None:
    """Replace every batch normalization of a network by a `Bias` of zeros, in place."""
    for name, layer in list(network.named_modules()):
        if isinstance(layer, nn.BatchNorm2d):
            network.set_submodule(name, Bias(layer.num_features))


def fused(network: nn.Module) -> nn.Module:
    """A copy, for inference, of a network whose convolutions do what normalizations did after them.

    PyTorch's exporter would do so too, and takes a quarter longer.
    """
    network = deepcopy(network)
    for name, layer in list(network.named_modules()):
        if isinstance(layer, nn.BatchNorm2d) and name.rpartition(".")[2] in _CONVOLUTIONS:
            before = convolution_before(name)
            convolution = network.get_submodule(before)
            assert isinstance(convolution, nn.Conv2d)
            network.set_submodule(before, fuse_conv_bn_eval(convolution, layer))
            network.set_submodule(name, nn.Identity())
    return network


@torch.no_grad()
def load_weights(network: nn.Module, weights: Weights, name: str) -> None:
    """Give a folded network the weights of an exported one, in place.

    Layers that the exported network lacks stay as they are.

    Parameters
    ----------
    network
        A network after `fold`.
    weights
        Those of the exported network, by `read_weights`.
    name
        What errors call the exported network.

    Raises
    ------
    TrainingError
        The two have no layer in common, or a layer has another shape.
    """
    loaded = 0
    for place, layer in network.named_modules():
        if isinstance(layer, nn.Conv2d) and f"{place}.weight" in weights:
            _copy_into(layer.weight, weights[f"{place}.weight"], f"{name}: {place}")
            loaded += 1
        before = convolution_before(place)
        names = f"{place}.bias", f"{before}.weight_bias", f"{before}.bias"
        bias = next((weights[each] for each in names if each in weights), None)
        if bias is not None and getattr(layer, "bias", None) is not None:
            _copy_into(layer.bias, bias.reshape(layer.bias.shape), f"{name}: {place}")
        if not isinstance(layer, nn.Conv2d | Bias):
            for own, parameter in layer.named_parameters(recurse=False):
                key = f"{place}.{own}"
                if key in weights:
                    _copy_into(parameter, weights[key], f"{name}: {key}")
    if not loaded:
        raise TrainingError(
            f"{name} has no layer in common with the recipe's network; "
            "start from one that colorear exported of the same kind"
        )


def _copy_into(parameter: Tensor, values: NDArray[np.float32], where: str) -> None:
    if parameter.shape != values.shape:
        raise TrainingError(
            f"{where} has weights of {values.shape}, but those of the recipe's network are "
            f"{tuple(parameter.shape)}; give the recipe the same decoder"
        )
    parameter.copy_(torch.from_numpy(values))


def convolution_before(norm: str) -> str:
    """The name of the convolution whose output the layer called `norm` normalizes."""
    place, dot, last = norm.rpartition(".")
    return place + dot + _CONVOLUTIONS.get(last, "")


def read_weights(content: bytes) -> Weights:
    """The weights in an .onnx file that `colorear export` wrote.

    Integers are given as the numbers that they stand for, and of layers that are rounded also the
    ranges.

    Parameters
    ----------
    content
        The bytes of the file.
    """
    model = onnx.load(io.BytesIO(content))
    arrays = {each.name: onnx.numpy_helper.to_array(each) for each in model.graph.initializer}
    arrays |= {
        each.key: np.array(json.loads(each.value))
        for each in model.metadata_props
        if each.key.endswith(".range")
    }
    found = {  # as `onnx_export` names them
        name.removeprefix("network.").removesuffix(HALF): array.astype(np.float32)
        for name, array in arrays.items()
    }
    for name in [each.removesuffix(EIGHT_BIT) for each in found if each.endswith(EIGHT_BIT)]:
        found[name] = found[name + EIGHT_BIT] * found[name + SCALE]
    for name in [each for each in found if each.endswith(".integers")]:
        place = name.removesuffix(".integers")
        found[f"{place}.weight"] = found[name] * found[f"{place}.scale"][:, None, None, None]
    return found
