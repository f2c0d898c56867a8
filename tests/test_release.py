"""What is released: the same bytes whoever builds it, and all that a stranger's machine needs."""

import hashlib
import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from colorear import __version__

ROOT = Path(__file__).parents[1]


def build(target: Path) -> dict[str, str]:
    """Make the wheel and the sdist: SHA-256 by name."""
    command = [sys.executable, "-m", "hatchling", "build", "-d", str(target)]
    environment = os.environ | {"SOURCE_DATE_EPOCH": "1700000000"}
    subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in target.iterdir()}


@pytest.fixture(scope="module")
def release(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("release")
    build(folder)
    return folder


@pytest.fixture(scope="module")
def wheel(release) -> Path:
    (path,) = release.glob("*.whl")
    return path


def test_building_twice_gives_the_same_bytes(release, tmp_path):
    once = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in release.iterdir()}
    assert build(tmp_path) == once
    assert set(once) == {
        f"colorear-{__version__}.tar.gz",
        f"colorear-{__version__}-py3-none-any.whl",
    }


def test_the_wheel_holds_the_network_the_terms_and_no_more_than_the_package(wheel):
    with zipfile.ZipFile(wheel) as file:
        names = set(file.namelist())
    information = f"colorear-{__version__}.dist-info"
    assert {"colorear/models/acuarela.onnx", "colorear/py.typed"} <= names
    assert {f"{information}/licenses/{name}" for name in ("LICENSE", "CREDITS.md")} <= names
    tops = {name.split("/")[0] for name in names}
    assert tops == {"colorear", information}
    package = ROOT / "src" / "colorear"
    there = {
        path for path in package.rglob("*") if path.is_file() and "__pycache__" not in path.parts
    }
    assert {f"colorear/{path.relative_to(package).as_posix()}" for path in there} <= names


def test_the_wheel_alone_colors_in_an_empty_environment(wheel, tmp_path):
    """Nothing but what pip brings with it; an empty home."""
    home = tmp_path / "home"
    home.mkdir()
    venv.create(tmp_path / "environment", with_pip=True)
    python = tmp_path / "environment" / "bin" / "python"
    install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", wheel]
    answer = subprocess.run(install, capture_output=True, text=True, check=False)
    if answer.returncode and "No matching distribution found" in answer.stderr:
        pytest.skip("pip reaches no registry")
    assert answer.returncode == 0, answer.stderr
    folder = ROOT / "src/colorear/examples"
    examples = [path for path in sorted(folder.iterdir()) if path.suffix != ".txt"]
    command = [python.with_name("colorear"), "colorize", *examples, "-o", tmp_path / "demo"]
    environment = {"HOME": str(home), "PATH": "/usr/bin:/bin"}
    subprocess.run(command, cwd=tmp_path, env=environment, check=True, capture_output=True)
    assert len([path for path in (tmp_path / "demo").iterdir() if path.is_file()]) == 6
