import csv
import errno
import json
import math
import os
import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from accelerate import Accelerator
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from colorear.errors import DataError, TrainingError
from colorear.training import run_folder
from colorear.training.datasets.crops import CropSampler
from colorear.training.datasets.loading import load
from colorear.training.datasets.photographs import list_photographs, pack_squares
from colorear.training.loop import checkpoints, trainer
from colorear.training.loop.trainer import train
from colorear.training.loop.validation import sample_examples
from colorear.training.losses import LOSSES, Examples
from colorear.training.recipe import Recipe


def weights(run):
    return load_file(run / "weights.safetensors")


def equal(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def history(run):
    return list(csv.DictReader((run / "history.csv").read_text().splitlines()))


def changed(recipe, **values) -> Recipe:
    return Recipe.model_validate({**recipe.model_dump(), **values})


def test_an_interrupted_run_ends_in_the_same_bits(tmp_path, data, recipe, finished_run):
    run = tmp_path / "run"
    train(recipe, data, run, steps=2)
    assert not (run / "weights.safetensors").exists()
    for steps in (3, 7, None):
        train(recipe, data, run, resume=True, steps=steps)
    assert equal(weights(run), weights(finished_run))
    rows, again = history(finished_run), history(run)
    assert len(rows) == recipe.epochs
    for row in (*rows, *again):
        del row["minutes"]
    assert rows == again


def test_the_same_seed_gives_the_same_weights_and_another_does_not(
    tmp_path, data, recipe, finished_run
):
    train(recipe, data, tmp_path / "same")
    assert equal(weights(tmp_path / "same"), weights(finished_run))
    train(changed(recipe, seed=2), data, tmp_path / "other")
    assert not equal(weights(tmp_path / "other"), weights(finished_run))


def test_a_run_leaves_strips_events_and_checkpoints(recipe, finished_run):
    strip = cv2.imread(str(finished_run / "samples" / "judged-002.png"))
    assert strip.shape == (6 * 64, 3 * 64, 3)
    gray = strip[:, :64].astype(int)
    assert np.abs(gray - gray.mean(2, keepdims=True)).max() == 0
    events = EventAccumulator(str(finished_run / "events"))
    events.Reload()
    assert len(events.Scalars("validation mse ratio")) == recipe.epochs
    assert checkpoints.newest(finished_run).name.endswith("12")


def test_a_network_learns_a_tint(tmp_path, recipe):
    """Ten photographs of noise, all orange by the same curve: soon better than their grey copy."""
    random = np.random.default_rng(0)
    for i in range(10):
        gray = cv2.resize(random.random((8, 8)), (64, 64))[..., None]
        bgr = 255 * np.clip(gray * np.array([0.3, 0.8, 1.3]), 0, 1)
        (tmp_path / "colour").mkdir(exist_ok=True)
        cv2.imwrite(str(tmp_path / "colour" / f"{i}.png"), bgr.round().astype(np.uint8))
    optimizer = {"learning_rate": 0.01, "encoder_factor": 1.0}
    learner = changed(recipe, ema_decay=0.0, epochs=20, optimizer=optimizer)
    here = {**recipe.data.model_dump(), "validation": [{"folder": "colour"}]}
    train(changed(learner, data=here), tmp_path, tmp_path / "run")
    assert float(history(tmp_path / "run")[-1]["validation mse ratio"]) < 0.7


def test_agreement_is_learned(tmp_path, data, recipe):
    for consistency in (0, 2):
        asked = changed(recipe, augmentation={"degraded": 0.5, "consistency": consistency})
        train(asked, data, tmp_path / str(consistency))
    assert not equal(*(weights(tmp_path / str(consistency)) for consistency in (0, 2)))


def test_an_autoencoder_is_trained_resumed_and_the_best_kept(tmp_path, data, like_the_slides):
    train(like_the_slides, data, tmp_path / "whole")
    train(like_the_slides, data, tmp_path / "parts", steps=2)
    train(like_the_slides, data, tmp_path / "parts", resume=True, steps=4)
    train(like_the_slides, data, tmp_path / "parts", resume=True)
    assert equal(weights(tmp_path / "whole"), weights(tmp_path / "parts"))
    rows = history(tmp_path / "whole")
    assert [row["step"] for row in rows] == ["3.0", "6.0"]  # 24 photographs in batches of 10
    _, network = run_folder.load_run(tmp_path / "whole")
    photographs = pack_squares(list_photographs(data, like_the_slides.data.validation[0]), 64)
    examples = sample_examples(photographs, len(photographs))
    with torch.inference_mode():
        loss = (network.eval()(examples.gray) - examples.srgb).abs().mean().item()
    assert loss == pytest.approx(min(float(row["validation loss"]) for row in rows), rel=1e-4)
    assert min(float(row["validation mae"]) for row in rows) == pytest.approx(loss, rel=1e-4)


def test_a_run_at_a_constant_rate_may_be_prolonged(tmp_path, data, like_the_slides):
    longer = changed(like_the_slides, epochs=3)
    train(longer, data, tmp_path / "whole")
    train(like_the_slides, data, tmp_path / "parts")
    train(longer, data, tmp_path / "parts", resume=True, steps=7)
    with pytest.raises(TrainingError, match="no finished run"):
        run_folder.load_run(tmp_path / "parts")
    train(longer, data, tmp_path / "parts", resume=True)
    assert equal(weights(tmp_path / "whole"), weights(tmp_path / "parts"))
    assert len(history(tmp_path / "parts")) == 3
    assert run_folder.load_run(tmp_path / "parts")[0] == longer
    with pytest.raises(TrainingError, match=r"recipe\.epochs was 3 and is 2"):
        train(like_the_slides, data, tmp_path / "parts", resume=True)


def test_batch_normalization_is_measured_anew_before_judging(tmp_path, data, like_the_slides):
    measuring = changed(like_the_slides, recalibration=12, ema_decay=0.9)
    train(measuring, data, tmp_path / "whole")
    train(measuring, data, tmp_path / "parts", steps=4)
    train(measuring, data, tmp_path / "parts", resume=True)
    assert equal(weights(tmp_path / "whole"), weights(tmp_path / "parts"))
    train(changed(measuring, recalibration=0), data, tmp_path / "without")
    measured, without = weights(tmp_path / "whole"), weights(tmp_path / "without")
    learned = [name for name in measured if "running" not in name and "tracked" not in name]
    assert all(torch.equal(measured[name], without[name]) for name in learned)
    _, network = run_folder.load_run(tmp_path / "whole")
    crops = CropSampler(
        load(measuring.data, data)[0], measuring.data, batch=10, epochs=2, seed=measuring.seed
    )
    gray = [Examples(torch.from_numpy(batch)).gray for batch in crops.some(12)]
    assert sum(map(len, gray)) == 12
    shown_luma = []
    network.encoder[1].norm.register_forward_hook(lambda _, shown, __: shown_luma.append(shown[0]))
    with torch.inference_mode():
        for batch in gray:
            network.eval()(batch)
    means = torch.stack([planes.mean((0, 2, 3)) for planes in shown_luma]).mean(0)
    assert torch.allclose(measured["encoder.1.norm.running_mean"], means, atol=1e-5)


def test_the_best_epoch_is_kept(tmp_path, data, like_the_slides, monkeypatch):
    losses = iter([2.0, 1.0, 3.0])
    monkeypatch.setattr(trainer, "validate", lambda *_: {"loss": next(losses)})
    train(changed(like_the_slides, epochs=3), data, tmp_path / "three")
    losses = iter([2.0, 1.0])
    train(like_the_slides, data, tmp_path / "two")
    assert equal(weights(tmp_path / "three"), weights(tmp_path / "two"))


def test_a_changed_recipe_or_changed_photographs_are_refused(tmp_path, data, recipe):
    run = tmp_path / "run"
    train(recipe, data, run, steps=1)
    with pytest.raises(TrainingError, match=r"recipe\.batch_size was 4 and is 5"):
        train(changed(recipe, batch_size=5), data, run, resume=True)
    with pytest.raises(TrainingError, match=r"recipe\.epochs was \d+ and is 9"):
        train(changed(recipe, epochs=9), data, run, resume=True)  # its rate depends on them
    fewer = {**recipe.data.model_dump(), "train": [{"folder": "colour", "stop": 8}]}
    told = (
        r"photographs\.train\.colour/8\.png was '[0-9a-f]{16}' and is 'not there'; .*; and \d+ more"
    )
    with pytest.raises(TrainingError, match=told):
        train(changed(recipe, data=fewer), data, run, resume=True)
    with pytest.raises(TrainingError, match="holds a run already"):
        train(recipe, data, run)
    with pytest.raises(TrainingError, match="holds no run to go on with"):
        train(recipe, data, tmp_path / "none", resume=True)


def test_large_pages_are_asked_for_before_pytorch_makes_a_tensor():
    code = (
        "import colorear.training, os, sys; print(os.environ[sys.argv[1]], 'torch' in sys.modules)"
    )
    name = "THP_MEM_ALLOC_ENABLE"
    without = {key: value for key, value in os.environ.items() if key != name}
    told = subprocess.check_output([sys.executable, "-c", code, name], env=without, text=True)
    assert told.split() == ["1", "False"]


def test_what_judges_may_lie_in_a_folder_of_any_name(tmp_path, data, recipe):
    """A change in either of two folders called train is noticed."""
    shutil.copytree(data / "colour", tmp_path / "train")
    spec = {"train": [{"folder": "train", "except_every": 6}]}
    spec["validation"] = [{"folder": "train", "every": 6}]
    own = changed(recipe, data=recipe.data.model_dump() | spec)
    train(own, tmp_path, tmp_path / "run", steps=1)
    learned = list_photographs(tmp_path, own.data.train[0])
    shutil.copy(learned[0], learned[1])
    name = learned[1].relative_to(tmp_path).as_posix()
    with pytest.raises(TrainingError, match=rf"otherwise: photographs\.train\.{name} was .*; give"):
        train(own, tmp_path, tmp_path / "run", resume=True)


def test_a_run_from_before_a_new_key_goes_on(tmp_path, data, recipe):
    train(recipe, data, tmp_path / "run", steps=1)
    about = tmp_path / "run" / "run.json"
    begun = json.loads(about.read_text())
    del begun["recipe"]["optimizer"]["propagation_factor"]
    about.write_text(json.dumps(begun))
    train(recipe, data, tmp_path / "run", resume=True, steps=2)
    assert checkpoints.newest(tmp_path / "run").name == "step-00000002"


def test_gray_photographs_cannot_judge(tmp_path, data, like_the_slides):
    (tmp_path / "judged").mkdir()
    for i, path in enumerate(sorted((data / "judged").iterdir())):
        cv2.imwrite(str(tmp_path / "judged" / f"{i}.png"), cv2.imread(str(path), 0))
    (tmp_path / "colour").symlink_to(data / "colour")
    with pytest.raises(DataError, match="validation photographs are all grey"):
        train(like_the_slides, tmp_path, tmp_path / "run")


def test_a_run_without_a_best_epoch_is_told(tmp_path, data, like_the_slides, monkeypatch):
    monkeypatch.setattr(trainer, "validate", lambda *_: {"loss": math.nan})
    with pytest.raises(TrainingError, match="no validation loss was a number"):
        train(like_the_slides, data, tmp_path / "run")


def test_a_folder_that_cannot_hold_a_run_is_told(tmp_path, data, recipe):
    (tmp_path / "file").touch()
    with pytest.raises(TrainingError, match=r"cannot hold a run \(Not a directory\); give another"):
        train(recipe, data, tmp_path / "file" / "run")


def test_nan_loss_stops_and_keeps_the_last_checkpoint(tmp_path, data, recipe, monkeypatch):
    run = tmp_path / "run"
    train(recipe, data, run, steps=2)
    monkeypatch.setitem(LOSSES, "squared", lambda ab, _: (ab * torch.nan).mean())
    with pytest.raises(TrainingError, match=r"became nan at step 3.*lower the learning rate"):
        train(recipe, data, run, resume=True)
    assert checkpoints.newest(run).name == "step-00000002"


def test_a_full_disk_keeps_the_checkpoint_before(tmp_path, data, recipe, monkeypatch):
    run = tmp_path / "run"
    train(recipe, data, run, steps=2)

    faults = [
        OSError(errno.ENOSPC, "No space left on device"),
        SafetensorError("I/O error: No space left on device"),
    ]
    for fault in faults:

        def full(_, folder, fault=fault):
            Path(folder).mkdir()
            raise fault

        with monkeypatch.context() as patch:
            patch.setattr(Accelerator, "save_state", full)
            with pytest.raises(TrainingError, match=r"step 3 could not be written .*No space left"):
                train(recipe, data, run, resume=True, steps=3)
    assert [path.name for path in (run / "checkpoints").iterdir()] == ["step-00000002"]
    train(recipe, data, run, resume=True, steps=3)


def test_weights_that_are_not_the_runs_are_refused(tmp_path, finished_run):
    run = tmp_path / "run"
    shutil.copytree(finished_run, run)
    (run / "weights.safetensors").write_bytes(b"nothing")
    with pytest.raises(TrainingError, match=r"weights\.safetensors: is damaged .*--resume"):
        run_folder.load_run(run)
    save_file({"of.another": torch.zeros(1)}, run / "weights.safetensors")
    with pytest.raises(TrainingError, match=r"do not fit its recipe \(.*; train it again"):
        run_folder.load_run(run)


def test_no_room_for_the_events_is_told(tmp_path, data, recipe, monkeypatch):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    run = tmp_path / "run"
    train(recipe, data, run, steps=2)
    for name in ("init_trackers", "log"):
        with monkeypatch.context() as patch:
            patch.setattr(Accelerator, name, full)
            with pytest.raises(
                TrainingError, match=r"events: cannot be written \(No space left .*;"
            ):
                train(recipe, data, run, resume=True)
    train(recipe, data, run, resume=True)


def test_broken_weights_are_not_saved(tmp_path, data, recipe, monkeypatch):
    """A step whose loss is a number may leave weights that are none."""
    run = tmp_path / "run"
    train(recipe, data, run, steps=2)
    step = torch.optim.AdamW.step

    def breaking(optimizer, *arguments):
        step(optimizer, *arguments)
        optimizer.param_groups[0]["params"][0].data.fill_(torch.nan)

    with monkeypatch.context() as patch:
        patch.setattr(torch.optim.AdamW, "step", breaking)
        with pytest.raises(TrainingError, match=r"weights became .* nan at step 3; the last good"):
            train(recipe, data, run, resume=True, steps=3)
    assert checkpoints.newest(run).name == "step-00000002"
    train(recipe, data, run, resume=True, steps=3)


def test_no_room_for_the_weights_is_told_and_mended(tmp_path, data, recipe, monkeypatch):
    def full(_, path):
        path.write_bytes(b"half of it")
        raise OSError(errno.ENOSPC, "No space left on device")

    run = tmp_path / "run"
    with monkeypatch.context() as patch:
        patch.setattr(run_folder, "save_file", full)
        with pytest.raises(TrainingError, match=r"weights\.safetensors: could not be .*No space"):
            train(recipe, data, run)
    assert not list(run.glob("weights*"))
    train(recipe, data, run, resume=True)
    assert weights(run)


def test_a_checkpoint_of_another_architecture_is_refused(tmp_path, data, recipe):
    wide = changed(recipe, network={"kind": "acuarela", "start": "random", "decoder": [24, 16, 8]})
    train(wide, data, tmp_path / "wide", steps=1)
    train(recipe, data, tmp_path / "run", steps=1)
    theirs, ours = (tmp_path / name / "checkpoints" / "step-00000001" for name in ("wide", "run"))
    (theirs / "model.safetensors").replace(ours / "model.safetensors")
    with pytest.raises(TrainingError, match="does not fit this network or is damaged"):
        train(recipe, data, tmp_path / "run", resume=True)
