import numpy as np
import pytest

from colorear.evaluation.statistics.ranking import average_ranks, lead, without
from made_scores import SEVEN, by_quality, made_comparison


def test_ranks_by_hand():
    values = {
        "a": {
            "mse": np.array([1.0, 1.0]),
            "psnr": np.array([9.0, 9.0]),
            "vif": np.array([0.1, 0.1]),
        },
        "b": {
            "mse": np.array([2.0, 2.0]),
            "psnr": np.array([8.0, 8.0]),
            "vif": np.array([0.9, 0.9]),
        },
        "c": {
            "mse": np.array([3.0, 3.0]),
            "psnr": np.array([8.0, 8.0]),
            "vif": np.array([0.5, 0.5]),
        },
    }
    compared = made_comparison(values)
    metrics, names = ("mse", "psnr", "vif"), ("a", "b", "c")
    ranks = average_ranks(compared, metrics, names)
    # mse 1 2 3; psnr 1 2.5 2.5; vif 3 1 2
    assert [ranks[name].value for name in names] == pytest.approx([5 / 3, 5.5 / 3, 7.5 / 3])
    assert (ranks["a"].low, ranks["a"].high) == pytest.approx((5 / 3, 5 / 3))
    assert lead(compared, metrics, names, "a").value == pytest.approx(0.5 / 3)
    assert lead(compared, metrics, names, "b").value == pytest.approx(-0.5 / 3)
    left = without(compared, metrics, names)
    assert left["vif"] == pytest.approx({"a": 1.0, "b": 2.25, "c": 2.75})
    assert left["mse"]["b"] < left["mse"]["a"]


def test_the_lead_is_as_sure_as_the_photographs_make_it():
    sure = made_comparison(by_quality({"a": 1.0, "b": 0.0}, noise=0.1))
    assert lead(sure, SEVEN, ("a", "b"), "a").side() == 1
    unsure = made_comparison(by_quality({"a": 0.0, "b": 0.0}, noise=1.0))
    assert lead(unsure, SEVEN, ("a", "b"), "a").side() == 0


def test_one_photograph_has_ranks_without_intervals():
    compared = made_comparison(by_quality({"a": 1.0, "b": 0.0}, count=1))
    assert average_ranks(compared, SEVEN, ("a", "b"))["a"].value == 1
    assert not lead(compared, SEVEN, ("a", "b"), "a").bounded
