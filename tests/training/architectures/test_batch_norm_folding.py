import numpy as np
import onnxruntime
import pytest
import torch

from colorear.errors import ModelError, TrainingError
from colorear.models.network import SAFE
from colorear.models.registry import packed
from colorear.training.architectures.acuarela import Acuarela
from colorear.training.export.onnx_export import export
from colorear.training.loop.trainer import train
from colorear.training.recipe import AcuarelaSpec, Recipe
from colorear.training.run_folder import load_run

BUNDLED = AcuarelaSpec(
    start="acuarela",
    encoder="efficientnet-lite2",
    context_layers=2,
    hints_in_encoder=True,
    hints_propagated=True,
    uncertainty=0.1,
    likelihood=0.1,
)


@pytest.fixture(scope="module")
def lightness():
    return 100 * np.random.default_rng(0).random((2, 1, 96, 64), dtype=np.float32)


def answer(content: bytes, lightness) -> np.ndarray:
    """The a*b* of an .onnx file that is told no hints, in its safest colours."""
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    hints = np.zeros((len(lightness), 3, *lightness.shape[2:]), np.float32)
    feeds = {"lightness": lightness, "hints": hints, "vividness": np.array(SAFE, np.float32)}
    (ab,) = session.run(["ab"], {port.name: feeds[port.name] for port in session.get_inputs()})
    return ab


def test_it_starts_where_the_bundled_network_is(lightness):
    network = Acuarela(BUNDLED).eval()
    with torch.inference_mode():
        colors = network(torch.from_numpy(lightness))
    truth = answer(packed("acuarela")[0], lightness)
    assert np.abs(truth).max() > 5
    assert np.abs(colors.ab.numpy() - truth).max() < 0.01


def test_training_goes_on_from_it_and_so_on(tmp_path, data, recipe, exported, lightness):
    """A run from a file, exported; then a network that starts from that is the same."""
    spec = {
        "kind": "acuarela",
        "start": str(exported),
        "decoder": [16, 16, 8],
        "hints_propagated": True,
    }
    changes = {"network": spec, "augmentation": {"hinted": 0.5}, "epochs": 1, "ema_decay": 0.0}
    train(Recipe.model_validate(recipe.model_dump() | changes), data, tmp_path / "run")
    export(tmp_path / "run", tmp_path / "on.onnx")
    before, after = (
        answer(path.read_bytes(), lightness) for path in (exported, tmp_path / "on.onnx")
    )
    assert 0.01 < np.abs(after - before).max() < 20
    again = AcuarelaSpec.model_validate(spec | {"start": str(tmp_path / "on.onnx")})
    with torch.inference_mode():
        ab = Acuarela(again).eval()(torch.from_numpy(lightness)).ab.numpy()
    assert np.abs(ab - after).max() < 0.01


def test_learning_hints_alone_keeps_all_else(tmp_path, data, recipe, exported):
    spec = {
        "kind": "acuarela",
        "start": str(exported),
        "decoder": [16, 16, 8],
        "hints_propagated": True,
    }
    spec["only_hints"] = True
    before = Acuarela(AcuarelaSpec.model_validate(spec)).state_dict()
    changes = {"network": spec, "augmentation": {"hinted": 0.5}, "epochs": 1, "ema_decay": 0.5}
    train(Recipe.model_validate(recipe.model_dump() | changes), data, tmp_path / "run")
    after = load_run(tmp_path / "run")[1].state_dict()
    changed = {name.partition(".")[0] for name in after if not after[name].equal(before[name])}
    assert changed == {"hint_propagation"}


def test_networks_that_do_not_fit(known_network):
    with pytest.raises(TrainingError, match=r"acuarela: decoder\.0\.join\.0 has weights of \(128"):
        Acuarela(BUNDLED.model_copy(update={"decoder": (64, 96, 64, 32)}))
    with pytest.raises(TrainingError, match="has no layer in common with the recipe's network"):
        Acuarela(BUNDLED.model_copy(update={"start": str(known_network)}))
    with pytest.raises(ModelError, match="there is no network called 'nobody'"):
        Acuarela(BUNDLED.model_copy(update={"start": "nobody"}))
