"""Where the server's photographs are colored: a queue that clients share fairly, and processes.

Everything but the tasks themselves happens on the event loop, so nothing here needs a lock.
"""

import asyncio
import shutil
import uuid
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar, cast

from colorear.errors import ColorearError
from colorear.inference.colorizer import Colorizer
from colorear.models.onnx_session import cores
from colorear.server.private_folder import PrivateFolder
from colorear.server.settings import Settings
from colorear.server.workers import Report, Timeout, Worker, WorkerLost, WorkerProcess, Workers

__all__ = ["ClientLimit", "NotReady", "QueueFull", "Stopping", "Ticket", "WorkerPool"]

T = TypeVar("T")

_GUESS = 2.0  # seconds that a photograph takes, before one was measured
_STOPPING = "the server is being stopped, and takes no photographs; try again later"
_LONGEST_WAIT = 60  # seconds that anybody is told to wait before coming back
_INSPECTORS = 2
_TASKS = ("colorear.server.api.tasks", "colorear.server.ui.tasks")  # what the processes import


class QueueFull(ColorearError):  # noqa: N818 - said as it is
    """The queue is full; `retry_after` seconds are worth waiting before trying again."""

    def __init__(self, text: str, retry_after: int) -> None:
        super().__init__(text)
        self.retry_after = retry_after


class ClientLimit(QueueFull):
    """This client has as many photographs here as one client may have."""


class Stopping(ColorearError):  # noqa: N818 - said as it is
    """The server is being stopped; it finishes what it began."""


class NotReady(ColorearError):  # noqa: N818 - said as it is
    """No process is there that could color: they start, or are lost again and again."""


@dataclass(eq=False)
class Ticket:
    """How far a piece of work is: given to `run`, it can be looked at meanwhile."""

    begun: bool = False


@dataclass(eq=False)
class _Work:
    client: str
    model: str
    task: Callable[..., Any]
    report: Report | None
    future: asyncio.Future[Any]
    ticket: Ticket


