"""Where photographs are colored on this machine: in processes that may die, or in a thread."""

import multiprocessing
import signal
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

import pyvips

from colorear.batch.scheduler import Outcome, schedule
from colorear.batch.task import Executor, Task, run_task
from colorear.errors import BatchError
from colorear.inference.colorizer import Colorizer
from colorear.photo.c2pa import Signer

__all__ = ["process_executor", "thread_executor"]

_SPAWN = multiprocessing.get_context("spawn")  # a fork would copy libvips without its threads
_READY = "ready"  # what a worker says first
_DYING = 5  # seconds from when a process is not heard any more until it has ended by itself


def thread_executor(colorizer: Colorizer) -> Executor:
    """In this process, one after the other: for a photograph or two.

    What is being colored when it is closed is colored to its end, in the background.
    """

    def run(tasks: Iterator[Task]) -> Generator[tuple[Task, Outcome]]:
        executor = ThreadPoolExecutor(1)  # the main thread can be interrupted meanwhile
        try:
            for task in tasks:
                yield task, executor.submit(run_task, colorizer, task).result()
        finally:
            executor.shutdown(wait=False)

    return run


def process_executor(
    model: str | Path, count: int, *, threads: int = 1, signer: Signer | None = None
) -> Executor:
    """In `count` processes of so many `threads`, each with a network of its own.

    A photograph that takes its process down is tried once more, in a new one: the system may have
    ended it for want of memory. It raises BatchError where a process cannot even begin.
    """
    return partial(schedule, _ProcessPool(model, count, threads, signer))


class _ProcessPool:
    """The processes; see `scheduler.WorkerPool`."""

    attempts = 2

    def __init__(self, model: str | Path, count: int, threads: int, signer: Signer | None) -> None:
        self._count = count
        self._given = model, threads, signer
        self._workers: dict[Connection, _WorkerProcess] = {}
        self.has_begun = False
        """Whether any of them ever got as far as to color."""

    def start(self) -> "_WorkerProcess":
        worker = _WorkerProcess(self, *self._given)
        self._workers[worker.pipe] = worker
        return worker

    def capacity(self) -> int:
        return self._count

    def wait(self, submitted: Sequence[Any]) -> Sequence[Any]:
        while True:
            heard = wait(submitted)
            if ended := [
                pipe for pipe in submitted if pipe in heard and self._workers[pipe].has_ended_task()
            ]:
                return ended

    def forget(self, worker: "_WorkerProcess") -> None:
        """It was stopped."""
        self._workers.pop(worker.pipe, None)


class _WorkerProcess:
    """A process that colors one photograph at a time, and can be lost with it."""

    def __init__(
        self, pool: _ProcessPool, model: str | Path, threads: int, signer: Signer | None
    ) -> None:
        self._pool = pool
        self.pipe, theirs = _SPAWN.Pipe()
        self._process = _SPAWN.Process(
            target=_work, args=(theirs, model, threads, signer), daemon=True
        )
        try:
            self._process.start()
        except OSError as error:
            raise BatchError(
                f"no process can be started to color in: {error.strerror}; end other programs, or "
                "let fewer work at a time (--jobs)"
            ) from error
        theirs.close()  # so that the pipe ends when the process does
        self._is_ready = False
        self._complaint = ""

    def submit(self, task: Task) -> Connection:
        with suppress(OSError):  # it has died: `result` tells
            self.pipe.send(task)
        return self.pipe

    def has_ended_task(self) -> bool:
        """Whether `result` would not wait; to be asked when something was heard of it."""
        if self._is_ready:
            return True
        try:
            said = self.pipe.recv()
        except (EOFError, OSError):
            return True
        self._is_ready = said == _READY
        self._pool.has_begun |= self._is_ready
        self._complaint = "" if self._is_ready else said
        return not self._is_ready or self.pipe.poll()

    def result(self) -> Outcome | None:
        """What came of it; None if the process died of it. Raises BatchError if it cannot begin."""
        if self._complaint:
            raise BatchError(f"a process to color in cannot begin: {self._complaint}")
        try:
            outcome: Outcome = self.pipe.recv()
        except (EOFError, OSError):
            self._process.join(_DYING)
            if not self._pool.has_begun:
                raise BatchError(self._why_not_begun()) from None
            return None
        return outcome

    def stop(self) -> str:
        """End it at once, with whatever it is doing; tells how a lost one ended."""
        self._process.kill()
        self._process.join()
        self._pool.forget(self)
        self.pipe.close()
        return self._ending()

    def _why_not_begun(self) -> str:
        if self._process.exitcode == 1:  # Python's own, which has said why
            return (
                "a process to color in could not be started in Python; see what it said, and begin "
                "a program of your own with: if __name__ == '__main__'"
            )
        return (
            f"a process to color in ended before it could begin ({self._ending()}); see "
            "whether there is memory for it (fewer --jobs need less)"
        )

    def _ending(self) -> str:
        code = self._process.exitcode
        return f"signal {-code}" if code and code < 0 else f"status {code}"


def _work(pipe: Connection, model: str | Path, threads: int, signer: Signer | None) -> None:
    """Color what comes until nobody sends any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all; one of them decides
    with suppress(EOFError, OSError):
        try:
            pyvips.vips_lib.vips_concurrency_set(threads)
            colorizer = Colorizer(model, threads=threads, signer=signer)
        except Exception as error:  # whatever it is, it is told by whoever started this process
            pipe.send(f"{error}" or type(error).__name__)
            return
        pipe.send(_READY)
        while True:
            pipe.send(run_task(colorizer, pipe.recv()))
