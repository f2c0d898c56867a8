from itertools import pairwise

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from colorear import models
from colorear.errors import TrainingError
from colorear.training.architectures.acuarela import Acuarela
from colorear.training.architectures.batch_norm_folding import read_weights
from colorear.training.architectures.quantization import (
    Bounds,
    FakeQuantize,
    QuantizedConv2d,
    ranges,
)
from colorear.training.export import onnx_export as exporting
from colorear.training.export.onnx_export import export
from colorear.training.loop.trainer import train
from colorear.training.recipe import AcuarelaSpec, Recipe
from colorear.training.run_folder import load_run


@given(st.floats(-9, 0), st.floats(0.01, 9), st.integers(0, 99))
def test_planes_are_rounded_to_256_numbers_with_0_among_them(lowest, highest, seed):
    rounding = FakeQuantize()
    planes = torch.empty(2, 3, 8, 9).uniform_(
        lowest, highest, generator=torch.Generator().manual_seed(seed)
    )
    planes[0, 0, 0, :2] = torch.tensor([lowest, highest])
    planes[1, 2, 3, 4] = 0
    rounded = rounding(planes)
    step = (highest - lowest) / 255
    assert (rounded - planes).abs().max() <= 1.01 * step + 1e-6  # at the ends: 0 is moved to a step
    assert rounded[1, 2, 3, 4] == 0
    assert len(rounded.unique()) <= 256
    steps = rounded / step
    assert (steps - steps.round()).abs().max() < 0.02


def test_the_range_follows_what_is_seen_and_is_that_of_the_activation():
    rounding = FakeQuantize(Bounds(0, 6))
    rounding(torch.tensor([[[[-3.0, 2.0]]]]))
    assert (rounding.lowest, rounding.highest) == (0, 2)
    rounding(torch.tensor([[[[-3.0, 4.0]]]]))
    assert 2 < rounding.highest < 2.2
    for _ in range(500):
        rounding(torch.tensor([[[[1.0, 9.0]]]]))
    assert rounding.highest == pytest.approx(6, abs=0.01)
    before = rounding.highest.clone()
    rounding.eval()(torch.tensor([[[[1.0, 3.0]]]]))
    assert rounding.highest == before


def test_gradients_pass_through_where_nothing_is_cut_off():
    rounding = FakeQuantize(Bounds(0, 6))
    rounding(torch.tensor([[[[0.0, 6.0]]]]))
    planes = torch.tensor([[[[-1.0, 0.5, 3.3, 7.0]]]], requires_grad=True)
    rounding.eval()(planes).sum().backward()
    assert planes.grad.flatten().tolist() == [0, 1, 1, 0]


@pytest.mark.parametrize(("groups", "largest"), [(1, 63), (8, 127)])
def test_weights_are_integers_by_channels(groups, largest):
    torch.manual_seed(0)
    alone = nn.Conv2d(8, 8, 3, padding=1, groups=groups, stride=2)
    alone.weight.data *= torch.linspace(0.1, 5, 8)[:, None, None, None]
    layer = QuantizedConv2d(alone, torch.arange(8.0).reshape(8, 1, 1))
    planes = torch.randn(2, 8, 16, 12)
    alone.bias.data = torch.arange(8.0)
    off = (layer(planes) - alone(planes)).abs().amax((0, 2, 3))
    size = alone.weight.detach().abs().amax((1, 2, 3))
    assert ((off > 0) & (off < 0.5 * size * 8 * 9 * 4 / largest)).all()
    layer.prepare_for_export()
    assert layer.integers.dtype == torch.int8
    assert layer.integers.abs().amax((1, 2, 3)).tolist() == [largest] * 8
    values = layer.integers * layer.scale[:, None, None, None]
    assert ((values - alone.weight).abs().amax((1, 2, 3)) <= 0.501 * size / largest).all()


@pytest.fixture(scope="module")
def changes(exported):
    """Of the tiny recipe: it goes on from a network that takes hints, in integers."""
    spec = {"kind": "acuarela", "start": str(exported), "decoder": [16, 16, 8]}
    spec |= {"hints_propagated": True, "uncertainty": 0.2, "likelihood": 0.1, "int8": True}
    return {
        "network": spec,
        "augmentation": {"hinted": 0.5},
        "optimizer": {"learning_rate": 1e-3},
        "ema_decay": 0.0,
    }


@pytest.fixture(scope="module")
def run(tmp_path_factory, data, recipe, changes):
    """Such a run."""
    folder = tmp_path_factory.mktemp("integers")
    train(Recipe.model_validate(recipe.model_dump() | changes), data, folder / "run")
    return folder / "run"


@pytest.fixture(scope="module")
def integers(run):
    """Its network, exported."""
    export(run, run.parent / "integers.onnx")
    return run.parent / "integers.onnx"


@pytest.fixture(scope="module")
def lightness():
    return 100 * np.random.default_rng(0).random((2, 1, 96, 64), dtype=np.float32)


