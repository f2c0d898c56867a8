"""How many photographs a second the slides' networks train on, in colorear and in other ways.

    python benchmarks/training.py --tensorflow /path/to/another/environment/bin/python

Every way is a process of its own; they take turns, one at a time, so that a busy machine is busy
for all of them. The figures are medians over the rounds. The ten-second form, to see that it runs:

    python benchmarks/training.py --rounds 1 --steps 1 --warm-up 1 --batch 2 --side 64

All get huge pages, as `colorear train` does: PyTorch's by THP_MEM_ALLOC_ENABLE, TensorFlow's by
glibc's tunable.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Annotated, Any, Literal

import typer

WORKER = Path(__file__).with_name("training_worker.py")
NETWORKS = ("plain-shallow", "plain-deep", "skip-shallow", "skip-deep")
BACKENDS = {
    "colorear": "colorear",
    "torch": "torch's own operators",
    "keras-torch": "Keras on PyTorch",
    "keras-tensorflow": "Keras on TensorFlow",
    "keras-tensorflow-xla": "Keras on TensorFlow, XLA",
}
DEFAULT = ("colorear", "torch", "keras-torch", "keras-tensorflow")
HUGE_PAGES = {"THP_MEM_ALLOC_ENABLE": "1", "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}


@dataclass
class Worker:
    """A process that trains one network in one way."""

    backend: str
    process: subprocess.Popen[str]
    questions: IO[str]
    answers: IO[str]

    def answer(self) -> dict[str, Any]:
        """What it says next. Raises RuntimeError where it ended instead."""
        line = self.answers.readline()
        if not line:
            raise RuntimeError(f"{self.backend}: ended with {self.process.wait()}; see above")
        said: dict[str, Any] = json.loads(line)
        return said

    def seconds(self, steps: int) -> float:
        """How long it took for so many steps."""
        print(steps, file=self.questions, flush=True)
        return float(self.answer()["seconds"])


def main(
    *,
    network: Annotated[list[str] | None, typer.Option(help="Only this one; repeatable.")] = None,
    backend: Annotated[
        list[str] | None, typer.Option(help=f"Only this way; repeatable: {', '.join(BACKENDS)}.")
    ] = None,
    rounds: int = 5,
    steps: Annotated[int, typer.Option(help="Steps of each way in each round.")] = 1,
    warm_up: Annotated[int, typer.Option(help="Steps of each way before the first round.")] = 2,
    batch: int = 50,
    side: int = 160,
    precision: Annotated[
        Literal["float32", "bfloat16"], typer.Option(help="Keras's: the policy mixed_bfloat16.")
    ] = "float32",
    tensorflow: Annotated[
        str,
        typer.Option(help="The Python that has TensorFlow.", envvar="COLOREAR_TENSORFLOW_PYTHON"),
    ] = sys.executable,
) -> None:
    """Print a table of photographs a second, and how many times the others' colorear's are."""
    backends = tuple(backend or DEFAULT)
    speeds = {}
    for name in network or NETWORKS:
        with ExitStack() as stack:
            workers = []
            for way in backends:
                python = tensorflow if "tensorflow" in way else sys.executable
                command = [python, str(WORKER), way, name, str(batch), str(side), precision]
                worker = _start(way, command, stack)
                if worker:
                    workers.append(worker)
            if not workers:
                sys.exit("none of these is installed; name others with --backend")
            seconds = _measured(workers, rounds, steps, warm_up)
        speeds[name] = {way: batch * steps / taken for way, taken in seconds.items()}
    _print_table(
        speeds, f"{precision}, batches of {batch}, {side} x {side}, medians of {rounds} x {steps}"
    )


def _start(backend: str, command: list[str], stack: ExitStack) -> Worker | None:
    """A worker that is ready, or None where its framework is not installed."""
    process = subprocess.Popen(
        command,
        env={**os.environ, **HUGE_PAGES, "TF_CPP_MIN_LOG_LEVEL": "2"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    stack.enter_context(process)  # closes its pipes, upon which it ends
    assert process.stdin is not None
    assert process.stdout is not None
    worker = Worker(backend, process, process.stdin, process.stdout)
    said = worker.answer()
    if "missing" in said:
        _tell(f"{backend}: left out ({said['missing']})")
        return None
    _tell(f"{backend}: {said['ready']}")
    return worker


def _measured(workers: list[Worker], rounds: int, steps: int, warm_up: int) -> dict[str, float]:
    """Median seconds of each; every round begins with another one."""
    taken: dict[str, list[float]] = {worker.backend: [] for worker in workers}
    for worker in workers:
        _tell(f"{worker.backend}: warm-up {worker.seconds(warm_up):.2f} s")
    for number in range(rounds):
        first = number % len(workers)
        for worker in workers[first:] + workers[:first]:
            taken[worker.backend].append(worker.seconds(steps))
            _tell(f"round {number + 1}, {worker.backend}: {taken[worker.backend][-1]:.2f} s")
    return {backend: statistics.median(seconds) for backend, seconds in taken.items()}


def _print_table(speeds: dict[str, dict[str, float]], how: str) -> None:
    backends = list(dict.fromkeys(way for of_network in speeds.values() for way in of_network))
    print(f"\nTraining, photographs/s ({how}); in brackets colorear's over it\n")
    print("| network |", " | ".join(BACKENDS[way] for way in backends), "|")
    print("|---" * (len(backends) + 1) + "|")
    ratios: dict[str, list[float]] = {way: [] for way in backends}
    for network, of_network in speeds.items():
        cells = []
        for way in backends:
            cell = f"{of_network[way]:.2f}"
            if way != "colorear" and "colorear" in of_network:
                ratios[way].append(of_network["colorear"] / of_network[way])
                cell += f" ({ratios[way][-1]:.2f})"
            cells.append(cell)
        print(f"| {network} |", " | ".join(cells), "|")
    means = (f"({statistics.mean(ratios[way]):.2f})" if ratios[way] else "" for way in backends)
    print("| mean ratio |", " | ".join(means), "|")


def _tell(sentence: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {sentence}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    typer.run(main)
