import asyncio
import shutil
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest

from colorear.inference.verify import verify
from colorear.server.api.service import Service
from colorear.server.api.tasks import colorize_upload
from colorear.server.model_cache import NoSuchNetworkError
from colorear.server.problems import ProblemError
from colorear.server.settings import Settings
from colorear.server.uploads import Upload
from colorear.server.worker_pool import ClientLimit, Stopping
from server.conftest import EXAMPLES


@pytest.fixture
def serving(able_network, private):
    """Runs a scenario of a service, which leaves nothing on the disk."""

    def run(scenario, **settings) -> None:
        async def whole():
            service = Service(Settings(**{"model": able_network, "workers": 1} | settings))
            try:
                await scenario(service)
            finally:
                await service.stop()
            assert list(private.iterdir()) == []

        asyncio.run(whole())

    return run


@contextmanager
def arrived(service: Service, **fields: bytes):
    """A photograph in a folder that is removed when its request has been answered."""
    with service.pool.workspace() as folder:
        path = folder / "photograph"
        shutil.copy(EXAMPLES / "china.jpg", path)
        yield Upload(path, "old.jpg", fields)


def counted(service: Service) -> bool:
    return 'colorear_photographs_total{model="able"} 1.0' in service.metrics.text().decode()


def test_what_came_is_looked_at_colored_and_counted(serving):
    async def scenario(service):
        with arrived(service, vividness=b"0.5") as upload:
            photograph, wish = await service.look(upload)
            assert (photograph.name, photograph.format) == ("old.jpg", "jpeg")
            assert (wish.options.model, wish.options.vividness) == ("able", 0.5)
            assert not counted(service)
            result = await service.color("me", photograph, wish)
            assert verify(EXAMPLES / "china.jpg", result.path).ok
            assert counted(service)

    serving(scenario)


def test_wrong_wishes_are_told_before_the_photograph_is_read(serving):
    async def scenario(service):
        nothing = Path("there is none")
        with pytest.raises(NoSuchNetworkError, match="'acuarella'"):
            await service.look(Upload(nothing, "old.jpg", {"model": b"acuarella"}))
        with pytest.raises(ProblemError, match="'variants'"):
            await service.look(Upload(nothing, "old.jpg", {"variants": b"0"}))

    serving(scenario)


def test_a_job_keeps_the_photograph_when_its_request_is_over(serving, gate):
    async def scenario(service):
        with arrived(service) as upload:
            photograph, wish = await service.look(upload)
            job = service.begin_job("me", photograph, wish)
            assert not upload.photograph.exists()
        assert not upload.photograph.parent.exists()
        gate.open.set()
        await job.task
        assert verify(EXAMPLES / "china.jpg", job.result.path).ok
        assert service.jobs.get(job.id) is job
        assert counted(service)
        service.jobs.remove(job.id)
        assert not job.result.path.parent.exists()

    serving(scenario)


def test_a_job_tells_how_much_is_done(serving, monkeypatch):
    said, on = threading.Event(), threading.Event()

    def halting(photograph, options, colorizer, *, uncertainty, report):
        assert not uncertainty

        def told_and_waiting(progress: float) -> None:
            report(progress)
            said.set()
            assert on.wait(60)

        return colorize_upload(photograph, options, colorizer, report=told_and_waiting)

    async def scenario(service):
        with arrived(service, variants=b"2") as upload:
            job = service.begin_job("me", *await service.look(upload))
        try:
            assert job.progress == 0
            assert await asyncio.to_thread(said.wait, 60)
            assert job.progress == 0.5
        finally:
            on.set()
        await job.task
        assert job.progress == 1

    monkeypatch.setattr("colorear.server.api.service.colorize_upload", halting)
    serving(scenario)


def test_where_there_is_no_room_for_a_job_the_photograph_stays(serving):
    async def scenario(service):
        with arrived(service) as upload:
            job = service.begin_job("me", *await service.look(upload))
        await job.task
        with arrived(service) as upload:
            looked = await service.look(upload)
            before = sorted(service.pool.folder.iterdir())
            with pytest.raises(ClientLimit, match="DELETE those"):
                service.begin_job("me", *looked)
            assert upload.photograph.exists()
            assert sorted(service.pool.folder.iterdir()) == before
            service.begin_job("somebody else", *looked)

    serving(scenario, client_queue=1)


def test_stopped_it_finishes_what_runs_and_takes_no_more(serving, gate):
    async def scenario(service):
        with arrived(service) as upload:
            runs = service.begin_job("me", *await service.look(upload))
        with arrived(service) as upload:
            waits = service.begin_job("me", *await service.look(upload))
        while not gate.reached.acquire(blocking=False):
            await asyncio.sleep(0)
        stop = asyncio.create_task(service.stop())
        await asyncio.sleep(0)
        with arrived(service) as upload, pytest.raises(Stopping):
            service.begin_job("late", *await service.look(upload))
        gate.open.set()
        await stop
        assert runs.result.card.name == "able"
        assert waits.error.kind == "stopping"
        assert len(service.jobs) == 0

    serving(scenario)
