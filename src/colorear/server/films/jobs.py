"""The films that visitors have here: sent, shown, colored, fetched; forgotten when nobody asks.

They are decoded, shown and colored by processes of their own, which start with the first film: one
for what is looked at first, and one that colors film after film. So neither waits for the other,
and no photograph waits for a film. All of it happens on the event loop.
"""

import asyncio
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Literal

from colorear.errors import ColorearError, UsageError, VideoError
from colorear.models.onnx_session import cores
from colorear.server.filenames import named_in_errors
from colorear.server.films.tasks import (
    FilmRequest,
    Payload,
    color_film,
    inspect_film,
    preview_film,
)
from colorear.server.problems import ProblemError, to_problem_error
from colorear.server.uploads import Upload
from colorear.server.worker_pool import ClientLimit, QueueFull, WorkerPool
from colorear.server.workers import Report, Timeout, WorkerProcess, Workers

__all__ = ["FilmGone", "FilmJob", "Films"]

_IDLE = 1800.0  # seconds after which a film that nobody asks about is forgotten
_EACH = 2  # films of one client
_RETRY_AFTER = 60  # seconds

State = Literal["here", "waiting", "coloring", "done", "failed"]


class FilmGone(ColorearError):  # noqa: N818 - said as it is
    """The film is not here any more, or never was."""


@dataclass(eq=False)
class FilmJob:
    """One film, and what became of it."""

    client: str
    path: Path
    name: str
    """As the visitor calls it."""
    kept: ExitStack
    """Closed when it is forgotten: then its folder is gone."""
    id: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    """A secret: whoever knows it may have the film."""
    state: State = "here"
    progress: float = 0.0
    result: Path | None = None
    result_name: str = ""
    about: Payload = field(default_factory=dict)
    """What is told of the colored film."""
    problem: ProblemError | None = None
    clock: asyncio.TimerHandle | None = None
    task: asyncio.Task[None] | None = None


