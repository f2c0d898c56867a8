import subprocess

import pytest
import pyvips

from colorear.benchmark import throughput


def test_photographs_differ(tmp_path):
    made = throughput.make_photographs(tmp_path / "small", 15, 80, 60)
    assert sorted((tmp_path / "small").iterdir()) == made
    assert len({path.read_bytes() for path in made}) == 15
    for path in made:
        image = pyvips.Image.new_from_file(str(path))
        assert (image.width, image.height, image.bands) == (80, 60, 1)


def test_the_rate_is_that_between_the_first_and_the_last(tmp_path, monkeypatch):
    """Ten seconds to start, one for each of four photographs, ten to end; a last line sums up."""
    predictions = "import time\nfor _ in range(5): print(1, flush=True)"
    monkeypatch.setattr(throughput, "COLORIZE", (throughput.sys.executable, "-c", predictions))
    clock = iter((10, 11, 12, 13, 14))
    monkeypatch.setattr(throughput.time, "perf_counter", lambda: next(clock))
    assert throughput.rate(tmp_path / "small", 1) == 1
    clock = iter((10, 10, 11, 31, 31))
    assert throughput.rate(tmp_path / "small", 2) == 1


def test_photographs_are_colored_for_it(tmp_path):
    throughput.make_photographs(tmp_path / "small", 6, 80, 60)
    assert throughput.rate(tmp_path / "small", 2) > 0
    assert [path.name for path in tmp_path.iterdir()] == ["small"]
    early, late = throughput.peaks(tmp_path / "small", 2, 6)
    assert 50 < early <= late < 1000


def test_what_fails_is_no_rate(tmp_path):
    (tmp_path / "small").mkdir()
    (tmp_path / "small" / "a.jpg").write_text("dear diary")
    for measured in (
        lambda: throughput.rate(tmp_path / "small", 1),
        lambda: throughput.peaks(tmp_path / "small", 1),
    ):
        with pytest.raises(subprocess.CalledProcessError):
            measured()
