"""What the server counts and measures, as Prometheus reads it."""

import time

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from colorear.server.api.jobs import Jobs
from colorear.server.api.tasks import Result
from colorear.server.middleware import App, Message, Receive, Scope, Send
from colorear.server.worker_pool import WorkerPool

__all__ = ["MEDIA_TYPE", "Metrics"]

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)
_CLIENT_GONE = 499  # as other servers count answers that nobody waited for


class Metrics:
    """Counters and gauges of one server, in a registry of their own."""

    def __init__(self, pool: WorkerPool, jobs: Jobs) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "colorear_http_requests",
            "Requests answered.",
            ("method", "route", "status"),
            registry=self._registry,
        )
        self._latency = Histogram(
            "colorear_http_request_seconds",
            "From the first byte of a request to the last of its answer.",
            ("route",),
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._photographs = Counter(
            "colorear_photographs", "Photographs colored.", ("model",), registry=self._registry
        )
        self._megapixels = Counter(
            "colorear_megapixels", "Their pixels, in millions.", registry=self._registry
        )
        self._seconds = Histogram(
            "colorear_photograph_seconds",
            "How long a worker took for a photograph.",
            buckets=_SECONDS,
            registry=self._registry,
        )
        for name, text, value in (
            ("waiting", "Photographs that wait.", lambda: pool.waiting),
            ("running", "Photographs that workers are busy with.", lambda: pool.running),
            ("jobs", "Jobs, ended ones that are kept among them.", lambda: len(jobs)),
            ("ready", "Whether photographs are taken.", lambda: pool.ready),
        ):
            Gauge(f"colorear_{name}", text, registry=self._registry).set_function(value)

    def count(self, result: Result) -> None:
        """One more photograph."""
        self._photographs.labels(result.card.name).inc()
        self._megapixels.inc(result.megapixels)
        self._seconds.observe(result.seconds)

    def text(self) -> bytes:
        """All of it, in Prometheus' text format."""
        return generate_latest(self._registry)

    def count_requests(self, app: App) -> App:
        """The ASGI application, with its answers counted."""

        async def counted(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http":
                await app(scope, receive, send)
                return
            status, started = _CLIENT_GONE, time.perf_counter()

            async def watched(message: Message) -> None:
                nonlocal status
                if message["type"] == "http.response.start":
                    status = message["status"]
                await send(message)

            try:
                await app(scope, receive, watched)
            finally:
                route = getattr(scope.get("route"), "path", "") or "the page"
                self._requests.labels(_known(scope["method"]), route, status).inc()
                self._latency.labels(route).observe(time.perf_counter() - started)

        return counted


def _known(method: str) -> str:
    """Not what a client makes up: each value takes memory for as long as the server runs."""
    return method if method in ("GET", "HEAD", "POST", "DELETE", "OPTIONS") else "other"
