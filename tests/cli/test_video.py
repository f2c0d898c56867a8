"""The command on films, as it is typed."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("av", reason="films need the extra video: pip install 'colorear[video]'")

import cv2
import numpy as np

import made_films as made
from colorear import models
from colorear.cli.video import video
from colorear.errors import ModelError

COMMAND = Path(sys.executable).with_name("colorear")


def run(*words):
    command = [COMMAND, *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture
def old(tmp_path, free_pictures):
    shot = made.camera(free_pictures["coffee"], frames=6, size=(48, 64))
    luma = [made.coded(one) for one in made.luma_of(shot.frames)]
    return made.write(tmp_path / "old.mkv", luma)


def test_a_film_is_colored_and_verified(old, known_network):
    new = old.with_name("new.mkv")
    answer = run("video", old, "-o", new, "--model", known_network, "--json")
    assert answer.returncode == 0, answer.stderr
    told = json.loads(answer.stdout)
    assert (told["frames"], told["shots"], told["lossless"]) == (6, [0.0], True)
    answer = run("verify", old, new, "--json")
    assert answer.returncode == 0
    assert json.loads(answer.stdout)["identical_luma"]
    wrong = [np.zeros((48, 64), np.uint8)] * 6
    answer = run("verify", old, made.write(old.with_name("wrong.mkv"), wrong))
    assert answer.returncode == 1
    assert "the promise is broken" in answer.stdout


def test_what_is_damaged_or_cannot_be_is_said(old, known_network):
    content = old.read_bytes()
    old.write_bytes(content[: len(content) * 2 // 3])
    new = old.with_name("new.mkv")
    answer = run("video", old, "-o", new, "--model", known_network)
    assert answer.returncode == 0
    assert "damaged at" in answer.stderr or "is cut short" in answer.stderr
    for words, status, said in (
        ((old, "-o", old.with_name("new.avi")), 2, "ends in .avi"),
        ((old.with_name("none.mkv"),), 1, "does not exist; check the name"),
        ((old, "-o", new), 1, "exists already"),
        ((old, "--steady", "2"), 2, "steady"),
    ):
        answer = run("video", *words, "--model", known_network)
        assert answer.returncode == status, answer.stderr
        assert said in answer.stderr
        assert "Traceback" not in answer.stderr


def test_a_network_of_somebody_unknown_is_tried_before_the_film(old, known_network, monkeypatch):
    """It may take its process down: one that is given by its path is tried apart."""

    def refuses(path) -> None:
        raise ModelError(f"{path} was tried")

    monkeypatch.setattr(models, "try_out", refuses)
    before = sorted(old.parent.iterdir())
    with pytest.raises(ModelError, match=r"known\.onnx was tried"):
        video(old, model=str(known_network))
    assert sorted(old.parent.iterdir()) == before


def test_hints_are_seen_on_the_sheet_and_must_be_good(old):
    hints, sheet = old.with_name("hints.json"), old.with_name("sheet.png")
    soft = cv2.blur(made.read(old)[3]["planes"][0], (9, 9))[12:36, 16:48].astype(int)
    row, column = np.argwhere(np.abs(soft - 100) == np.abs(soft - 100).min())[0] + (12, 16)
    x, y = float(column + 0.5) / 64, float(row + 0.5) / 48  # neither black nor white
    told = {"time": 0.125, "x": x, "y": y, "color": "red", "radius": 0.2}
    hints.write_text(json.dumps([told]))
    answer = run("video", old, "--preview", "-o", sheet, "--hints", hints, "--json")
    assert answer.returncode == 0, answer.stderr
    found = json.loads(answer.stdout)
    assert (found["shots"], found["times"]) == ([0.0], [0.125])
    blue, green, red = cv2.imread(str(sheet))[8 + int(y * 240), 8 + int(x * 320)].astype(int)
    assert red > green + 30
    assert red > blue + 30
    hints.write_text(json.dumps([told | {"when": 1}]))
    answer = run("video", old, "--hints", hints)
    assert answer.returncode == 2
    assert '"time": 12.5' in answer.stderr
