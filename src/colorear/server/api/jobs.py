"""Photographs that are colored while nobody waits at the line: asked about, fetched, given up."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from logging import getLogger
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from colorear.server.api.tasks import Result
from colorear.server.problems import Problem, ProblemError, problem_document, to_problem_error
from colorear.server.settings import Settings
from colorear.server.worker_pool import ClientLimit, QueueFull, Ticket, WorkerPool

__all__ = ["Job", "JobState", "Jobs"]

_log = getLogger(__name__)

_RETRY_AFTER = 30  # seconds: jobs that are kept go by and by

State = Literal["waiting", "running", "done", "failed"]


class JobState(BaseModel):
    """How far a job is."""

    model_config = ConfigDict(extra="forbid")

    id: str = Field(description="Whoever knows it may fetch the result; it cannot be guessed.")
    state: State
    progress: float = Field(description="How much of it is done.", ge=0, le=1)
    ahead: int = Field(description="How many photographs are begun before this one.", ge=0)
    result: str | None = Field(description="Where to fetch the colored file, when it is there.")
    problem: Problem | None = Field(description="Why it failed, if it did.")
    expires: datetime | None = Field(description="When an ended job is forgotten.")


@dataclass(eq=False)
class Job:
    """One photograph, what became of it, and the folder that holds it meanwhile."""

    client: str
    id: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    ticket: Ticket = field(default_factory=Ticket)
    progress: float = 0.0
    result: Result | None = None
    error: ProblemError | None = None
    expires: datetime | None = None
    kept: ExitStack = field(default_factory=ExitStack)
    """Closed when the job has failed or is forgotten."""
    task: asyncio.Task[None] | None = None


class Jobs:
    """Those that are waiting, running or ended but a short while ago."""

    def __init__(self, settings: Settings, pool: WorkerPool) -> None:
        self._settings, self._pool = settings, pool
        self._jobs: dict[str, Job] = {}

    def __len__(self) -> int:
        """How many there are."""
        return len(self._jobs)

    def check_room(self, client: str) -> None:
        """Raise QueueFull or ClientLimit if there is none for another."""
        theirs = sum(job.client == client for job in self._jobs.values())
        if theirs >= self._settings.client_queue:
            raise ClientLimit(
                f"{theirs} of your jobs are here, and one client may have "
                f"{self._settings.client_queue}; DELETE those whose results you have",
                _RETRY_AFTER,
            )
        if len(self._jobs) >= self._settings.job_places:
            raise QueueFull(
                f"{len(self._jobs)} jobs are here, and no more are kept; try again in "
                f"{_RETRY_AFTER} seconds",
                _RETRY_AFTER,
            )

    def begin(self, job: Job, work: Callable[[], Awaitable[Result]]) -> None:
        """Have it done."""
        self._jobs[job.id] = job
        job.task = asyncio.create_task(self._follow(job, work))

    def get(self, name: str) -> Job:
        """The job of that id. Raises ProblemError."""
        if name not in self._jobs:
            raise ProblemError(
                "not-found",
                "there is no such job (any more); send the photograph again",
            )
        return self._jobs[name]

    def remove(self, name: str) -> None:
        """Give it up, if it is not done, and forget it. Raises ProblemError."""
        job = self.get(name)
        del self._jobs[name]
        if job.task:
            job.task.cancel()
        job.kept.close()

    def state(self, job: Job, result: str) -> JobState:
        """How far it is; `result` is where its file can be fetched."""
        return JobState(
            id=job.id,
            state=_state(job),
            progress=1 if job.expires else job.progress,  # a late worker may still tell of its own
            ahead=self._pool.ahead_of(job.ticket),
            result=result if job.result else None,
            problem=problem_document(job.error) if job.error else None,
            expires=job.expires,
        )

    async def end(self) -> None:
        """Wait until those that run are done; the worker pool must have been stopped."""
        tasks = [job.task for job in self._jobs.values() if job.task]
        await asyncio.gather(*tasks, return_exceptions=True)
        for name in list(self._jobs):
            self.remove(name)

    async def _follow(self, job: Job, work: Callable[[], Awaitable[Result]]) -> None:
        try:
            job.result = await work()
        except Exception as error:
            job.error = to_problem_error(error)
            job.kept.close()  # nobody can fetch what lies there
            if job.error.kind == "server-error":
                _log.exception("a job failed")
        seconds = 60 * self._settings.job_minutes
        job.expires = datetime.now(UTC) + timedelta(seconds=seconds)
        asyncio.get_running_loop().call_later(seconds, self._forget, job)

    def _forget(self, job: Job) -> None:
        if self._jobs.get(job.id) is job:
            self.remove(job.id)


def _state(job: Job) -> State:
    if job.result:
        return "done"
    if job.error:
        return "failed"
    return "running" if job.ticket.begun else "waiting"
