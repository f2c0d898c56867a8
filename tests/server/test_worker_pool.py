import asyncio
import threading

import pytest

from colorear.errors import HintError, ModelError
from colorear.server import worker_pool
from colorear.server.settings import Settings
from colorear.server.worker_pool import ClientLimit, QueueFull, Stopping, Ticket, WorkerPool
from server.conftest import ThreadWorker


class Gate:
    def __init__(self) -> None:
        self.open = threading.Event()
        self.begun: list[str] = []

    def call(self, name: str):
        def wait(_):
            self.begun.append(name)
            assert self.open.wait(30)
            return name

        return wait


class Plain(ThreadWorker):
    """Has no network for its tasks: that takes a while to load."""

    def run(self, task, model, seconds, report):
        del model, seconds
        return task(None, **({"report": report} if report else {}))


def run(scenario, start_worker=Plain, **settings):
    """A scenario of a worker pool with one worker, whose network answers nothing."""

    async def whole():
        chosen = {"workers": 1, "model": "acuarela"} | settings
        pool = WorkerPool(Settings(**chosen), start_worker=start_worker)
        gate = Gate()
        try:
            return await scenario(pool, gate)
        finally:
            gate.open.set()
            await pool.stop()
            assert not pool.folder.exists()

    return asyncio.run(whole())


def task(pool, gate, client, name, **how):
    return asyncio.create_task(pool.run(client, "acuarela", gate.call(name), **how))


async def begun(ticket):
    while not ticket.begun:
        await asyncio.sleep(0)


def test_clients_take_turns():
    async def scenario(pool, gate):
        works = [task(pool, gate, "greedy", f"greedy {i}") for i in range(4)]
        works += [task(pool, gate, "modest", f"modest {i}") for i in range(2)]
        await asyncio.sleep(0)
        gate.open.set()
        await asyncio.gather(*works)
        assert gate.begun == [
            "greedy 0",
            "greedy 1",
            "modest 0",
            "greedy 2",
            "modest 1",
            "greedy 3",
        ]

    run(scenario)


def test_a_ticket_tells_how_many_are_ahead():
    async def scenario(pool, gate):
        tickets = [Ticket() for _ in range(6)]
        clients = ["a", "a", "a", "b", "b", "c"]
        works = [
            task(pool, gate, client, str(i), ticket=tickets[i]) for i, client in enumerate(clients)
        ]
        await asyncio.sleep(0)
        ahead = [pool.ahead_of(ticket) for ticket in tickets]
        assert [ticket.begun for ticket in tickets] == [True] + 5 * [False]
        gate.open.set()
        await asyncio.gather(*works)
        waited = gate.begun[1:]
        assert ahead == [0, *(waited.index(str(i)) for i in range(1, 6))]

    run(scenario)


def test_a_full_queue_says_when_to_come_back():
    async def scenario(pool, gate):
        works = [task(pool, gate, str(i), str(i)) for i in range(3)]
        await asyncio.sleep(0)
        with pytest.raises(
            QueueFull, match="2 photographs are waiting, and there is room for 2"
        ) as told:
            await pool.run("late", "acuarela", gate.call("late"))
        assert not isinstance(told.value, ClientLimit)
        assert 1 <= told.value.retry_after <= 60
        gate.open.set()
        assert await asyncio.gather(*works) == ["0", "1", "2"]

    run(scenario, queue=2)


