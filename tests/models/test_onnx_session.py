import platform
import subprocess
import sys

import numpy as np
import pytest
from onnx import TensorProto, helper

from colorear.errors import ModelError
from colorear.models.onnx_session import Session, cores


@pytest.mark.parametrize("content", [b"", b"not a network", b"\x08\x07" * 50])
def test_what_is_no_network_gets_one_sentence(content, capfd):
    with pytest.raises(ModelError, match="x cannot be loaded as an ONNX network") as caught:
        Session("x", content)
    assert "\n" not in str(caught.value)
    assert capfd.readouterr() == ("", "")


def test_half_precision_inputs_get_one_sentence(make_onnx):
    nodes = [helper.make_node("Identity", ["lightness"], ["ab"])]
    model = make_onnx(nodes, {"lightness": (1,)}, {"ab": (1,)}, element=TensorProto.FLOAT16)
    with pytest.raises(ModelError, match=r"tensor\(float16\) at 'lightness', expected 32-bit"):
        Session("x", model)


def test_an_answer_that_is_no_number_gets_one_sentence(make_onnx):
    nodes = [helper.make_node("Sqrt", ["x"], ["y"])]
    session = Session("it", make_onnx(nodes, {"x": (2,)}, {"y": (2,)}))
    assert session.run({"x": np.array([4, 9], "f4")}, ["y"])[0].tolist() == [2, 3]
    with pytest.raises(ModelError, match="it answered with values that are not numbers in 'y'"):
        session.run({"x": np.array([-1, 1], "f4")}, ["y"])


def test_a_run_that_fails_gets_one_sentence(make_onnx, capfd):
    nodes = [helper.make_node("Identity", ["x"], ["y"])]
    session = Session("it", make_onnx(nodes, {"x": (2,)}, {"y": (2,)}))
    with pytest.raises(
        ModelError, match=r"it failed on x \(3,\) \(.*\); check its sizes"
    ) as caught:
        session.run({"x": np.zeros(3, "f4")}, ["y"])
    assert "\n" not in str(caught.value)
    assert capfd.readouterr() == ("", "")


def test_open_lengths_are_none(make_onnx):
    nodes = [helper.make_node("Identity", ["x"], ["y"])]
    session = Session("it", make_onnx(nodes, {"x": ("n", 3)}, {"y": ("n", 3)}), threads=1)
    assert session.inputs[0].shape == (None, 3)


def test_there_is_a_core():
    assert cores() >= 1


def test_no_more_threads_are_started_than_there_are_cores(make_onnx):
    nodes = [helper.make_node("Identity", ["x"], ["y"])]
    session = Session("it", make_onnx(nodes, {"x": (3,)}, {"y": (3,)}), threads=cores() + 3)
    assert session._session.get_session_options().intra_op_num_threads == cores()


def test_photographs_of_many_sizes_share_their_memory(make_onnx):
    nodes = [helper.make_node("Identity", ["x"], ["y"])]
    session = Session("it", make_onnx(nodes, {"x": (3,)}, {"y": (3,)}))
    assert not session._session.get_session_options().enable_mem_pattern


def test_the_file_is_not_kept_beside_the_network(make_onnx):
    nodes = [helper.make_node("Identity", ["x"], ["y"])]
    model = make_onnx(nodes, {"x": (3,)}, {"y": (3,)})
    before = sys.getrefcount(model)
    session = Session("it", model)
    assert sys.getrefcount(model) == before
    assert session.inputs[0].shape == (3,)


_OPENED = """
import resource
from pathlib import Path
from colorear.models import onnx_runtime, onnx_session

def resident():
    pages = Path("/proc/self/statm").read_text().split()[1]
    return int(pages) * resource.getpagesize()

model = Path(onnx_session.__file__).with_name("acuarela.onnx").read_bytes()
before = resident()
session = onnx_session.Session("acuarela", model, threads=1)
print(resident() - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries do as they like")
def test_what_opening_a_network_takes_for_a_moment_is_given_back():
    """Its weights are 30 MB as 32-bit numbers; 96 MB were taken, and kept."""
    opened = subprocess.run([sys.executable, "-c", _OPENED], capture_output=True, check=True)
    assert int(opened.stdout) < 75e6
