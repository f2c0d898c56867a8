import numpy as np
import pytest

from colorear.evaluation.statistics.strata import by_chroma, by_place, extremes, measure
from made_scores import by_quality, made_comparison


def test_extremes_are_the_best_the_middle_and_the_worst():
    values = {"a": {"mse": np.array([5.0, 1, 9, 3, 7, 2, 8])}}
    compared = made_comparison(values)
    assert measure(compared) == "mse"
    assert extremes(compared, "a", count=2) == {"best": [1, 5], "median": [3, 0], "worst": [2, 6]}
    assert extremes(compared, "a", count=9)["worst"][0] == 2


def test_with_higher_is_better_the_worst_is_the_lowest():
    compared = made_comparison({"a": {"psnr": np.array([30.0, np.inf, 20, 25])}})
    assert measure(compared) == "psnr"
    assert extremes(compared, "a", count=1) == {"best": [0], "median": [3], "worst": [2]}


def test_groups_by_chroma_hold_equally_many_photographs():
    error = np.arange(1.0, 41)
    compared = made_comparison({"a": {"mse": error[::-1].copy()}}, chroma=error[::-1])
    groups = by_chroma(compared)
    assert [group.count for group in groups] == [8] * 5
    assert [group.chroma for group in groups] == pytest.approx([4.5, 12.5, 20.5, 28.5, 36.5])
    assert [g.errors["a"].value for g in groups] == pytest.approx([4.5, 12.5, 20.5, 28.5, 36.5])
    assert all(group.errors["a"].bounded for group in groups)


def test_no_groups_of_too_few_or_unknown_photographs():
    assert by_chroma(made_comparison(by_quality({"a": 0}, count=24))) == []
    assert by_chroma(made_comparison(by_quality({"a": 0}, count=30), truth={})) == []
    assert by_place(made_comparison(by_quality({"a": 0}, count=30))) == []


def test_places_come_the_most_difficult_first_without_rare_ones():
    places = ("coast", "street")
    values = {"a": {"mse": np.tile([1.0, 3.0], 10)}}
    groups = by_place(made_comparison(values, places=places))
    assert [(group.name, group.count) for group in groups] == [("street", 10), ("coast", 10)]
    rare = made_comparison({"a": {"mse": np.ones(9)}}, places=places)
    assert [group.name for group in by_place(rare)] == ["coast"]