def test_one_client_cannot_take_the_whole_queue():
    async def scenario(pool, gate):
        works = [task(pool, gate, "greedy", str(i)) for i in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(ClientLimit, match="one client may have 2"):
            await pool.run("greedy", "acuarela", gate.call("third"))
        works.append(task(pool, gate, "modest", "modest"))
        await asyncio.sleep(0)
        gate.open.set()
        await asyncio.gather(*works)

    run(scenario, client_queue=2)


def test_waiting_work_of_a_client_who_left_is_never_begun():
    async def scenario(pool, gate):
        ticket = Ticket()
        first = task(pool, gate, "stays", "first", ticket=ticket)
        await begun(ticket)
        gone = task(pool, gate, "leaves", "expired")
        last = task(pool, gate, "stays", "last")
        await asyncio.sleep(0)
        gone.cancel()
        with pytest.raises(asyncio.CancelledError):
            await gone
        assert pool.waiting == 1
        gate.open.set()
        await asyncio.gather(first, last)
        assert gate.begun == ["first", "last"]

    run(scenario)


def test_stopping_finishes_what_runs_and_tells_the_rest():
    async def scenario(pool, gate):
        ticket = Ticket()
        runs = task(pool, gate, "a", "runs", ticket=ticket)
        await begun(ticket)
        waits = task(pool, gate, "b", "waits")
        await asyncio.sleep(0)
        stop = asyncio.create_task(pool.stop())
        with pytest.raises(Stopping, match="being stopped"):
            await waits
        with pytest.raises(Stopping):
            await pool.run("c", "acuarela", gate.call("late"))
        assert not pool.ready
        assert not stop.done()
        gate.open.set()
        assert await runs == "runs"
        await stop
        assert gate.begun == ["runs"]

    run(scenario)


def test_errors_of_the_call_come_through():
    def fails(_):
        raise HintError("no such color")

    async def scenario(pool, _):
        with pytest.raises(HintError, match="no such color"):
            await pool.run("a", "acuarela", fails)
        with pytest.raises(ModelError, match=r"no network called '/etc/passwd\.onnx' here"):
            await pool.run("a", "/etc/passwd.onnx", fails)

    run(scenario, ThreadWorker)


def test_a_workspace_is_private_and_vanishes():
    async def scenario(pool, _):
        assert pool.folder.stat().st_mode & 0o777 == 0o700
        with pool.workspace() as folder:
            assert folder.stat().st_mode & 0o777 == 0o700
            (folder / "photograph").write_bytes(b"x")
        assert list(pool.folder.iterdir()) == []

    run(scenario)


def test_the_end_of_a_server_is_bounded():
    async def scenario(pool, gate):
        ticket = Ticket()
        runs = task(pool, gate, "a", "runs", ticket=ticket)
        await begun(ticket)
        finish = asyncio.create_task(pool.finish())
        while pool._workers.is_ready:  # not before its processes were ended
            await asyncio.sleep(0)
        assert not finish.done()
        gate.open.set()
        assert await runs == "runs"
        await finish

    run(scenario, stop_seconds=0)


def test_nobody_is_told_to_come_back_in_more_than_a_minute():
    async def scenario(pool, gate):
        pool._pace = 10_000
        works = [task(pool, gate, str(i), str(i)) for i in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(QueueFull) as told:
            await pool.run("late", "acuarela", gate.call("late"))
        assert told.value.retry_after == 60
        pool._pace = 0.001
        with pytest.raises(QueueFull) as told:
            await pool.run("late", "acuarela", gate.call("late"))
        assert told.value.retry_after == 1
        gate.open.set()
        await asyncio.gather(*works)

    run(scenario, queue=1)


@pytest.mark.parametrize(("workers", "threads", "inspectors"), [(1, 8, 1), (3, 2, 2), (20, 1, 2)])
def test_processes_share_the_cores_and_have_the_limits(monkeypatch, workers, threads, inspectors):
    started, both = [], threading.Semaphore(0)

    def start(*arguments):
        started.append(arguments)
        both.release()
        return ThreadWorker()

    async def scenario():
        pool = WorkerPool(Settings(workers=workers, networks=2, worker_megabytes=777, model="x"))
        pool.start()
        pool.start()
        for _ in range(workers + inspectors):
            assert await asyncio.to_thread(both.acquire, timeout=30)
        await pool.stop()

    monkeypatch.setattr(worker_pool, "WorkerProcess", start)
    monkeypatch.setattr(worker_pool, "cores", lambda: 8)
    asyncio.run(scenario())
    tasks = ("colorear.server.api.tasks", "colorear.server.ui.tasks")
    common = (threads, 2, 777, tasks)
    assert sorted(started, key=len) == [common] * inspectors + [(*common, "x")] * workers