class Films:
    """All films of one server."""

    def __init__(self, pool: WorkerPool, *, idle: float = _IDLE) -> None:
        self._pool, self._settings, self._idle = pool, pool.settings, idle
        self._jobs: dict[str, FilmJob] = {}
        self._workers: Workers | None = None
        self._looking = ThreadPoolExecutor(1, "colorear-films-look")
        self._coloring = ThreadPoolExecutor(1, "colorear-films-color")

    def __len__(self) -> int:
        """How many there are."""
        return len(self._jobs)

    def check_room(self, client: str) -> None:
        """Raise ClientLimit, QueueFull or Stopping if there is none for another film."""
        self._pool.check_taking()
        if sum(job.client == client for job in self._jobs.values()) >= _EACH:
            raise ClientLimit(
                f"{_EACH} of your films are here already; fetch or remove one first", _RETRY_AFTER
            )
        if len(self._jobs) >= self._settings.films:
            raise QueueFull(
                f"{len(self._jobs)} films are here, and no more are taken; try again in "
                f"{_RETRY_AFTER} seconds",
                _RETRY_AFTER,
            )

    async def add(self, client: str, upload: Upload, kept: ExitStack) -> tuple[FilmJob, Payload]:
        """Take in a film whose folder `kept` removes; tells of it. Raises as `inspect_film`."""
        job = FilmJob(client, upload.photograph, upload.name, kept)
        task = partial(inspect_film, job.path, self._settings.film_seconds)
        with named_in_errors(job.path, job.name):
            about = await self._run(self._looking, task, self._settings.seconds)
        self._jobs[job.id] = job
        self.get(job.id)
        return job, about

    def get(self, secret: str) -> FilmJob:
        """The film of that secret, which is kept for a while from now on. Raises FilmGone."""
        job = self._jobs.get(secret)
        if job is None:
            raise FilmGone("this film is not here any more; send it again")
        if job.clock:
            job.clock.cancel()
        loop = asyncio.get_running_loop()
        job.clock = loop.call_later(self._idle, self.remove, secret)
        return job

    def result(self, secret: str) -> tuple[Path, str] | None:
        """The colored film of that secret, and its name; None where there is none."""
        job = self._jobs.get(secret)
        return None if job is None or job.result is None else (job.result, job.result_name)

    async def preview(self, job: FilmJob, request: FilmRequest) -> Payload:
        """A picture of each shot. Raises as `preview_film` does."""
        self._few(request)
        with named_in_errors(job.path, job.name):
            task = partial(preview_film, job.path, request)
            return await self._run(self._looking, task, self._longest)

    def color(self, job: FilmJob, request: FilmRequest) -> None:
        """Begin to color it; what was made of it before is deleted. Raises ProblemError."""
        self._few(request)
        self._pool.check_taking()
        if job.state in ("waiting", "coloring"):
            raise ProblemError("not-finished", "this film is being colored already; wait for it")
        if job.result:
            job.result.unlink(missing_ok=True)
        job.state, job.progress, job.problem, job.result = "waiting", 0.0, None, None
        job.task = asyncio.create_task(self._color(job, request))

    def remove(self, secret: str) -> None:
        """Forget a film, and end its coloring; all its files are deleted."""
        job = self._jobs.pop(secret, None)
        if job is None:
            return
        if job.clock:
            job.clock.cancel()
        job.kept.close()

    async def stop(self) -> None:
        """End everything, and forget all films."""
        if self._workers:
            await asyncio.to_thread(self._workers.close)
        for secret in list(self._jobs):
            self.remove(secret)
        for executor in (self._looking, self._coloring):
            executor.shutdown(wait=False, cancel_futures=True)

    @property
    def _longest(self) -> float:
        return self._settings.film_minutes * 60

    def _few(self, request: FilmRequest) -> None:
        if len(request.hints) > self._settings.hints:
            raise ProblemError(
                "wrong-field",
                f"{len(request.hints)} hints came, but at most {self._settings.hints} are taken; "
                "use fewer",
            )

    async def _color(self, job: FilmJob, request: FilmRequest) -> None:
        target = job.path.with_name(f"colored.{request.kind}")
        name = f"{Path(job.name).stem}-color.{request.kind}"

        def report(progress: float) -> None:  # in another thread
            job.state, job.progress = "coloring", progress

        try:
            task = partial(color_film, job.path, target, request)
            with named_in_errors(target, name), named_in_errors(job.path, job.name):
                job.about = await self._run(self._coloring, task, self._longest, report)
        except Exception as error:  # it is told to whoever asks
            job.problem, job.state = _problem(error), "failed"
            return
        job.result, job.result_name, job.progress, job.state = target, name, 1.0, "done"
        if job.id in self._jobs:
            self.get(job.id)  # it is kept for as long from now on

    async def _run(
        self,
        executor: ThreadPoolExecutor,
        task: Callable[..., Payload],
        seconds: float,
        report: Report | None = None,
    ) -> Payload:
        if self._workers is None:
            self._workers = Workers(2, self._start_worker)
            self._workers.start()
        call = partial(self._workers.run, task, None, seconds, report)
        try:
            answer: Any = await asyncio.get_running_loop().run_in_executor(executor, call)
        except Timeout:
            raise Timeout(
                f"the film took longer than the {seconds / 60:g} minutes that one may take here; "
                "send a shorter part, or color it with the command colorear video"
            ) from None
        except (VideoError, UsageError) as error:
            raise _problem(error) from error
        found: Payload = answer
        return found

    def _start_worker(self) -> WorkerProcess:
        megabytes = self._settings.worker_megabytes
        return WorkerProcess(cores(), 1, megabytes, ("colorear.server.films.tasks",))


def _problem(error: Exception) -> ProblemError:
    """What is told of it: of a film that cannot be had as it is, its own sentence."""
    if isinstance(error, VideoError | UsageError) and not isinstance(error.__cause__, OSError):
        return ProblemError("wrong-field", str(error))
    return to_problem_error(error)
