"""A server in this process, whose insides tests can hold; and the networks that it uses."""

import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from colorear import models
from colorear.inference.verify import Verification
from colorear.server import app, worker_pool
from colorear.server.api import service
from colorear.server.api.service import Service
from colorear.server.api.tasks import Result
from colorear.server.model_cache import ModelCache
from colorear.server.settings import Settings
from server.able import able

EXAMPLES = Path(models.__file__).parents[1] / "examples"


@dataclass
class Served:
    """A running server."""

    address: str
    service: Service
    server: app._Server
    thread: threading.Thread
    folder: Path

    def client(self, **how) -> httpx.Client:
        return httpx.Client(base_url=self.address, timeout=60, **how)

    def colorize(self, photograph: Path | bytes = EXAMPLES / "china.jpg", **how) -> httpx.Response:
        """Of the photograph, as `address` if one is given."""
        content = photograph.read_bytes() if isinstance(photograph, Path) else photograph
        name = how.pop("name", "old.jpg")
        headers = how.pop("headers", {})
        if address := how.pop("address", None):
            headers |= {"X-Forwarded-For": address}
        with self.client() as client:
            files = {"photograph": (name, content)}
            return client.post("/v1/colorize", files=files, data=how, headers=headers)

    def wait_until(self, is_so: Callable[[], bool]) -> None:
        """Wait for what surely comes; a failure if it has not after a minute."""
        end = time.monotonic() + 60
        while not is_so():
            assert time.monotonic() < end
            time.sleep(0.01)

    def wait_for_jobs(self) -> None:
        """Wait until all jobs have ended."""
        jobs = self.service.jobs._jobs
        self.wait_until(lambda: all(job.task.done() for job in list(jobs.values())))

    def everybody_has_left(self) -> bool:
        """Whether no file of anybody is there; the answers must have been read."""
        return list(self.folder.glob("colorear-web-*/*")) == []


@contextmanager
def running(settings: Settings, folder: Path):
    started, addresses = threading.Event(), []
    made = app.server_of(
        settings,
        "127.0.0.1",
        0,
        ready=lambda address: (addresses.append(address), started.set()),
    )
    thread = threading.Thread(target=made.run)
    thread.start()
    try:
        assert started.wait(60)
        yield Served(addresses[0], made._service, made, thread, folder)
    finally:
        if thread.is_alive():
            made.begin_to_stop()
        thread.join(60)
        assert not thread.is_alive()
        assert not made._service.pool.folder.exists()


@pytest.fixture
def able_network(added_folder: Path, tmp_path: Path) -> str:  # noqa: ARG001 - added there
    """One that takes hints and makes variants."""
    file = tmp_path / "any.onnx"
    file.write_bytes(able())
    models.add(file, "able", "contract")
    return "able"


@pytest.fixture
def result(tmp_path: Path) -> Result:
    """What a worker answers with: a file that many chunks take, of two megapixels."""
    path = tmp_path / "0.jpg"
    path.write_bytes(bytes(range(256)) * 4000)
    return Result(
        path=path,
        name="niña-color.jpg",
        media_type="image/jpeg",
        card=models.cards()["acuarela"],
        seconds=0.7,
        megapixels=2.0,
        verification=Verification(identical_dct=True, max_luma_difference=0),
        unreachable=(),
        appearance="toned",
    )


@pytest.fixture
def private(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where servers make their folders."""
    folder = tmp_path / "private"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def serve(private, able_network):
    """Starts a server with some settings; it is stopped in the end, and leaves nothing."""
    with ExitStack() as stack:

        def start(**settings) -> Served:
            chosen = {"model": able_network, "workers": 1, "page": False, "proxies": "127.0.0.1"}
            return stack.enter_context(running(Settings(**chosen | settings), private))

        yield start


@pytest.fixture
def in_background():
    """Begins a call; gives its future."""
    with ThreadPoolExecutor(16) as executor:
        yield executor.submit


class ThreadWorker:
    """A worker without a process: so that tests can hold what it does. It cannot be ended."""

    is_alive = True

    def __init__(self, threads: int = 1, networks: int = 3, *_, **__) -> None:
        self._models = ModelCache(networks, threads)

    def wait_until_ready(self) -> None:
        """It is."""

    def run(self, task, model, seconds, report):
        del seconds
        colorizer = [self._models.get(model)] if model else []
        return task(*colorizer, **({"report": report} if report else {}))

    def kill(self) -> None:
        """It ends with its task."""
        self.is_alive = False


@pytest.fixture(autouse=True)
def thread_workers(monkeypatch):
    """Servers of this process need no others, unless a test wants to see one die."""
    monkeypatch.setattr(worker_pool, "WorkerProcess", ThreadWorker)


class Gate:
    """Where photographs wait on their workers, which are of this process, until let through."""

    def __init__(self) -> None:
        self._make = service.colorize_upload
        self.open = threading.Event()
        self.reached = threading.Semaphore(0)
        self.order: list[str] = []

    def colorize_upload(self, photograph, *others, **keywords):
        self.order.append(photograph.name)
        self.reached.release()
        assert self.open.wait(60)
        return self._make(photograph, *others, **keywords)


@pytest.fixture
def gate(monkeypatch):
    """Closed at first; opened in the end."""
    gate = Gate()
    monkeypatch.setattr(service, "colorize_upload", gate.colorize_upload)
    yield gate
    gate.open.set()
