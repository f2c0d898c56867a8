"""Where photographs are colored by many machines: actors of a Ray cluster (extra: cluster).

Nodes may come and go: a photograph whose actor was lost is colored by another one, and new nodes
are used as soon as they are there.
"""

import itertools
import os
import socket
import tempfile
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyvips

from colorear.batch.scheduler import Outcome, schedule
from colorear.batch.task import Executor, Task, run_task
from colorear.errors import BatchError, MissingExtraError
from colorear.inference.colorizer import Colorizer
from colorear.models.card import Card
from colorear.models.registry import packed
from colorear.models.writing import write
from colorear.photo.c2pa import Signer
from colorear.photo.jpeg_dct import can_transform
from colorear.version import __version__

__all__ = ["ray_executor"]

_LOOKED = 1.0  # seconds between two looks at how large the cluster is
_ANSWERS = 10  # seconds in which a cluster must take a connection
_STORE = 128 << 20  # bytes for what a local cluster shares, beside the network
_LOCAL = {  # for a cluster that nobody else is to reach; Ray reads it when it is imported
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # on Linux too it keeps to the loopback address
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_worker_niceness": "0",  # else other programs go before it, as they do not with --on local
}


def ray_executor(
    model: str | Path, count: int | None = None, *, signer: Signer | None = None
) -> Executor:
    """In actors of one thread, each with a network of its own: at most `count`, else all that fit.

    The cluster is that of RAY_ADDRESS, else one of `count` processor cores on this machine, which
    ends with the tasks. Paths must be whole, and mean the same on all nodes.

    Raises ModelError, and MissingExtraError without the extra. The executor raises BatchError where
    there is no such cluster, or where one of its nodes has another colorear or none, or codes JPEGs
    in another way.
    """
    address = os.environ.get("RAY_ADDRESS") or "local"
    for name, value in _LOCAL.items() if address == "local" else ():
        os.environ.setdefault(name, value)
    try:
        import ray  # noqa: F401 - only to know at once that it is there
    except ModuleNotFoundError:
        raise MissingExtraError("coloring on a cluster", "cluster") from None
    network = packed(model)

    def run(tasks: Iterator[Task]) -> Generator[tuple[Task, Outcome]]:
        first = next(tasks, None)
        if first is None:
            return
        with _connected(address, count, len(network[0])):
            pool = _ActorPool(network, count, signer)
            yield from schedule(pool, itertools.chain((first,), tasks))

    return run


class _ActorPool:
    """The actors; see `scheduler.WorkerPool`."""

    attempts = 4  # nodes are lost more often than photographs are bad

    def __init__(
        self, network: tuple[bytes, Card], count: int | None, signer: Signer | None
    ) -> None:
        import ray

        self._ray = ray
        self._count = count
        self._given = __version__, can_transform(), ray.put(network), signer
        self._class = ray.remote(num_cpus=1, max_restarts=0)(_ColorizeActor)
        self._capacity, self._seen = 1, 0.0

    def start(self) -> "_Actor":
        return _Actor(self._ray, self._class.remote(*self._given))

    def capacity(self) -> int:
        """One for each core that the cluster has now."""
        if time.monotonic() - self._seen > _LOOKED:
            there = int(self._ray.cluster_resources().get("CPU", 0))
            self._capacity = max(1, min(there, self._count or there))
            self._seen = time.monotonic()
        return self._capacity

    def wait(self, submitted: Sequence[Any]) -> Sequence[Any]:
        self._ray.wait(submitted, timeout=_LOOKED)
        ended: list[Any] = self._ray.wait(submitted, num_returns=len(submitted), timeout=0)[0]
        return ended


class _Actor:
    """One of them, seen from here."""

    def __init__(self, ray: Any, handle: Any) -> None:
        self._ray, self._handle = ray, handle
        self._submitted: Any = None
        self._ending = ""

    def submit(self, task: Task) -> object:
        self._submitted = self._handle.run.remote(task)
        return self._submitted

    def result(self) -> Outcome | None:
        try:
            outcome: Outcome = self._ray.get(self._submitted)
        except self._ray.exceptions.RayError as error:
            if getattr(error, "actor_init_failed", False):
                reason = str(error).strip().splitlines()[-1]
                raise BatchError(
                    f"a node of the cluster cannot color ({reason}); install colorear[cluster] "
                    f"{__version__} on every node"
                ) from None
            self._ending = type(error).__name__
            return None
        return outcome

    def stop(self) -> str:
        self._ray.kill(self._handle)
        return self._ending


class _ColorizeActor:
    """What runs in an actor."""

    def __init__(
        self,
        version: str,
        transforms: bool,
        network: tuple[bytes, Card],
        signer: Signer | None,
    ) -> None:
        if version != __version__:
            raise ImportError(f"colorear {__version__} is there, but {version} is needed")
        if transforms != can_transform():  # the chroma of JPEGs would be of other sizes there
            there, needed = (
                "without" if lacks else "with" for lacks in (transforms, not transforms)
            )
            raise ImportError(
                f"colorear is {there} turbojpeg there, and {needed} it where the run was started"
            )
        pyvips.vips_lib.vips_concurrency_set(1)
        model, card = network
        with tempfile.TemporaryDirectory(prefix="colorear-") as folder:
            path = Path(folder, f"{card.name}.onnx")  # the name is checked
            write(path, model, card)
            self._colorizer = Colorizer(path, threads=1, signer=signer)

    def run(self, task: Task) -> Outcome:
        return run_task(self._colorizer, task)


@contextmanager
def _connected(address: str, count: int | None, network: int) -> Iterator[None]:
    """Within it Ray is connected, to the cluster that is connected already if there is one."""
    import ray

    if ray.is_initialized():
        yield
        return
    options: dict[str, Any] = {"log_to_driver": False, "logging_level": "ERROR"}
    if address == "local":
        options |= {"num_cpus": count, "include_dashboard": False}
        options |= {"object_store_memory": _STORE + 2 * network}
    try:
        _check(address)
        ray.init(address=address, **options)
    except (OSError, RuntimeError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise BatchError(
            f"the Ray cluster '{address}' cannot be used ({reason}); start it, or name another in "
            "RAY_ADDRESS"
        ) from error
    try:
        yield
    finally:
        ray.shutdown()


def _check(address: str) -> None:
    """Raises OSError where nobody listens; Ray itself would try for minutes."""
    host, _, port = address.rpartition("//")[2].rpartition(":")
    if port.isdecimal():
        socket.create_connection((host.strip("[]"), int(port)), _ANSWERS).close()
