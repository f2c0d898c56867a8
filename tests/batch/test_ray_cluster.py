"""A real Ray cluster on this machine, of which parts are lost."""

import os
import re
import secrets
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
import psutil
import pytest
from PIL import Image

import networks
import s3
from colorear import Colorizer, verify
from colorear.batch import ray_cluster
from colorear.batch.discovery import discover
from colorear.batch.journal import Journal
from colorear.batch.processes import thread_executor
from colorear.batch.remote import Remote
from colorear.batch.runner import Batch
from colorear.batch.task import Kept
from colorear.cli import app
from colorear.errors import BatchError
from colorear.inference.colorizer import Colored
from colorear.inference.options import ColorizeOptions

LOOPBACK = {
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_AUTH_MODE": "token",
    "RAY_AUTH_TOKEN": secrets.token_hex(16),  # else Ray writes one into the home folder
    "RAY_health_check_initial_delay_ms": "500",
    "RAY_health_check_period_ms": "300",
    "RAY_health_check_timeout_ms": "1000",
    "RAY_health_check_failure_threshold": "3",
}


@pytest.fixture(autouse=True, scope="module")
def environment():
    with pytest.MonkeyPatch.context() as environment:
        environment.delenv("RAY_ADDRESS", raising=False)
        for name, value in LOOPBACK.items():
            environment.setenv(name, value)
        yield environment


@pytest.fixture(scope="module")
def bucket(server):
    return server


@pytest.fixture(scope="module")
def two_nodes(environment, bucket):
    """A head of one core, and a node that can be lost; they learn here where the bucket is."""
    assert bucket.names() == []
    from ray._private import ray_constants
    from ray.cluster_utils import Cluster

    environment.setattr(ray_constants, "ENABLE_RAY_CLUSTER", value=False)
    head = {"num_cpus": 1, "include_dashboard": False}
    nodes = Cluster(initialize_head=True, head_node_args=head, shutdown_at_exit=False)
    environment.setenv("RAY_ADDRESS", nodes.address)
    yield nodes
    nodes.shutdown()


def actors() -> list[psutil.Process]:
    """The processes of this user that colour for Ray."""
    found = psutil.process_iter(["cmdline"])
    return [one for one in found if "ray::_ColorizeActor" in " ".join(one.info["cmdline"] or ())]


@pytest.fixture(scope="module")
def attic(tmp_path_factory) -> Path:
    attic = tmp_path_factory.mktemp("photographs") / "attic"
    for number in range(30):
        folder = attic / f"box {number % 3}"
        folder.mkdir(parents=True, exist_ok=True)
        noise = np.random.default_rng(number).integers(60, 200, (240, 320), np.uint8)
        Image.fromarray(noise).save(folder / f"{number}{('.jpg', '.png')[number % 2]}")
    return attic


def files(folder: Path) -> dict[str, bytes]:
    """What people see in a folder."""
    found = (path for path in folder.rglob("*") if path.is_file() and ".colorear" not in str(path))
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


@pytest.fixture(scope="module")
def wanted(attic, tmp_path_factory, known_network) -> dict[str, bytes]:
    """What one process makes of the attic."""
    here = tmp_path_factory.mktemp("here")
    with Batch(discover([attic], here), here, "") as batch:
        list(batch.run(thread_executor(Colorizer(known_network, threads=1))))
    return files(here)


@pytest.fixture
def out(tmp_path) -> Path:
    out = tmp_path / "out"
    out.mkdir()
    return out


def until(condition, seconds=30):
    started = time.monotonic()
    while not condition():
        assert time.monotonic() - started < seconds
        time.sleep(0.05)


