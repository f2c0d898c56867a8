"""Processes that are ended with what they do. What they do here must be functions of a module."""

import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from colorear.errors import ColorearError, PhotographError
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
