"""The rules of the tree: which way imports flow, how the code is written."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent


@pytest.mark.parametrize(
    "command",
    [
        ("lint-imports", "--no-cache"),
        ("ruff", "check", "--no-cache"),
        ("ruff", "format", "--check", "--no-cache"),
        ("mypy",),
    ],
    ids=lambda command: " ".join(command[:2]),
)
def test_the_rules_are_kept(command):
    answer = subprocess.run(
        [BIN / command[0], *command[1:]], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr


def test_modules_are_short():
    lines = {path: len(path.read_text().splitlines()) for path in ROOT.glob("src/**/*.py")}
    assert {path: count for path, count in lines.items() if count > 300} == {}
