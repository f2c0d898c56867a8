"""What programs may rely on, and what importing colorear must not do."""

import importlib
import pkgutil
import subprocess
import sys

import pytest

import colorear

MODULES = [
    module.name
    for module in pkgutil.walk_packages(colorear.__path__, "colorear.")
    if not module.name.endswith("__main__")
]


def test_the_public_names_are_few_and_true():
    assert sorted(colorear.__all__) == [
        "ColorearError",
        "Colorizer",
        "Hint",
        "__version__",
        "colorize",
        "models",
        "read_hints",
        "verify",
    ]
    for name in colorear.__all__:
        assert getattr(colorear, name).__doc__


@pytest.mark.parametrize("name", MODULES)
def test_every_module_says_what_it_is_and_what_it_offers(name):
    module = importlib.import_module(name)
    assert module.__doc__
    if not hasattr(module, "__path__"):
        assert module.__all__
    for offered in getattr(module, "__all__", ()):
        assert hasattr(module, offered), offered


def test_importing_loads_nothing_heavy_and_changes_nothing():
    code = (
        "import logging, random, sys, threading; before = random.getstate(); import colorear; "
        "heavy = {'torch', 'onnxruntime', 'turbojpeg', 'cv2', 'ray', 'av', "
        "'pydantic', 'accelerate', 'c2pa', 'cryptography'}; "
        "print(sorted(heavy & set(sys.modules)), "
        "logging.root.handlers, threading.active_count(), random.getstate() == before)"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert answer.stdout == "[] [] 1 True\n"
    assert answer.stderr == ""
