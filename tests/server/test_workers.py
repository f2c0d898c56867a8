"""Processes that are ended with what they do. What they do here must be functions of a module."""

import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from multiprocessing import Pipe
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from colorear.errors import ColorearError, ModelError, PhotographError
from colorear.server import workers as module
from colorear.server.model_cache import NoSuchNetworkError
from colorear.server.problems import ProblemError
from colorear.server.workers import OutOfMemory, Timeout, WorkerLost, WorkerProcess, Workers

GENEROUS = 120.0  # seconds


@pytest.fixture(scope="module")
def workers():
    """Two processes, of at most 1000 MB each."""
    workers = Workers(2, partial(WorkerProcess, 1, 1, 1000))
    workers.start()
    yield workers
    workers.close()


def name_and_process(colorizer) -> tuple[str, int]:
    return colorizer.network.card.name, os.getpid()


def process() -> int:
    return os.getpid()


def in_steps(*, report) -> str:
    report(0.5)
    report(1.0)
    return "done"


def loop_for_ever() -> None:
    while True:
        pass


def take_memory() -> int:
    return np.ones(2_000_000_000, np.uint8).size


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def fail(error: Exception) -> None:
    raise error


def fail_of_the_disk() -> None:
    raise PhotographError("'a.jpg' cannot be read") from OSError("Input/output error")


def fail_oddly() -> None:
    class Unsendable(Exception):  # noqa: N818
        pass

    raise Unsendable("/secret")


def sleep_and_write(path: Path) -> None:
    path.write_text("begun")
    time.sleep(GENEROUS)


def test_a_task_is_done_in_another_process_with_the_network_that_is_named(workers):
    name, number = workers.run(name_and_process, "acuarela", GENEROUS)
    assert name == "acuarela"
    assert number != os.getpid()
    heard = []
    assert workers.run(in_steps, None, GENEROUS, heard.append) == "done"
    assert heard == [0.5, 1.0]


def test_what_takes_too_long_is_ended_and_others_are_done(workers):
    before = {workers.run(process, None, GENEROUS) for _ in range(4)}
    with ThreadPoolExecutor(2) as executor:
        stuck = [executor.submit(workers.run, loop_for_ever, None, 0.2) for _ in range(2)]
        for one in stuck:
            with pytest.raises(Timeout):
                one.result(GENEROUS)
    after = workers.run(process, None, GENEROUS)
    assert after not in before
    for number in before:
        with pytest.raises(ProcessLookupError):
            os.kill(number, 0)


def test_what_takes_too_much_memory_is_told_and_others_are_done(workers):
    with pytest.raises(OutOfMemory, match=r"more than the 1000 MB .*; make it smaller"):
        workers.run(take_memory, None, GENEROUS)
    assert workers.run(process, None, GENEROUS)


def test_a_worker_that_dies_is_told_and_replaced(workers):
    for _ in range(3):
        with pytest.raises(WorkerLost, match=r"ended \(signal 9\)"):
            workers.run(die, None, GENEROUS)
    assert workers.run(process, None, GENEROUS)
    assert workers.is_ready


def test_a_worker_that_died_while_it_had_nothing_to_do_is_replaced(workers):
    lost = workers.run(process, None, GENEROUS)
    os.kill(lost, signal.SIGKILL)
    numbers = {workers.run(process, None, GENEROUS) for _ in range(4)}
    assert lost not in numbers


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ProblemError("too-many-pixels", "make it smaller", {"A": "b"}), ProblemError),
        (NoSuchNetworkError("there is none"), NoSuchNetworkError),
        (ColorearError("no"), ColorearError),
    ],
)
def test_what_a_task_raises_is_raised_here(workers, error, expected):
    with pytest.raises(expected) as told:
        workers.run(partial(fail, error), None, GENEROUS)
    assert str(told.value) == str(error)
    assert vars(told.value) == vars(error)


