"""Where photographs are coloured on this machine: in processes that may die, or in a thread."""

import multiprocessing
import os
import signal
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from multiprocessing.connection import Connection
from multiprocessing.connection import wait as ready
from pathlib import Path

import pyvips

from colorear.batch import Made, Map, Work, colour
from colorear.colorizer import Colorizer
from colorear.plan import Failed
from colorear.signing import Signer

__all__ = ["cores", "processes", "thread"]

_SPAWN = multiprocessing.get_context("spawn")  # a fork would copy libvips without its threads
_TRIES = 2


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

    def run(works: Iterator[Work]) -> Generator[tuple[Work, Made | Failed]]:
        idle = [_Worker(model, threads, signer) for _ in range(count)]
        busy: dict[object, tuple[_Worker, Work, int]] = {}
        try:
            while True:
                while idle and (work := next(works, None)):
                    worker = idle.pop()
                    worker.begin(work)
                    busy[worker.pipe] = worker, work, 1
                if not busy:
                    return
                for pipe in ready([worker.pipe for worker, *_ in busy.values()]):
                    worker, work, tries = busy.pop(pipe)
                    answer = worker.answer()
                    if answer is None:
                        code = worker.end()
                        worker = _Worker(model, threads, signer)
                        if tries < _TRIES:
                            worker.begin(work)
                            busy[worker.pipe] = worker, work, tries + 1
                            continue
                        answer = _fatal(work, code)
                    idle.append(worker)
                    yield work, answer
        finally:
            for worker in (*idle, *(worker for worker, *_ in busy.values())):
                worker.end()

    return run


class _Worker:
    """A process that colours one photograph at a time, and can be lost with it."""

    def __init__(self, model: str | Path, threads: int, signer: Signer | None) -> None:
        self.pipe, theirs = _SPAWN.Pipe()
        self._process = _SPAWN.Process(
            target=_work, args=(theirs, model, threads, signer), daemon=True
        )
        self._process.start()
        theirs.close()  # so that the pipe ends when the process does

    def begin(self, work: Work) -> None:
        with suppress(OSError):  # it has died: `answer` tells
            self.pipe.send(work)

    def answer(self) -> Made | Failed | None:
        """What came of it; None if the process died of it."""
        try:
            answer: Made | Failed = self.pipe.recv()
        except (EOFError, OSError):
            return None
        return answer

    def end(self) -> int | None:
        """End it at once, with whatever it is doing; gives its exit status."""
        self._process.kill()
        self._process.join()
        self.pipe.close()
        return self._process.exitcode


def _work(pipe: Connection, model: str | Path, threads: int, signer: Signer | None) -> None:
    """Colour what comes until nobody sends any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all; one of them decides
    pyvips.vips_lib.vips_concurrency_set(threads)
    colorizer = Colorizer(model, threads=threads, signer=signer)
    with suppress(EOFError, OSError):
        while True:
            pipe.send(colour(colorizer, pipe.recv()))


def _fatal(work: Work, code: int | None) -> Failed:
    killed = f"signal {-code}" if code and code < 0 else f"status {code}"
    return Failed(
        work.source,
        f"'{work.source}' ended the process that coloured it ({killed}), twice; it may need more "
        "memory than there is (fewer --jobs leave more for each), or be made to do harm",
    )
