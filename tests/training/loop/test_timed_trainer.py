import csv
import json
import subprocess
import sys
import time
from itertools import count

import cv2
import pytest
import torch
from safetensors.torch import load_file

from colorear.errors import RecipeError, TrainingError
from colorear.training.datasets.shards import read_contents
from colorear.training.export.onnx_export import export
from colorear.training.loop import checkpoints
from colorear.training.loop.timed_trainer import train_by_shards
from colorear.training.recipe import Recipe


@pytest.fixture(scope="module")
def with_all(recipe):
    """The tiny recipe with hints, degradation and every output; no folders."""
    return Recipe.model_validate(
        {
            **recipe.model_dump(),
            "data": {"crop": [32, 64], "mix_sizes": True, "validation_size": 64},
            "network": {
                **recipe.network.model_dump(),
                "hints_in_encoder": True,
                "uncertainty": 0.5,
                "likelihood": 0.02,
            },
            "augmentation": {"degraded": 0.5, "hinted": 0.5, "recolored": 0.5},
            "optimizer": {"warmup_steps": 2, "clip_norm": 1.0},
        }
    )


@pytest.fixture(scope="module")
def run(tmp_path_factory, shards, with_all):
    """A run that was stopped after four steps, gone on with and finished."""
    folder = tmp_path_factory.mktemp("runs") / "by-shards"
    train_by_shards(with_all, shards, folder, minutes=1000, steps=4)
    before = checkpoints.newest(folder).name
    assert before == "step-00000004"
    assert (folder / "weights.safetensors").exists()  # it counts should the device go now
    with pytest.MonkeyPatch.context() as patch:  # a clock that no load of the machine changes
        patch.setattr(time, "monotonic", count(time.monotonic()).__next__)
        train_by_shards(with_all, shards, folder, minutes=0.4, resume=True)
    return folder


def test_a_run_goes_on_and_tells_what_it_did(run, shards, with_all):
    rows = list(csv.DictReader((run / "history.csv").read_text().splitlines()))
    assert float(rows[0]["step"]) == 4
    assert float(rows[-1]["step"]) > 4
    assert 0 < float(rows[-1]["held out mse ratio"]) < 5
    log = (run / "log.txt").read_text()
    assert "step 1," in log
    assert "stopped: " in log
    assert "finished: " in log
    [path] = shards.glob("*.shard")
    photographs = len(read_contents(path).digests)
    data = json.loads((run / "data.json").read_text())
    assert [shard["photographs"] for shard in data["shards"].values()] == [photographs]
    assert data["samples"] == int(float(rows[-1]["step"])) * with_all.batch_size
    strip = cv2.imread(str(run / "samples" / "held-out-001.png"))
    assert strip.shape[1] == 3 * 64
    with pytest.raises(TrainingError, match="is finished"):
        train_by_shards(with_all, shards, run, minutes=1, resume=True)


def test_the_card_counts_what_was_read(run, tmp_path, shards, with_all):
    card = export(run, tmp_path / "network.onnx")
    [path] = shards.glob("*.shard")
    photographs = len(read_contents(path).digests)
    samples = json.loads((run / "data.json").read_text())["samples"]
    assert card.trained_on == (
        f"{photographs} color photographs of 2 groups, shown {samples} times in all: "
        "six free pictures"
    )
    assert card.hints
    student = Recipe.model_validate(
        {
            **with_all.model_dump(),
            "network": {
                **with_all.network.model_dump(),
                "start": str(tmp_path / "network.onnx"),
                "int8": True,
                "distilled": True,
            },
        }
    )
    train_by_shards(student, shards, tmp_path / "integers", minutes=1000, steps=2)
    assert export(tmp_path / "integers", tmp_path / "integers.onnx").bytes < card.bytes


def test_the_commands_pack_and_train_in_bfloat16(tmp_path, data):
    """In a process of their own, as accelerate keeps the precision of the first run in one."""
    (tmp_path / "tiny.toml").write_text(
        'name = "tiny"\nbatch_size = 4\ncard = { license = "CC0" }\n'
        'network = { kind = "acuarela", start = "random", decoder = [16, 16, 8] }\n'
        "data = { crop = [32], validation_size = 64 }\n"
    )
    train = [
        "train",
        "tiny.toml",
        "--shards",
        "shards",
        "--out",
        "run",
        "--minutes",
        "1000",
        "--steps",
        "1",
    ]
    for command in (
        ("data", "pack", data, "-o", "shards", "--size", "64"),
        (*train, "--steps", "1", "--precision", "bfloat16"),
    ):
        answer = subprocess.run(
            [sys.executable, "-m", "colorear", *command],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert answer.returncode == 0, answer.stderr
    assert "stopped: run/weights.safetensors; go on with --resume" in answer.stdout
    weights = load_file(tmp_path / "run" / "weights.safetensors")
    assert all(tensor.isfinite().all() for tensor in weights.values())
    assert weights["last.weight"].dtype == torch.float32


def test_what_only_folders_can_is_refused(tmp_path, shards, with_all):
    best = with_all.model_copy(update={"keep": "best"})
    with pytest.raises(RecipeError, match='keep = "best": not for training by shards'):
        train_by_shards(best, shards, tmp_path / "run", minutes=1000)


def test_a_loss_that_is_no_number_ends_the_run(tmp_path, shards, with_all):
    name = "colorear.training.loop.step_loss.StepLoss.__call__"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(name, lambda *_: torch.tensor(torch.nan, requires_grad=True))
        with pytest.raises(TrainingError, match="the loss became nan by step 1"):
            train_by_shards(with_all, shards, tmp_path / "run", minutes=1000)
