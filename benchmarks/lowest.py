"""Print the lowest versions that pyproject.toml admits, as constraints for pip.

    python benchmarks/lowest.py > build/lowest.txt

Of what users install, but not of torch, which the tests pin, nor of what the tests alone need.
`make lowest` runs the suite with them. Lower bounds are all that is known of them: whether a
dependency of a dependency is as old as it may be is not tried.
"""

import tomllib
from collections.abc import Iterator
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
LEFT_OUT = {"colorear", "torch"}


def lowest(requirements: list[str]) -> Iterator[str]:
    """A constraint for each that has a lower bound."""
    for requirement in map(Requirement, requirements):
        bounds = [each.version for each in requirement.specifier if each.operator in (">=", "==")]
        if requirement.name not in LEFT_OUT and bounds:
            marker = f"; {requirement.marker}" if requirement.marker else ""
            yield f"{requirement.name}=={bounds[0]}{marker}"


def main() -> None:
    """Print one a line, each once."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    needed = [*project["dependencies"]]
    for name, requirements in project["optional-dependencies"].items():
        needed += requirements if name not in ("fuzz", "test") else []
    print("\n".join(sorted(set(lowest(needed)))))


if __name__ == "__main__":
    main()