def test_actors_and_nodes_are_lost_and_nothing_else(attic, out, wanted, known_network, two_nodes):
    node = two_nodes.add_node(num_cpus=1)
    answers, killed = [], 0
    with Batch(discover([attic], out), out, "") as batch:
        for answer in batch.run(ray_cluster.ray_executor(known_network)):
            answers.append(answer)
            if len(answers) == 4:
                until(lambda: len(actors()) == 2)
                for process in actors()[:1]:
                    process.send_signal(signal.SIGKILL)
                    killed += 1
            if len(answers) == 10:
                two_nodes.remove_node(node, allow_graceful=False)
            if len(answers) == 16:
                two_nodes.add_node(num_cpus=1)
    assert killed == 1
    assert {type(answer) for answer in answers} == {Colored}
    assert len({answer.source for answer in answers}) == len(answers) == 30
    assert files(out) == wanted
    assert all(verify(answer.source, answer.output).ok for answer in answers)
    assert [path.name for path in (out / ".colorear").iterdir()] == ["journal.sqlite"]
    journal = Journal(out / ".colorear")
    assert all(journal.entry(name).output is not None for name in wanted)
    journal.close()
    until(lambda: actors() == [])
    with Batch(discover([attic], out), out, "") as batch:
        again = list(batch.run(ray_cluster.ray_executor(known_network)))
    assert {type(answer) for answer in again} == {Kept}


@pytest.mark.usefixtures("two_nodes")
def test_a_photograph_that_takes_its_actor_down(attic, out, known_network, monkeypatch):
    found = discover(sorted((attic / "box 0").iterdir())[:3], out)
    bad = found.items[1].source
    monkeypatch.setattr(ray_cluster, "_ColorizeActor", deadly_for(bad))
    with Batch(found, out, "") as batch:
        executor = ray_cluster.ray_executor(known_network)
        answers = {answer.source: answer for answer in batch.run(executor)}
    failed = answers.pop(bad)
    says = f"'{bad}' ended the process that colored it (ActorDiedError), 4 times; it may need more"
    assert failed.error.startswith(says)
    assert [type(answer) for answer in answers.values()] == [Colored, Colored]


def deadly_for(bad: str) -> type:
    """Cloudpickle takes it along whole, as nodes could not import it."""

    class Deadly:
        def __init__(self, *hired):
            from colorear.batch.ray_cluster import _ColorizeActor

            self._inner = _ColorizeActor(*hired)

        def run(self, task):
            if task.source == bad:
                import os

                os.abort()
            return self._inner.run(task)

    return Deadly


@pytest.mark.usefixtures("two_nodes")
def test_a_node_with_another_colorear(attic, out, known_network, monkeypatch):
    monkeypatch.setattr(ray_cluster, "__version__", "9.9")
    with Batch(discover([attic], out), out, "") as batch, pytest.raises(BatchError) as raised:
        list(batch.run(ray_cluster.ray_executor(known_network)))
    assert str(raised.value).startswith("a node of the cluster cannot color (")
    assert str(raised.value).endswith("install colorear[cluster] 9.9 on every node")


@pytest.mark.parametrize(
    ("here", "says"),
    [
        (True, "without turbojpeg there, and with it where the run was started"),
        (False, "with turbojpeg there, and without it where the run was started"),
    ],
)
def test_a_node_that_codes_jpegs_in_another_way(monkeypatch, here, says):
    """One archive would have chroma of two sizes; what an actor raises is told as above."""
    monkeypatch.setattr(ray_cluster, "can_transform", lambda: not here)
    with pytest.raises(ImportError, match=says):
        ray_cluster._ColorizeActor(ray_cluster.__version__, here, (b"", None), None)


@pytest.mark.usefixtures("two_nodes")
def test_from_a_store_to_a_store(attic, wanted, known_network, bucket):
    bucket.put(attic, "attic")
    source, out = Remote(f"s3://{s3.BUCKET}/attic"), Remote(f"s3://{s3.BUCKET}/out")
    out.mkdir(parents=True)
    with Batch(discover([source], out), out, "") as batch:
        answers = list(batch.run(ray_cluster.ray_executor(known_network)))
    assert {type(answer) for answer in answers} == {Colored}
    assert bucket.files("out") == wanted


@pytest.mark.usefixtures("two_nodes")
def test_variants_and_how_sure_they_are(attic, out, tmp_path):
    (tmp_path / "choosing.onnx").write_bytes(networks.choosing())
    here = tmp_path / "here"
    here.mkdir()
    sources = sorted((attic / "box 1").iterdir())[:3]

    def run(into, executor):
        found = discover(sources, into, variants=2, uncertainty=True)
        with Batch(found, into, "", options=ColorizeOptions(vividness=0.5)) as batch:
            return Counter(type(answer) for answer in batch.run(executor))

    local = thread_executor(Colorizer(tmp_path / "choosing.onnx", threads=1))
    many = ray_cluster.ray_executor(tmp_path / "choosing.onnx")
    assert run(here, local) == run(out, many) == {Colored: 9}
    made = files(out)
    assert made == files(here)
    for name in list(made)[::2]:
        (out / name).unlink()
    assert run(out, many) == {Kept: 4, Colored: 5}
    assert run(out, local) == {Kept: 9}
    assert files(out) == made


