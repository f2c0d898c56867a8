"""Processes that color photographs: each does one thing at a time, and can be ended with it.

A photograph may be made to take for ever, to need more memory than there is, or to break a decoder.
None of that reaches the server: the process is ended, and another takes its place.
"""

import importlib
import multiprocessing
import queue
import signal
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from logging import getLogger
from multiprocessing.connection import Connection
from typing import Any, Protocol

import pyvips

from colorear.errors import ColorearError, ModelError
from colorear.server.memory import keep_memory_together, limit_memory
from colorear.server.model_cache import ModelCache

__all__ = ["OutOfMemory", "Report", "Timeout", "Worker", "WorkerLost", "WorkerProcess", "Workers"]

Report = Callable[[float], None]
"""Is called with how much is done, from 0 to 1."""

_SPAWN = multiprocessing.get_context("spawn")  # a fork would copy libvips without its threads
_START_SECONDS = 120.0  # a busy machine may take long to import what is needed
_RETRY_SECONDS = 1.0
_log = getLogger(__name__)


class Timeout(ColorearError):  # noqa: N818 - said as it is
    """A task took longer than one may."""


class OutOfMemory(ColorearError):  # noqa: N818 - said as it is
    """A task needed more memory than one may."""


class WorkerLost(ColorearError):  # noqa: N818 - said as it is
    """The process ended while it had a task, or before it could take one."""

    has_begun = False
    """Whether it had begun with the task, so that it may have ended of it."""


class Worker(Protocol):
    """Does one task at a time. `kill` may be called from any thread, the rest from one."""

    @property
    def is_alive(self) -> bool:
        """Whether it can take a task."""

    def wait_until_ready(self) -> None:
        """Wait until it can take a task. Raises WorkerLost."""

    def run(
        self, task: Callable[..., Any], model: str | None, seconds: float, report: Report | None
    ) -> Any:
        """Do a task; see `Workers.run`."""

    def kill(self) -> None:
        """End it at once, with what it does."""


class WorkerProcess:
    """A process with networks of its own.

    Parameters
    ----------
    threads
        Processor cores that a network and libvips use.
    networks
        How many networks it keeps in memory.
    megabytes
        The most memory that it may have for its data, in millions of bytes.
    modules
        Where its tasks are: they are imported before it is ready, not in the time of a task.
    model
        The name of a network that is loaded before it is ready, if it can be.
    """

    def __init__(
        self,
        threads: int,
        networks: int,
        megabytes: float,
        modules: Sequence[str] = (),
        model: str | None = None,
    ) -> None:
        self._pipe, theirs = _SPAWN.Pipe()
        arguments = theirs, threads, networks, megabytes, modules, model
        self._process = _SPAWN.Process(target=_work, args=arguments, daemon=True)
        self._process.start()
        theirs.close()  # so that the pipe ends when the process does
        self._megabytes = megabytes
        self._is_killed = False

    @property
    def is_alive(self) -> bool:
        """Whether it can take a task."""
        return not self._is_killed and self._process.is_alive()

    def wait_until_ready(self) -> None:
        """Wait until it can take a task. Raises WorkerLost."""
        self._receive(time.monotonic() + _START_SECONDS)

    def run(
        self, task: Callable[..., Any], model: str | None, seconds: float, report: Report | None
    ) -> Any:
        """Do a task; see `Workers.run`. After Timeout, OutOfMemory and WorkerLost it is dead."""
        deadline = time.monotonic() + seconds
        has_begun = False
        try:
            self._send((task, model, report is not None))
            has_begun = bool(self._receive(deadline))
            return self._result(deadline, report)
        except WorkerLost as error:
            error.has_begun = has_begun
            raise

    def _result(self, deadline: float, report: Report | None) -> Any:
        while True:
            kind, content = self._receive(deadline)
            if kind == "progress" and report:
                report(content)
            elif kind == "result":
                return content
            elif kind == "error":
                error, cause = content
                raise error from cause
            elif kind == "memory":
                self.kill()
                raise OutOfMemory(
                    f"the photograph needs more than the {self._megabytes:g} MB of memory that one "
                    "may take here; make it smaller, or color it with the command colorear"
                )

    def kill(self) -> None:
        """End it at once, with what it does."""
        self._is_killed = True  # it takes a moment to die
        self._process.kill()

    def _send(self, message: tuple[Any, ...]) -> None:
        try:
            self._pipe.send(message)
        except OSError:
            self._lost()

    def _receive(self, deadline: float) -> tuple[str, Any]:
        try:
            if self._pipe.poll(max(0, deadline - time.monotonic())):
                message: tuple[str, Any] = self._pipe.recv()
                return message
        except (EOFError, OSError):
            self._lost()
        self.kill()
        self._process.join()
        raise Timeout("the process did not answer in time")

    def _lost(self) -> None:
        self.kill()
        self._process.join()
        code = self._process.exitcode or 0
        how = f"signal {-code}" if code < 0 else f"status {code}"
        raise WorkerLost(
            f"the process that colored the photograph ended ({how}); try another photograph, and "
            "tell whoever runs the server"
        ) from None


