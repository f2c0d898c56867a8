"""The rules of the tree: which way imports flow, how the code is written."""

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent


HOOKS = [
    hook
    for repository in yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    for hook in repository["hooks"]
]


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: hook["id"])
def test_the_rules_are_kept(hook):
    """What pre-commit checks, with the environment that runs this test."""
    command = hook["entry"].replace(".venv/bin/", f"{BIN}{os.sep}").split()
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stdout + answer.stderr


def test_pre_commit_checks_format_lint_spelling_layers_and_types():
    validate = [sys.executable, "-m", "pre_commit", "validate-config"]
    subprocess.run([*validate, ".pre-commit-config.yaml"], cwd=ROOT, check=True)
    assert {hook["id"] for hook in HOOKS} == {"format", "lint", "spelling", "layers", "types"}
    assert not any(hook["pass_filenames"] for hook in HOOKS)  # what is run here is what it runs


TOO_LONG = {  # to be split: none of these may grow, and no other may join them
    "batch/discovery.py": 413,
    "batch/remote.py": 301,
    "evaluation/report/figures.py": 302,
    "inference/colorizer.py": 378,
    "photo/jpeg.py": 331,
    "server/worker_pool.py": 360,
    "server/workers.py": 361,
    "training/loop/trainer.py": 301,
}


def test_modules_are_short():
    package = ROOT / "src" / "colorear"
    lines = {
        path.relative_to(package).as_posix(): len(path.read_text().splitlines())
        for path in package.rglob("*.py")
    }
    assert {name: count for name, count in lines.items() if count > TOO_LONG.get(name, 300)} == {}


BRITISH = re.compile(
    "behaviour|catalogu|centre|colour|favour|grey|initialis|learnt|licence|minimis|neighbour"
    "|normalis|optimis|organis|quantis|recognis|serialis|spoilt|synchronis"
)


def test_names_are_in_us_spelling():
    """Of what the code defines; prose may be British."""
    found = {
        (path.relative_to(ROOT).as_posix(), name)
        for folder in ("src", "tests", "benchmarks", "docs")
        for path in (ROOT / folder).rglob("*.py")
        for name in _defined(ast.parse(path.read_text()))
        if BRITISH.search(name.lower())
    }
    assert found == {("src/colorear/hints.py", "colour")}  # which a hints file may say, too


def _defined(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.AsyncFunctionDef(name=name) | ast.arg(arg=name):
                yield name
            case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                yield name
