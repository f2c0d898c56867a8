import os
from typing import get_args

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from colorear.errors import TrainingError
from colorear.evaluation.study import slides_recipe
from colorear.training import run_folder
from colorear.training.architectures.autoencoders import Autoencoder
from colorear.training.export import keras_export
from colorear.training.export.keras_export import export_keras
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
    right = keras_export._in_keras_layout
    monkeypatch.setattr(keras_export, "_in_keras_layout", lambda weight: 0 * right(weight))
    with pytest.raises(TrainingError, match="Keras answers otherwise"):
        export_keras(run, tmp_path / "new.keras")
    assert not (tmp_path / "new.keras").exists()


def test_another_network_is_refused(finished_run, tmp_path):
    with pytest.raises(TrainingError, match=r"only the four autoencoders .* ends in \.onnx"):
        export_keras(finished_run, tmp_path / "new.keras")
