import numpy as np
import pytest

from colorear.errors import EvaluationError
from colorear.evaluation.scores import Scores
from colorear.evaluation.statistics.comparison import comparison
from made_scores import SEVEN, by_quality, made_comparison, made_scores


def test_networks_come_first_and_nothing_is_no_network():
    compared = made_comparison(by_quality({"gray": 0, "b": 1, "mean-color": 0, "a": 2}))
    assert compared.models == ("b", "a", "gray", "mean-color")
    assert compared.networks == ("b", "a")
    assert set(compared.metrics) == set(SEVEN)  # the others are null


def test_paired_differences_are_exact_where_means_are_not():
    compared = made_comparison(by_quality({"a": 0.5, "b": 0.0}))
    mean = compared.mean("mse", "a")
    assert mean.high - mean.low > 0.3
    for metric in SEVEN:
        gain = compared.benefit(metric, "a", "b")
        assert (gain.low, gain.value, gain.high) == pytest.approx((0.5, 0.5, 0.5))
    assert compared.best("mse") == ("a", ())
    assert compared.best("psnr") == ("a", ())


def test_the_best_and_those_that_cannot_be_told_from_it():
    compared = made_comparison(by_quality({"a": 0.01, "b": 0.0, "c": -3.0}, noise=0.5))
    name, others = compared.best("psnr")
    assert {name, *others} == {"a", "b"}


def test_equal_networks_do_not_differ_by_rounding():
    values = by_quality({"a": 0.0}, count=33)
    compared = made_comparison(dict.fromkeys("abcd", values["a"]))
    for metric in SEVEN:
        found = compared.contrast(metric, {"a": 0.1, "b": 0.2, "c": 0.3, "d": -0.6})
        assert (found.low, found.value, found.high) == (0, 0, 0)


def test_the_ratio_to_the_gray_copy():
    gray = np.random.default_rng(0).random(30) + 0.1
    compared = made_comparison({"a": {"mse": 0.5 * gray}, "gray": {"mse": gray}})
    ratio = compared.ratio("a")
    assert (ratio.low, ratio.value, ratio.high) == pytest.approx((0.5, 0.5, 0.5))
    assert made_comparison({"a": {"mse": gray}}).ratio("a") is None
    nothing = made_comparison({"a": {"mse": gray}, "gray": {"mse": 0 * gray}})
    assert nothing.ratio("a") is None


def test_a_gray_original_is_left_out_of_psnr_alone_and_for_all():
    values = by_quality({"a": 1.0, "gray": 0.0}, metrics=("mse", "psnr"), count=10)
    values["gray"]["mse"][3], values["gray"]["psnr"][3] = 0.0, np.inf
    compared = made_comparison(values)
    assert compared.finite["psnr"].sum() == 9
    assert compared.finite["mse"].all()
    kept = np.delete(values["a"]["psnr"], 3)
    assert compared.mean("psnr", "a").value == pytest.approx(kept.mean())
    assert np.isfinite(compared.draws["psnr"]).all()


def test_a_metric_that_hardly_any_photograph_has_is_left_out_and_named():
    values = by_quality({"a": 1.0, "gray": 0.0}, metrics=("mse", "psnr"), count=4)
    values["gray"]["psnr"][1:] = np.inf
    compared = made_comparison(values)
    assert compared.metrics == ("mse",)
    assert compared.undefined == ("psnr",)


def test_only_photographs_that_all_have_are_compared():
    scores = made_scores(by_quality({"a": 1.0, "gray": 0.0}, count=6))
    compared = comparison(Scores(scores.table.drop(index=[0, 7]), scores.about), resamples=50)
    assert compared.photographs == ("002.jpg", "003.jpg", "004.jpg", "005.jpg")
    assert compared.left_out == 2
    with pytest.raises(EvaluationError, match="no photograph was judged for all networks"):
        comparison(Scores(scores.table.iloc[3:9], scores.about))


def test_one_photograph_has_means_and_no_intervals():
    compared = made_comparison(by_quality({"a": 1.0, "gray": 0.0}, count=1))
    assert not compared.mean("mse", "a").bounded
    assert not compared.ratio("a").bounded
    assert compared.benefit("psnr", "a", "gray").value == pytest.approx(1.0)


def test_nothing_to_compare():
    scores = made_scores(by_quality({"a": 1.0, "gray": 0.0}, count=2))
    with pytest.raises(EvaluationError, match="the scores hold no photographs"):
        comparison(Scores(scores.table.iloc[:0], scores.about))
    with pytest.raises(EvaluationError, match="the scores hold no network"):
        comparison(made_scores(by_quality({"gray": 0.0}, count=2)))
    with pytest.raises(EvaluationError, match="no metric with a number"):
        comparison(made_scores({"a": {"mse": np.full(3, np.nan)}}))
