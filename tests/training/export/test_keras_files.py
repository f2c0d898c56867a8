import os
from typing import get_args

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from colorear import color, models
from colorear.errors import ModelError, TrainingError
from colorear.evaluation.study import slides_recipe
from colorear.training import run_folder
from colorear.training.architectures.autoencoders import Autoencoder
from colorear.training.export import keras_files
from colorear.training.export.keras_files import add_keras, export_keras
from colorear.training.recipe import AutoencoderName

# Keras 3.15 makes arrays of torch 2.13's tensors in a way that NumPy 2 warns of
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.fixture(scope="module")
def keras():
    os.environ.setdefault("KERAS_BACKEND", "torch")
    return pytest.importorskip("keras", reason="the extra keras is not installed")


@pytest.fixture
def finished(tmp_path, monkeypatch):
    """Makes runs of these networks, with random weights and statistics."""

    def make(name):
        recipe = slides_recipe(name)
        torch.manual_seed(0)
        network = Autoencoder(recipe.network)
        for buffer in network.buffers():
            if buffer.is_floating_point():
                buffer.copy_(0.5 + torch.rand(buffer.shape))
        monkeypatch.setattr(run_folder, "_read_identity", lambda _: (recipe,))
        run = tmp_path / name
        run.mkdir()
        save_file(network.state_dict(), run / "weights.safetensors")
        return run, network.eval()

    return make


@pytest.mark.parametrize("name", get_args(AutoencoderName))
def test_keras_has_the_weights_and_the_answers_of_the_run(keras, finished, tmp_path, name):
    run, network = finished(name)
    target = tmp_path / "new" / f"{name}.keras"
    assert export_keras(run, target) == target.stat().st_size
    assert [path.name for path in target.parent.iterdir()] == [target.name]
    model = keras.saving.load_model(target)
    assert model.input_shape == (None, 160, 160, 3)
    ours = sorted(float(value.double().abs().sum()) for value in weights(network))
    theirs = sorted(float(np.abs(value, dtype="f8").sum()) for value in model.get_weights())
    assert theirs == pytest.approx(ours, rel=1e-12)
    gray = torch.rand(1, 1, 160, 160).expand(1, 3, 160, 160)
    with torch.inference_mode():
        expected = network(gray).permute(0, 2, 3, 1).numpy()
        answer = model.predict_on_batch(gray.permute(0, 2, 3, 1).numpy())
    assert answer == pytest.approx(expected, abs=1e-4)


def weights(network):
    return [value for name, value in network.state_dict().items() if "num_batches" not in name]


@pytest.mark.usefixtures("keras")
def test_a_disagreement_writes_nothing(finished, tmp_path, monkeypatch):
    run, _ = finished("plain-shallow")
    right = keras_files._in_keras_layout
    monkeypatch.setattr(keras_files, "_in_keras_layout", lambda weight: 0 * right(weight))
    with pytest.raises(TrainingError, match="Keras answers otherwise"):
        export_keras(run, tmp_path / "new.keras")
    assert not (tmp_path / "new.keras").exists()


def test_another_network_is_refused(finished_run, tmp_path):
    with pytest.raises(TrainingError, match=r"only the four autoencoders .* ends in \.onnx"):
        export_keras(finished_run, tmp_path / "new.keras")


@pytest.fixture
def theirs(keras, tmp_path):
    """Makes files of networks that Keras built, layers named by itself, with first weights."""
    from keras_autoencoders import KERAS_AUTOENCODERS

    def make(name, change=lambda model: model):
        keras.utils.set_random_seed(1)
        model = change(KERAS_AUTOENCODERS[name](96))
        noise = np.random.default_rng(0)
        model.set_weights([w + noise.uniform(0, 0.002, w.shape) for w in model.get_weights()])
        path = tmp_path / "theirs.keras"
        model.save(path)
        return path, model

    return make


def test_what_keras_trained_is_added_and_answers_the_same(theirs):
    path, model = theirs("skip-deep")
    card = add_keras(path, "mine")
    assert (card.name, card.kind, card.size) == ("mine", "contract", 96)
    assert card.parameters == model.count_params()
    gray = np.random.default_rng(2).random((96, 96), dtype=np.float32)
    expected = model.predict_on_batch(np.repeat(gray[None, ..., None], 3, axis=3))[0]
    answer = models.load("mine").srgb(color.luma_to_lightness(gray)).transpose(1, 2, 0)
    assert np.abs(answer - expected).max() < 0.005 * np.abs(expected).max()  # half precision


def test_equal_weights_that_answer_otherwise_are_refused(keras, theirs):
    def with_another_end(model):
        return keras.Model(model.input, keras.layers.Activation("tanh")(model.output))

    path, _ = theirs("plain-shallow", with_another_end)
    with pytest.raises(ModelError, match="weights of plain-shallow, but answers otherwise"):
        add_keras(path, "mine")
    assert "mine" not in models.cards()


def test_other_layers_are_refused(keras, theirs):
    def one_layer(_):
        return keras.Sequential([keras.Input((96, 96, 3)), keras.layers.Conv2D(3, 2)])

    path, _ = theirs("plain-shallow", one_layer)
    with pytest.raises(ModelError, match="none of plain-shallow, plain-deep, skip-shallow"):
        add_keras(path, "mine")


@pytest.mark.usefixtures("keras")
def test_what_is_no_keras_file_is_refused(tmp_path):
    path = tmp_path / "text.keras"
    path.write_text("this is a text")
    with pytest.raises(ModelError, match=r"text\.keras: Keras cannot read it as a model"):
        add_keras(path, "mine")
    with pytest.raises(ModelError, match="is a folder or not there"):
        add_keras(tmp_path / "not there.keras", "mine")
