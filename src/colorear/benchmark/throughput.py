"""Many photographs: how many are coloured in a second, and in how much memory."""

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pyvips

from colorear.batch.discovery import Failed
from colorear.batch.task import Task, run_task
from colorear.errors import PhotographError
from colorear.inference.colorizer import Colorizer

__all__ = ["COLORIZE", "make_photographs", "peaks", "rate"]

COLORIZE = (sys.executable, "-m", "colorear", "colorize")
"""The command, as a process."""

_EXAMPLES = ("china.jpg", "coffee.png", "flower.jpg", "chelsea.tif", "astronaut.jpg", "rocket.jpg")
_SHIFTS = 64  # pixels, across and down, by which photographs of one example differ
_PEAKS = (
    "import sys; "
    "from colorear.benchmark.throughput import _print_peaks; _print_peaks(*sys.argv[1:])"
)
# a new process is charged with the memory of the one that starts it: this one has next to none
_SMALL_PARENT = "import subprocess, sys; subprocess.run(sys.argv[1:], check=True)"


def make_photographs(folder: Path, count: int, width: int, height: int) -> list[Path]:
    """So many 8-bit grayscale JPEGs of that size in a new folder, with a film's grain.

    They are cut out of the enlarged examples, each at another place.
    """
    folder.mkdir()
    scans = [_scan(name, width, height) for name in _EXAMPLES[:count]]
    made = []
    for number in range(count):
        across, down = divmod(number // len(scans), _SHIFTS)
        photograph = scans[number % len(scans)].crop(across, down, width, height)
        made.append(folder / f"{number:05}.jpg")
        photograph.jpegsave(str(made[-1]), Q=90)
    return made


def _scan(example: str, width: int, height: int) -> pyvips.Image:
    """Larger than it is asked for, so that it can be cut differently."""
    picture = pyvips.Image.new_from_file(str(Path(__file__).parents[1] / "examples" / example))
    width, height = width + _SHIFTS, height + _SHIFTS
    scan = picture.resize(width / picture.width, vscale=height / picture.height)
    grain = pyvips.Image.gaussnoise(width, height, sigma=4, mean=0, seed=1)
    return (scan + grain).rint().cast("uchar").copy_memory()


def rate(folder: Path, jobs: int, on: Literal["local", "ray"] = "local") -> float:
    """Photographs of a folder that the command colours in a second of wall time.

    The time before every worker has made its first, and after the first worker has made its last,
    does not count. A cluster is one of this machine. Raises CalledProcessError where the command
    fails.
    """
    with tempfile.TemporaryDirectory(dir=folder.parent) as out:
        words = [str(folder), "-o", out, "--jobs", str(jobs), "--on", on, "--json"]
        here = {name: value for name, value in os.environ.items() if name != "RAY_ADDRESS"}
        with subprocess.Popen([*COLORIZE, *words], stdout=subprocess.PIPE, env=here) as running:
            answered = [time.perf_counter() for _ in running.stdout or ()][:-1]  # the last sums up
    if running.returncode:
        raise subprocess.CalledProcessError(running.returncode, [*COLORIZE, *words])
    counted = answered[jobs - 1 : len(answered) - jobs + 1]
    return (len(counted) - 1) / (counted[-1] - counted[0])


def peaks(folder: Path, *counts: int) -> list[float]:
    """The most megabytes that one worker has taken when so many photographs are coloured."""
    command = [sys.executable, "-c", _PEAKS, str(folder), *map(str, counts)]
    parent = [sys.executable, "-c", _SMALL_PARENT, *command]
    output = subprocess.run(parent, check=True, capture_output=True, text=True)
    return [float(line) for line in output.stdout.splitlines()]


def _print_peaks(folder: str, *counts: str) -> None:
    """As `batch.processes` does it, but in this process, which can then ask about itself."""
    pyvips.vips_lib.vips_concurrency_set(1)
    colorizer = Colorizer(threads=1)
    unit = 1e6 if sys.platform == "darwin" else 1e6 / 1024
    with tempfile.TemporaryDirectory() as out:
        for number, task in enumerate(_tasks(Path(folder), Path(out)), start=1):
            outcome = run_task(colorizer, task)
            if isinstance(outcome, Failed):
                raise PhotographError(outcome.error)
            Path(task.target).unlink()
            if str(number) in counts:
                print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit)


def _tasks(folder: Path, out: Path) -> Iterator[Task]:
    for source in sorted(folder.iterdir()):
        yield Task(str(source), str(out / source.name), None, overwrite=False)
