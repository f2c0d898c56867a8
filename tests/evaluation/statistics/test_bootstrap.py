import math

import numpy as np
import pytest

from colorear.evaluation.statistics.bootstrap import Estimate, estimate, resampled_means


def test_all_rows_share_the_draws():
    values = np.random.default_rng(0).random((2, 30))
    shifted = np.stack([values[0], values[0] + 3, 2 * values[0]])
    draws = resampled_means(shifted, resamples=1001)
    assert draws.shape == (1001, 3)
    assert draws[:, 1] - draws[:, 0] == pytest.approx(np.full(1001, 3.0))
    assert draws[:, 2] == pytest.approx(2 * draws[:, 0])
    assert (resampled_means(shifted, resamples=1001) == draws).all()
    assert (resampled_means(shifted, resamples=1001, seed=1) != draws).any()


def test_the_draws_scatter_as_the_standard_error():
    values = np.random.default_rng(1).standard_normal((1, 200))
    draws = resampled_means(values, resamples=4000)
    assert draws.mean() == pytest.approx(values.mean(), abs=0.01)
    assert draws.std() == pytest.approx(values.std() / math.sqrt(200), rel=0.05)


def test_the_interval_holds_the_truth_about_as_often_as_it_says():
    random = np.random.default_rng(2)
    held = 0
    for _ in range(200):
        values = random.standard_normal((1, 50))
        found = estimate(values.mean(), resampled_means(values, resamples=500)[:, 0])
        held += found.side() == 0
    assert 0.88 <= held / 200 <= 0.99


def test_an_estimate_knows_its_side():
    assert Estimate(2, 1, 3).side() == 1
    assert Estimate(2, 1, 3).side(2) == 0
    assert Estimate(2, 1, 3).times(-2) == Estimate(-4, -6, -2)
    alone = Estimate(2)
    assert not alone.bounded
    assert alone.side() == 0
    assert not alone.times(2).bounded
