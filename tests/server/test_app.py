"""A server in a process of its own, which is told to stop."""

import os
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from colorear.server import app
from server.api.test_routes import problem
from server.conftest import EXAMPLES

SERVE = """
import sys
sys.path.insert(0, sys.argv[1])
from functools import partial
from colorear.server.api import service
from colorear.server.app import serve
from colorear.server.settings import Settings
from server import gated

service.colorize_upload = partial(gated.wait, sys.argv[2]) if sys.argv[2] else gated.hang
settings = Settings.from_environment(chosen={"model": "able", "workers": 1, "page": False})
serve(settings, "127.0.0.1", 0, ready=lambda address: print(address, flush=True))
"""
TESTS = Path(__file__).parents[1]


@contextmanager
def serving(private: Path, gate: Path | str = "", **environment: str):
    """A server that has started; gives its process and a client."""
    command = [sys.executable, "-W", "error", "-c", SERVE, TESTS, gate]
    patient = {"COLOREAR_HEADER_SECONDS": "300", "COLOREAR_STOP_SECONDS": "300"}
    variables = {**os.environ, "TMPDIR": str(private), **patient, **environment}
    with subprocess.Popen(
        command, env=variables, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as server:
        address = server.stdout.readline().strip()
        with httpx.Client(base_url=address, timeout=300) as client:
            while client.get("/readyz").status_code != 200:
                time.sleep(0.05)
            yield server, client


@pytest.mark.usefixtures("able_network")
@pytest.mark.parametrize("told", [signal.SIGTERM, signal.SIGINT])
def test_what_runs_is_finished_and_the_rest_told(told, tmp_path, private):
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    with serving(private, gate) as (server, kept), ThreadPoolExecutor(2) as executor:
        address = str(kept.base_url)
        runs = executor.submit(colorize, address)
        assert server.stdout.readline() == "working\n"
        waits = executor.submit(colorize, address)
        while "colorear_waiting 1.0" not in kept.get("/metrics").text:
            pass
        server.send_signal(told)
        answer = waits.result(300)
        problem(answer, 503, "stopping")
        assert answer.headers["retry-after"]
        problem(kept.get("/readyz"), 503, "stopping")
        assert kept.get("/healthz").status_code == 200
        problem(colorize(address), 503, "stopping")
        gate.write_text("")
        done = runs.result(300)
        kept.close()
        _, complaints = server.communicate(timeout=300)
    assert complaints == ""
    assert done.status_code == 200
    assert server.returncode == 0
    assert list(private.glob("colorear-*")) == []


@pytest.mark.usefixtures("able_network")
def test_a_photograph_that_takes_for_ever_costs_only_its_worker(private):
    with serving(private, COLOREAR_SECONDS="15") as (server, client):
        problem(colorize(str(client.base_url), "stuck.jpg"), 504, "took-too-long")
        while client.get("/readyz").status_code != 200:
            time.sleep(0.05)
        assert colorize(str(client.base_url)).status_code == 200
        server.terminate()
        _, complaints = server.communicate(timeout=300)
    assert (server.returncode, complaints) == (0, "")
    assert list(private.iterdir()) == []


@pytest.mark.usefixtures("able_network")
@pytest.mark.parametrize(("wait", "signals"), [("0.1", 1), ("1000", 2)])
def test_what_cannot_be_finished_does_not_keep_the_server(private, wait, signals):
    environment = {"COLOREAR_SECONDS": "1000", "COLOREAR_STOP_SECONDS": wait}
    with serving(private, **environment) as (server, client), ThreadPoolExecutor(1) as executor:
        runs = executor.submit(colorize, str(client.base_url), "stuck.jpg")
        assert server.stdout.readline() == "working\n"
        server.terminate()
        if signals == 2:
            while client.get("/readyz").status_code == 200:
                time.sleep(0.05)
            server.terminate()
        problem(runs.result(300), 503, "stopping")
        _, complaints = server.communicate(timeout=300)
    assert (server.returncode, complaints) == (0, "")
    assert list(private.iterdir()) == []


def test_a_client_that_sends_nothing_more_does_not_keep_the_server(serve, monkeypatch):
    monkeypatch.setattr(app, "_LAST_BYTES", 0.2)
    served = serve(upload_seconds=600)
    host, port = served.address.removeprefix("http://").split(":")
    head = "POST /v1/colorize HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n"
    form = "Content-Type: multipart/form-data; boundary=edge\r\n\r\n--edge\r\n"
    with socket.create_connection((host, int(port))) as line:
        line.sendall((head + form).encode())
        served.wait_until(lambda: list(served.folder.glob("colorear-web-*/*")))
        served.server.begin_to_stop()
        served.thread.join(60)
        assert not served.thread.is_alive()


def colorize(address: str, name: str = "old.jpg") -> httpx.Response:
    files = {"photograph": (name, (EXAMPLES / "china.jpg").read_bytes())}
    return httpx.post(f"{address}/v1/colorize", files=files, timeout=300)