def test_whose_fault_it_is_comes_along(workers):
    with pytest.raises(PhotographError) as told:
        workers.run(fail_of_the_disk, None, GENEROUS)
    assert isinstance(told.value.__cause__, OSError)
    with pytest.raises(RuntimeError, match="Unsendable: /secret") as told:
        workers.run(fail_oddly, None, GENEROUS)
    assert "in fail_oddly" in told.value.__notes__[0]


def test_closed_it_ends_what_runs(tmp_path):
    workers = Workers(1, partial(WorkerProcess, 1, 1, 1000))
    assert not workers.is_ready
    workers.start()
    with ThreadPoolExecutor(1) as executor:
        task = partial(sleep_and_write, tmp_path / "begun")
        runs = executor.submit(workers.run, task, None, GENEROUS)
        while not (tmp_path / "begun").exists():
            time.sleep(0.01)
        workers.close()
        with pytest.raises(WorkerLost):
            runs.result(GENEROUS)
    assert not workers.is_ready
    with pytest.raises(WorkerLost):
        workers.run(process, None, GENEROUS)


def test_one_that_cannot_start_is_tried_again(caplog):
    tries = []

    def start():
        tries.append(threading.current_thread())
        if len(tries) < 2:
            raise OSError("Resource temporarily unavailable")
        return WorkerProcess(1, 1, 1000)

    workers = Workers(1, start)
    workers.start()
    assert workers.run(process, None, GENEROUS)
    assert "a worker cannot start: Resource temporarily unavailable" in caplog.text
    workers.close()


class Fake:
    """A worker of this process, that does what it is told to."""

    def __init__(self, *, is_ready: bool = True) -> None:
        self.is_alive, self.killed = is_ready, 0
        self._is_ready = is_ready

    def wait_until_ready(self) -> None:
        if not self._is_ready:
            raise WorkerLost("it ended")

    def run(self, task, model, seconds, report):
        try:
            return task(self, model, seconds, report)
        except (Timeout, OutOfMemory, WorkerLost):
            self.is_alive = False
            raise

    def kill(self) -> None:
        self.killed += 1
        self.is_alive = False


@contextmanager
def fakes(monkeypatch, *made, count=1, starts=True):
    """Workers that are these, and then others, with a list of all that were started."""
    monkeypatch.setattr(module, "_RETRY_SECONDS", 0.01)
    started, ready = [], iter(made)

    def start():
        fake = next(ready, None) or Fake()
        if isinstance(fake, Exception):
            raise fake
        started.append(fake)
        return fake

    workers = Workers(count, start)
    if starts:
        workers.start()
    try:
        yield workers, started
    finally:
        workers.close()
        assert not any(thread.is_alive() for thread in workers._starters._threads)


def until(is_so) -> None:
    end = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.001)


def lost(*, has_begun: bool):
    def task(*_):
        error = WorkerLost("it ended")
        error.has_begun = has_begun
        raise error

    return task


def test_a_task_gets_what_it_was_given(monkeypatch):
    with fakes(monkeypatch) as (workers, started):
        assert workers.run(lambda *given: given, "able", 7.0, print) == (
            started[0],
            "able",
            7.0,
            print,
        )
        assert len(started) == 1


def test_each_of_them_does_one_thing_at_a_time(monkeypatch):
    with fakes(monkeypatch, count=3) as (workers, started), ThreadPoolExecutor(6) as executor:
        both, busy, seen = threading.Barrier(3), set(), []

        def task(worker, *_):
            assert worker not in busy
            busy.add(worker)
            both.wait(20)
            seen.append(len(busy))
            both.wait(20)
            busy.discard(worker)

        for each in [executor.submit(workers.run, task, None, 60) for _ in range(6)]:
            each.result(60)
        assert seen == [3] * 6
        assert len(started) == 3


def test_they_are_ready_when_one_of_them_is(monkeypatch):
    with fakes(monkeypatch, starts=False) as (workers, _):
        assert not workers.is_ready
        workers.start()
        until(lambda: workers.is_ready)
        workers.kill()
        assert not workers.is_ready