class Workers:
    """Some workers, each of which is replaced when it is lost; safe to use from many threads.

    Parameters
    ----------
    count
        How many there are, once `start` has started them.
    start_worker
        Starts one.
    """

    def __init__(self, count: int, start_worker: Callable[[], Worker]) -> None:
        self._count, self._start_worker = count, start_worker
        self._starters = ThreadPoolExecutor(count, "colorear-start")
        self._lock = threading.Lock()
        self._all: set[Worker] = set()
        self._ready: set[Worker] = set()
        self._free: queue.SimpleQueue[Worker] = queue.SimpleQueue()
        self._ended = threading.Event()

    @property
    def is_ready(self) -> bool:
        """Whether there is one that can take a task, now or when it has done what it does."""
        with self._lock:
            return not self._ended.is_set() and any(worker.is_alive for worker in self._ready)

    def start(self) -> None:
        """Start them in the background."""
        for _ in range(self._count):
            self._starters.submit(self._add)

    def run(
        self,
        task: Callable[..., Any],
        model: str | None,
        seconds: float,
        report: Report | None = None,
    ) -> Any:
        """Do a task on the next worker that is free, and wait for it.

        Parameters
        ----------
        task
            A function of a module, or a partial of one, that can be pickled, as its result. It is
            called with the colorizer of the network, if one is named, and with `report=`, if one is
            given; what it raises is raised here.
        model
            The network's name.
        seconds
            How long it may take.

        Raises
        ------
        Timeout
            Where it took longer. Its worker is ended.
        OutOfMemory
            Where it needed more memory than a worker may have.
        WorkerLost
            Where its worker died, or none can be had.
        """
        while True:
            worker = self._take(seconds)
            try:
                return worker.run(task, model, seconds, report)
            except WorkerLost as error:
                if error.has_begun or self._ended.is_set():
                    raise  # else it had died before, which had not shown yet: another does it
            finally:
                if worker.is_alive:
                    self._free.put(worker)
                else:
                    self._replace(worker)

    def kill(self) -> None:
        """End all of them, with what they do; none is started any more."""
        self._ended.set()
        with self._lock:
            for worker in self._all:
                worker.kill()

    def close(self) -> None:
        """End all of them, and the threads that start them."""
        self.kill()
        self._starters.shutdown()

    def _take(self, seconds: float) -> Worker:
        deadline = time.monotonic() + seconds + _START_SECONDS
        while not self._ended.is_set():
            try:
                worker = self._free.get(timeout=_RETRY_SECONDS)
            except queue.Empty:
                if time.monotonic() > deadline:
                    break
                continue
            if worker.is_alive:
                return worker
            self._replace(worker)
        raise WorkerLost("there is no process that could color the photograph; try again later")

    def _replace(self, lost: Worker) -> None:
        with self._lock:
            self._all.discard(lost)
            self._ready.discard(lost)
            if not self._ended.is_set():
                self._starters.submit(self._add)

    def _add(self) -> None:
        """Start one, however often it takes."""
        while not self._ended.is_set():
            worker = None
            try:
                worker = self._start_worker()
                with self._lock:
                    self._all.add(worker)
                if self._ended.is_set():  # `kill` may have missed it
                    worker.kill()
                worker.wait_until_ready()
            except Exception as error:  # whatever it is, the next may be started
                if worker:
                    with self._lock:
                        self._all.discard(worker)
                if not self._ended.is_set():
                    _log.error("a worker cannot start: %s", str(error) or type(error).__name__)
                    self._ended.wait(_RETRY_SECONDS)
                continue
            with self._lock:
                self._ready.add(worker)
            self._free.put(worker)
            return


def _work(
    pipe: Connection,
    threads: int,
    networks: int,
    megabytes: float,
    modules: Sequence[str],
    model: str | None,
) -> None:
    """Do what comes until nobody sends any more."""
    for number in (signal.SIGINT, signal.SIGTERM):  # a terminal, or an init, sends them to all
        signal.signal(number, signal.SIG_IGN)
    limit_memory(megabytes)
    keep_memory_together()
    pyvips.vips_lib.vips_concurrency_set(threads)
    models = ModelCache(networks, threads)
    for module in modules:
        importlib.import_module(module)
    if model:
        with suppress(ModelError):  # whoever asks for it is told
            models.get(model)
    with suppress(EOFError, OSError):
        pipe.send(("ready", None))
        while True:
            task, name, reports = pipe.recv()
            pipe.send(("begun", None))
            pipe.send(_answer(pipe, task, name, models, reports=reports))


def _answer(
    pipe: Connection,
    task: Callable[..., Any],
    model: str | None,
    models: ModelCache,
    *,
    reports: bool,
) -> tuple[str, Any]:
    """What is sent about a task in the end."""

    def report(progress: float) -> None:
        pipe.send(("progress", progress))

    keywords = {"report": report} if reports else {}
    try:
        return "result", task(*([models.get(model)] if model else []), **keywords)
    except MemoryError:
        return "memory", None
    except ColorearError as error:
        cause = error.__cause__ if isinstance(error.__cause__, OSError) else None
        return "error", (error, cause)
    except Exception as error:  # it may be one that cannot be sent
        told = RuntimeError(f"{type(error).__name__}: {error}")
        told.add_note("".join(traceback.format_exception(error)))
        return "error", (told, None)
