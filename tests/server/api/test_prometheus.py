import asyncio
from dataclasses import replace

import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.routing import Route

from colorear.server.api.jobs import Job, Jobs
from colorear.server.api.prometheus import Metrics
from colorear.server.worker_pool import Ticket
from server.test_worker_pool import begun, run, task


def told(metrics: Metrics) -> dict[tuple[str, ...], float]:
    """What is measured: a name and values of labels -> a number."""
    families = text_string_to_metric_families(metrics.text().decode())
    samples = [sample for family in families for sample in family.samples]
    return {(sample.name, *sample.labels.values()): sample.value for sample in samples}


def measured(scenario) -> None:
    """A scenario of the measures of a worker pool, its jobs, and a gate before its only worker."""

    async def whole(pool, gate):
        jobs = Jobs(pool.settings, pool)
        await scenario(Metrics(pool, jobs), pool, jobs, gate)

    run(whole)


def test_photographs_are_counted_by_their_networks(result):
    async def scenario(metrics, *_):
        for made in (result, replace(result, megapixels=0.5, seconds=3)):
            metrics.count(made)
        numbers = told(metrics)
        assert numbers["colorear_photographs_total", "acuarela"] == 2
        assert numbers["colorear_megapixels_total",] == 2.5
        assert numbers["colorear_photograph_seconds_count",] == 2
        assert numbers["colorear_photograph_seconds_sum",] == pytest.approx(3.7)
        assert numbers["colorear_photograph_seconds_bucket", "1.0"] == 1

    measured(scenario)


def test_the_gauges_show_what_is_so_now(result):
    async def scenario(metrics, pool, jobs, gate):
        def gauges() -> list[float]:
            numbers = told(metrics)
            names = ("waiting", "running", "jobs", "ready")
            return [numbers[f"colorear_{name}",] for name in names]

        async def work():
            return result

        assert gauges() == [0, 0, 0, 0]
        pool.start()
        while not pool.ready:
            await asyncio.sleep(0)
        assert gauges() == [0, 0, 0, 1]
        ticket = Ticket()
        works = [task(pool, gate, "a", "runs", ticket=ticket)]
        works += [task(pool, gate, "a", "waits") for _ in range(2)]
        await begun(ticket)
        await asyncio.sleep(0)
        jobs.begin(Job("a"), work)
        assert gauges() == [2, 1, 1, 1]
        gate.open.set()
        await asyncio.gather(*works)
        await pool.finish()
        assert gauges() == [0, 0, 1, 0]

    measured(scenario)


async def nothing(*_) -> None:
    """Nothing is received, or sent."""


def payload(method: str, path: str | None = None) -> dict:
    """The scope of a request that came to a route, or to none."""
    route = {"route": Route(path, nothing)} if path else {}
    return {"type": "http", "method": method, **route}


def answers(status: int):
    async def app(_scope, _receive, send):
        await send({"type": "http.response.start", "status": status})
        await send({"type": "http.response.body"})

    return app


def test_answers_are_counted_by_method_route_and_status():
    async def scenario(metrics, *_):
        for status, scope in (
            (200, payload("POST", "/v1/colorize")),
            (200, payload("POST", "/v1/colorize")),
            (422, payload("POST", "/v1/colorize")),
            (404, payload("GET", "/v1/jobs/{id}")),
            (200, payload("GET")),
            (405, payload("BREW")),
            (405, payload("STEEP")),
        ):
            await metrics.count_requests(answers(status))(scope, nothing, nothing)
        numbers = told(metrics)
        requests = "colorear_http_requests_total"
        counted = {key[1:]: n for key, n in numbers.items() if key[0] == requests}
        assert counted == {
            ("POST", "/v1/colorize", "200"): 2,
            ("POST", "/v1/colorize", "422"): 1,
            ("GET", "/v1/jobs/{id}", "404"): 1,
            ("GET", "the page", "200"): 1,
            ("other", "the page", "405"): 2,
        }
        assert numbers["colorear_http_request_seconds_count", "/v1/colorize"] == 3

    measured(scenario)


def test_the_answer_passes_through_as_it_is():
    async def scenario(metrics, *_):
        sent = []

        async def send(message):
            sent.append(message)

        await metrics.count_requests(answers(204))(payload("DELETE"), nothing, send)
        assert [message["type"] for message in sent] == [
            "http.response.start",
            "http.response.body",
        ]

    measured(scenario)


def test_who_left_before_the_answer_is_counted_and_errors_pass():
    async def breaks(*_):
        raise ConnectionResetError

    async def scenario(metrics, *_):
        with pytest.raises(ConnectionResetError):
            await metrics.count_requests(breaks)(payload("POST", "/v1/colorize"), nothing, nothing)
        counted = told(metrics)["colorear_http_requests_total", "POST", "/v1/colorize", "499"]
        assert counted == 1

    measured(scenario)


def test_what_is_no_request_is_not_counted():
    async def scenario(metrics, *_):
        called = []

        async def app(scope, *_):
            called.append(scope["type"])

        await metrics.count_requests(app)({"type": "lifespan"}, nothing, nothing)
        assert called == ["lifespan"]
        assert not [name for name, *_ in told(metrics) if name == "colorear_http_requests_total"]

    measured(scenario)