def process(*words: object, **environment: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-W", "error", "-m", "colorear", "colorize", *map(str, words)]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, env={**os.environ, **environment}
    )


def test_the_command_with_a_cluster_of_its_own(attic, wanted, known_network, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    words = (
        os.path.relpath(attic),
        "-o",
        "new",
        "--on",
        "ray",
        "--jobs",
        2,
        "--model",
        known_network,
    )
    done = process(*words)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert files(tmp_path / "new") == wanted
    assert actors() == []
    here = process(*words[:3], "--json", "--model", known_network)
    photographs = [line for line in here.stdout.splitlines() if '"output"' in line]
    assert len(photographs) == 30
    assert not any("seconds" in line for line in photographs)  # the journal is the same


def test_ctrl_c_leaves_no_cluster_behind(known_network, tmp_path, monkeypatch):
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    attic, out = tmp_path / "attic", tmp_path / "out"
    attic.mkdir()
    noise = np.random.default_rng(0).integers(0, 256, (600, 800), np.uint8)
    Image.fromarray(noise).save(attic / "0.png")
    for number in range(1, 100):
        (attic / f"{number}.png").hardlink_to(attic / "0.png")
    words = [attic, "-o", out, "--on", "ray", "--jobs", "2", "--model", known_network]
    command = [sys.executable, "-m", "colorear", "colorize", *words]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as running:
        until(lambda: len(list(out.glob("[0-9]*"))) > 2)
        children = psutil.Process(running.pid).children(recursive=True)
        running.send_signal(signal.SIGINT)
        stderr = running.stderr.read()
    assert running.returncode == 130
    assert stderr.startswith("error: stopped with ")
    assert stderr.count("\n") == 1
    _, alive = psutil.wait_procs(children, timeout=20)
    assert [child.name() for child in alive] == []
    assert 2 < len(files(out)) < 100
    assert [path.name for path in (out / ".colorear").iterdir()] == ["journal.sqlite"]


@pytest.mark.parametrize("address", ["127.0.0.1:1", "nobody.invalid:6379", "http://127.0.0.1:1"])
def test_a_cluster_that_is_not_there(attic, out, known_network, monkeypatch, address):
    monkeypatch.setenv("RAY_ADDRESS", address)
    with (
        Batch(discover([attic], out), out, "") as batch,
        pytest.raises(BatchError, match=f"the Ray cluster '{address}' cannot be used \\(.*; start"),
    ):
        list(batch.run(ray_cluster.ray_executor(known_network)))


def test_without_the_extra(attic, tmp_path):
    code = "import sys; sys.modules['ray'] = None; from colorear.__main__ import main; main()"
    words = ["colorize", attic, "-o", tmp_path / "out", "--on", "ray"]
    done = subprocess.run(
        [sys.executable, "-c", code, *words], capture_output=True, text=True, check=False
    )
    says = "needs packages that are not installed; install them with: pip install"
    assert (done.returncode, done.stderr) == (
        2,
        f"error: coloring on a cluster {says} 'colorear[cluster]'\n",
    )


def test_the_commands_of_the_page_are_understood():
    import click
    from ray.scripts.scripts import cli
    from typer.main import get_command

    page = (Path(__file__).parents[2] / "docs" / "scale.md").read_text()
    lines = "".join(re.findall(r"^```sh\n(.*?)^```$", page, flags=re.DOTALL | re.MULTILINE))
    understood = {"ray": cli, "colorear": get_command(app)}
    seen = set()
    for line in lines.splitlines():
        words = [word for word in line.split() if not word.startswith("RAY_ADDRESS=")]
        command = understood[words[0]].get_command(click.Context(understood[words[0]]), words[1])
        command.make_context(words[1], words[2:])  # raises where something is not known
        seen.add(words[0])
    assert seen == {"ray", "colorear"}
