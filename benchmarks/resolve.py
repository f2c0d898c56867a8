"""Ask the package index whether colorear and its extras can be installed, without installing them.

    python benchmarks/resolve.py [--pairs]

For every Python and every kind of machine: wheels alone, but for pyvips, which is packed of Python
code wherever it is installed. With --pairs every two extras together, on this kind of machine.
Needs uv (`pip install uv`), which resolves for other machines than the one it runs on.
"""

import argparse
import itertools
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).parents[1]
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
MACHINES = (
    "x86_64-manylinux_2_28",
    "aarch64-manylinux_2_28",
    "aarch64-apple-darwin",
    "x86_64-apple-darwin",
    "x86_64-pc-windows-msvc",
)


def extras() -> list[str]:
    """Those that people install."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return [name for name in project["optional-dependencies"] if name not in ("fuzz", "test")]


def resolve(python: str, machine: str, chosen: Iterable[str]) -> str:
    """Nothing if it can be installed there, or the resolver's reason."""
    command = ["uv", "pip", "compile", "-q", "pyproject.toml", "-o", os.devnull]
    command += ["--python-version", python, "--python-platform", machine]
    command += ["--only-binary", ":all:", "--no-binary", "pyvips"]
    command += [word for name in chosen for word in ("--extra", name)]
    newest = os.environ | {"MACOSX_DEPLOYMENT_TARGET": "14.0"}  # the oldest that av has wheels for
    answer = subprocess.run(
        command, cwd=ROOT, env=newest, capture_output=True, text=True, check=False
    )
    return " ".join(answer.stderr.split()) if answer.returncode else ""


def main() -> None:
    """Print a line for each, and end with 1 if one cannot be resolved on any machine."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", action="store_true")
    if parser.parse_args().pairs:
        tried = [
            (python, MACHINES[0], pair)
            for python in PYTHONS
            for pair in itertools.combinations(extras(), 2)
        ]
    else:
        alone = [(), *((name,) for name in extras())]
        tried = list(itertools.product(PYTHONS, MACHINES, alone))
    failed = set()
    for python, machine, chosen in tried:
        reason = resolve(python, machine, chosen)
        print(python, machine, "+".join(chosen) or "-", reason or "resolved", flush=True)
        if reason:
            failed.add(machine)
    sys.exit(MACHINES[0] in failed)


if __name__ == "__main__":
    main()
