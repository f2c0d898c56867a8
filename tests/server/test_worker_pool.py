import asyncio
import threading

import pytest

from colorear.errors import HintError, ModelError
from colorear.server.settings import Settings
from colorear.server.worker_pool import Busy, Crowding, Stopping, Studio, Ticket, TooLong


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


def run(scenario, **settings):
    """A scenario of a studio with one worker, whose network answers nothing."""

    async def whole():
        studio = Studio(Settings(**{"workers": 1, "model": "acuarela"} | settings))
        gate = Gate()
        try:
            return await scenario(studio, gate)
        finally:
            gate.open.set()
            await studio.stop()
            assert not studio.folder.exists()

    return asyncio.run(whole())


def task(studio, gate, client, name, **how):
    return asyncio.create_task(studio.run(client, "acuarela", gate.call(name), **how))


async def begun(ticket):
    while not ticket.begun:
        await asyncio.sleep(0)


def test_clients_take_turns():
    async def scenario(studio, gate):
        works = [task(studio, gate, "greedy", f"greedy {i}") for i in range(4)]
        works += [task(studio, gate, "modest", f"modest {i}") for i in range(2)]
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
    async def scenario(studio, gate):
        tickets = [Ticket() for _ in range(6)]
        clients = ["a", "a", "a", "b", "b", "c"]
        works = [
            task(studio, gate, client, str(i), ticket=tickets[i])
            for i, client in enumerate(clients)
        ]
        await asyncio.sleep(0)
        ahead = [studio.ahead_of(ticket) for ticket in tickets]
        assert [ticket.begun for ticket in tickets] == [True] + 5 * [False]
        gate.open.set()
        await asyncio.gather(*works)
        waited = gate.begun[1:]
        assert ahead == [0, *(waited.index(str(i)) for i in range(1, 6))]

    run(scenario)


def test_a_full_queue_says_when_to_come_back():
    async def scenario(studio, gate):
        works = [task(studio, gate, str(i), str(i)) for i in range(3)]
        await asyncio.sleep(0)
        with pytest.raises(
            Busy, match="2 photographs are waiting, and there is room for 2"
        ) as told:
            await studio.run("late", "acuarela", gate.call("late"))
        assert not isinstance(told.value, Crowding)
        assert 1 <= told.value.retry_after <= 60
        gate.open.set()
        assert await asyncio.gather(*works) == ["0", "1", "2"]

    run(scenario, queue=2)


def test_one_client_cannot_take_the_whole_queue():
    async def scenario(studio, gate):
        works = [task(studio, gate, "greedy", str(i)) for i in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(Crowding, match="one client may have 2"):
            await studio.run("greedy", "acuarela", gate.call("third"))
        works.append(task(studio, gate, "modest", "modest"))
        await asyncio.sleep(0)
        gate.open.set()
        await asyncio.gather(*works)

    run(scenario, client_queue=2)


def test_waiting_work_of_a_client_who_left_is_never_begun():
    async def scenario(studio, gate):
        ticket = Ticket()
        first = task(studio, gate, "stays", "first", ticket=ticket)
        await begun(ticket)
        gone = task(studio, gate, "leaves", "gone")
        last = task(studio, gate, "stays", "last")
        await asyncio.sleep(0)
        gone.cancel()
        with pytest.raises(asyncio.CancelledError):
            await gone
        assert studio.waiting == 1
        gate.open.set()
        await asyncio.gather(first, last)
        assert gate.begun == ["first", "last"]

    run(scenario)


def test_what_takes_too_long_is_told_and_keeps_its_worker_until_it_ends():
    async def scenario(studio, gate):
        with pytest.raises(TooLong, match=r"0\.05 seconds"):
            await studio.run("slow", "acuarela", gate.call("slow"))
        assert studio.running == 1
        gate.open.set()
        assert await studio.run("next", "acuarela", lambda _: "done") == "done"

    run(scenario, seconds=0.05)


def test_stopping_finishes_what_runs_and_tells_the_rest():
    async def scenario(studio, gate):
        ticket = Ticket()
        runs = task(studio, gate, "a", "runs", ticket=ticket)
        await begun(ticket)
        waits = task(studio, gate, "b", "waits")
        await asyncio.sleep(0)
        stop = asyncio.create_task(studio.stop())
        with pytest.raises(Stopping, match="being stopped"):
            await waits
        with pytest.raises(Stopping):
            await studio.run("c", "acuarela", gate.call("late"))
        assert not studio.ready
        assert not stop.done()
        gate.open.set()
        assert await runs == "runs"
        await stop
        assert gate.begun == ["runs"]

    run(scenario)


def test_errors_of_the_call_come_through():
    def fails(_):
        raise HintError("no such colour")

    async def scenario(studio, _):
        with pytest.raises(HintError, match="no such colour"):
            await studio.run("a", "acuarela", fails)
        with pytest.raises(ModelError, match=r"no network called '/etc/passwd\.onnx' here"):
            await studio.run("a", "/etc/passwd.onnx", fails)

    run(scenario)


def test_a_workspace_is_private_and_vanishes():
    async def scenario(studio, _):
        assert studio.folder.stat().st_mode & 0o777 == 0o700
        with studio.workspace() as folder:
            assert folder.stat().st_mode & 0o777 == 0o700
            (folder / "photograph").write_bytes(b"x")
        assert list(studio.folder.iterdir()) == []

    run(scenario)


def test_a_workspace_vanishes_though_a_worker_writes_into_it_still():
    async def scenario(studio, gate):
        with studio.workspace() as folder:

            def write(_):
                gate.begun.append("begun")
                assert gate.open.wait(30)
                folder.mkdir(exist_ok=True)  # as if it had been there all the time
                (folder / "late").write_bytes(b"x")

            with pytest.raises(TooLong):
                await studio.run("a", "acuarela", write)
        gate.open.set()
        await studio.run("b", "acuarela", lambda _: None)
        assert list(studio.folder.iterdir()) == []

    run(scenario, seconds=0.05)
