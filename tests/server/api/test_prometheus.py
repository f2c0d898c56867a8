import asyncio
from dataclasses import replace

import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.routing import Route

from colorear.server.api.jobs import Job, Jobs
from colorear.server.api.prometheus import Measures
from colorear.server.worker_pool import Ticket
from server.test_worker_pool import begun, run, task


def told(measures: Measures) -> dict[tuple[str, ...], float]:
    """What is measured: a name and values of labels -> a number."""
    families = text_string_to_metric_families(measures.text().decode())
    samples = [sample for family in families for sample in family.samples]
    return {(sample.name, *sample.labels.values()): sample.value for sample in samples}


def measured(scenario) -> None:
    """A scenario of the measures of a studio, its jobs, and a gate before its only worker."""

    async def whole(studio, gate):
        jobs = Jobs(studio.settings, studio)
        await scenario(Measures(studio, jobs), studio, jobs, gate)

    run(whole)


def test_photographs_are_counted_by_their_networks(outcome):
    async def scenario(measures, *_):
        for made in (outcome, replace(outcome, megapixels=0.5, seconds=3)):
            measures.count(made)
        numbers = told(measures)
        assert numbers["colorear_photographs_total", "acuarela"] == 2
        assert numbers["colorear_megapixels_total",] == 2.5
        assert numbers["colorear_photograph_seconds_count",] == 2
        assert numbers["colorear_photograph_seconds_sum",] == pytest.approx(3.7)
        assert numbers["colorear_photograph_seconds_bucket", "1.0"] == 1

    measured(scenario)


def test_the_gauges_show_what_is_so_now(outcome):
    async def scenario(measures, studio, jobs, gate):
        def gauges() -> list[float]:
            numbers = told(measures)
            names = ("waiting", "running", "jobs", "ready")
            return [numbers[f"colorear_{name}",] for name in names]

        async def work():
            return outcome

        assert gauges() == [0, 0, 0, 1]
        ticket = Ticket()
        works = [task(studio, gate, "a", "runs", ticket=ticket)]
        works += [task(studio, gate, "a", "waits") for _ in range(2)]
        await begun(ticket)
        await asyncio.sleep(0)
        jobs.begin(Job("a"), work)
        assert gauges() == [2, 1, 1, 1]
        gate.open.set()
        await asyncio.gather(*works)
        await studio.finish()
        assert gauges() == [0, 0, 1, 0]

    measured(scenario)


async def nothing(*_) -> None:
    """Nothing is received, or sent."""


def asked(method: str, path: str | None = None) -> dict:
    """The scope of a request that came to a route, or to none."""
    route = {"route": Route(path, nothing)} if path else {}
    return {"type": "http", "method": method, **route}


def answers(status: int):
    async def app(_scope, _receive, send):
        await send({"type": "http.response.start", "status": status})
        await send({"type": "http.response.body"})

    return app


def test_answers_are_counted_by_method_route_and_status():
    async def scenario(measures, *_):
        for status, scope in (
            (200, asked("POST", "/v1/colorize")),
            (200, asked("POST", "/v1/colorize")),
            (422, asked("POST", "/v1/colorize")),
            (404, asked("GET", "/v1/jobs/{id}")),
            (200, asked("GET")),
            (405, asked("BREW")),
            (405, asked("STEEP")),
        ):
            await measures.around(answers(status))(scope, nothing, nothing)
        numbers = told(measures)
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
    async def scenario(measures, *_):
        sent = []

        async def send(message):
            sent.append(message)

        await measures.around(answers(204))(asked("DELETE"), nothing, send)
        assert [message["type"] for message in sent] == [
            "http.response.start",
            "http.response.body",
        ]

    measured(scenario)


def test_who_left_before_the_answer_is_counted_and_errors_pass():
    async def breaks(*_):
        raise ConnectionResetError

    async def scenario(measures, *_):
        with pytest.raises(ConnectionResetError):
            await measures.around(breaks)(asked("POST", "/v1/colorize"), nothing, nothing)
        counted = told(measures)["colorear_http_requests_total", "POST", "/v1/colorize", "499"]
        assert counted == 1

    measured(scenario)


def test_what_is_no_request_is_not_counted():
    async def scenario(measures, *_):
        called = []

        async def app(scope, *_):
            called.append(scope["type"])

        await measures.around(app)({"type": "lifespan"}, nothing, nothing)
        assert called == ["lifespan"]
        assert not [name for name, *_ in told(measures) if name == "colorear_http_requests_total"]

    measured(scenario)