class WorkerPool:
    """The processes, the queue before them, and a private folder on the disk.

    It belongs to the event loop that first calls `run`. Close it with `stop`.

    Parameters
    ----------
    settings
        How many processes there are, what each may take, how many photographs may wait.
    start_worker
        Starts one of the processes.
    """

    def __init__(
        self, settings: Settings, *, start_worker: Callable[[], Worker] | None = None
    ) -> None:
        self.settings = settings
        self._private = PrivateFolder()
        self.folder = self._private.path
        common = (
            max(1, cores() // settings.workers),
            settings.networks,
            settings.worker_megabytes,
            _TASKS,
        )
        color = start_worker or partial(WorkerProcess, *common, settings.model)
        inspect = start_worker or partial(WorkerProcess, *common)
        inspectors = min(_INSPECTORS, settings.workers)
        self._workers = Workers(settings.workers, color)
        self._inspectors = Workers(inspectors, inspect)  # so that headers need not wait for colors
        self._executor = ThreadPoolExecutor(settings.workers, "colorear")
        self._inspecting = ThreadPoolExecutor(inspectors, "colorear-inspect")
        self._has_started = False
        self._waiting: OrderedDict[str, deque[_Work]] = OrderedDict()  # the next client is first
        self._running: set[_Work] = set()
        self._to_remove: set[Path] = set()
        self._pace = _GUESS
        self._stopping = False
        self._idle = asyncio.Event()
        self._idle.set()

    def start(self) -> None:
        """Start the processes in the background; the first task does, too."""
        if not self._has_started:
            self._has_started = True
            self._workers.start()
            self._inspectors.start()

    async def run(
        self,
        client: str,
        model: str,
        task: Callable[[Colorizer], T],
        *,
        ticket: Ticket | None = None,
        report: Report | None = None,
    ) -> T:
        """Do a task in one of the processes, as soon as it is this client's turn.

        Clients with waiting work take turns. Cancelled, work that waits is dropped; work that runs
        goes on to its end, and nobody hears of it.

        Parameters
        ----------
        client
            Whose turn it takes.
        model
            The network's name.
        task
            A function that can be pickled; see `Workers.run`. Its errors pass through.
        ticket
            Tells meanwhile whether it has begun, and how many come first.
        report
            Hears how much is done, in another thread. The task takes one as `report=` then.

        Raises
        ------
        QueueFull, ClientLimit, Stopping
            Where the task is not taken.
        Timeout, OutOfMemory, WorkerLost
            Where it is not done.
        ModelError
            For a network that is not here.
        """
        self.start()
        self.check_room(client)
        future = asyncio.get_running_loop().create_future()
        work = _Work(client, model, task, report, future, ticket or Ticket())
        self._waiting.setdefault(client, deque()).append(work)
        self._begin_next()
        try:
            return cast("T", await work.future)
        finally:
            self._forget(work)

    async def inspect(self, task: Callable[[], T]) -> T:
        """Read the header of a file, which nobody need wait for long. Raises as `run` does."""
        self.start()
        self.check_taking()
        seconds = self.settings.header_seconds
        call = partial(self._inspectors.run, task, None, seconds)
        try:
            done = await asyncio.get_running_loop().run_in_executor(self._inspecting, call)
        except Timeout:
            raise Timeout(
                f"the header of the photograph took longer than the {seconds:g} seconds that one "
                "may take; save it anew in another program"
            ) from None
        return cast("T", done)

    def check_room(self, client: str) -> None:
        """Raise QueueFull, ClientLimit or Stopping if `run` would."""
        self.check_taking()
        theirs = len(self._waiting.get(client, ()))
        theirs += sum(work.client == client for work in self._running)
        waiting, settings = self.waiting, self.settings
        retry_after = self._retry_after(waiting)
        if theirs >= settings.client_queue:
            raise ClientLimit(
                f"{theirs} of your photographs are waiting or being colored, and one client may "
                f"have {settings.client_queue}; wait for some of them",
                retry_after,
            )
        if waiting >= settings.queue:
            raise QueueFull(
                f"{waiting} photographs are waiting, and there is room for {settings.queue}; "
                f"try again in {retry_after} seconds",
                retry_after,
            )

    def check_taking(self) -> None:
        """Raise Stopping if it takes no more."""
        if self._stopping:
            raise Stopping(_STOPPING)

    def check_ready(self) -> None:
        """Raise Stopping if it takes no more, and NotReady if nothing could be colored now."""
        self.check_taking()
        if not self.ready:
            raise NotReady("no process is there yet that could color; try again in a while")

    @property
    def ready(self) -> bool:
        """Whether it takes work, and has processes that could do it."""
        return not self._stopping and self._workers.is_ready and self._inspectors.is_ready

    @property
    def waiting(self) -> int:
        """How many photographs wait."""
        return sum(map(len, self._waiting.values()))

    @property
    def running(self) -> int:
        """How many photographs workers are busy with, even if nobody waits for them any more."""
        return len(self._running)

    def ahead_of(self, ticket: Ticket) -> int:
        """How many photographs will be begun before this one, if no other clients come."""
        for client, works in self._waiting.items():
            for turn, work in enumerate(works):
                if work.ticket is ticket:
                    return self._ahead(client, turn)
        return 0

    @contextmanager
    def workspace(self) -> Iterator[Path]:
        """A new private folder, removed afterwards with all that is in it."""
        folder = self.folder / uuid.uuid4().hex
        folder.mkdir(mode=0o700)
        try:
            yield folder
        finally:
            self._to_remove.add(folder)
            self._clear()

    async def stop(self) -> None:
        """Finish, and remove the folder: nobody must need what lies in it any more."""
        await self.finish()
        await asyncio.to_thread(self.close)

    async def finish(self) -> None:
        """Finish what runs, for a while, and tell what waits, and what comes, that it is not done.

        What is not done after `settings.stop_seconds` is ended, and told so, too.
        """
        self._stopping = True
        for work in [work for works in self._waiting.values() for work in works]:
            if not work.future.done():
                work.future.set_exception(Stopping(_STOPPING))
        self._waiting.clear()
        try:
            async with asyncio.timeout(self.settings.stop_seconds):
                await self._idle.wait()
        except TimeoutError:
            self.kill()
            await self._idle.wait()

    def kill(self) -> None:
        """End the processes at once, with what they do; from any thread, or a signal's handler."""
        self._stopping = True
        self._workers.kill()
        self._inspectors.kill()

    def close(self) -> None:
        """End the processes and their threads, and remove the folder."""
        self.kill()
        for workers in (self._workers, self._inspectors):
            workers.close()
        self._executor.shutdown()
        self._inspecting.shutdown()
        self._private.remove()

    def _ahead(self, client: str, turn: int) -> int:
        ahead, first = turn, True
        for other, works in self._waiting.items():
            if other == client:
                first = False
            else:
                ahead += min(len(works), turn + first)
        return ahead

    def _retry_after(self, waiting: int) -> int:
        """Seconds until some of what waits now is done."""
        seconds = self._pace * (1 + waiting / self.settings.workers) / 2
        return max(1, min(_LONGEST_WAIT, round(seconds)))

    def _begin_next(self) -> None:
        while self._waiting and len(self._running) < self.settings.workers:
            client, works = self._waiting.popitem(last=False)
            work = works.popleft()
            if works:
                self._waiting[client] = works  # behind the other clients
            self._begin(work)

    def _begin(self, work: _Work) -> None:
        loop = asyncio.get_running_loop()
        self._running.add(work)
        self._idle.clear()
        began = loop.time()
        work.ticket.begun = True
        call = partial(self._workers.run, work.task, work.model, self.settings.seconds, work.report)
        done = loop.run_in_executor(self._executor, call)
        done.add_done_callback(lambda answer: self._finish(work, answer, loop.time() - began))

    def _finish(self, work: _Work, answer: asyncio.Future[Any], seconds: float) -> None:
        self._running.discard(work)
        self._pace = 0.8 * self._pace + 0.2 * seconds
        error = answer.exception()
        if not work.future.done():
            if error is None:
                work.future.set_result(answer.result())
            else:
                work.future.set_exception(self._told(error))
        self._forget(work)
        self._clear()
        if not self._stopping:
            self._begin_next()
        if not self._running:
            self._idle.set()

    def _told(self, error: BaseException) -> BaseException:
        """The error as whoever asked for the task may hear it."""
        if self._stopping and isinstance(error, WorkerLost):
            return Stopping(_STOPPING)
        if isinstance(error, Timeout):
            return Timeout(
                f"the photograph took longer than the {self.settings.seconds:g} seconds that one "
                "may take here; make it smaller, or color it with the command colorear"
            )
        return error

    def _forget(self, work: _Work) -> None:
        """Take it out of the queue: it is over for whoever asked."""
        works = self._waiting.get(work.client)
        if works and work in works:
            works.remove(work)
            if not works:
                del self._waiting[work.client]

    def _clear(self) -> None:
        """Remove the folders of those who are gone.

        A worker that nobody waits for may still be writing into one: it is tried again later.
        """
        for folder in self._to_remove:
            shutil.rmtree(folder, ignore_errors=True)
        if all(not work.future.done() for work in self._running):
            self._to_remove.clear()
