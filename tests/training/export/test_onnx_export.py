import hashlib
import json
import shutil

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from colorear import color, models
from colorear.errors import ModelError, TrainingError
from colorear.hints import Hint
from colorear.models.card import read_card
from colorear.training.architectures.ab_bins import AB_BINS
from colorear.training.architectures.autoencoders import layer_table
from colorear.training.architectures.batch_norm_folding import EIGHT_BIT, read_weights
from colorear.training.export import onnx_export as exporting
from colorear.training.export.onnx_export import export
from colorear.training.export.scores import put_on_card
from colorear.training.loop.trainer import train
from colorear.training.recipe import Recipe
from colorear.training.run_folder import load_run


@pytest.fixture(scope="module")
def picture():
    return 100 * np.random.default_rng(0).random((100, 70), dtype=np.float32)


def test_the_file_keeps_the_contract_and_says_what_torch_says(exported, finished_run, picture):
    card = read_card(exported.with_suffix(".json"))
    network = models.load(exported)
    assert network.card.stride == card.stride == 4
    ours = network(picture[:64, :64]).ab[:, 1::4, 1::4]
    _, torch_network = load_run(finished_run)
    with torch.inference_mode():
        shown = torch.from_numpy(picture[None, None, :64, :64])
        theirs = torch_network.eval()(shown).ab.numpy()[0]
    assert np.abs(ours - theirs).max() < 0.2 * np.abs(theirs).max() + 0.5
    session = onnxruntime.InferenceSession(exported)
    shown = picture[None, None, :96, :64].repeat(3, 0)
    (ab,) = session.run(["ab"], {"lightness": shown})
    with torch.inference_mode():
        theirs = torch_network(torch.from_numpy(shown)).ab.numpy()
    assert np.abs(ab - theirs).max() < 0.1


def test_weights_are_stored_in_half_precision_and_the_card_is_true(exported, data):
    card = read_card(exported.with_suffix(".json"))
    model = onnx.load(exported)
    stored = [w for w in model.graph.initializer if np.prod(w.dims) > 1024]
    assert {w.data_type for w in stored} == {onnx.TensorProto.FLOAT16}
    assert card.bytes == exported.stat().st_size < 2.2 * card.parameters
    assert card.sha256 == hashlib.sha256(exported.read_bytes()).hexdigest()
    assert (card.license, card.size) == ("CC0", 64)
    distinct = {path.read_bytes() for path in (data / "colour").iterdir()}
    assert card.trained_on == f"{len(distinct)} color photographs: six free pictures"


def test_weights_of_some_parts_are_stored_in_8_bits(
    tmp_path, finished_run, graph, exported, picture, monkeypatch
):
    monkeypatch.setattr(exporting, "_graph", lambda _: graph)  # the weights are the same
    run = tmp_path / "run"
    shutil.copytree(finished_run, run)
    about = json.loads((run / "run.json").read_text())
    about["recipe"]["eight_bit"] = ["decoder"]
    (run / "run.json").write_text(json.dumps(about))
    card = export(run, tmp_path / "small.onnx")
    assert card.bytes < exported.stat().st_size
    stored = {w.name: w.data_type for w in onnx.load(tmp_path / "small.onnx").graph.initializer}
    kinds = {name: kind for name, kind in stored.items() if name.endswith(EIGHT_BIT)}
    assert set(kinds.values()) == {onnx.TensorProto.INT8}
    assert all(name.startswith("network.decoder.") for name in kinds)
    small, half = models.load(tmp_path / "small.onnx")(picture), models.load(exported)(picture)
    assert 0 < np.abs(small.ab - half.ab).mean() < 0.05 * np.abs(half.ab).mean()
    weights, its = (read_weights(path.read_bytes()) for path in (tmp_path / "small.onnx", exported))
    name = "decoder.0.join.0.weight"
    assert np.abs(weights[name] - its[name]).max() <= np.abs(its[name]).max() / 127


def test_the_file_tells_nothing_about_the_machine(exported):
    assert b".py" not in exported.read_bytes()


def test_an_autoencoder_keeps_the_contract_and_tells_its_own_answer(
    tmp_path, data, like_the_slides
):
    train(like_the_slides, data, tmp_path / "run")
    card = export(tmp_path / "run", tmp_path / "auto.onnx")
    assert (card.stride, card.multiple_of, card.parameters) == (1, 8, 3_258_830)
    assert card.layers == layer_table("skip-shallow", card.size)
    gray = np.random.default_rng(0).random((2, 1, 48, 64), dtype=np.float32)
    session = onnxruntime.InferenceSession(tmp_path / "auto.onnx")
    ab, srgb = session.run(["ab", "srgb"], {"lightness": color.luma_to_lightness(gray)})
    _, network = load_run(tmp_path / "run")
    with torch.inference_mode():
        truth = network.eval()(torch.from_numpy(gray.repeat(3, 1))).numpy()
    assert np.abs(srgb - truth).max() < 2e-3
    assert np.abs(ab - color.srgb_to_lab(srgb.clip(0, 1))[:, 1:]).max() < 1e-2
    picture = models.load(tmp_path / "auto.onnx")(color.luma_to_lightness(gray[0, 0, :45, :61]))
    assert picture.ab.shape == (2, 45, 61)


