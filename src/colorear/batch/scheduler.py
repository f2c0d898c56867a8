"""Tasks, shared out among workers that may be lost with what they do."""

from collections import deque
from collections.abc import Generator, Iterator, Sequence
from typing import Any, NamedTuple, Protocol

from colorear.batch.discovery import Failed, Skipped
from colorear.batch.task import Completed, Task

__all__ = ["Outcome", "Worker", "WorkerPool", "schedule"]

Outcome = Completed | Skipped | Failed


class Worker(Protocol):
    """Whoever colors one photograph at a time."""

    def submit(self, task: Task) -> object:
        """Have it done; gives what `WorkerPool.wait` waits for."""

    def result(self) -> Outcome | None:
        """What came of it; None if the worker was lost.

        Raises BatchError where no worker can be had, so that the next would fail like this one.
        """

    def stop(self) -> str:
        """Stop at once, whatever it is doing; tells how a lost one ended."""


class WorkerPool(Protocol):
    """Where workers come from."""

    attempts: int
    """How many times a photograph that loses its worker is begun."""

    def start(self) -> Worker:
        """Another worker."""

    def capacity(self) -> int:
        """For how many there is room now."""

    def wait(self, submitted: Sequence[Any]) -> Sequence[Any]:
        """Wait until something of that ended, but not for ever where `capacity` may change."""


def schedule(pool: WorkerPool, tasks: Iterator[Task]) -> Generator[tuple[Task, Outcome]]:
    """Do the tasks, and give the outcomes as they arrive; closed, it ends what is being done.

    A photograph whose worker was lost is begun again, as often as the pool allows. Workers for whom
    there is no task are stopped.
    """
    running = _Running(pool, tasks)
    try:
        while True:
            while len(running.busy) < pool.capacity() and (attempt := running.following()):
                running.begin(pool.start(), attempt)
            if not running.busy:
                return
            for submitted in pool.wait(list(running.busy)):
                if done := running.ended(submitted):
                    yield done
    finally:
        for worker, _ in running.busy.values():
            worker.stop()


class _Attempt(NamedTuple):
    """A task, and how often it was begun."""

    task: Task
    number: int


class _Running:
    """Who does what."""

    def __init__(self, pool: WorkerPool, tasks: Iterator[Task]) -> None:
        self.busy: dict[object, tuple[Worker, _Attempt]] = {}
        self._again: deque[_Attempt] = deque()
        self._pool, self._tasks = pool, tasks

    def following(self) -> _Attempt | None:
        """What is to be begun next."""
        if self._again:
            return self._again.popleft()
        task = next(self._tasks, None)
        return _Attempt(task, 0) if task else None

    def begin(self, worker: Worker, attempt: _Attempt) -> None:
        # a worker that was lost may have made the target, and said so to nobody
        task = attempt.task._replace(again=True) if attempt.number else attempt.task
        self.busy[worker.submit(task)] = worker, attempt._replace(number=attempt.number + 1)

    def ended(self, submitted: object) -> tuple[Task, Outcome] | None:
        """What came of it, unless it is tried again; the worker goes on to the next."""
        worker, attempt = self.busy.pop(submitted)
        try:
            outcome = worker.result()
        except BaseException:
            worker.stop()
            raise
        if outcome is None:
            ending = worker.stop()
            if attempt.number < self._pool.attempts:
                self._again.append(attempt)
                return None
            return attempt.task, _fatal(attempt, ending)
        if following := self.following():
            self.begin(worker, following)
        else:
            worker.stop()
        return attempt.task, outcome


def _fatal(attempt: _Attempt, ending: str) -> Failed:
    source = attempt.task.source
    times = {2: "twice"}.get(attempt.number, f"{attempt.number} times")
    return Failed(
        source,
        f"'{source}' ended the process that colored it ({ending}), {times}; it may need more "
        "memory than there is (fewer --jobs leave more for each), or be made to do harm",
    )
