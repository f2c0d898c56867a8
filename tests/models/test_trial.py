"""Networks that would take down whoever runs them, tried by somebody who may be lost."""

import subprocess
import sys

import numpy as np
import pytest
from onnx import TensorProto, helper

import networks
from colorear.errors import ModelError
from colorear.models import try_out
from colorear.models.trial import Limits

AB = ("n", 2, "h", "w")


def endless() -> bytes:
    """A network whose graph has a loop that never ends."""
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["on"], ["still"]),
            helper.make_node("Identity", ["picture"], ["same"]),
        ],
        "again",
        [
            helper.make_tensor_value_info("count", TensorProto.INT64, ()),
            helper.make_tensor_value_info("on", TensorProto.BOOL, ()),
            helper.make_tensor_value_info("picture", TensorProto.FLOAT, None),
        ],
        [
            helper.make_tensor_value_info("still", TensorProto.BOOL, ()),
            helper.make_tensor_value_info("same", TensorProto.FLOAT, None),
        ],
    )
    nodes = [
        helper.make_node("Loop", ["", "true", "lightness"], ["seen"], body=body),
        helper.make_node("Concat", ["seen", "seen"], ["ab"], axis=1),
    ]
    weights = {"true": np.array(True)}
    return networks.onnx_bytes(nodes, {"lightness": ("n", 1, "h", "w")}, {"ab": AB}, weights)


def greedy() -> bytes:
    """A network that asks for a tensor of 64 GB."""
    weights = {"huge": np.array([16_000_000_000], np.int64), "no": np.zeros((), np.float32)}
    nodes = [
        helper.make_node("ConstantOfShape", ["huge"], ["all"]),
        helper.make_node("ReduceSum", ["all"], ["sum"], keepdims=0),
        helper.make_node("Add", ["lightness", "sum"], ["seen"]),
        helper.make_node("Concat", ["seen", "seen"], ["ab"], axis=1),
    ]
    return networks.onnx_bytes(nodes, {"lightness": ("n", 1, "h", "w")}, {"ab": AB}, weights)


def test_a_network_that_works_gets_its_card(known_network):
    card = try_out(known_network, name="mine", kind="contract")
    assert (card.name, card.kind, card.stride, card.hints) == ("mine", "contract", 2, False)
    assert try_out(known_network).name == "known"


def test_one_that_never_ends_is_ended(tmp_path):
    (tmp_path / "x.onnx").write_bytes(endless())
    with pytest.raises(ModelError, match=r"was not done after 3 seconds when it was tried on one"):
        try_out(tmp_path / "x.onnx", limits=Limits(processor_seconds=3))


def test_one_that_is_waited_for_too_long_is_ended(tmp_path):
    (tmp_path / "x.onnx").write_bytes(endless())
    with pytest.raises(ModelError, match=r"was not done after 0.5 seconds"):
        try_out(tmp_path / "x.onnx", limits=Limits(seconds=0.5))


def test_one_that_wants_all_memory_gets_none(tmp_path):
    (tmp_path / "x.onnx").write_bytes(greedy())
    with pytest.raises(
        ModelError, match=r"x.onnx (failed on|cannot be loaded|took its|needs more)"
    ):
        try_out(tmp_path / "x.onnx")


@pytest.mark.parametrize(
    ("model", "says"),
    [
        (
            networks.contract(picture=("n", 1, 30_000, 30_000)),
            "takes pictures of 30000 x 30000 pixels alone, but at most 4096 x 4096",
        ),
        (b"dear diary", "cannot be loaded as an ONNX network"),
    ],
)
def test_what_it_says_of_a_network_reaches_whoever_asked(tmp_path, model, says):
    (tmp_path / "x.onnx").write_bytes(model)
    with pytest.raises(ModelError, match=says):
        try_out(tmp_path / "x.onnx")


def test_the_command_tries_first(tmp_path):
    """And is not taken down: a file that is given by its path is tried apart."""
    (tmp_path / "x.onnx").write_bytes(networks.contract(picture=("n", 1, 30_000, 30_000)))
    command = [sys.executable, "-m", "colorear", "models", "show", str(tmp_path / "x.onnx")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "takes pictures of 30000 x 30000 pixels alone" in done.stderr
