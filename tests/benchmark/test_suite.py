import pytest

from colorear.benchmark import suite
from colorear.models.onnx_session import cores


def test_every_figure_is_measured(monkeypatch):
    monkeypatch.setattr(suite, "_SCAN", (400, 300))
    monkeypatch.setattr(suite, "_LARGE", (800, 600))
    monkeypatch.setattr(suite, "_SMALL", (80, 60))
    monkeypatch.setattr(suite, "_ROUNDS", 1)
    monkeypatch.setattr(suite, "_MANY_ROUNDS", 1)
    every = list(suite.measure(8))
    figures = {figure.name: figure for figure in every}
    assert len(figures) == len(every)
    warm, opencv, ratio = list(figures.values())[:3]
    assert ratio.value == pytest.approx(warm.value / opencv.value)
    assert figures["the same as a whole process"].value > warm.value
    memory = figures["peak memory, 0.48 MP grayscale JPEG"]
    assert 50 < memory.value < memory.limit
    assert figures["import colorear"].value > 0
    assert figures["all metrics at 160 x 160, a photograph"].value > 0
    assert figures["the network at 256 x 256"].value > 0
    one, two, ratio, early, late = every[7:12]
    assert one.name == "8 grayscale JPEGs of 0.0048 MP, --jobs 1"
    assert ratio.value == pytest.approx(two.value / one.value)
    assert ratio.least == (1.8 if cores() > 1 else None)
    assert early.name == "peak memory of a worker after 2 grayscale JPEGs of 0.0048 MP"
    assert 50 < early.value <= late.value
    local, ray = (
        figures[name]
        for name in ("6 grayscale JPEGs of 0.12 MP, --jobs 2", "the same with --on ray")
    )
    overhead = figures["overhead of --on ray"]
    assert overhead.value == pytest.approx(100 * (local.value / ray.value - 1))
    assert overhead.limit == 15


def test_without_ray_its_cost_is_not_measured(tmp_path, monkeypatch):
    monkeypatch.setattr(suite.importlib.util, "find_spec", lambda _: None)
    assert list(suite._ray(tmp_path / "scans", 8)) == []
