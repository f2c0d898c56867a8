"""This colorear beside another one: the same work in turns, one thread each.

Other programs on the machine slow down both, so processor seconds are compared, and the ratio is
the median of those of neighbours.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple, Self

import pyvips

from colorear.benchmark.comparison import Comparison, as_installed
from colorear.benchmark.throughput import make_photographs
from colorear.errors import ColorearError, UsageError

__all__ = ["Sizes", "compare"]

_WORKER = Path(__file__).with_name("against_worker.py")
# a new process is charged with the memory of the one that starts it: this one has next to none
_SMALL_PARENT = (
    "import json, resource, subprocess, sys, time; started = time.perf_counter(); "
    "subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL); "
    "used = resource.getrusage(resource.RUSAGE_CHILDREN); "
    "print(json.dumps([used.ru_utime + used.ru_stime, time.perf_counter() - started, "
    "used.ru_maxrss]))"
)
_KILOBYTE = 1 if sys.platform == "darwin" else 1024  # what `ru_maxrss` counts in
_JPEG_HEAD = b"\xff\xd8\xff"  # a plan asks for no more


class Sizes(NamedTuple):
    """What is colored: width and height."""

    small: tuple[int, int] = (640, 480)
    scan: tuple[int, int] = (1632, 1224)
    large: tuple[int, int] = (4000, 3000)
    huge: tuple[int, int] = (12500, 8000)
    files: int = 50_000
    """How many lie in the folder that is planned."""


_USUAL = Sizes()


class _Cost(NamedTuple):
    """Of one time: seconds, and the most megabytes that were resident."""

    processor: float
    clock: float
    memory: float = 0


class _Side:
    """One of the two, with a process of it that stays warm."""

    def __init__(self, place: Path | None) -> None:
        self._environment = {**as_installed(), "OMP_NUM_THREADS": "1", "VIPS_CONCURRENCY": "1"}
        self._python = sys.executable
        if place and (place / "src" / "colorear").is_dir():
            self._environment["PYTHONPATH"] = str(place / "src")
        elif place and place.is_file() and os.access(place, os.X_OK):
            self._python = str(place)
            self._environment.pop("PYTHONPATH", None)
        elif place:
            raise UsageError(
                f"'{place}' is neither a checkout of colorear nor a Python that has it; name one"
            )
        self._worker = subprocess.Popen(
            [self._python, "-P", str(_WORKER)],
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._worker.kill()
        self._worker.communicate()

    def work(self, *words: object) -> _Cost:
        """What a function of `against_worker` takes."""
        text = json.dumps(words, default=str)
        try:
            print(text, file=self._worker.stdin, flush=True)
            answer = next(self._worker.stdout or iter(()))
        except (BrokenPipeError, StopIteration):
            raise self._failed(text) from None
        return _Cost(*json.loads(answer))

    def command(self, *words: object) -> _Cost:
        """What the command takes, with all processes that it starts."""
        text = [self._python, "-m", "colorear", *map(str, words)]
        done = subprocess.run(
            [self._python, "-c", _SMALL_PARENT, *text],
            env=self._environment,
            stdout=subprocess.PIPE,
            check=False,
        )
        if done.returncode:
            raise self._failed(" ".join(text))
        processor, clock, memory = json.loads(done.stdout)
        return _Cost(processor, clock, memory * _KILOBYTE / 1e6)

    def _failed(self, text: str) -> ColorearError:
        return ColorearError(
            f"the colorear of {self._environment.get('PYTHONPATH') or self._python} could not do "
            f"{text}; see above what it said"
        )


_Work = Callable[[_Side, Path], _Cost]
"""Does something once, with a new folder for what it makes."""


class _Turns(NamedTuple):
    """Both sides, which do one thing after the other."""

    ours: _Side
    theirs: _Side
    rounds: int
    folder: Path

    def seconds(self, name: str, work: _Work, *, warm: bool = True) -> Comparison:
        """Processor seconds; what is to be warm is done once before it counts."""
        if warm:
            self._costs(work, 1)
        ours, theirs = self._costs(work, self.rounds)
        clock = _ratio([cost.clock for cost in ours], [cost.clock for cost in theirs])
        return _compared(
            name, "s", [cost.processor for cost in ours], [cost.processor for cost in theirs], clock
        )

    def memory(self, name: str, work: _Work) -> Comparison:
        """The most of a process."""
        ours, theirs = ([cost.memory for cost in each] for each in self._costs(work, self.rounds))
        return _compared(name, "MB", ours, theirs, _ratio(ours, theirs))

    def _costs(self, work: _Work, rounds: int) -> tuple[list[_Cost], list[_Cost]]:
        costs: tuple[list[_Cost], list[_Cost]] = [], []
        for _ in range(rounds):
            for side, taken in zip((self.ours, self.theirs), costs, strict=True):
                with tempfile.TemporaryDirectory(dir=self.folder) as out:
                    taken.append(work(side, Path(out)))
        return costs


def compare(
    other: Path, *, rounds: int = 7, photographs: int = 60, sizes: Sizes = _USUAL
) -> Iterator[Comparison]:
    """Every comparison, as soon as it is known.

    Parameters
    ----------
    other
        A checkout of colorear, whose `src` is used with this Python and its packages; or the Python
        of an installation.
    rounds
        How often each does each thing.
    photographs
        How many are colored at a time, where it is many.
    sizes
        What is colored.

    Raises
    ------
    UsageError
        Where `other` is neither.
    ColorearError
        Where one of the two fails.
    """
    with (
        tempfile.TemporaryDirectory(prefix="colorear-bench-") as within,
        _Side(None) as ours,
        _Side(other) as theirs,
    ):
        folder = Path(within)
        turns = _Turns(ours, theirs, rounds, folder)
        yield turns.seconds("the network alone, 256 x 192", lambda side, _: side.work("network"))
        yield from _of_one(folder, sizes, turns)
        yield from _of_many(folder, sizes, photographs, turns)


def _of_one(folder: Path, sizes: Sizes, turns: _Turns) -> Iterator[Comparison]:
    """A photograph at a time."""
    for name, source in _made(folder, sizes):
        yield turns.seconds(f"{name}, warm", _warm(source))
        if name.startswith(_megapixels(sizes.small)):
            yield turns.seconds(f"{name}, the whole command", _whole(source), warm=False)
        if name.startswith(f"{_megapixels(sizes.large)} grayscale JPEG"):
            yield turns.memory(f"{name}, peak memory", _whole(source))
            colored = folder / "colored.jpg"
            turns.ours.work("colorize", source, colored)
            yield turns.seconds(f"{name}, verify", _checked(source, colored))


def _of_many(folder: Path, sizes: Sizes, photographs: int, turns: _Turns) -> Iterator[Comparison]:
    scans, empty = folder / "scans", folder / "empty"
    make_photographs(scans, photographs, *sizes.scan)
    yield turns.seconds(
        f"{photographs} x {_megapixels(sizes.scan)} grayscale JPEG, --jobs 2",
        lambda side, out: side.command("colorize", scans, "-o", out, "--jobs", 2),
        warm=False,
    )
    empty.mkdir()
    for number in range(sizes.files):
        (empty / f"{number:06}.jpg").write_bytes(_JPEG_HEAD)
    yield turns.seconds(
        f"{sizes.files:,} files planned",
        lambda side, out: side.work("plan", empty, out),
        warm=False,
    )


def _warm(source: Path) -> _Work:
    return lambda side, out: side.work("colorize", source, out / source.name)


def _whole(source: Path) -> _Work:
    return lambda side, out: side.command("colorize", source, "-o", out / source.name)


def _checked(source: Path, colored: Path) -> _Work:
    return lambda side, _: side.work("verify", source, colored)


def _made(folder: Path, sizes: Sizes) -> Iterator[tuple[str, Path]]:
    """Photographs, each as it is needed; the large ones in other formats too."""
    for size in (sizes.small, sizes.scan, sizes.large, sizes.huge):
        (source,) = make_photographs(folder / _megapixels(size), 1, *size)
        yield f"{_megapixels(size)} grayscale JPEG", source
        if size == sizes.large:
            picture = pyvips.Image.new_from_file(str(source)).copy_memory()
            picture.pngsave(str(source.with_suffix(".png")))
            yield f"{_megapixels(size)} grayscale PNG", source.with_suffix(".png")
            deep = (picture.cast("ushort") * 257).cast("ushort").copy(interpretation="grey16")
            deep.tiffsave(str(source.with_suffix(".tif")), compression="deflate")
            yield f"{_megapixels(size)} TIFF of 16 bits", source.with_suffix(".tif")


def _megapixels(size: tuple[int, int]) -> str:
    rounded = float(f"{size[0] * size[1] / 1e6:.2g}")  # which alone would say 1e+02
    return f"{rounded:g} MP"


def _compared(
    name: str, unit: str, ours: list[float], theirs: list[float], clock: float
) -> Comparison:
    middle = statistics.median(ours), statistics.median(theirs)
    return Comparison(name, unit, *middle, _ratio(ours, theirs), clock)


def _ratio(ours: list[float], theirs: list[float]) -> float:
    return statistics.median(a / b for a, b in zip(ours, theirs, strict=True))
