import pytest

from colorear import bench


def test_every_figure_is_measured(monkeypatch):
    monkeypatch.setattr(bench, "_SCAN", (400, 300))
    monkeypatch.setattr(bench, "_LARGE", (800, 600))
    monkeypatch.setattr(bench, "_ROUNDS", 1)
    figures = {figure.name: figure for figure in bench.measure()}
    warm, opencv, ratio = list(figures.values())[:3]
    assert ratio.value == pytest.approx(warm.value / opencv.value)
    assert figures["the same as a whole process"].value > warm.value
    memory = figures["peak memory, 0.48 MP grayscale JPEG"]
    assert 50 < memory.value < memory.limit
    assert figures["import colorear"].value > 0
    metrics = "all metrics at 160 x 160, a photograph", "the slides' seven by their libraries"
    ours, theirs = (figures[name].value for name in metrics)
    assert figures["ratio of these two"].value == pytest.approx(ours / theirs)
    assert figures["the network at 256 x 256"].value > 0