def test_the_file_holds_integers_and_computes_in_them(integers, exported, tmp_path):
    arrays = {
        each.name: onnx.numpy_helper.to_array(each)
        for each in onnx.load(integers).graph.initializer
    }
    stored = {name: array for name, array in arrays.items() if name.endswith(".integers")}
    assert len(stored) == 1 + 15 * 3 + 1 + 3 * 2
    products = {name: array for name, array in stored.items() if "_depthwise_" not in name}
    # two products with the largest plane fit into 16 bits
    assert max(2 * 255 * int(abs(array).max()) for array in products.values()) < 2**15
    assert integers.stat().st_size < 0.65 * exported.stat().st_size
    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath = str(tmp_path / "as-it-is-run.onnx")
    onnxruntime.InferenceSession(integers, options)
    run_as = [node.op_type for node in onnx.load(options.optimized_model_filepath).graph.node]
    assert run_as.count("QLinearConv") == len(stored)


def test_it_says_what_torch_says_and_nearly_what_it_would_say_unrounded(run, integers, lightness):
    _, network = load_run(run)
    given = torch.from_numpy(lightness)
    with torch.inference_mode():
        torch_ab = network.eval()(given).ab.numpy()
    weights = read_weights(integers.read_bytes())
    spec = AcuarelaSpec(start=str(integers), decoder=(16, 16, 8))
    with torch.inference_mode():
        unrounded = Acuarela(spec).eval()(given).ab.numpy()
    session = onnxruntime.InferenceSession(integers)
    told = np.zeros((2, 3, 96, 64), np.float32)
    feeds = {"lightness": lightness, "hints": told, "vividness": np.array(0.5, np.float32)}
    (ab,) = session.run(["ab"], feeds)
    size = np.abs(torch_ab).mean()
    assert size > 0.2
    assert np.abs(ab - torch_ab).mean() < 0.2 * size
    assert 0 < np.abs(ab - unrounded).mean() < 0.5 * size
    assert sum(name.endswith(".range") for name in weights) == len(ranges(network))


def test_a_network_starts_where_one_in_integers_is(run, integers, changes, lightness):
    _, before = load_run(run)
    spec = AcuarelaSpec.model_validate(changes["network"] | {"start": str(integers)})
    after = Acuarela(spec)
    ours, theirs = ranges(after), ranges(before)
    assert ours.keys() == theirs.keys()
    assert np.array(list(ours.values())) == pytest.approx(np.array(list(theirs.values())), rel=1e-6)
    with torch.inference_mode():
        ours, theirs = (each.eval()(torch.from_numpy(lightness)).ab for each in (after, before))
    assert (ours - theirs).abs().mean() < 0.05 * theirs.abs().mean()


def test_learning_hints_alone_keeps_all_else(tmp_path, data, recipe, integers, changes):
    spec = changes["network"] | {"start": str(integers), "only_hints": True}
    before = Acuarela(AcuarelaSpec.model_validate(spec)).state_dict()
    only = changes | {"network": spec, "epochs": 1, "ema_decay": 0.5}
    train(Recipe.model_validate(recipe.model_dump() | only), data, tmp_path / "run")
    after = load_run(tmp_path / "run")[1].state_dict()
    changed = {name.partition(".")[0] for name in after if not after[name].equal(before[name])}
    assert changed == {"hint_propagation"}


def test_it_may_learn_to_answer_as_before(tmp_path, data, recipe, changes):
    """Rounded anew it is farther from the network that it starts from than after some steps."""
    spec = changes["network"] | {"distilled": True, "uncertainty": 0.0, "likelihood": 0.0}
    same = changes | {"network": spec, "epochs": 3, "optimizer": {"learning_rate": 3e-4}}
    train(Recipe.model_validate(recipe.model_dump() | same), data, tmp_path / "run")
    table = (tmp_path / "run" / "history.csv").read_text().splitlines()
    losses = [float(row.split(",")[table[0].split(",").index("loss")]) for row in table[1:]]
    assert losses[-1] < losses[0] < 1e-3


def test_it_learns_in_spite_of_the_rounding(run):
    table = (run / "history.csv").read_text().splitlines()
    losses = [float(row.split(",")[table[0].split(",").index("loss")]) for row in table[1:]]
    assert all(later < earlier for earlier, later in pairwise(losses))


def test_the_program_takes_it(integers):
    picture = 100 * np.random.default_rng(1).random((50, 70), dtype=np.float32)
    prediction = models.load(integers)(picture)
    assert prediction.ab.shape == (2, 50, 70)
    assert prediction.uncertainty.min() > 0


def test_a_wrong_graph_is_not_written(tmp_path, run, integers, monkeypatch):
    """Rounding is no excuse for what is not rounding."""
    wrong = onnx.load(integers)
    (bias,) = (each for each in wrong.graph.initializer if each.name == "network.last.bias")
    bias.CopyFrom(onnx.numpy_helper.from_array(2 * onnx.numpy_helper.to_array(bias), bias.name))
    monkeypatch.setattr(exporting, "_graph", lambda _: wrong)
    with pytest.raises(TrainingError, match="differs from torch by"):
        export(run, tmp_path / "wrong.onnx")
    assert list(tmp_path.iterdir()) == []
