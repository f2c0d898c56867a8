import random
from collections import Counter

import pytest

from colorear.batch.discovery import Failed
from colorear.batch.scheduler import schedule
from colorear.batch.task import Task
from colorear.errors import BatchError


class FicklePool:
    """Workers that are lost when chance, or the photograph, wants it; nobody really tasks."""

    attempts = 3

    def __init__(self, capacity=3, loss=0.0, deadly=()):
        self.chance = random.Random(0)
        self.room, self.loss, self.deadly = capacity, loss, deadly
        self.started, self.begun = [], []
        self.most = 0

    def start(self):
        self.started.append(FakeWorker(self))
        return self.started[-1]

    def capacity(self):
        return self.room

    def wait(self, submitted):
        self.most = max(self.most, len(submitted))
        return self.chance.sample(submitted, self.chance.randint(1, len(submitted)))


class FakeWorker:
    def __init__(self, pool):
        self.pool, self.ended = pool, 0

    def submit(self, task):
        assert not self.ended
        self.task = task
        self.pool.begun.append(task)
        return object()

    def result(self):
        if self.task.source in self.pool.deadly or self.pool.chance.random() < self.pool.loss:
            return None
        return Failed(self.task.source, "done")

    def stop(self):
        self.ended += 1
        return "it slept"


def tasks(count=200) -> list[Task]:
    return [Task(str(n), f"{n}-color", None, overwrite=False) for n in range(count)]


@pytest.mark.parametrize("loss", [0, 0.05])
@pytest.mark.parametrize("capacity", [1, 3, 500])
def test_every_photograph_is_done_once_whatever_is_lost(capacity, loss):
    pool = FicklePool(capacity, loss)
    outcomes = list(schedule(pool, iter(tasks())))
    assert sorted(task.source for task, _ in outcomes) == sorted(task.source for task in tasks())
    assert all(task in tasks() for task, _ in outcomes)
    assert pool.most == min(capacity, 200)
    assert {worker.ended for worker in pool.started} == {1}
    if not loss:
        assert {outcome.error for _, outcome in outcomes} == {"done"}
        assert len(pool.started) == pool.most


def test_a_photograph_that_every_worker_is_lost_of():
    pool = FicklePool(deadly={"7"})
    outcomes = dict(schedule(pool, iter(tasks())))
    (bad,) = (outcome for outcome in outcomes.values() if outcome.error != "done")
    assert "'7' ended the process that colored it (it slept), 3 times; it may need" in bad.error
    assert Counter(task.source for task in pool.begun)["7"] == 3


def test_what_a_lost_worker_may_have_written_is_replaced():
    pool = FicklePool(deadly={"7"})
    list(schedule(pool, iter(tasks(10))))
    assert [task.again for task in pool.begun if task.source == "7"] == [False, True, True]
    assert not any(task.again for task in pool.begun if task.source != "7")
    assert not any(task.overwrite for task in pool.begun)


def test_capacity_that_comes_is_used():
    pool = FicklePool(capacity=1)
    outcomes = schedule(pool, iter(tasks()))
    next(outcomes)
    assert len(pool.started) == 1
    pool.room = 5
    assert len(list(outcomes)) == 199
    assert pool.most == 5


def test_closed_it_ends_what_is_being_done():
    pool = FicklePool()
    outcomes = schedule(pool, iter(tasks()))
    next(outcomes)
    outcomes.close()
    assert {worker.ended for worker in pool.started} == {1}


def test_where_no_worker_can_be_had_that_is_told_and_all_are_ended(monkeypatch):
    def result(_):
        raise BatchError("no process can begin")

    pool = FicklePool()
    monkeypatch.setattr(FakeWorker, "result", result)
    with pytest.raises(BatchError, match="no process can begin"):
        list(schedule(pool, iter(tasks())))
    assert [worker.ended for worker in pool.started] == [1, 1, 1]


def test_without_work_nobody_is_hired():
    pool = FicklePool()
    assert list(schedule(pool, iter(()))) == []
    assert pool.started == []
