import random
from collections import Counter

import pytest

from colorear.batch.discovery import Failed
from colorear.batch.runner import Work
from colorear.batch.scheduler import shared_out


class Fickle:
    """Workers that are lost when chance, or the photograph, wants it; nobody really works."""

    tries = 3

    def __init__(self, places=3, loss=0.0, deadly=()):
        self.chance = random.Random(0)
        self.room, self.loss, self.deadly = places, loss, deadly
        self.hired, self.begun = [], []
        self.most = 0

    def hire(self):
        self.hired.append(Hand(self))
        return self.hired[-1]

    def places(self):
        return self.room

    def ready(self, begun):
        self.most = max(self.most, len(begun))
        return self.chance.sample(begun, self.chance.randint(1, len(begun)))


class Hand:
    def __init__(self, crew):
        self.crew, self.ended = crew, 0

    def begin(self, work):
        assert not self.ended
        self.work = work
        self.crew.begun.append(work)
        return object()

    def answer(self):
        if self.work.source in self.crew.deadly or self.crew.chance.random() < self.crew.loss:
            return None
        return Failed(self.work.source, "done")

    def end(self):
        self.ended += 1
        return "it slept"


def works(count=200) -> list[Work]:
    return [Work(str(n), f"{n}-color", None, overwrite=False, made_of=None) for n in range(count)]


@pytest.mark.parametrize("loss", [0, 0.05])
@pytest.mark.parametrize("places", [1, 3, 500])
def test_every_photograph_is_answered_once_whatever_is_lost(places, loss):
    crew = Fickle(places, loss)
    answers = list(shared_out(crew, iter(works())))
    assert sorted(work.source for work, _ in answers) == sorted(work.source for work in works())
    assert all(work in works() for work, _ in answers)
    assert crew.most == min(places, 200)
    assert {hand.ended for hand in crew.hired} == {1}
    if not loss:
        assert {answer.error for _, answer in answers} == {"done"}
        assert len(crew.hired) == crew.most


def test_a_photograph_that_every_worker_is_lost_of():
    crew = Fickle(deadly={"7"})
    answers = dict(shared_out(crew, iter(works())))
    (bad,) = (answer for answer in answers.values() if answer.error != "done")
    assert "'7' ended the process that coloured it (it slept), 3 times; it may need" in bad.error
    assert Counter(work.source for work in crew.begun)["7"] == 3


def test_what_a_lost_worker_may_have_written_is_replaced():
    crew = Fickle(deadly={"7"})
    list(shared_out(crew, iter(works(10))))
    assert [work.overwrite for work in crew.begun if work.source == "7"] == [False, True, True]
    assert not any(work.overwrite for work in crew.begun if work.source != "7")


def test_places_that_come_are_used():
    crew = Fickle(places=1)
    answers = shared_out(crew, iter(works()))
    next(answers)
    assert len(crew.hired) == 1
    crew.room = 5
    assert len(list(answers)) == 199
    assert crew.most == 5


def test_closed_it_ends_what_is_being_done():
    crew = Fickle()
    answers = shared_out(crew, iter(works()))
    next(answers)
    answers.close()
    assert {hand.ended for hand in crew.hired} == {1}


def test_without_work_nobody_is_hired():
    crew = Fickle()
    assert list(shared_out(crew, iter(()))) == []
    assert crew.hired == []
