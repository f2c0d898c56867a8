"""Where the server's photographs are colored: worker threads, shared fairly between clients.

Threads, not processes: ONNX Runtime and libvips let go of Python's lock while they work, and a
network that all of them use is in memory once. Everything but the calls themselves happens on the
event loop, so nothing here needs a lock.
"""

import asyncio
import shutil
import tempfile
import uuid
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, cast
from weakref import finalize

import pyvips

from colorear.batch.processes import cores
from colorear.errors import ColorearError
from colorear.inference.colorizer import Colorizer
from colorear.server.model_cache import ModelCache
from colorear.server.settings import Settings

__all__ = ["ClientLimit", "QueueFull", "Stopping", "Ticket", "Timeout", "WorkerPool"]

T = TypeVar("T")

_GUESS = 2.0  # seconds that a photograph takes, before one was measured
_STOPPING = "the server is being stopped, and takes no photographs; try again later"
_LONGEST_WAIT = 60  # seconds that anybody is told to wait before coming back


class QueueFull(ColorearError):  # noqa: N818 - said as it is
    """The queue is full; `retry_after` seconds are worth waiting before trying again."""

    def __init__(self, text: str, retry_after: int) -> None:
        super().__init__(text)
        self.retry_after = retry_after


class ClientLimit(QueueFull):
    """This client has as many photographs here as one client may have."""


class Stopping(ColorearError):  # noqa: N818 - said as it is
    """The server is being stopped; it finishes what it began."""


class Timeout(ColorearError):  # noqa: N818 - said as it is
    """A photograph took longer than one may."""


@dataclass(eq=False)
class Ticket:
    """How far a piece of work is: given to `run`, it can be looked at meanwhile."""

    begun: bool = False


@dataclass(eq=False)
class _Work:
    client: str
    model: str
    call: Callable[[Colorizer], Any]
    future: asyncio.Future[Any]
    ticket: Ticket
    clock: asyncio.TimerHandle | None = None


class WorkerPool:
    """Workers, the queue before them, the networks they use and a private folder on the disk.

    It belongs to the event loop that first calls `run`. Close it with `stop`.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.folder = Path(tempfile.mkdtemp(prefix="colorear-web-"))  # of mode 0700
        self._removed = finalize(self, shutil.rmtree, self.folder, ignore_errors=True)
        self._threads = max(1, cores() // settings.workers)
        pyvips.vips_lib.vips_concurrency_set(self._threads)
        self._executor = ThreadPoolExecutor(settings.workers, "colorear")
        self._models = ModelCache(settings.networks, self._threads)
        self._waiting: OrderedDict[str, deque[_Work]] = OrderedDict()  # the next client is first
        self._running: set[_Work] = set()
        self._to_remove: set[Path] = set()
        self._pace = _GUESS
        self._stopping = False
        self._idle = asyncio.Event()
        self._idle.set()

    async def run(
        self,
        client: str,
        model: str,
        call: Callable[[Colorizer], T],
        *,
        ticket: Ticket | None = None,
    ) -> T:
        """What `call` gives for the network `model`, on a worker; its errors pass through.

        Clients with waiting work take turns. Cancelled, work that waits is dropped; work that runs
        goes on to its end, and nobody hears of it. Raises QueueFull, ClientLimit, Timeout, Stopping
        and ModelError for a network that is not here.
        """
        self.check_room(client)
        future = asyncio.get_running_loop().create_future()
        work = _Work(client, model, call, future, ticket or Ticket())
        self._waiting.setdefault(client, deque()).append(work)
        self._begin_next()
        try:
            return cast("T", await work.future)
        finally:
            self._forget(work)

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

    @property
    def ready(self) -> bool:
        """Whether it takes work."""
        return not self._stopping

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
        self._executor.shutdown()
        self._removed()

    async def finish(self) -> None:
        """Finish what runs, and tell what waits, and what comes, that it will not be done."""
        self._stopping = True
        for work in [work for works in self._waiting.values() for work in works]:
            if not work.future.done():
                work.future.set_exception(Stopping(_STOPPING))
        self._waiting.clear()
        await self._idle.wait()

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
        work.clock = loop.call_later(self.settings.seconds, self._too_long, work)
        work.ticket.begun = True
        done = loop.run_in_executor(self._executor, self._call, work)
        done.add_done_callback(lambda answer: self._finish(work, answer, loop.time() - began))

    def _call(self, work: _Work) -> Any:
        """On a worker."""
        return work.call(self._models.get(work.model))

    def _finish(self, work: _Work, answer: asyncio.Future[Any], seconds: float) -> None:
        self._running.discard(work)
        self._pace = 0.8 * self._pace + 0.2 * seconds
        error = answer.exception()
        if not work.future.done():
            if error is None:
                work.future.set_result(answer.result())
            else:
                work.future.set_exception(error)
        self._forget(work)
        self._clear()
        if not self._stopping:
            self._begin_next()
        if not self._running:
            self._idle.set()

    def _too_long(self, work: _Work) -> None:
        if not work.future.done():
            work.future.set_exception(
                Timeout(
                    f"the photograph took longer than the {self.settings.seconds:g} seconds that "
                    "one may take here; make it smaller, or color it with the command colorear"
                )
            )

    def _forget(self, work: _Work) -> None:
        """It is over for whoever asked: take it out of the queue and stop its clock."""
        if work.clock:
            work.clock.cancel()
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
