"""Parsers under atheris, which looks for cases that lead to lines not yet seen (`make fuzz`)."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from fuzz.parsers import PARSERS

pytest.importorskip("atheris", reason="atheris is not installed: pip install 'colorear[fuzz]'")
SCRIPT = Path(__file__).with_name("guided.py")
SECONDS, MOST = 20, 50_000


@pytest.mark.parametrize("name", PARSERS)
def test_anything_is_taken_or_refused(tmp_path, name, record_property):
    seeds = tmp_path / "seeds"
    seeds.mkdir()
    for number, seed in enumerate(PARSERS[name].seeds()):
        (seeds / str(number)).write_bytes(seed)
    limits = [f"-max_total_time={SECONDS}", f"-runs={MOST}", f"-artifact_prefix={tmp_path}/"]
    command = [sys.executable, str(SCRIPT), name, str(seeds), *limits]
    done = subprocess.run(command, capture_output=True, text=True, check=False, errors="replace")
    assert done.returncode == 0, done.stdout[-5_000:] + done.stderr[-5_000:]
    (count,) = re.findall(r"number_of_executed_units: (\d+)", done.stderr)
    assert int(count) > len(PARSERS[name].seeds())
    record_property(f"{name}: guided", count)