def test_a_network_that_tells_its_uncertainty_and_takes_no_hints(tmp_path, data, recipe):
    changes = {"network": recipe.network.model_dump() | {"uncertainty": 0.2, "context_layers": 1}}
    train(Recipe.model_validate(recipe.model_dump() | changes), data, tmp_path / "run")
    card = export(tmp_path / "run", tmp_path / "sure.onnx")
    assert not card.hints
    session = onnxruntime.InferenceSession(tmp_path / "sure.onnx")
    assert [port.name for port in session.get_inputs()] == ["lightness", "vividness"]
    shown = 100 * np.random.default_rng(0).random((64, 96), dtype=np.float32)
    network = models.load(tmp_path / "sure.onnx")
    dull, vivid = network(shown, vividness=0.0), network(shown, vividness=1.0)
    assert np.abs(dull.ab).max() == 0
    assert vivid.uncertainty.min() > 0


def test_all_that_acuarela_can_be_told_and_tell(tmp_path, data, recipe, caplog):
    """A network that has learnt a little, through the file as people use it."""
    more = {"hints_propagated": True, "uncertainty": 0.2, "likelihood": 0.1}
    changes = {
        "network": recipe.network.model_dump() | more,
        "augmentation": {"degraded": 0.5, "hinted": 0.7},
        "optimizer": {"learning_rate": 0.005},
        "ema_decay": 0.0,
    }
    train(Recipe.model_validate(recipe.model_dump() | changes), data, tmp_path / "run")
    card = export(tmp_path / "run", tmp_path / "full.onnx")
    assert card.hints
    assert not [record for record in caplog.records if record.levelname == "WARNING"]
    session = onnxruntime.InferenceSession(tmp_path / "full.onnx")
    assert [port.name for port in session.get_inputs()] == ["lightness", "hints", "vividness"]
    names = [port.name for port in session.get_outputs()]
    assert names == ["ab", "uncertainty", "likelihood", "palette"]
    shown = 100 * np.random.default_rng(0).random((2, 1, 96, 64), dtype=np.float32)
    told = np.zeros((2, 3, 96, 64), np.float32)
    feeds = {"lightness": shown, "hints": told, "vividness": np.array(1, np.float32)}
    likelihood, palette = session.run(names[2:], feeds)
    assert likelihood.shape == (2, len(palette), 12, 8)
    assert np.abs(likelihood.sum(1) - 1).max() < 1e-5
    assert np.array_equal(palette, AB_BINS)
    network = models.load(tmp_path / "full.onnx")
    picture = shown[0, 0, :90, :50]
    plain, hinted = network(picture), network(picture, [Hint(0.3, 0.6, "red", 0.05)])
    assert plain.uncertainty.shape == (1, 90, 50)
    assert plain.uncertainty.min() > 0
    assert not np.array_equal(plain.ab, hinted.ab)
    scores = put_on_card(tmp_path / "run", tmp_path / "full.onnx", data).scores["judged"]
    assert scores["mse_ratio_64"] != scores["safe_mse_ratio_64"]
    assert scores["chroma_ratio_64"] >= scores["safe_chroma_ratio_64"]


def test_a_disagreement_writes_nothing(tmp_path, finished_run, graph, monkeypatch):
    wrong = onnx.ModelProto()
    wrong.CopyFrom(graph)
    (bias,) = (each for each in wrong.graph.initializer if each.name == "network.last.bias")
    bias.CopyFrom(onnx.numpy_helper.from_array(onnx.numpy_helper.to_array(bias) + 0.01, bias.name))
    monkeypatch.setattr(exporting, "_graph", lambda _: wrong)
    with pytest.raises(TrainingError, match=r"differs from torch by 0\.5"):
        export(finished_run, tmp_path / "tiny.onnx")
    assert list(tmp_path.iterdir()) == []


def test_weights_stay_exact_where_rounding_would_show(tmp_path, finished_run, graph, monkeypatch):
    monkeypatch.setattr(exporting, "_graph", lambda _: graph)
    monkeypatch.setattr(exporting, "_MAX_SMALL_ERROR", -1.0)  # nothing is little enough
    card = export(finished_run, tmp_path / "tiny.onnx")
    stored = onnx.load(tmp_path / "tiny.onnx").graph.initializer
    assert {w.data_type for w in stored if np.prod(w.dims) > 1024} == {onnx.TensorProto.FLOAT}
    assert card.bytes > 3.5 * card.parameters
    models.load(tmp_path / "tiny.onnx")


def test_a_place_that_cannot_be_written_is_told(tmp_path, finished_run, graph, monkeypatch):
    monkeypatch.setattr(exporting, "_graph", lambda _: graph)
    (tmp_path / "file").touch()
    with pytest.raises(ModelError, match=r"tiny cannot be kept in .*file: File exists; make"):
        export(finished_run, tmp_path / "file" / "tiny.onnx")


def test_an_unfinished_run_is_refused(tmp_path, data, recipe):
    train(recipe, data, tmp_path / "run", steps=1)
    with pytest.raises(TrainingError, match=r"no finished run \(weights\.safetensors is missing\)"):
        export(tmp_path / "run", tmp_path / "out.onnx")
    with pytest.raises(TrainingError, match=r"no finished run \(run\.json is missing\)"):
        export(tmp_path / "run" / "run.json", tmp_path / "out.onnx")
    (tmp_path / "run" / "weights.safetensors").write_bytes(b"half of it")
    with pytest.raises(TrainingError, match=r"weights\.safetensors: is damaged"):
        export(tmp_path / "run", tmp_path / "out.onnx")
    (tmp_path / "run" / "run.json").write_text('{"recipe":')
    with pytest.raises(TrainingError, match=r"run\.json does not say what it was begun with"):
        export(tmp_path / "run", tmp_path / "out.onnx")
