"""Where photographs are coloured by many machines: actors of a Ray cluster (extra: cluster).

Nodes may come and go: a photograph whose actor was lost is coloured by another one, and new nodes
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

from colorear.batch.discovery import Failed
from colorear.batch.runner import Made, Map, Work, colour
from colorear.batch.scheduler import shared_out
from colorear.errors import BatchError, MissingExtraError
from colorear.inference.colorizer import Colorizer
from colorear.models.card import Card
from colorear.models.registry import packed, write
from colorear.photo.c2pa import Signer
from colorear.version import __version__

__all__ = ["actors"]

_LOOKED = 1.0  # seconds between two looks at how large the cluster is
_ANSWERS = 10  # seconds in which a cluster must take a connection
_STORE = 128 << 20  # bytes for what a local cluster shares, beside the network
_LOCAL = {  # for a cluster that nobody else is to reach; Ray reads it when it is imported
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # on Linux too it keeps to the loopback address
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_worker_niceness": "0",  # else other programs go before it, as they do not with --on local
}


def actors(model: str | Path, count: int | None = None, *, signer: Signer | None = None) -> Map:
    """In actors of one thread, each with a network of its own: at most `count`, else all that fit.

    The cluster is that of RAY_ADDRESS, else one of `count` processor cores on this machine, which
    ends with the work. Paths must be whole, and mean the same on all nodes.

    Raises ModelError, and MissingExtraError without the extra. The map raises BatchError where
    there is no such cluster, or where one of its nodes has another colorear or none.
    """
    address = os.environ.get("RAY_ADDRESS") or "local"
    for name, value in _LOCAL.items() if address == "local" else ():
        os.environ.setdefault(name, value)
    try:
        import ray  # noqa: F401 - only to know at once that it is there
    except ModuleNotFoundError:
        raise MissingExtraError("colouring on a cluster", "cluster") from None
    network = packed(model)

    def run(works: Iterator[Work]) -> Generator[tuple[Work, Made | Failed]]:
        first = next(works, None)
        if first is None:
            return
        with _connected(address, count, len(network[0])):
            yield from shared_out(_Actors(network, count, signer), itertools.chain((first,), works))

    return run


class _Actors:
    """A crew of them; nodes are lost more often than photographs are bad."""

    tries = 4

    def __init__(
        self, network: tuple[bytes, Card], count: int | None, signer: Signer | None
    ) -> None:
        import ray

        self._ray = ray
        self._count = count
        self._hired = __version__, ray.put(network), signer
        self._class = ray.remote(num_cpus=1, max_restarts=0)(_Colourer)
        self._places, self._seen = 1, 0.0

    def hire(self) -> "_Actor":
        return _Actor(self._ray, self._class.remote(*self._hired))

    def places(self) -> int:
        """One for each core that the cluster has now."""
        if time.monotonic() - self._seen > _LOOKED:
            there = int(self._ray.cluster_resources().get("CPU", 0))
            self._places = max(1, min(there, self._count or there))
            self._seen = time.monotonic()
        return self._places

    def ready(self, begun: Sequence[Any]) -> Sequence[Any]:
        self._ray.wait(begun, timeout=_LOOKED)
        ended: list[Any] = self._ray.wait(begun, num_returns=len(begun), timeout=0)[0]
        return ended


class _Actor:
    """One of them, seen from here."""

    def __init__(self, ray: Any, handle: Any) -> None:
        self._ray, self._handle = ray, handle
        self._begun: Any = None
        self._how = ""

    def begin(self, work: Work) -> object:
        self._begun = self._handle.colour.remote(work)
        return self._begun

    def answer(self) -> Made | Failed | None:
        try:
            answer: Made | Failed = self._ray.get(self._begun)
        except self._ray.exceptions.RayError as error:
            if getattr(error, "actor_init_failed", False):
                reason = str(error).strip().splitlines()[-1]
                raise BatchError(
                    f"a node of the cluster cannot colour ({reason}); install colorear[cluster] "
                    f"{__version__} on every node"
                ) from None
            self._how = type(error).__name__
            return None
        return answer

    def end(self) -> str:
        self._ray.kill(self._handle)
        return self._how


class _Colourer:
    """What runs in an actor."""

    def __init__(self, version: str, network: tuple[bytes, Card], signer: Signer | None) -> None:
        if version != __version__:
            raise ImportError(f"colorear {__version__} is there, but {version} is needed")
        pyvips.vips_lib.vips_concurrency_set(1)
        model, card = network
        with tempfile.TemporaryDirectory(prefix="colorear-") as folder:
            path = Path(folder, f"{card.name}.onnx")  # the name is checked
            write(path, model, card)
            self._colorizer = Colorizer(path, threads=1, signer=signer)

    def colour(self, work: Work) -> Made | Failed:
        return colour(self._colorizer, work)


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
