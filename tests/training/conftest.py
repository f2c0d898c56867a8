"""A small data set of free pictures, and a recipe that trains on it in seconds."""

import cv2
import pytest

from colorear.training.datasets.packing import pack_shards
from colorear.training.export import onnx_export as exporting
from colorear.training.export.onnx_export import export
from colorear.training.loop.trainer import train
from colorear.training.recipe import Recipe
from colorear.training.run_folder import load_run
from colorear.training.tasks import TASKS


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory):
    """Decoded photographs go where the tests' other files go, not to the user's cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def data(tmp_path_factory, free_pictures):
    """`colour/` with 24 photographs and `judged/` with 6."""
    root = tmp_path_factory.mktemp("data")
    number = 0
    for folder, step in (("colour", 96), ("judged", 160)):
        (root / folder).mkdir()
        for pixels in list(free_pictures.values())[:3]:
            for top in range(0, 288 - step, step):
                for left in range(0, 400 - step, step):
                    cut = cv2.cvtColor(pixels[top : top + 96, left : left + 96], cv2.COLOR_RGB2BGR)
                    cv2.imwrite(str(root / folder / f"{number}.png"), cut)
                    number += 1
    return root


@pytest.fixture(scope="session")
def shards(tmp_path_factory, data):
    """A folder with one shard of all photographs of `data`."""
    folder = tmp_path_factory.mktemp("shards") / "packed"
    pack_shards([data], folder, size=64)
    return folder


@pytest.fixture(scope="session")
def recipe():
    """Two epochs of six steps; pretrained weights are not needed to test the machinery."""
    return Recipe.model_validate(
        {
            "name": "tiny",
            "card": {"license": "CC0", "trained_on": "six free pictures", "size": 64},
            "data": {
                "train": [{"folder": "colour"}],
                "validation": [{"folder": "judged"}],
                "shorter_side": 64,
                "crop": [32],
                "validation_size": 64,
            },
            "network": {"kind": "acuarela", "start": "random", "decoder": [16, 16, 8]},
            "epochs": 2,
            "batch_size": 4,
        }
    )


@pytest.fixture(scope="session")
def like_the_slides(recipe):
    """The tiny data, an autoencoder, and everything else as the slides' recipe has it."""
    return Recipe.model_validate(
        recipe.model_dump()
        | {
            "data": {**recipe.data.model_dump(), "whole": True},
            "network": {"kind": "autoencoder", "name": "skip-shallow"},
            "optimizer": {"schedule": "constant", "weight_decay": 0, "epsilon": 1e-7},
            "loss": "absolute",
            "ema_decay": 0,
            "keep": "best",
            "batch_size": 10,
        }
    )


@pytest.fixture(scope="session")
def finished_run(tmp_path_factory, data, recipe):
    """The folder of the tiny recipe's run."""
    run = tmp_path_factory.mktemp("runs") / "finished"
    train(recipe, data, run)
    return run


@pytest.fixture(scope="session")
def graph(finished_run):
    """Of that run, as it is before it is compared: making it takes most of an export's time."""
    recipe, trained = load_run(finished_run)
    return exporting._graph(TASKS[recipe.network.kind].contract(trained).eval())


@pytest.fixture(scope="session")
def exported(tmp_path_factory, finished_run, graph):
    """That run's network as an .onnx file, its card beside it."""
    path = tmp_path_factory.mktemp("exported") / "tiny.onnx"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(exporting, "_graph", lambda _: graph)
        export(finished_run, path)
    return path
