"""What a photograph takes on one machine and on a cluster: the figures of docs/scale.md.

    python benchmarks/scale.py

Core-seconds are the processor time of all processes together, Ray's too, between the fourth answer
and the fourth but last. The engines take turns; figures are medians over the rounds. The form that
only shows that it runs, in half a minute:

    python benchmarks/scale.py --rounds 1 --photographs 12 --small 80x60 --large 160x120 --plan 500
"""

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Literal

import psutil
import typer

from colorear.batch.discovery import Discovery, WorkItem
from colorear.batch.runner import Batch
from colorear.benchmark.throughput import COLORIZE, make_photographs
from colorear.photo.sniffing import Stamp

ENDS = 4  # answers at either end that do not count
JOBS = 2
Engine = Literal["local", "ray"]
ENGINES: tuple[Engine, ...] = ("local", "ray")


def main(
    *,
    rounds: Annotated[int, typer.Option(min=1)] = 5,
    photographs: Annotated[int, typer.Option(min=12, help="Large ones; twice as many small.")] = 44,
    small: Annotated[str, typer.Option(help="Pixels across and down.")] = "1632x1224",
    large: Annotated[str, typer.Option(help="Pixels across and down.")] = "4000x3000",
    plan: Annotated[int, typer.Option(min=100, help="Photographs to plan.")] = 200_000,
) -> None:
    """Measure, and print the table."""
    with tempfile.TemporaryDirectory(prefix="colorear-scale-") as within:
        _print_driver(Path(within, "driver"), plan)  # before anything takes more memory
        folders = {}
        for size, count in ((small, 2 * photographs), (large, photographs)):
            folders[size] = Path(within, size)
            make_photographs(folders[size], count, *map(int, size.split("x")))
        print(f"| a grayscale JPEG of | {small} | {large} |\n|---|---:|---:|")
        sizes = (_bytes(folder) for folder in folders.values())
        _print_row("MB, before / coloured", [f"{a / 1e6:.2f} / {b / 1e6:.2f}" for a, b in sizes])
        taken = [
            {
                (engine, size): measured(folders[size], engine)
                for size in folders
                for engine in ENGINES
            }
            for _ in range(rounds)
        ]
        for engine in ENGINES:
            columns = [[once[engine, size] for once in taken] for size in folders]
            seconds = [[cores for cores, _ in column] for column in columns]
            middle = [f"{statistics.median(s):.3f} ({min(s):.3f} to {max(s):.3f})" for s in seconds]
            _print_row(f"core-seconds, --on {engine}", middle)
            memory = [f"{max(peak for _, peak in column) / 1e9:.2f}" for column in columns]
            _print_row(f"GB of the largest worker, --on {engine}", memory)


def measured(folder: Path, engine: Engine) -> tuple[float, float]:
    """Core-seconds for a photograph, and the most bytes that a worker took."""
    with (
        tempfile.TemporaryDirectory(dir=folder.parent) as out,
        _running(folder, out, engine) as run,
    ):
        count = len(list(folder.iterdir()))
        times, most = [], 0.0
        for number, _ in enumerate(run.stdout or (), start=1):
            if number in (ENDS, count - ENDS):
                everyone = [psutil.Process(run.pid), *_descendants(run.pid)]
                times.append(sum(map(_processor_time, everyone)))
                most = max(most, *map(_peak, everyone[1:]))
    first, last = times
    seconds = (last - first) / (count - 2 * ENDS)
    _tell(f"{folder.name}, --on {engine}: {seconds:.3f} core-seconds")
    return seconds, most


@contextmanager
def _running(folder: Path, out: str, engine: Engine) -> Iterator[subprocess.Popen[bytes]]:
    words = [str(folder), "-o", out, "--jobs", str(JOBS), "--on", engine, "--json"]
    here = {name: value for name, value in os.environ.items() if name != "RAY_ADDRESS"}
    with subprocess.Popen([*COLORIZE, *words], stdout=subprocess.PIPE, env=here) as run:
        yield run
    if run.returncode:
        raise subprocess.CalledProcessError(run.returncode, run.args)


def _descendants(pid: int) -> list[psutil.Process]:
    return psutil.Process(pid).children(recursive=True)


def _processor_time(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0
    return float(times.user + times.system)


def _peak(process: psutil.Process) -> float:
    """The largest resident set so far (Linux)."""
    try:
        status = Path(f"/proc/{process.pid}/status").read_text()
    except FileNotFoundError:
        return 0
    return 1024 * float(status.partition("VmHWM:")[2].split()[0]) if "VmHWM:" in status else 0


def _bytes(folder: Path) -> tuple[float, float]:
    """Of a photograph, and of a coloured one."""
    some = sorted(folder.iterdir())[:6]
    with tempfile.TemporaryDirectory(dir=folder.parent) as out:
        subprocess.run([*COLORIZE, *map(str, some), "-o", out], check=True)
        made = [path for path in Path(out).iterdir() if path.is_file()]
        return tuple(statistics.mean(p.stat().st_size for p in paths) for paths in (some, made))


def _print_driver(folder: Path, count: int) -> None:
    """What the machine with the command takes, were the photographs somewhere else."""
    folder.mkdir()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found = Discovery(
        [
            WorkItem(
                f"s3://archive/attic/box {number // 1000}/photograph {number}.jpg",
                str(folder / f"box {number // 1000}" / f"photograph {number}-color.jpg"),
            )
            for number in range(count)
        ]
    )
    found.stamps.update({p.source: Stamp(number, number) for number, p in enumerate(found.items)})
    with Batch(found, folder, "a network's SHA-256, which has 64 letters".ljust(64)) as batch:
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
        journal, key = batch._store.journal, batch._store.key
        journal.begin(((key(task.target), task.source) for task in batch.to_do), batch._settings)
        some = batch.to_do[: min(count, 10_000)]
        started = time.perf_counter()
        for task in some:
            journal.finish(key(task.target), Stamp(1, 2), "0" * 64, Stamp(3, 4))
        a_second = len(some) / (time.perf_counter() - started)
    size = (folder / ".colorear" / "journal.sqlite").stat().st_size
    print(f"a plan of {count}: {grown / count:.0f} bytes of memory for each photograph")
    print(f"its journal: {size / count:.0f} bytes for each, {a_second:.0f} noted in a second\n")


def _print_row(name: str, values: list[str]) -> None:
    print(f"| {name} |", " | ".join(values), "|", flush=True)


def _tell(sentence: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {sentence}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    typer.run(main)
