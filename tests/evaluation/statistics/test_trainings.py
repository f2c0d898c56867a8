"""Chance in training beside chance in photographs."""

import numpy as np
import pytest

from colorear.evaluation.statistics.bootstrap import resampled_means
from colorear.evaluation.statistics.trainings import resample_trainings, trainings_of
from made_scores import made_comparison

SHARED = 0.02  # standard deviation between photographs, which all models share


def test_trainings_are_recognized_by_name():
    names = ["a-seed1", "a-seed2", "b", "a-seed1@luma", "a-seed10"]
    assert trainings_of(names) == {
        "a": ("a-seed1", "a-seed2", "a-seed10"),
        "b": ("b",),
        "a@luma": ("a-seed1@luma",),
    }


def coverage(trainings, between):
    """How often the interval of a mean holds the truth, 0, over other trainings and photographs."""
    hits = 0
    for experiment in range(200):
        random = np.random.default_rng(experiment)
        of_training = between * random.standard_normal((trainings, 1))
        values = of_training + SHARED * random.standard_normal((1, 60))
        draws = resample_trainings(
            resampled_means(values, resamples=400, seed=experiment),
            {"a": tuple(f"a-seed{i}" for i in range(trainings))},
            seed=experiment,
        )[:, 0]
        low, high = np.quantile(draws, (0.025, 0.975))
        hits += low <= 0 <= high
    return hits / 200


@pytest.mark.parametrize("trainings", [3, 5])
def test_intervals_hold_the_truth_as_often_as_they_say(trainings):
    assert coverage(trainings, between=0.05) > 0.88


def test_without_chance_in_training_intervals_are_those_of_photographs():
    values = np.repeat(np.random.default_rng(0).standard_normal((1, 60)), 3, axis=0)
    means = resampled_means(values, resamples=100)
    draws = resample_trainings(means, {"a": ("a-seed1", "a-seed2", "a-seed3")})
    np.testing.assert_allclose(draws[:, 0], means[:, 0])


def test_the_same_trainings_judged_in_two_ways_are_drawn_together():
    random = np.random.default_rng(1)
    own = random.standard_normal((3, 50))
    means = resampled_means(np.concatenate((own, own + 1)), resamples=200)
    names = tuple(f"a-seed{i}" for i in range(3))
    draws = resample_trainings(means, {"a": names, "a@luma": tuple(f"{n}@luma" for n in names)})
    np.testing.assert_allclose(draws[:, 1] - draws[:, 0], 1)


def test_a_comparison_is_of_networks_and_knows_both_spreads():
    """Two networks whose trainings overlap are told apart by one training each, not by three."""
    random = np.random.default_rng(2)
    photographs = 20 + SHARED * random.standard_normal(60)
    offsets = {"a": (0.0, 0.5, -0.5), "b": (0.1, -0.4, 0.6)}

    def scores(count):
        return {
            f"{name}-seed{i + 1}": {"mse": photographs + offset}
            for name, every in offsets.items()
            for i, offset in enumerate(every[:count])
        }

    once, thrice = made_comparison(scores(1)), made_comparison(scores(3))
    assert once.networks == thrice.networks == ("a", "b")
    assert thrice.trainings["a"] == ("a-seed1", "a-seed2", "a-seed3")
    assert thrice.mean("mse", "a").value == pytest.approx(photographs.mean())
    assert once.benefit("mse", "a", "b").side() == 1
    assert thrice.benefit("mse", "a", "b").side() == 0
    assert thrice.facts("a").frechet == 12.5
