"""docs/api.md: its commands and its Python run, its settings are those there are."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from colorear import verify
from colorear.server.problems import STATUS
from colorear.server.settings import Settings
from server.conftest import EXAMPLES

PAGE = (Path(__file__).parents[3] / "docs" / "api.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, flags=re.DOTALL | re.MULTILINE)


@pytest.fixture
def folder(tmp_path):
    shutil.copy(EXAMPLES / "china.jpg", tmp_path / "old.jpg")
    return tmp_path


def test_the_commands_run(serve, folder):
    environment = {**os.environ, "SERVER": serve().address}
    for command in "".join(blocks("sh")).splitlines():
        subprocess.run(
            command, shell=True, cwd=folder, env=environment, check=True, capture_output=True
        )
    assert verify(folder / "old.jpg", folder / "new.jpg").ok


def test_the_python_runs(serve, folder):
    start = f"SERVER = {serve().address!r}\n"
    first, ask, later = blocks("python")
    said = subprocess.run(
        [sys.executable, "-c", start + first], cwd=folder, check=True, capture_output=True
    )
    assert b"able {'identical_dct': True" in said.stdout
    for script in (ask, later):
        subprocess.run([sys.executable, "-c", start + script], cwd=folder, check=True)
    for name in ("new.jpg", "other.jpg", "later.jpg"):
        assert verify(folder / "old.jpg", folder / name).ok


@pytest.mark.skipif(shutil.which("node") is None, reason="there is no Node.js")
def test_the_javascript_runs(serve, folder):
    address, file = serve().address, folder / "client.mjs"
    said = []
    for script in blocks("js"):
        file.write_text(f"const SERVER = {address!r};\n{script}")
        run = subprocess.run(["node", file.name], cwd=folder, check=True, capture_output=True)
        said.append(run.stdout)
    assert said[0] == b"able\n"
    assert re.fullmatch(rb"(#[0-9a-f]{6} ?){3}\n", said[1])
    assert verify(folder / "old.jpg", folder / "new.jpg").ok


def test_every_setting_and_every_status_is_told():
    told = dict(re.findall(r"^\| `COLOREAR_(\w+)` \|[^|]*\| (.*?) ?\|$", PAGE, re.MULTILINE))
    assert set(told) == {name.upper() for name in Settings.model_fields}
    for name, default in told.items():
        value = getattr(Settings(), name.lower())
        if name == "WORKERS":
            continue
        shown = f"{value:g}" if isinstance(value, int | float) else value or ""
        assert default.strip("`") == shown, name
    rows = re.findall(r"^\| ((?:\d{3}(?:, )?)+) \|", PAGE, re.MULTILINE)
    statuses = {int(number) for row in rows for number in row.split(", ")}
    assert statuses == set(STATUS.values())
