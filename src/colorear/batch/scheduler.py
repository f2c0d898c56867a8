"""Work, shared out among workers that may be lost with what they do."""

from collections import deque
from collections.abc import Generator, Iterator, Sequence
from typing import Any, NamedTuple, Protocol

from colorear.batch.discovery import Failed
from colorear.batch.runner import Made, Work

__all__ = ["Crew", "Worker", "shared_out"]


class Worker(Protocol):
    """Whoever colours one photograph at a time."""

    def begin(self, work: Work) -> object:
        """Have it done; gives what `Crew.ready` waits for."""

    def answer(self) -> Made | Failed | None:
        """What came of it; None if the worker was lost."""

    def end(self) -> str:
        """Stop at once, whatever it is doing; tells how a lost one ended."""


class Crew(Protocol):
    """Where workers come from, and how many times a photograph that loses its worker is begun."""

    tries: int

    def hire(self) -> Worker:
        """Another one."""

    def places(self) -> int:
        """For how many there is room now."""

    def ready(self, begun: Sequence[Any]) -> Sequence[Any]:
        """Wait until something of that ended, but not for ever where `places` may change."""


def shared_out(crew: Crew, works: Iterator[Work]) -> Generator[tuple[Work, Made | Failed]]:
    """Do the work, and give the answers as they arrive; closed, it ends what is being done.

    A photograph whose worker was lost is begun again, as often as the crew allows. Workers for whom
    there is no work are let go.
    """
    shift = _Shift(crew, works)
    try:
        while True:
            while len(shift.busy) < crew.places() and (task := shift.following()):
                shift.begin(crew.hire(), task)
            if not shift.busy:
                return
            for begun in crew.ready(list(shift.busy)):
                if done := shift.ended(begun):
                    yield done
    finally:
        for worker, _ in shift.busy.values():
            worker.end()


class _Task(NamedTuple):
    """A piece of work, and how often it was begun."""

    work: Work
    tries: int


class _Shift:
    """Who does what."""

    def __init__(self, crew: Crew, works: Iterator[Work]) -> None:
        self.busy: dict[object, tuple[Worker, _Task]] = {}
        self._again: deque[_Task] = deque()
        self._crew, self._works = crew, works

    def following(self) -> _Task | None:
        """What is to be begun next."""
        if self._again:
            return self._again.popleft()
        work = next(self._works, None)
        return _Task(work, 0) if work else None

    def begin(self, worker: Worker, task: _Task) -> None:
        # a target that is there after the first try was made by the worker that was lost
        work = task.work._replace(overwrite=True) if task.tries else task.work
        self.busy[worker.begin(work)] = worker, task._replace(tries=task.tries + 1)

    def ended(self, begun: object) -> tuple[Work, Made | Failed] | None:
        """What came of it, unless it is tried again; the worker goes on to the next."""
        worker, task = self.busy.pop(begun)
        answer = worker.answer()
        if answer is None:
            how = worker.end()
            if task.tries < self._crew.tries:
                self._again.append(task)
                return None
            return task.work, _fatal(task, how)
        if following := self.following():
            self.begin(worker, following)
        else:
            worker.end()
        return task.work, answer


def _fatal(task: _Task, how: str) -> Failed:
    source = task.work.source
    times = {2: "twice"}.get(task.tries, f"{task.tries} times")
    return Failed(
        source,
        f"'{source}' ended the process that coloured it ({how}), {times}; it may need more "
        "memory than there is (fewer --jobs leave more for each), or be made to do harm",
    )
