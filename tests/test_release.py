"""What is released: the same bytes whoever builds it, and all that a stranger's machine needs."""

import hashlib
import os
import re
import runpy
import subprocess
import sys
import tomllib
import venv
import zipfile
from pathlib import Path
from typing import get_args

import pytest

from colorear import __version__, models
from colorear.models import registry
from colorear.training.recipe import AutoencoderName

ROOT = Path(__file__).parents[1]


def build(target: Path, source: Path = ROOT) -> dict[str, str]:
    """Make the wheel and the sdist: SHA-256 by name."""
    command = [sys.executable, "-m", "hatchling", "build", "-d", str(target)]
    environment = os.environ | {"SOURCE_DATE_EPOCH": "1700000000"}
    subprocess.run(command, cwd=source, env=environment, check=True, capture_output=True)
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
    recipes = {f"training/recipes/{path.name}" for path in (ROOT / "recipes").glob("*.toml")}
    files = {path.relative_to(package).as_posix() for path in there} | recipes
    assert {f"colorear/{name}" for name in files} == {
        name for name in names if "dist-info" not in name
    }


FREE = (
    *("0BSD", "Apache-2.0", "BSD", "BSD-2-Clause", "BSD-3-Clause", "BSL-1.0", "CC0-1.0", "ISC"),
    *("LLVM-exception", "MIT", "MIT-0", "MIT-CMU", "MPL-2.0", "PSF-2.0", "Zlib"),
    *("LGPL-3.0-or-later", "LGPL-3.0-only"),  # libvips, libheif: they can be exchanged
)


def test_no_package_forbids_to_use_it_for_money():
    """Each is under terms that are known to allow it; the one that states none is named."""
    made = runpy.run_path(str(ROOT / "docs" / "licenses.py"))
    found = {name: terms for name, (terms, _) in made["licenses"]().items()}
    assert {"numpy", "onnxruntime", "pyvips-binary", "torch", "fastapi", "av"} <= set(found)
    assert [name for name, terms in found.items() if terms == made["NONE_STATED"]] in (
        ["turbojpeg"],
        [],  # where it is not built for
    )
    words = {
        name: set(re.split(r" (?:AND|OR|WITH) |[()]", terms)) - {""}
        for name, terms in found.items()
        if name != "turbojpeg"
    }
    assert {name: terms - {*FREE} for name, terms in words.items() if terms - {*FREE}} == {}
    page = made["PAGE"].read_text(encoding="utf-8")
    asked = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    for name in (re.split(r"[\[>=; ]", line)[0] for line in asked):
        assert f"| {name} | {found[name]} |" in page


def test_the_networks_of_the_slides_are_a_package_of_their_own(tmp_path, monkeypatch):
    """Which is found without being imported; their cards know each file by its SHA-256."""
    build(tmp_path, ROOT / "networks")
    (wheel,) = tmp_path.glob("colorear_slides-*.whl")
    assert wheel.stat().st_size < 60e6  # registries take up to 100 MB
    with zipfile.ZipFile(wheel) as file:
        file.extractall(tmp_path / "site")
    monkeypatch.setattr(registry, "CHECKOUT", tmp_path / "none")
    assert not models.is_here("skip-deep")
    monkeypatch.syspath_prepend(tmp_path / "site")
    for name in get_args(AutoencoderName):
        assert hashlib.sha256(registry.packed(name)[0]).hexdigest() == models.cards()[name].sha256


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
