"""Two processes on this machine's processor, started as a person would, against one."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from copy import deepcopy
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from colorear.errors import DataError, TrainingError
from colorear.training import run_folder
from colorear.training.architectures.quantization import ranges
from colorear.training.distributed import SynchronizedBatchNorm, fail_together, report_from_main
from colorear.training.loop import checkpoints
from colorear.training.loop.trainer import train
from colorear.training.recipe_file import read_recipe

SECONDS = 240  # for what takes ten on an idle machine, so that a hang is a failure
LAUNCH = (
    *(str(Path(sys.executable).parent / "accelerate"), "launch", "--multi_gpu"),
    *("--num_processes", "2", "--num_machines", "1", "--main_process_port", "0"),
    *("--mixed_precision", "no", "--dynamo_backend", "no"),
)
RECIPE = """
name = "together"
loss = "absolute"
epochs = 2
batch_size = 5  # 3 and 2 photographs; the last of an epoch has 4
ema_decay = 0.9
keep = "best"
card = { license = "CC0", trained_on = "six free pictures" }
network = { kind = "autoencoder", name = "skip-shallow" }
optimizer = { clip_norm = 1.0 }
# by chance one share has more clean copies than the other
augmentation = { degraded = 0.5, consistency = 1.0 }

[data]
train = [{ folder = "colour" }]
validation = [{ folder = "judged" }]
whole = true
crop = [32]
validation_size = 32
"""

INTEGERS = (
    'kind = "acuarela", start = "{}", decoder = [16, 16, 8], hints_propagated = true, int8 = true'
)


@pytest.fixture(scope="module")
def recipe_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("recipe") / "together.toml"
    path.write_text(RECIPE)
    return path


@pytest.fixture(scope="module")
def alone(tmp_path_factory, data, recipe_file):
    """The folder of a run by one process."""
    run = tmp_path_factory.mktemp("alone") / "run"
    train(read_recipe(recipe_file), data, run)
    return run


def start(*command):
    alike = {"GLOO_SOCKET_IFNAME": "lo", "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    return subprocess.Popen(
        [*LAUNCH, *map(str, command)],
        env=os.environ | alike,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def finished(process):
    """Status, standard output and standard error."""
    try:
        out, err = process.communicate(timeout=SECONDS)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGTERM)  # accelerate ends what it started
        process.communicate(timeout=60)
        raise
    return process.returncode, out, err


def together(recipe_file, data, run, *options):
    command = ("-m", "colorear", "train", recipe_file, "--data", data, "--out", run, *options)
    return finished(start(*command))


def rows(run):
    found = list(csv.DictReader((run / "history.csv").read_text().splitlines()))
    return [{k: float(v) for k, v in row.items() if k != "minutes"} for row in found]


def assert_alike(run, alone):
    assert len(rows(run)) == len(rows(alone)) == 2
    for one, other in zip(rows(run), rows(alone), strict=True):
        assert one == pytest.approx(other, rel=1e-4)
    run_folder.load_run(run)


def test_two_processes_learn_what_one_does(tmp_path, data, recipe_file, alone):
    status, out, err = together(recipe_file, data, tmp_path / "run")
    assert status == 0, err
    assert out.count("epoch 1,") == out.count("finished:") == 1
    assert "Warning" not in err
    assert_alike(tmp_path / "run", alone)
    assert len(list((tmp_path / "run" / "events").rglob("events*"))) == 1


def test_two_go_on_where_one_stopped(tmp_path, data, recipe_file, alone):
    train(read_recipe(recipe_file), data, tmp_path / "run", steps=3)
    status, _, err = together(recipe_file, data, tmp_path / "run", "--resume")
    assert status == 0, err
    assert_alike(tmp_path / "run", alone)


def test_one_goes_on_where_two_stopped(tmp_path, data, recipe_file, alone):
    status, out, err = together(recipe_file, data, tmp_path / "run", "--steps", 3)
    assert status == 0, err
    assert out == "stopped after step 3 of 10; go on with --resume\n"
    newest = checkpoints.newest(tmp_path / "run")
    files = {path.name for path in checkpoints.newest(alone).iterdir()}
    assert {path.name for path in newest.iterdir()} == files
    train(read_recipe(recipe_file), data, tmp_path / "run", resume=True)
    assert_alike(tmp_path / "run", alone)


def test_two_processes_round_as_one_does(tmp_path, data, exported):
    text = RECIPE.replace('kind = "autoencoder", name = "skip-shallow"', INTEGERS.format(exported))
    path = tmp_path / "integers.toml"
    path.write_text(
        text.replace('keep = "best"', 'keep = "last"').replace("degraded", "hinted = 0.5, degraded")
    )
    train(read_recipe(path), data, tmp_path / "alone")
    status, _, err = together(path, data, tmp_path / "run")
    assert status == 0, err
    ours, theirs = (ranges(run_folder.load_run(tmp_path / name)[1]) for name in ("run", "alone"))
    assert len(ours) == 66
    assert np.array(list(ours.values())) == pytest.approx(
        np.array(list(theirs.values())), rel=0.02, abs=1e-6
    )


def test_an_error_is_told_once(data, recipe_file, alone):
    status, out, err = together(recipe_file, data, alone)
    assert (status, out) == (1, "")
    assert err.count("error: ") == err.count("holds a run already; go on with --resume") == 1
    assert "Error: " not in err.replace("ChildFailedError: ", "")  # which is accelerate's own


def test_all_processes_raise_what_one_does(tmp_path, data, recipe_file):
    train(read_recipe(recipe_file), data, tmp_path / "run", steps=2)
    script = Path(__file__).with_name("failing_together.py")
    status, _, err = finished(start(script, recipe_file, data, tmp_path / "run"))
    assert status == 0, err
    main, other = (json.loads((tmp_path / "run" / f"told-{i}.json").read_text()) for i in (0, 1))
    assert main == other
    assert "holds a run already" in main["a run already"]
    assert "recipe.seed was 1 and is 2" in main["another recipe"]
    assert "2 processes cannot share a batch of 1; start at most 1" in main["a batch of one"]
    assert main["one cannot read"] == "only one of them cannot read it"
    assert "the loss became nan at step 3" in main["nan in one"]
    assert "step 3 could not be written" in main["a full disk"]
    assert main["nothing"] == ""
    assert main["threads"] == [True, []]  # there were some, which parting ended
    kept = sorted(path.name for path in (tmp_path / "run" / "checkpoints").iterdir())
    assert kept == ["step-00000002", "step-00000004"]


def test_ctrl_c_stops_both_after_the_same_step(tmp_path, data, recipe_file):
    run = tmp_path / "run"
    command = ("-m", "colorear", "train", recipe_file, "--data", data, "--out", run)
    process = start(*command, "--epochs", 10000, "--precision", "bfloat16")
    until = time.monotonic() + SECONDS
    while not (run / "history.csv").exists() and process.poll() is None:
        assert time.monotonic() < until
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)  # to accelerate, which passes it on
    _, out, err = finished(process)
    assert out.count("stopped after step") == 1, err
    assert f"stopped after step {int(checkpoints.newest(run).name[5:])} of 50000" in out
    begun = json.loads((run / "run.json").read_text())["recipe"]
    assert (begun["epochs"], begun["precision"]) == (10000, "bfloat16")


def test_shared_statistics_are_those_of_batch_normalization():
    generator = torch.Generator().manual_seed(0)
    ours, theirs = [], []
    alone = nn.BatchNorm2d(7, eps=1e-3, momentum=0.01)
    for parameter in alone.parameters():
        nn.init.uniform_(parameter, 0.5, 2, generator)
    shared = SynchronizedBatchNorm(deepcopy(alone))
    planes = 3 + torch.randn(4, 7, 5, 6, generator=generator)
    grad = torch.randn(planes.shape, generator=generator)
    for layer, found in ((shared, ours), (alone, theirs)):
        given = planes.clone().requires_grad_()
        answer = layer(given)
        answer.backward(grad)
        found += [answer, given.grad, layer.weight.grad, layer.bias.grad]
        found += [*layer.state_dict().values(), layer.eval()(planes)]
    torch.testing.assert_close(ours, theirs)
    assert shared.state_dict().keys() == alone.state_dict().keys()


def test_alone_an_error_stays_what_it_is(monkeypatch):
    with pytest.raises(DataError, match="its own"), fail_together():
        raise DataError("its own")
    with pytest.raises(TrainingError), report_from_main():
        raise TrainingError("told")
    monkeypatch.setenv("RANK", "1")
    with pytest.raises(SystemExit) as ended, report_from_main():
        raise TrainingError("told by the main process")
    assert ended.value.code == 0
