"""Nothing is written into the home folder, and nobody is asked: ONNX Runtime's telemetry is off."""

import ast
import os
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

import colorear

SOURCE = Path(colorear.__file__).parent
EXAMPLES = SOURCE / "examples"
ACTOR = """
import sys
from colorear.batch.ray_cluster import _ColorizeActor
from colorear.models.registry import packed
from colorear.photo.jpeg_dct import can_transform
from colorear.version import __version__
_ColorizeActor(__version__, can_transform(), packed("acuarela"), None)
"""
EXPORT = "import colorear.training.export.onnx_export"


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Runs Python for somebody whose home folder is empty, on a machine that is no CI's."""
    home = tmp_path / "home"
    home.mkdir()
    for name in list(os.environ):
        if re.match(r"CI$|ORT_|GITHUB_|TF_BUILD|XDG_|COLOREAR_|BUILD_|JENKINS|TRAVIS|GITLAB", name):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(home))

    def run(*words: object) -> list[Path]:
        command = [sys.executable, *map(str, words)]
        subprocess.run(command, check=True, cwd=tmp_path, capture_output=True)
        return sorted(home.rglob("*"))

    return run


@pytest.mark.skipif(
    tuple(map(int, version("onnxruntime").split(".")[:2])) < (1, 29),
    reason="before it told anybody",
)
def test_onnx_runtime_itself_writes_there(run):
    """Else the other tests would show nothing."""
    assert run("-c", "import onnxruntime") != []


@pytest.mark.parametrize("photographs", [["china.jpg"], ["china.jpg", "flower.jpg"]])
def test_the_command_leaves_the_home_folder_empty(run, tmp_path, photographs):
    words = ("-m", "colorear", "colorize", "-o", tmp_path / "out", "--jobs", 2)
    assert run(*words, *(EXAMPLES / name for name in photographs)) == []
    assert (tmp_path / "out" / "china-color.jpg").exists()


@pytest.mark.parametrize("code", [ACTOR, EXPORT], ids=["actor", "export"])
def test_other_processes_leave_it_empty(run, code):
    assert run("-c", code) == []


def test_nothing_else_imports_it():
    importing = set()
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [node.module] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if any((name or "").split(".")[0] == "onnxruntime" for name in names):
                importing.add(path.name)
    assert importing == {"onnx_runtime.py"}
