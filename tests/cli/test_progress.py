"""What people see on a terminal: a list that scrolls, and a bar that stays below it."""

import json
import os
import pty
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pyte
import pytest
from PIL import Image

from colorear.batch.discovery import Failed, Skipped
from colorear.batch.task import Kept
from colorear.cli.progress import ProgressDisplay
from colorear.inference.colorizer import Colored

COLORED = Colored("a", "b", seconds=1.0, megapixels=2.0, model="known")
SIZE = 100, 30


def seen_in_terminal(*words: object) -> tuple[list[str], list[list[str]]]:
    """The lines of a terminal at the end, and each time that something was written to it."""
    screen = pyte.Screen(*SIZE)
    stream = pyte.ByteStream(screen)
    ours, theirs = pty.openpty()
    environment = os.environ | {"COLUMNS": str(SIZE[0]), "LINES": str(SIZE[1]), "TERM": "xterm"}
    command = [sys.executable, "-m", "colorear", *map(str, words)]
    with subprocess.Popen(command, stdout=theirs, stderr=theirs, env=environment) as running:
        os.close(theirs)
        moments = []
        while True:
            try:
                written = os.read(ours, 4096)
            except OSError:  # nobody holds the other end any more
                break
            stream.feed(written)
            moments.append([line.rstrip() for line in screen.display if line.strip()])
    os.close(ours)
    assert running.returncode in (0, 1)
    return moments[-1], moments


@pytest.fixture
def attic(tmp_path) -> Path:
    attic = tmp_path / "attic"
    attic.mkdir()
    noise = np.random.default_rng(0).integers(0, 256, (500, 700), np.uint8)
    for number in range(5):
        Image.fromarray(noise).save(attic / f"{number}.png")
    (attic / "broken.png").write_text("dear diary")
    return attic


def test_a_bar_below_a_list(attic, known_network, monkeypatch):
    monkeypatch.chdir(attic.parent)
    words = ("colorize", "attic", "-o", "out", "--model", known_network, "--jobs", 2)
    last, moments = seen_in_terminal(*words)
    with_bar = [lines for lines in moments if any("megapixels/s," in line for line in lines)]
    assert with_bar
    for lines in with_bar:
        assert sum("megapixels/s," in line for line in lines) == 1
        assert "megapixels/s," in lines[-1]
    *listed, summary = last
    assert sorted(line for line in listed if " -> " in line) == [
        f"attic/{number}.png -> out/{number}-color.png" for number in range(5)
    ]
    assert any(line.startswith("error: 'attic/broken.png' is not an image") for line in listed)
    assert summary.startswith("5 photographs colored, 1 failed; ")
    again, _ = seen_in_terminal(*words)
    assert again[-1] == "0 photographs colored, 5 done before, 1 failed"
    assert not any(" -> " in line for line in again)


@pytest.mark.parametrize(
    ("results", "line"),
    [
        ([COLORED], "1 photograph colored; "),
        ([COLORED] * 1200, "1,200 photographs colored; "),
        ([Kept("a", "b")] * 2, "0 photographs colored, 2 done before"),
        (
            [COLORED, Skipped("a", "x", "color"), Failed("a", "x")],
            "1 photograph colored, 1 left alone as they are in color, 1 failed; ",
        ),
    ],
)
def test_what_is_counted_is_said_in_whole_words(results, line):
    display = ProgressDisplay(len(results), Counter())
    for result in results:
        display.count(result)
    assert next(iter(display._lines())).startswith(line)


@pytest.mark.parametrize(
    ("files", "line"),
    [
        (Counter({".txt": 1}), "1 other file was left alone: 1 .txt"),
        (
            Counter({".txt": 1200, "": 1}),
            "1,201 other files were left alone: 1,200 .txt, 1 without a suffix",
        ),
    ],
)
def test_other_files(files, line):
    assert list(ProgressDisplay(0, files)._lines())[-1] == line


def test_programs_get_a_summary(capsys):
    display = ProgressDisplay(3, Counter({".txt": 3}))
    for result in (COLORED, Skipped("a", "x", "bilevel"), Failed("a", "x")):
        display.count(result)
    display.sum_up(as_json=True)
    summary = json.loads(capsys.readouterr().out)["summary"]
    assert summary.pop("seconds") >= 0
    assert summary == {
        "colored": 1,
        "kept": 0,
        "skipped": {"bilevel": 1},
        "failed": 1,
        "incomplete": 0,
        "left_alone": {".txt": 3},
    }
