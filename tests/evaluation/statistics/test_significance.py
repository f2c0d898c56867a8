import numpy as np
import pytest
from scipy import stats

from colorear.evaluation.statistics.significance import holm, pair_tests
from made_scores import by_quality, made_comparison


def test_holm_by_hand():
    # sorted 0.005, 0.01, 0.03, 0.04: times 4, 3, 2, 1, and never below the one before
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []


def test_every_pair_is_tested_on_the_same_photographs():
    values = by_quality({"a": 0.5, "b": 0.4, "c": 0.0, "gray": 0.0}, noise=0.2)
    compared = made_comparison(values)
    tests = pair_tests(compared, "mse")
    assert [(test.first, test.second) for test in tests] == [("a", "b"), ("a", "c"), ("b", "c")]
    raw = [stats.wilcoxon(values[t.first]["mse"] - values[t.second]["mse"]).pvalue for t in tests]
    assert [test.p for test in tests] == pytest.approx(raw)
    assert [test.adjusted for test in tests] == pytest.approx(holm(raw))
    assert [test.winner for test in tests][1:] == ["a", "b"]


def test_equal_networks_do_not_differ():
    values = {name: {"psnr": np.arange(20.0)} for name in ("a", "b")}
    values["c"] = {"psnr": np.arange(20.0) + np.eye(20)[0]}
    tests = pair_tests(made_comparison(values), "psnr")
    assert [(test.adjusted, test.winner) for test in tests] == [(1.0, None)] * 3


def test_one_photograph_is_not_tested():
    assert pair_tests(made_comparison(by_quality({"a": 0, "b": 1}, count=1)), "mse") == []
