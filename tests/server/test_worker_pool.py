import asyncio
import threading

import pytest

from colorear.errors import HintError, ModelError
from colorear.server import worker_pool
from colorear.server.settings import Settings
from colorear.server.worker_pool import ClientLimit, QueueFull, Stopping, Ticket, WorkerPool
from colorear.server.workers import Timeout, WorkerLost
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
            threads = pool._executor._threads | pool._inspecting._threads
            assert not any(thread.is_alive() for thread in threads)

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


def test_stopping_bears_with_who_leaves_in_the_same_moment():
    async def scenario(pool, gate):
        ticket = Ticket()
        runs = task(pool, gate, "a", "runs", ticket=ticket)
        await begun(ticket)
        gone = task(pool, gate, "b", "gone")
        waits = task(pool, gate, "c", "waits")
        await asyncio.sleep(0)
        finish = asyncio.create_task(pool.finish())
        gone.cancel()  # what it waits for is cancelled at once, its place is free later
        with pytest.raises(Stopping):
            await waits
        gate.open.set()
        assert await runs == "runs"
        await finish

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
        assert pool._to_remove == set()  # else each folder would be tried again for ever

    run(scenario)


def test_the_end_of_a_server_is_bounded():
    async def scenario(pool, gate):
        ticket = Ticket()
        runs = task(pool, gate, "a", "runs", ticket=ticket)
        await begun(ticket)
        while not (pool.ready and gate.begun):  # a ticket has begun before a process has it
            await asyncio.sleep(0)
        finish = asyncio.create_task(pool.finish())
        while pool._workers.is_ready:  # not before its processes were ended
            await asyncio.sleep(0)
        assert not pool._inspectors.is_ready
        assert not finish.done()
        gate.open.set()
        assert await runs == "runs"
        await finish

    run(scenario, stop_seconds=0)


def test_ended_at_once_it_takes_nothing_more():
    async def scenario(pool, gate):
        pool.kill()
        with pytest.raises(Stopping):
            await pool.run("a", "acuarela", gate.call("late"))
        with pytest.raises(Stopping):
            await pool.inspect(lambda: "header")

    run(scenario)


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


def lost() -> WorkerLost:
    """What a worker is lost with that had begun."""
    error = WorkerLost("it ended")
    error.has_begun = True
    return error


class Timed(ThreadWorker):
    """Tells what it is given; a task that is an error, it fails with."""

    def run(self, task, model, seconds, report):
        if isinstance(task, Exception):
            raise task
        return task, model, seconds, report


def test_headers_and_photographs_have_each_their_time():
    async def scenario(pool, _):
        assert await pool.inspect("header") == ("header", None, 3, None)
        assert await pool.run("a", "able", "photograph") == ("photograph", "able", 40, None)
        with pytest.raises(Timeout, match="the header of the photograph took longer than the 3 s"):
            await pool.inspect(Timeout("no answer"))
        with pytest.raises(Timeout, match="the photograph took longer than the 40 seconds that"):
            await pool.run("a", "able", Timeout("no answer"))
        with pytest.raises(WorkerLost, match="it ended"):
            await pool.run("a", "able", lost())

    run(scenario, Timed, header_seconds=3, seconds=40)


def test_stopping_no_header_is_read_and_who_is_ended_for_it_is_told_so():
    async def scenario(pool, gate):
        def ended(_):
            gate.call("ended")(_)
            raise lost()

        ticket = Ticket()
        runs = asyncio.create_task(pool.run("a", "acuarela", ended, ticket=ticket))
        await begun(ticket)
        finish = asyncio.create_task(pool.finish())
        await asyncio.sleep(0)
        with pytest.raises(Stopping):
            await pool.inspect(lambda: "header")
        with pytest.raises(Stopping):
            pool.check_ready()
        gate.open.set()
        with pytest.raises(Stopping, match="being stopped"):
            await runs
        await finish

    run(scenario)


def test_what_a_worker_writes_for_somebody_who_left_is_removed_when_it_is_done():
    async def scenario(pool, gate):
        ticket = Ticket()
        with pool.workspace() as folder:

            def writes(_):
                gate.call("writes")(_)
                folder.mkdir(exist_ok=True)
                (folder / "late").write_bytes(b"x")

            gone = asyncio.create_task(pool.run("a", "acuarela", writes, ticket=ticket))
            await begun(ticket)
            gone.cancel()
            with pytest.raises(asyncio.CancelledError):
                await gone
        with pool.workspace():
            pass  # somebody else, who leaves meanwhile
        assert pool.running == 1
        gate.open.set()
        while pool.running:
            await asyncio.sleep(0)
        assert list(pool.folder.iterdir()) == []

    run(scenario)


def test_how_long_to_wait_follows_from_what_was_measured(monkeypatch):
    now = [0.0]

    async def scenario(pool, gate):
        monkeypatch.setattr(asyncio.get_running_loop(), "time", lambda: now[0])
        tickets = [Ticket(), Ticket()]
        first = task(pool, gate, "a", "first", ticket=tickets[0])
        await begun(tickets[0])
        now[0] += 42
        gate.open.set()
        await first
        gate.open.clear()
        works = [task(pool, gate, str(i), str(i), ticket=tickets[1]) for i in range(3)]
        await asyncio.sleep(0)
        with pytest.raises(QueueFull) as told:
            await pool.run("late", "acuarela", gate.call("late"))
        assert told.value.retry_after == 15  # (0.8 * 2 + 0.2 * 42) * (1 + 2) / 2
        gate.open.set()
        await asyncio.gather(*works)

    run(scenario, queue=2)
