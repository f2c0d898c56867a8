"""Where photographs are coloured on this machine: in processes that may die, or in a thread."""

import multiprocessing
import os
import signal
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

import pyvips

from colorear.batch.discovery import Failed
from colorear.batch.runner import Made, Map, Work, colour
from colorear.batch.scheduler import shared_out
from colorear.inference.colorizer import Colorizer
from colorear.photo.c2pa import Signer

__all__ = ["cores", "processes", "thread"]

_SPAWN = multiprocessing.get_context("spawn")  # a fork would copy libvips without its threads


def cores() -> int:
    """How many processor cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def thread(colorizer: Colorizer) -> Map:
    """In this process, one after the other: for a photograph or two.

    What is being coloured when the map is closed is coloured to its end, in the background.
    """

    def run(works: Iterator[Work]) -> Generator[tuple[Work, Made | Failed]]:
        executor = ThreadPoolExecutor(1)  # the main thread can be interrupted meanwhile
        try:
            for work in works:
                yield work, executor.submit(colour, colorizer, work).result()
        finally:
            executor.shutdown(wait=False)

    return run


def processes(
    model: str | Path, count: int, *, threads: int = 1, signer: Signer | None = None
) -> Map:
    """In so many processes of so many threads, each with a network of its own.

    A photograph that takes its process down is tried once more, in a new one: the system may have
    ended it for want of memory.
    """

    return partial(shared_out, _Processes(model, count, threads, signer))


class _Processes:
    """A crew of them."""

    tries = 2

    def __init__(self, model: str | Path, count: int, threads: int, signer: Signer | None) -> None:
        self._count = count
        self._hired = model, threads, signer

    def hire(self) -> "_Worker":
        return _Worker(*self._hired)

    def places(self) -> int:
        return self._count

    def ready(self, begun: Sequence[Any]) -> Sequence[Any]:
        return wait(begun)


class _Worker:
    """A process that colours one photograph at a time, and can be lost with it."""

    def __init__(self, model: str | Path, threads: int, signer: Signer | None) -> None:
        self._pipe, theirs = _SPAWN.Pipe()
        self._process = _SPAWN.Process(
            target=_work, args=(theirs, model, threads, signer), daemon=True
        )
        self._process.start()
        theirs.close()  # so that the pipe ends when the process does

    def begin(self, work: Work) -> Connection:
        with suppress(OSError):  # it has died: `answer` tells
            self._pipe.send(work)
        return self._pipe

    def answer(self) -> Made | Failed | None:
        """What came of it; None if the process died of it."""
        try:
            answer: Made | Failed = self._pipe.recv()
        except (EOFError, OSError):
            return None
        return answer

    def end(self) -> str:
        """End it at once, with whatever it is doing; tells how a lost one ended."""
        self._process.kill()
        self._process.join()
        self._pipe.close()
        code = self._process.exitcode
        return f"signal {-code}" if code and code < 0 else f"status {code}"


def _work(pipe: Connection, model: str | Path, threads: int, signer: Signer | None) -> None:
    """Colour what comes until nobody sends any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all; one of them decides
    pyvips.vips_lib.vips_concurrency_set(threads)
    colorizer = Colorizer(model, threads=threads, signer=signer)
    with suppress(EOFError, OSError):
        while True:
            pipe.send(colour(colorizer, pipe.recv()))
