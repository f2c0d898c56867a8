"""acuarela as it is exported: batch normalisation is part of the convolutions.

So a network can go on learning from where its file is. Its normalisation stays as it was, which
small sets of photographs are too few to measure anyway.
"""

import io
import json

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from colorear.errors import TrainingError

__all__ = ["Bias", "Weights", "adopt", "before", "fold", "weights_of"]

_CONVOLUTIONS = {  # the last part of a normalisation's name -> that of the convolution before it
    "stem_norm": "stem",
    "_bn0": "_expand_conv",
    "_bn1": "_depthwise_conv",
    "_bn2": "_project_conv",
    "1": "0",
}

Weights = dict[str, NDArray[np.float32]]


class Bias(nn.Module):
    """What is left of a batch normalisation that is part of the convolution before it."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(channels, 1, 1))

    def forward(self, planes: Tensor) -> Tensor:
        """The planes (n,c,h,w), a number added to each channel."""
        return planes + self.bias


def fold(network: nn.Module) -> None:
    """Put a `Bias` in the place of every batch normalisation."""
    for name, layer in list(network.named_modules()):
        if isinstance(layer, nn.BatchNorm2d):
            network.set_submodule(name, Bias(layer.num_features))


@torch.no_grad()
def adopt(network: nn.Module, weights: Weights, name: str) -> None:
    """Give a folded network the weights of an exported one, called `name` in errors.

    Layers that the other one lacks stay as they are. Raises TrainingError if the rest does not fit.
    """
    adopted = 0
    for place, layer in network.named_modules():
        if isinstance(layer, nn.Conv2d) and f"{place}.weight" in weights:
            _receive(layer.weight, weights[f"{place}.weight"], f"{name}: {place}")
            adopted += 1
        names = f"{place}.bias", f"{before(place)}.weight_bias", f"{before(place)}.bias"
        bias = next((weights[each] for each in names if each in weights), None)
        if bias is not None and getattr(layer, "bias", None) is not None:
            _receive(layer.bias, bias.reshape(layer.bias.shape), f"{name}: {place}")
    if not adopted:
        raise TrainingError(
            f"{name} has no layer in common with the recipe's network; "
            "start from one that colorear exported of the same kind"
        )


def _receive(ours: Tensor, theirs: NDArray[np.float32], where: str) -> None:
    if ours.shape != theirs.shape:
        raise TrainingError(
            f"{where} has weights of {theirs.shape}, but those of the recipe's network are "
            f"{tuple(ours.shape)}; give the recipe the same decoder"
        )
    ours.copy_(torch.from_numpy(theirs))


def before(norm: str) -> str:
    """The convolution whose normalisation this is."""
    place, dot, last = norm.rpartition(".")
    return place + dot + _CONVOLUTIONS.get(last, "")


def weights_of(content: bytes) -> Weights:
    """Those in an .onnx file, by the names that they had in PyTorch.

    Integers are there as the numbers that they stand for, and of what is rounded the ranges.
    """
    model = onnx.load(io.BytesIO(content))
    arrays = {each.name: onnx.numpy_helper.to_array(each) for each in model.graph.initializer}
    arrays |= {
        each.key: np.array(json.loads(each.value))
        for each in model.metadata_props
        if each.key.endswith(".range")
    }
    found = {  # as `onnx_export` names them
        name.removeprefix("network.").removesuffix(".half"): array.astype(np.float32)
        for name, array in arrays.items()
    }
    for name in [each for each in found if each.endswith(".integers")]:
        place = name.removesuffix(".integers")
        found[f"{place}.weight"] = found[name] * found[f"{place}.scale"][:, None, None, None]
    return found
