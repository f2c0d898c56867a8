"""A server in a process of its own, which is told to stop."""

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from server.api.test_routes import problem
from server.conftest import EXAMPLES

SERVE = """
import sys
from colorear.server.api import service
from colorear.server.app import serve
from colorear.server.settings import Settings

gate, colorize_upload = sys.argv[1], service.colorize_upload

def gated(*arguments):
    print("working", flush=True)
    with open(gate) as file:
        file.read()  # until somebody has opened it for writing, and closed it
    return colorize_upload(*arguments)

service.colorize_upload = gated
settings = Settings(model="able", workers=1, page=False)
serve(settings, "127.0.0.1", 0, ready=lambda address: print(address, flush=True))
"""


@pytest.mark.usefixtures("able_network")
@pytest.mark.parametrize("told", [signal.SIGTERM, signal.SIGINT])
def test_what_runs_is_finished_and_the_rest_told(told, tmp_path, private):
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    command = [sys.executable, "-W", "error", "-c", SERVE, gate]
    environment = {**os.environ, "TMPDIR": str(private)}
    with (
        subprocess.Popen(
            command, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as server,
        ThreadPoolExecutor(2) as executor,
    ):
        address = server.stdout.readline().strip()
        kept = httpx.Client(base_url=address)  # its line is open before the server is told
        assert kept.get("/readyz").status_code == 200
        runs = executor.submit(colorize, address)
        assert server.stdout.readline() == "working\n"
        waits = executor.submit(colorize, address)
        while "colorear_waiting 1.0" not in kept.get("/metrics").text:
            pass
        server.send_signal(told)
        answer = waits.result(60)
        problem(answer, 503, "stopping")
        assert answer.headers["retry-after"]
        problem(kept.get("/readyz"), 503, "stopping")
        assert kept.get("/healthz").status_code == 200
        problem(colorize(address), 503, "stopping")
        gate.write_text("")
        done = runs.result(60)
        kept.close()
        _, complaints = server.communicate(timeout=60)
    assert complaints == ""
    assert done.status_code == 200
    assert server.returncode == 0
    assert list(private.glob("colorear-*")) == []


def colorize(address: str) -> httpx.Response:
    with (EXAMPLES / "china.jpg").open("rb") as photograph:
        files = {"photograph": photograph}
        return httpx.post(f"{address}/v1/colorize", files=files, timeout=60)
