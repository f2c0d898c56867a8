"""Small networks with known arithmetic, made on the spot."""

from collections.abc import Mapping, Sequence

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

Shape = Sequence[int | str]


def onnx_bytes(
    nodes: list[onnx.NodeProto],
    inputs: Mapping[str, Shape],
    outputs: Mapping[str, Shape],
    weights: Mapping[str, np.ndarray] | None = None,
    element: int = TensorProto.FLOAT,
) -> bytes:
    graph = helper.make_graph(
        nodes,
        "small",
        [helper.make_tensor_value_info(name, element, shape) for name, shape in inputs.items()],
        [helper.make_tensor_value_info(name, element, shape) for name, shape in outputs.items()],
        [numpy_helper.from_array(value, name) for name, value in (weights or {}).items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    return model.SerializeToString()


def pointwise(
    matrix: Sequence[Sequence[float]],
    offset: Sequence[float],
    *,
    inputs: Mapping[str, Shape],
    output: str = "answer",
    side: int | None = None,
) -> bytes:
    """A 1x1 convolution of the inputs laid one upon the other; `side` fixes the picture's size."""
    h, w = (side, side) if side else ("h", "w")
    weights = {
        "matrix": np.asarray(matrix, np.float32)[:, :, None, None],
        "offset": np.asarray(offset, np.float32),
    }
    nodes = [
        helper.make_node("Concat", list(inputs), ["all"], axis=1),
        helper.make_node("Conv", ["all", "matrix", "offset"], [output]),
    ]
    shapes = {name: (1, channels, h, w) for name, (channels,) in inputs.items()}
    return onnx_bytes(nodes, shapes, {output: (1, len(matrix), h, w)}, weights)


def contract(
    stride: int = 2,
    *,
    channels: int = 2,
    uncertainty: bool = True,
    hints: bool = False,
    vividness: bool = False,
    negative: bool = False,
    picture: Shape = ("n", 1, "h", "w"),
) -> bytes:
    """A network of the contract: a* = L* / 2 + 1, b* = 3 - L* / 4, uncertainty = L* / 10.

    Hints add a thousand times themselves; vividness multiplies a* and b*; what is bright is a
    `negative`: the mean of L*, less 50, / 10.
    """
    weights = {
        "matrix": np.array([0.5, -0.25, 1.0][:channels], np.float32)[:, None, None, None],
        "offset": np.array([1.0, 3.0, 0.0][:channels], np.float32),
    }
    pool = {"kernel_shape": [stride, stride], "strides": [stride, stride]}
    nodes = [
        helper.make_node("AveragePool", ["lightness"], ["small"], **pool),
        helper.make_node("Conv", ["small", "matrix", "offset"], ["plain"]),
    ]
    inputs: dict[str, Shape] = {}
    last = "plain"
    if hints:
        inputs["hints"] = ("n", 3, "h", "w")
        weights["loud"] = np.full((2, 3, 1, 1), 1000, np.float32)
        nodes += [
            helper.make_node("AveragePool", ["hints"], ["few"], **pool),
            helper.make_node("Conv", ["few", "loud"], ["known"]),
            helper.make_node("Add", [last, "known"], ["told"]),
        ]
        last = "told"
    inputs["lightness"] = picture
    if vividness:
        inputs["vividness"] = ()
        nodes.append(helper.make_node("Mul", [last, "vividness"], ["vivid"]))
        last = "vivid"
    nodes.append(helper.make_node("Identity", [last], ["ab"]))
    outputs: dict[str, Shape] = {"ab": ("n", channels, "y", "x")}
    if uncertainty:
        weights["tenth"] = np.float32(0.1).reshape(())
        nodes.append(helper.make_node("Mul", ["small", "tenth"], ["uncertainty"]))
        outputs = {"uncertainty": ("n", 1, "y", "x"), **outputs}
    if negative:
        weights |= brightness_weights()
        nodes += brightness_nodes()
        outputs["negative"] = ("n", 2)
    return onnx_bytes(nodes, inputs, outputs, weights)


def brightness_nodes() -> list[onnx.NodeProto]:
    """Of `lightness` `negative`: its mean, less a level, / 10, twice."""
    return [
        helper.make_node("GlobalAveragePool", ["lightness"], ["level"]),
        helper.make_node("Flatten", ["level"], ["flat_level"]),
        helper.make_node("Sub", ["flat_level", "level_of_gray"], ["brighter"]),
        helper.make_node("Div", ["brighter", "ten"], ["much"]),
        helper.make_node("Concat", ["much", "much"], ["negative"], axis=1),
    ]


def brightness_weights(level: float = 50) -> dict[str, np.ndarray]:
    """The constants of these."""
    return {"level_of_gray": np.array(level, np.float32), "ten": np.array(10, np.float32)}


PALETTE = ((0.0, 0.0), (40.0, 30.0), (-40.0, 30.0), (10.0, -40.0))
LIKELY = (0.5, 0.3, 0.15, 0.05)


def choosing() -> bytes:
    """A network of the contract that tells what is likely: everywhere `LIKELY` of `PALETTE`.

    a* and b* are those of the mean hint, over the whole picture, or 0 without hints; the
    uncertainty is L* / 10. The stride is 2, that of the likelihood 8.
    """
    weights = {
        "tenth": np.float32(0.1).reshape(()),
        "little": np.float32(1e-9).reshape(()),
        "none": np.zeros((4, 1, 1, 1), np.float32),
        "likely": np.array(LIKELY, np.float32),
        "colours": np.array(PALETTE, np.float32),
        "flat": np.zeros((2, 1, 1, 1), np.float32),
        "starts": np.array([0], np.int64),
        "two": np.array([2], np.int64),
        "three": np.array([3], np.int64),
        "channel": np.array([1], np.int64),
    }
    fine = {"kernel_shape": [2, 2], "strides": [2, 2]}
    coarse = {"kernel_shape": [8, 8], "strides": [8, 8]}
    nodes = [
        helper.make_node("AveragePool", ["lightness"], ["small"], **fine),
        helper.make_node("Conv", ["small", "flat"], ["grey"]),
        helper.make_node("GlobalAveragePool", ["hints"], ["mean"]),
        helper.make_node("Slice", ["mean", "starts", "two", "channel"], ["told"]),
        helper.make_node("Slice", ["mean", "two", "three", "channel"], ["part"]),
        helper.make_node("Max", ["part", "little"], ["some"]),
        helper.make_node("Div", ["told", "some"], ["colour"]),
        helper.make_node("Add", ["grey", "colour"], ["ab"]),
        helper.make_node("Mul", ["small", "tenth"], ["uncertainty"]),
        helper.make_node("AveragePool", ["lightness"], ["smallest"], **coarse),
        helper.make_node("Conv", ["smallest", "none", "likely"], ["likelihood"]),
        helper.make_node("Identity", ["colours"], ["palette"]),
    ]
    inputs = {"lightness": ("n", 1, "h", "w"), "hints": ("n", 3, "h", "w")}
    outputs: dict[str, Shape] = {
        "ab": ("n", 2, "y", "x"),
        "uncertainty": ("n", 1, "y", "x"),
        "likelihood": ("n", 4, "v", "u"),
        "palette": (4, 2),
    }
    return onnx_bytes(nodes, inputs, outputs, weights)


def placed() -> bytes:
    """Colour by place alone: a* grows by one a pixel from the left, b* likewise from the top."""
    weights = {"zero": np.zeros((), np.float32), "one": np.ones((), np.float32)}
    weights |= {"down": np.int64(2).reshape(()), "right": np.int64(3).reshape(())}
    nodes = [
        helper.make_node("Mul", ["lightness", "zero"], ["none"]),
        helper.make_node("Add", ["none", "one"], ["ones"]),
        helper.make_node("CumSum", ["ones", "right"], ["a"]),
        helper.make_node("CumSum", ["ones", "down"], ["b"]),
        helper.make_node("Concat", ["a", "b"], ["ab"], axis=1),
    ]
    picture = ("n", 1, "h", "w")
    return onnx_bytes(nodes, {"lightness": picture}, {"ab": ("n", 2, "h", "w")}, weights)


def painter() -> bytes:
    """A network of the contract that also makes photographs: R, G, B = L* times 1, 1/2, 1/5 %."""
    weights = {
        "colour": np.zeros((2, 1, 1, 1), np.float32),
        "paint": np.array([0.01, 0.005, 0.002], np.float32)[:, None, None, None],
    }
    nodes = [
        helper.make_node("Conv", ["lightness", "colour"], ["ab"]),
        helper.make_node("Conv", ["lightness", "paint"], ["srgb"]),
    ]
    outputs: dict[str, Shape] = {"ab": ("n", 2, "h", "w"), "srgb": ("n", 3, "h", "w")}
    return onnx_bytes(nodes, {"lightness": ("n", 1, "h", "w")}, outputs, weights)
