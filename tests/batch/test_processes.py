import os
import signal
import threading
import time
from multiprocessing import Pipe, active_children, spawn
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import psutil
import pytest
from PIL import Image

from colorear.batch import processes
from colorear.batch.discovery import Failed
from colorear.batch.processes import process_executor
from colorear.batch.task import Completed, Task, run_task
from colorear.errors import BatchError
from colorear.inference.colorizer import Colorizer


@pytest.fixture
def tasks(tmp_path) -> list[Task]:
    """Five photographs, of which the second takes its time."""
    tasks = []
    for number in range(5):
        side = 2500 if number == 1 else 50
        noise = np.random.default_rng(number).integers(0, 256, (side, side), np.uint8)
        Image.fromarray(noise).save(tmp_path / f"{number}.png", compress_level=0)
        source, target = (str(tmp_path / name) for name in (f"{number}.png", f"{number}-color.png"))
        tasks.append(Task(source, target, None, overwrite=False))
    return tasks


def holds(pid: int, path: str) -> bool:
    """Whether a process has a file open."""
    try:
        return any(str(link.readlink()) == path for link in Path(f"/proc/{pid}/fd").iterdir())
    except OSError:
        return False


@pytest.fixture
def hostile(tasks):
    """Whoever opens the second photograph is killed; how often is told."""
    kills, over = [], threading.Event()

    def watch():
        while not over.is_set():
            for child in psutil.Process().children():  # which leaves their end for others to see
                if child.pid not in kills and holds(child.pid, tasks[1].source):
                    kills.append(child.pid)
                    os.kill(child.pid, signal.SIGSEGV)
            time.sleep(0.001)

    watcher = threading.Thread(target=watch)
    watcher.start()
    yield kills
    over.set()
    watcher.join()


def test_all_is_done_by_several(tasks, known_network):
    answers = dict(process_executor(known_network, 2)(iter(tasks)))
    assert set(answers) == set(tasks)
    assert all(isinstance(made, Completed) for made in answers.values())
    assert active_children() == []


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs /proc")
@pytest.mark.parametrize("count", [1, 2])
def test_a_photograph_that_takes_its_process_down(tasks, known_network, hostile, count):
    answers = dict(process_executor(known_network, count)(iter(tasks)))
    assert len(answers) == 5
    bad = answers.pop(tasks[1])
    assert isinstance(bad, Failed)
    assert f"'{tasks[1].source}' ended the process that colored it (signal 11), twice" in bad.error
    assert all(isinstance(made, Completed) for made in answers.values())
    assert len(hostile) == 2


def test_closed_it_ends_what_is_being_done(tasks, known_network):
    answers = process_executor(known_network, 2)(iter(tasks))
    next(answers)
    assert active_children()
    assert all(child.daemon for child in active_children())  # else Python would wait for them
    answers.close()
    assert active_children() == []


def test_processes_that_cannot_begin_are_told_as_that(tasks, known_network, monkeypatch, capfd):
    gone = known_network.with_name("gone.onnx")
    with pytest.raises(BatchError, match=r"cannot begin: the network .*gone.onnx cannot be read"):
        list(process_executor(gone, 2)(iter(tasks)))
    assert active_children() == []
    dies = known_network.with_name("dies")
    dies.write_text("#!/bin/sh\nkill -9 $$")
    dies.chmod(0o700)
    for program, said in (
        (str(dies), r"ended before it could begin \(signal 9\); see whether there is memory"),
        ("/bin/false", "could not be started in Python; see what it said, and begin a program"),
    ):
        monkeypatch.setattr(spawn, "_python_exe", program.encode())
        with pytest.raises(BatchError, match=said):
            list(process_executor(known_network, 2)(iter(tasks)))
    assert active_children() == []
    assert capfd.readouterr().err == ""


@pytest.fixture
def working(monkeypatch):
    """What a process does, in a thread; gives its pipe, and hears what it did to begin."""
    done, pipes = [], []
    lib = SimpleNamespace(vips_concurrency_set=lambda count: done.append(("vips", count)))
    monkeypatch.setattr(processes, "pyvips", SimpleNamespace(vips_lib=lib))
    monkeypatch.setattr(processes.signal, "signal", lambda *given: done.append(given))
    monkeypatch.setattr(processes, "run_task", lambda colorizer, task: (colorizer, task))

    def colorizer(model, **given):
        done.append((model, given))
        if isinstance(model, Exception):
            raise model
        return "colorizer"

    def start(model):
        ours, theirs = Pipe()
        thread = threading.Thread(target=processes._work, args=(theirs, model, 3, "signer"))
        thread.start()
        pipes.append((ours, thread))
        assert ours.poll(20)
        return ours, done

    monkeypatch.setattr(processes, "Colorizer", colorizer)
    yield start
    for ours, thread in pipes:
        ours.close()
        thread.join(20)
        assert not thread.is_alive()


def test_what_a_process_does(working):
    pipe, done = working("a network")
    assert pipe.recv() == "ready"
    given = {"threads": 3, "signer": "signer"}
    ignored = signal.SIGINT, signal.SIG_IGN
    assert done == [ignored, ("vips", 3), ("a network", given)]
    for task in ("one", "another"):
        pipe.send(task)
        assert pipe.poll(20)
        assert pipe.recv() == ("colorizer", task)


@pytest.mark.parametrize(
    ("error", "said"), [(BatchError("no memory"), "no memory"), (OSError(), "OSError")]
)
def test_a_process_that_cannot_begin_says_why(working, error, said):
    pipe, _ = working(error)
    assert pipe.recv() == said
    assert not pipe.poll()


def test_what_is_done_again_takes_the_place_of_its_own_file_alone(tmp_path, known_network):
    colorizer = Colorizer(known_network, threads=1)
    gray = Image.fromarray(np.random.default_rng(1).integers(60, 200, (20, 30), np.uint8))
    gray.save(tmp_path / "old.png")
    task = Task(str(tmp_path / "old.png"), str(tmp_path / "new.png"), None, overwrite=False)
    assert isinstance(run_task(colorizer, task._replace(again=True)), Completed)
    again = run_task(colorizer, task)
    assert "exists already; allow to overwrite it" in again.error
    assert isinstance(run_task(colorizer, task._replace(again=True)), Completed)
    gray.save(tmp_path / "new.png")  # another's, who came meanwhile
    again = run_task(colorizer, task._replace(again=True))
    assert "exists already; allow to overwrite it" in again.error
    with Image.open(tmp_path / "new.png") as there:
        assert there.mode == "L"