@pytest.mark.parametrize("error", [Timeout(), OutOfMemory(), lost(has_begun=True)])
def test_a_task_that_costs_its_worker_is_told_and_another_takes_its_place(monkeypatch, error):
    def task(*given):
        if isinstance(error, Exception):
            raise error
        error(*given)

    with fakes(monkeypatch) as (workers, started):
        until(lambda: workers.is_ready)
        with pytest.raises((Timeout, OutOfMemory, WorkerLost)):
            workers.run(task, None, 60)
        until(lambda: workers.is_ready)  # whether anybody asks for it or not
        assert workers._all == workers._ready == {started[1]}  # the lost one is forgotten
        assert workers.run(lambda worker, *_: worker, None, 60) is started[1]
        assert len(started) == 2


def test_a_worker_that_was_dead_before_it_began_costs_nothing(monkeypatch):
    tasks = iter([lost(has_begun=False), lost(has_begun=False), lambda *_: "done"])
    with fakes(monkeypatch) as (workers, started):
        assert workers.run(lambda *given: next(tasks)(*given), None, 60) == "done"
        assert len(started) == 3


def test_one_that_dies_while_it_waits_is_replaced(monkeypatch):
    with fakes(monkeypatch) as (workers, started):
        until(lambda: workers.is_ready)
        started[0].is_alive = False
        assert not workers.is_ready
        assert workers.run(lambda worker, *_: worker, None, 60) is started[1]


def test_an_error_of_the_task_costs_no_worker(monkeypatch):
    def fails(*_):
        raise PhotographError("no")

    with fakes(monkeypatch) as (workers, started):
        for _ in range(3):
            with pytest.raises(PhotographError):
                workers.run(fails, None, 60)
        assert len(started) == 1


@pytest.mark.parametrize(
    ("what", "said"),
    [
        (Fake(is_ready=False), "it ended"),
        (OSError("no more processes"), "no more processes"),
        (OSError(), "OSError"),
    ],
)
def test_what_cannot_start_is_started_again_and_told(monkeypatch, caplog, what, said):
    with fakes(monkeypatch, what, what) as (workers, started):
        assert workers.run(lambda *_: "done", None, 60) == "done"
        assert len(started) == (3 if isinstance(what, Fake) else 1)
        workers.kill()
        assert [worker.killed for worker in started[:-1]] == [0] * (len(started) - 1)
    assert [record.getMessage() for record in caplog.records] == [
        f"a worker cannot start: {said}"
    ] * 2


def test_where_none_can_be_had_that_is_told_in_the_end(monkeypatch):
    monkeypatch.setattr(module, "_START_SECONDS", 0.02)
    with fakes(monkeypatch, starts=False) as (workers, _):
        began = time.monotonic()
        with pytest.raises(WorkerLost, match="there is no process that could color") as told:
            workers.run(process, None, 0.05)
        assert 0.07 <= time.monotonic() - began < 10
        assert not told.value.has_begun


@pytest.mark.parametrize("ends", ["kill", "close"])
def test_ended_none_is_started_and_none_works_any_more(monkeypatch, caplog, ends):
    with fakes(monkeypatch, count=2) as (workers, started), ThreadPoolExecutor(1) as executor:
        begun, ended = threading.Event(), threading.Event()

        def task(worker, *_):
            begun.set()
            assert ended.wait(20)
            lost(has_begun=False)(worker)

        runs = executor.submit(workers.run, task, None, 60)
        assert begun.wait(20)
        until(lambda: len(started) == 2)
        getattr(workers, ends)()
        ended.set()
        with pytest.raises(WorkerLost):
            runs.result(20)
        with pytest.raises(WorkerLost):
            workers.run(lambda *_: "done", None, 60)
        assert [worker.killed > 0 for worker in started] == [True, True]
        assert len(started) == 2
    assert caplog.records == []


def test_one_that_is_started_while_they_are_ended_is_ended_too(monkeypatch, caplog):
    starts, goes_on = threading.Event(), threading.Event()
    late = Fake(is_ready=False)

    def start():
        starts.set()
        assert goes_on.wait(20)
        return late

    monkeypatch.setattr(module, "_RETRY_SECONDS", 0.01)
    workers = Workers(1, start)
    workers.start()
    assert starts.wait(20)
    workers.kill()
    goes_on.set()
    workers.close()
    assert late.killed
    assert caplog.records == []


