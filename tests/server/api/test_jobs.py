import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from colorear.errors import PhotographError
from colorear.server.api.jobs import Job, Jobs
from colorear.server.problems import ProblemError
from colorear.server.settings import Settings
from colorear.server.worker_pool import ClientLimit, QueueFull
from server.test_worker_pool import begun, run


def begin(jobs: Jobs, client: str, work, *, folder=None) -> Job:
    """A job of that client, which keeps a folder, if one is given."""
    job = Job(client)
    if folder is not None:
        job.kept.enter_context(folder)
    jobs.begin(job, work)
    return job


def queued(jobs: Jobs, pool, gate, name: str, answer) -> Job:
    """A job whose work waits for a worker, and there until the gate is open."""
    job = Job(name)

    def call(colorizer):
        gate.call(name)(colorizer)
        return answer

    jobs.begin(job, lambda: pool.run(name, "acuarela", call, ticket=job.ticket))
    return job


def fails(error: Exception):
    async def work():
        raise error

    return work


def done(answer):
    async def work():
        return answer

    return work


def test_a_job_waits_runs_and_is_done(result):
    async def scenario(pool, gate):
        jobs = Jobs(pool.settings, pool)
        first, second = (queued(jobs, pool, gate, name, result) for name in "ab")
        await begun(first.ticket)
        first.progress = 0.5
        told = jobs.state(first, "/result")
        assert (told.id, told.state, told.progress, told.ahead) == (first.id, "running", 0.5, 0)
        told = jobs.state(second, "/result")
        assert (told.state, told.progress, told.ahead) == ("waiting", 0, 0)
        assert told.result is told.problem is told.expires is None
        gate.open.set()
        await asyncio.gather(first.task, second.task)
        told = jobs.state(first, "/result")
        assert (told.state, told.progress, told.result) == ("done", 1, "/result")
        assert jobs.get(first.id).result is result
        assert timedelta() < told.expires - datetime.now(UTC) <= timedelta(minutes=15)

    run(scenario)


@pytest.mark.parametrize(
    ("error", "kind", "said", "logged"),
    [
        (PhotographError("'cut.png' is damaged"), "not-a-photograph", "'cut.png' is damaged", ""),
        (RuntimeError("/secret"), "server-error", "whose log tells what", "/secret"),
    ],
)
def test_a_job_that_fails_says_why(caplog, error, kind, said, logged):
    async def scenario(pool, _):
        jobs = Jobs(pool.settings, pool)
        job = begin(jobs, "me", fails(error), folder=pool.workspace())
        await job.task
        assert list(pool.folder.iterdir()) == []  # what cannot be fetched is not kept
        job.progress = 0.5  # a worker that was given up goes on telling
        told = jobs.state(jobs.get(job.id), "/result")
        assert (told.state, told.progress, told.result) == ("failed", 1, None)
        assert told.problem.type.endswith(f":{kind}")
        assert said in told.problem.detail
        assert "secret" not in told.problem.detail
        assert told.expires
        assert logged in caplog.text
        assert bool(caplog.text) == bool(logged)

    run(scenario)


def test_ended_jobs_are_forgotten(result):
    async def scenario(pool, _):
        jobs = Jobs(pool.settings, pool)
        job = begin(jobs, "me", done(result), folder=pool.workspace())
        assert len(list(pool.folder.iterdir())) == 1
        while len(jobs):
            await asyncio.sleep(0)
        with pytest.raises(ProblemError, match="no such job") as told:
            jobs.get(job.id)
        assert told.value.kind == "not-found"
        assert list(pool.folder.iterdir()) == []

    run(scenario, job_minutes=1e-9)


def test_a_job_that_waits_can_be_given_up(result):
    async def scenario(pool, gate):
        jobs = Jobs(pool.settings, pool)
        first, second, third = (queued(jobs, pool, gate, name, result) for name in "abc")
        await begun(first.ticket)
        assert jobs.state(third, "").ahead == 1
        jobs.remove(second.id)
        assert second.task.cancelling()
        await asyncio.wait([second.task])
        assert jobs.state(third, "").ahead == 0
        with pytest.raises(ProblemError, match="no such job"):
            jobs.remove(second.id)
        gate.open.set()
        await asyncio.gather(first.task, third.task)
        assert gate.begun == ["a", "c"]

    run(scenario)


def test_jobs_of_one_client_are_limited(result):
    async def scenario(pool, _):
        jobs = Jobs(pool.settings, pool)
        first = begin(jobs, "greedy", done(result))
        jobs.check_room("greedy")
        begin(jobs, "greedy", done(result))
        with pytest.raises(ClientLimit, match="one client may have 2; DELETE those") as told:
            jobs.check_room("greedy")
        assert told.value.retry_after >= 1
        jobs.check_room("modest")
        jobs.remove(first.id)
        jobs.check_room("greedy")

    run(scenario, client_queue=2)


def test_there_are_only_so_many(result):
    async def scenario(pool, _):
        jobs = Jobs(pool.settings, pool)
        for client in "ab":
            jobs.check_room(client)
            begin(jobs, client, done(result))
        with pytest.raises(QueueFull, match="2 jobs are here, and no more are kept") as told:
            jobs.check_room("c")
        assert not isinstance(told.value, ClientLimit)

    run(scenario, job_places=2)


def test_in_the_end_all_are_told_and_forgotten(result):
    async def scenario(pool, gate):
        jobs = Jobs(pool.settings, pool)
        runs, waits = (queued(jobs, pool, gate, name, result) for name in "ab")
        await begun(runs.ticket)
        gate.open.set()
        await pool.finish()
        await jobs.end()
        assert runs.result is result
        assert waits.error.kind == "stopping"
        assert len(jobs) == 0

    run(scenario)


def test_nobody_guesses_a_job():
    names = {Job("me").id for _ in range(100)}
    assert len(names) == 100
    assert min(map(len, names)) >= 32


def test_a_job_that_is_not_there_is_told():
    async def scenario(pool, _):
        with pytest.raises(ProblemError, match="send the photograph again"):
            Jobs(Settings(), pool).get("guessed")

    run(scenario)
