"""Speed and memory on this machine; OpenCV is the yardstick for the least that is needed."""

import importlib.util
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import cv2
import msgspec
import numpy as np
import torch

from colorear.benchmark.comparison import as_installed
from colorear.benchmark.throughput import COLORIZE, make_photographs, peaks, rate
from colorear.evaluation.metrics import standard
from colorear.inference.colorizer import Colorizer
from colorear.models.onnx_session import cores

__all__ = ["Figure", "measure"]

_EXAMPLE = Path(__file__).parents[1] / "examples" / "china.jpg"
_ROUNDS, _MANY_ROUNDS = 5, 3
_SMALL, _SCAN, _LARGE = (1632, 1224), (4000, 3000), (12500, 8000)  # width, height
_JUDGED = 24  # photographs at a time


class Figure(msgspec.Struct, frozen=True):
    """One thing measured, and the most or the least that it should be, where there is a limit."""

    name: str
    value: float
    unit: str
    limit: float | None = None
    least: float | None = None


def measure(photographs: int = 60) -> Iterator[Figure]:
    """Every figure, as soon as it is known; times are medians of five, interleaved.

    `photographs` is how many are coloured at a time, where it is many: three times, in turns.
    """
    with tempfile.TemporaryDirectory(prefix="colorear-bench-") as folder:
        (scan,) = make_photographs(Path(folder, "scan"), 1, *_SCAN)
        yield from _warm(scan)
        yield from _cold(scan)
        yield _memory(scan, *_SCAN)
        (large,) = make_photographs(Path(folder, "large"), 1, *_LARGE)
        yield _memory(large, *_LARGE)
        yield from _jobs(Path(folder, "small"), photographs)
        yield from _ray(Path(folder, "scans"), max(6, photographs // 3))
        yield _network()
        yield _metrics()
        yield _import()


def _warm(scan: Path) -> Iterator[Figure]:
    colorizer, target = Colorizer(), scan.with_name("coloured.jpg")
    colorizer.colorize(scan, target)
    colored = np.asarray(cv2.imread(str(target)))
    ours, theirs = _interleaved(
        lambda: colorizer.colorize(scan, target, overwrite=True),
        lambda: (cv2.imread(str(scan), cv2.IMREAD_GRAYSCALE), cv2.imencode(".jpg", colored)),
    )
    yield Figure("grayscale JPEG of 12 MP, warm", ours, "s")
    yield Figure("OpenCV decoding it and encoding a colour JPEG of that size", theirs, "s")
    yield Figure("ratio of the two", ours / theirs, "times", 4.0)


def _cold(scan: Path) -> Iterator[Figure]:
    colorizer, target = Colorizer(), scan.with_name("coloured.jpg")
    command = _command(scan, target)
    whole, warm = _interleaved(
        lambda: subprocess.run(command, check=True, env=as_installed()),
        lambda: colorizer.colorize(scan, target, overwrite=True),
    )
    yield Figure("the same as a whole process", whole, "s")
    yield Figure("cold start", whole - warm, "s", 1.5)


def _memory(scan: Path, width: int, height: int) -> Figure:
    """Peak resident memory of a process that colours one file, seen by a parent of its own."""
    parent = (
        "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True); "
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    command = [sys.executable, "-c", parent, *_command(scan, scan.with_name("coloured.jpg"))]
    answer = subprocess.run(command, check=True, capture_output=True, text=True)
    kilobytes = int(answer.stdout) / (1024 if sys.platform == "darwin" else 1)
    name = f"peak memory, {_megapixels((width, height))} grayscale JPEG"
    return Figure(name, kilobytes * 1024 / 1e6, "MB", limit=250 + 8 * width * height / 1e6)


def _jobs(folder: Path, photographs: int) -> Iterator[Figure]:
    """What a second core is worth, and whether a worker's memory stays as it is."""
    make_photographs(folder, photographs, *_SMALL)
    one, two = _in_turns(_MANY_ROUNDS, partial(rate, folder, 1), partial(rate, folder, 2))
    size = f"grayscale JPEGs of {_megapixels(_SMALL)}"
    yield Figure(f"{photographs} {size}, --jobs 1", one, "photographs/s")
    yield Figure("the same with --jobs 2", two, "photographs/s")
    yield Figure("ratio of these rates", two / one, "times", least=1.8 if cores() > 1 else None)
    few = max(1, photographs // 4)
    early, late = peaks(folder, few, photographs)
    yield Figure(f"peak memory of a worker after {few} {size}", early, "MB")
    yield Figure(f"the same after {photographs}", late, "MB", limit=round(1.1 * early))


def _ray(folder: Path, photographs: int) -> Iterator[Figure]:
    """What Ray costs: wall time, since the cores that Ray itself takes are missing to the work."""
    if not importlib.util.find_spec("ray"):
        return
    make_photographs(folder, photographs, *_SCAN)
    local, ray = _in_turns(
        _MANY_ROUNDS, partial(rate, folder, 2), partial(rate, folder, 2, on="ray")
    )
    size = f"grayscale JPEGs of {_megapixels(_SCAN)}"
    yield Figure(f"{photographs} {size}, --jobs 2", local, "photographs/s")
    yield Figure("the same with --on ray", ray, "photographs/s")
    yield Figure("overhead of --on ray", 100 * (local / ray - 1), "%", limit=15)


def _megapixels(size: tuple[int, int]) -> str:
    return f"{size[0] * size[1] / 1e6:.3g} MP"


def _network() -> Figure:
    network = Colorizer().network
    lightness = 100 * np.random.default_rng(0).random((256, 256), dtype=np.float32)
    (seconds,) = _interleaved(lambda: network(lightness))
    return Figure("the network at 256 x 256", 1000 * seconds, "ms")


def _metrics() -> Figure:
    """All standard metrics of a photograph."""
    cut = np.asarray(cv2.imread(str(_EXAMPLE)))[:160, :160].transpose(2, 0, 1) / 255
    shades = np.linspace(0.5, 1, _JUDGED * 3).reshape(_JUDGED, 3, 1, 1)
    truth, gray = torch.from_numpy(shades * cut), torch.from_numpy(shades[:, :1] * cut)
    (seconds,) = _interleaved(lambda: standard.score(truth, gray))
    return Figure("all metrics at 160 x 160, a photograph", 1000 * seconds / _JUDGED, "ms")


def _import() -> Figure:
    ours, bare = _interleaved(
        lambda: subprocess.run([sys.executable, "-c", "import colorear"], check=True),
        lambda: subprocess.run([sys.executable, "-c", "pass"], check=True),
    )
    return Figure("import colorear", ours - bare, "s", 0.3)


def _command(scan: Path, target: Path) -> list[str]:
    return [*COLORIZE, str(scan), "-o", str(target), "--overwrite"]


def _interleaved(*calls: Callable[[], object]) -> list[float]:
    """Median seconds of each, after a first that does not count."""
    for call in calls:
        call()
    return _in_turns(_ROUNDS, *(partial(_seconds, call) for call in calls))


def _seconds(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def _in_turns(rounds: int, *measured: Callable[[], float]) -> list[float]:
    """Median of each; they take turns, so that a busy machine is busy for all of them."""
    values = [[call() for call in measured] for _ in range(rounds)]
    return [statistics.median(column) for column in zip(*values, strict=True)]