def test_a_process_that_cannot_start_in_time_is_lost(monkeypatch):
    monkeypatch.setattr(module, "_START_SECONDS", 0.05)
    worker = WorkerProcess(1, 1, 1000)
    with pytest.raises(Timeout, match="the process did not answer in time"):
        worker.wait_until_ready()
    assert not worker.is_alive
    assert worker._process.exitcode == -signal.SIGKILL
    with pytest.raises(WorkerLost, match=r"ended \(signal 9\)") as told:
        worker.run(process, None, GENEROUS, None)
    assert not told.value.has_begun


class Cache:
    """Networks of this process."""

    made: list = []  # noqa: RUF012 - emptied by the fixture

    def __init__(self, *given) -> None:
        self.made.append((given, []))

    def get(self, model):
        self.made[-1][1].append(model)
        if model == "none":
            raise ModelError("there is no such network")
        return f"colorizer of {model}"


@pytest.fixture
def working(monkeypatch):
    """Does what processes do in a thread; gives what it was set up with, and its pipe."""
    Cache.made.clear()
    done = []
    monkeypatch.setattr(module, "ModelCache", Cache)
    monkeypatch.setattr(module, "limit_memory", lambda most: done.append(("limit", most)))
    monkeypatch.setattr(module, "keep_memory_together", lambda: done.append("together"))
    monkeypatch.setattr(module.signal, "signal", lambda *given: done.append(given))
    monkeypatch.setattr(module.importlib, "import_module", lambda name: done.append(name))
    lib = SimpleNamespace(vips_concurrency_set=lambda count: done.append(("threads", count)))
    monkeypatch.setattr(module, "pyvips", SimpleNamespace(vips_lib=lib))
    pipes = []

    def start(*, model=None):
        ours, theirs = Pipe()
        arguments = theirs, 3, 2, 777, ("a", "b"), model
        thread = threading.Thread(target=module._work, args=arguments)
        thread.start()
        pipes.append((ours, thread))
        assert ours.poll(20)
        return ours, done

    yield start
    for ours, thread in pipes:
        ours.close()
        thread.join(20)
        assert not thread.is_alive()


def answers(pipe, *message) -> list:
    """What is said of a task until it is over."""
    pipe.send(message)
    said = []
    while not said or said[-1][0] in ("begun", "progress"):
        assert pipe.poll(20)
        said.append(pipe.recv())
    return said


def out_of_memory() -> None:
    raise MemoryError


@pytest.mark.parametrize("model", [None, "able", "none"])
def test_what_a_process_does_before_it_is_ready(working, model):
    pipe, done = working(model=model)
    assert pipe.recv() == ("ready", None)
    ignored = [(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM)]
    assert done == [*ignored, ("limit", 777), "together", ("threads", 3), "a", "b"]
    assert Cache.made == [((2, 3), [model] if model else [])]


def test_what_a_process_says_of_its_tasks(working):
    pipe, _ = working()
    pipe.recv()
    begun = ("begun", None)
    assert answers(pipe, str, "able", False) == [begun, ("result", "colorizer of able")]
    assert answers(pipe, in_steps, None, True) == [
        begun,
        ("progress", 0.5),
        ("progress", 1.0),
        ("result", "done"),
    ]
    assert answers(pipe, out_of_memory, None, False) == [begun, ("memory", None)]
    assert answers(pipe, str, None, False) == [begun, ("result", "")]
    (_, (kind, (error, cause))) = answers(pipe, fail_of_the_disk, None, False)
    assert (kind, str(error), type(cause)) == ("error", "'a.jpg' cannot be read", OSError)
    (_, (kind, (error, cause))) = answers(pipe, str, "none", False)
    assert (kind, type(error), cause) == ("error", ModelError, None)
    (_, (kind, (error, cause))) = answers(pipe, fail_oddly, None, False)
    assert (kind, str(error), cause) == ("error", "Unsendable: /secret", None)
    assert "in fail_oddly" in error.__notes__[0]
