"""Speed and memory on this machine; OpenCV is the yardstick for the least that is needed."""

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import msgspec
import numpy as np
import pyvips
import torch

from colorear.colorizer import Colorizer
from colorear.errors import MissingExtraError
from colorear.judge import metrics, slides

__all__ = ["Figure", "measure"]

_EXAMPLE = Path(__file__).parent / "examples" / "china.jpg"
_ROUNDS = 5
_SCAN, _LARGE = (4000, 3000), (12500, 8000)  # width, height
_JUDGED = 24  # photographs at a time


class Figure(msgspec.Struct, frozen=True):
    """One thing measured, and the most that it should be, where there is such a limit."""

    name: str
    value: float
    unit: str
    limit: float | None = None


def measure() -> Iterator[Figure]:
    """Every figure, as soon as it is known; times are medians of five, interleaved."""
    with tempfile.TemporaryDirectory(prefix="colorear-bench-") as folder:
        scan, large = Path(folder, "scan.jpg"), Path(folder, "large.jpg")
        _make_scan(scan, *_SCAN)
        yield from _warm(scan)
        yield from _cold(scan)
        yield _memory(scan, *_SCAN)
        _make_scan(large, *_LARGE)
        yield _memory(large, *_LARGE)
        yield _network()
        yield from _metrics()
        yield _import()


def _make_scan(path: Path, width: int, height: int) -> None:
    """An 8-bit grayscale JPEG of that size with a photograph's content and a film's grain."""
    picture = pyvips.Image.new_from_file(str(_EXAMPLE))
    scan = picture.resize(width / picture.width, vscale=height / picture.height)
    grain = pyvips.Image.gaussnoise(width, height, sigma=4, mean=0, seed=1)
    (scan + grain).rint().cast("uchar").jpegsave(str(path), Q=90)


def _warm(scan: Path) -> Iterator[Figure]:
    colorizer, target = Colorizer(), scan.with_name("coloured.jpg")
    colorizer.colorize(scan, target)
    coloured = np.asarray(cv2.imread(str(target)))
    ours, theirs = _interleaved(
        lambda: colorizer.colorize(scan, target, overwrite=True),
        lambda: (cv2.imread(str(scan), cv2.IMREAD_GRAYSCALE), cv2.imencode(".jpg", coloured)),
    )
    yield Figure("grayscale JPEG of 12 MP, warm", ours, "s")
    yield Figure("OpenCV decoding it and encoding a colour JPEG of that size", theirs, "s")
    yield Figure("ratio of the two", ours / theirs, "times", 4.0)


def _cold(scan: Path) -> Iterator[Figure]:
    colorizer, target = Colorizer(), scan.with_name("coloured.jpg")
    command = _command(scan, target)
    whole, warm = _interleaved(
        lambda: subprocess.run(command, check=True),
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
    megapixels = width * height / 1e6
    name = f"peak memory, {megapixels:.3g} MP grayscale JPEG"
    return Figure(name, kilobytes * 1024 / 1e6, "MB", limit=250 + 8 * megapixels)


def _network() -> Figure:
    network = Colorizer().network
    lightness = 100 * np.random.default_rng(0).random((256, 256), dtype=np.float32)
    (seconds,) = _interleaved(lambda: network(lightness))
    return Figure("the network at 256 x 256", 1000 * seconds, "ms")


def _metrics() -> Iterator[Figure]:
    """All standard metrics of a photograph, and the slides' seven by the slides' libraries."""
    cut = np.asarray(cv2.imread(str(_EXAMPLE)))[:160, :160].transpose(2, 0, 1) / 255
    shades = np.linspace(0.5, 1, _JUDGED * 3).reshape(_JUDGED, 3, 1, 1)
    truth, grey = torch.from_numpy(shades * cut), torch.from_numpy(shades[:, :1] * cut)
    try:
        slides.score(truth[:1], grey[:1])
    except MissingExtraError:
        (ours,) = _interleaved(lambda: metrics.score(truth, grey))
        yield Figure("all metrics at 160 x 160, a photograph", 1000 * ours / _JUDGED, "ms")
        return
    ours, theirs = _interleaved(
        lambda: metrics.score(truth, grey), lambda: slides.score(truth[:2], grey[:2])
    )
    ours, theirs = 1000 * ours / _JUDGED, 1000 * theirs / 2
    yield Figure("all metrics at 160 x 160, a photograph", ours, "ms")
    yield Figure("the slides' seven by their libraries", theirs, "ms")
    yield Figure("ratio of these two", ours / theirs, "times", 0.125)


def _import() -> Figure:
    ours, bare = _interleaved(
        lambda: subprocess.run([sys.executable, "-c", "import colorear"], check=True),
        lambda: subprocess.run([sys.executable, "-c", "pass"], check=True),
    )
    return Figure("import colorear", ours - bare, "s", 0.3)


def _command(scan: Path, target: Path) -> list[str]:
    return [
        sys.executable,
        "-m",
        "colorear",
        "colorize",
        str(scan),
        "-o",
        str(target),
        "--overwrite",
    ]


def _interleaved(*calls: Callable[[], object]) -> list[float]:
    """Median seconds of each; they take turns, so that a busy machine is busy for all of them."""
    seconds: list[list[float]] = [[] for _ in calls]
    for call in calls:
        call()
    for _ in range(_ROUNDS):
        for call, taken in zip(calls, seconds, strict=True):
            started = time.perf_counter()
            call()
            taken.append(time.perf_counter() - started)
    return [statistics.median(taken) for taken in seconds]
