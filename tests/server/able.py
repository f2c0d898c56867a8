"""A small network that can do all that the page asks for, with known arithmetic."""

import numpy as np
from onnx import helper

import networks

PALETTE = [[45.0, 30.0], [-35.0, 35.0], [5.0, -45.0]]
LIKELIHOOD = [0.6, 0.3, 0.1]
_REACH = 15  # pixels


def able() -> bytes:
    """a* = 5, b* = L* / 5; a hint counts within 15 pixels; uncertainty is L* / 3, far from hints.

    Three colors are likely everywhere: red, green and blue, in this order. Vividness multiplies.
    What is brighter than 70 is taken for a negative.
    """
    weights = {
        "slope": np.array([0, 0.2], np.float32)[:, None, None, None],
        "offset": np.array([5, 0], np.float32),
        "zero": np.zeros((), np.float32),
        "one": np.ones((), np.float32),
        "loud": np.float32(1e4).reshape(()),
        "little": np.float32(1e-9).reshape(()),
        "third": np.float32(1 / 3).reshape(()),
        "first": np.array([0]),
        "third_channel": np.array([2]),
        "end": np.array([3]),
        "channels": np.array([1]),
        "colors": np.array(PALETTE, np.float32),
        "chances": np.array(LIKELIHOOD, np.float32)[None, :, None, None],
        **networks.brightness_weights(70),
    }
    side = 2 * _REACH + 1
    around = {"kernel_shape": [side, side], "pads": [_REACH] * 4, "count_include_pad": 1}
    coarse = {"kernel_shape": [4, 4], "strides": [4, 4]}
    node = helper.make_node
    nodes = [
        node("Conv", ["lightness", "slope", "offset"], ["plain"]),
        node("AveragePool", ["hints"], ["spread"], **around),
        node("Slice", ["spread", "first", "third_channel", "channels"], ["told"]),
        node("Slice", ["spread", "third_channel", "end", "channels"], ["near"]),
        node("Max", ["near", "little"], ["some"]),
        node("Div", ["told", "some"], ["known"]),
        node("Mul", ["near", "loud"], ["close"]),
        node("Clip", ["close", "zero", "one"], ["sure"]),
        node("Sub", ["known", "plain"], ["change"]),
        node("Mul", ["change", "sure"], ["changed"]),
        node("Add", ["plain", "changed"], ["color"]),
        node("Mul", ["color", "vividness"], ["ab"]),
        node("Sub", ["one", "sure"], ["unsure"]),
        node("Mul", ["lightness", "third"], ["doubt"]),
        node("Mul", ["doubt", "unsure"], ["uncertainty"]),
        node("AveragePool", ["lightness"], ["few"], **coarse),
        node("Mul", ["few", "zero"], ["nothing"]),
        node("Add", ["nothing", "chances"], ["likelihood"]),
        node("Identity", ["colors"], ["palette"]),
        *networks.brightness_nodes(),
    ]
    picture = ("n", 1, "h", "w")
    inputs = {"lightness": picture, "hints": ("n", 3, "h", "w"), "vividness": ()}
    outputs = {
        "ab": ("n", 2, "h", "w"),
        "uncertainty": ("n", 1, "h", "w"),
        "likelihood": ("n", 3, "y", "x"),
        "palette": (3, 2),
        "negative": ("n", 2),
    }
    return networks.onnx_bytes(nodes, inputs, outputs, weights)
