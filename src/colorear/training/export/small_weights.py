"""The weights of an exported network in fewer bits than it computes in."""

import math
from collections.abc import Sequence

import numpy as np
import onnx

from colorear.training.architectures.batch_norm_folding import EIGHT_BIT, HALF, SCALE

__all__ = ["with_small_weights"]

_MIN_HALF_SIZE = 1024  # smaller tensors of weights stay exact: together they are only 25 KB
_MIN_SCALE, _MOST = 1e-8, 127  # of weights in 8 bits


def with_small_weights(model: onnx.ModelProto, eight_bit: Sequence[str]) -> onnx.ModelProto:
    """A copy whose weights are stored as float16, or those of some parts in 8 bits.

    The graph makes them float32, once, at load. Small tensors, such as what is added to channels or
    the numbers of a color space, stay exact.

    Parameters
    ----------
    model
        With weights in float32.
    eight_bit
        Parts of the network, as `context` or `decoder`, whose weights get 8 bits and a scale for
        each output channel.
    """
    small = onnx.ModelProto()
    small.CopyFrom(model)
    nodes, scales = [], []
    for weights in small.graph.initializer:
        if weights.data_type != onnx.TensorProto.FLOAT or math.prod(weights.dims) <= _MIN_HALF_SIZE:
            continue
        values, name = onnx.numpy_helper.to_array(weights), weights.name
        if name.removeprefix("network.").partition(".")[0] in eight_bit and values.ndim > 1:
            axes = tuple(range(1, values.ndim))
            scale = np.abs(values).max(axes, keepdims=True).clip(min=_MIN_SCALE) / _MOST
            integers = np.round(values / scale).astype(np.int8)
            scales.append(onnx.numpy_helper.from_array(scale, f"{name}{SCALE}"))
            weights.CopyFrom(onnx.numpy_helper.from_array(integers, f"{name}{EIGHT_BIT}"))
            nodes += [_cast(weights.name, f"{name}.float"), _times(f"{name}.float", name)]
        else:
            half = onnx.numpy_helper.from_array(values.astype(np.float16), f"{name}{HALF}")
            weights.CopyFrom(half)
            nodes.append(_cast(half.name, name))
    small.graph.initializer.extend(scales)
    nodes += [*small.graph.node]
    del small.graph.node[:]
    small.graph.node.extend(nodes)
    del small.graph.value_info[:]
    onnx.checker.check_model(small)
    return small


def _cast(source: str, target: str) -> onnx.NodeProto:
    return onnx.helper.make_node("Cast", [source], [target], to=onnx.TensorProto.FLOAT)


def _times(source: str, target: str) -> onnx.NodeProto:
    return onnx.helper.make_node("Mul", [source, f"{target}{SCALE}"], [target])
