"""What a comparison of two versions found, and the table of it that is kept."""

import csv
import os
import platform
import subprocess
from collections.abc import Iterable
from pathlib import Path

import msgspec

from colorear.photo.atomic_write import replacing
from colorear.version import __version__

__all__ = ["Comparison", "as_installed", "write_csv"]


class Comparison(msgspec.Struct, frozen=True):
    """One thing that both did: medians."""

    name: str
    unit: str
    ours: float
    theirs: float
    ratio: float
    """How many times the other's this one's is, pair by pair."""
    clock: float
    """The same by the clock, to which other programs count; of memory, the same again."""


def as_installed() -> dict[str, str]:
    """The environment for commands that are timed: Python keeps what it compiles, as of a package.

    Where PYTHONDONTWRITEBYTECODE is set, a checkout is compiled anew at each start.
    """
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def write_csv(path: Path, other: Path, found: Iterable[Comparison]) -> None:
    """Write a table of what was found, with both commits and the machine. Raises OSError."""
    machine = f"{_processor()}, {os.cpu_count()} cores, {platform.system()} {platform.machine()}"
    about = (_commit(Path(__file__).parent), _commit(other), machine)
    with replacing(path) as part, part.open("x", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        fields = [field.name for field in msgspec.structs.fields(Comparison)]
        table.writerow((*fields, "commit", "against", "machine"))
        for each in found:
            numbers = (f"{n:.4g}" for n in (each.ours, each.theirs, each.ratio, each.clock))
            table.writerow((each.name, each.unit, *numbers, *about))


def _commit(place: Path) -> str:
    """The commit of a checkout; of an installation, what there is to know."""
    command = ["git", "-C", str(place), "rev-parse", "--short=12", "HEAD"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return __version__ if place == Path(__file__).parent else str(place)
    return done.stdout.strip()


def _processor() -> str:
    """Its name, as far as it is told."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.processor()
