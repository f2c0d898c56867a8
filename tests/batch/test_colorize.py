"""Photographs and folders, colored from Python as the command does it."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from colorear import Hint, verify
from colorear.batch.colorize import colorize_all, colorize_stream
from colorear.batch.processes import process_executor
from colorear.batch.task import Kept
from colorear.errors import ModelError, NothingToDoError, PhotographError, UsageError
from colorear.inference.colorizer import Colored
from colorear.inference.options import ColorizeOptions
from colorear.models.onnx_session import cores

GRAY = Image.fromarray(np.arange(48 * 64, dtype=np.uint8).reshape(48, 64))


@pytest.fixture
def attic(tmp_path) -> Path:
    (tmp_path / "attic").mkdir()
    GRAY.save(tmp_path / "attic" / "a.png")
    (tmp_path / "attic" / "letter.txt").write_text("dear diary")
    return tmp_path / "attic"


def test_a_folder(attic, tmp_path, known_network):
    options = ColorizeOptions(str(known_network))
    for kind in (Colored, Kept):
        with colorize_all([attic], tmp_path / "out" / "new", options=options) as run:
            assert (len(run), run.left_alone) == (1, {".txt": 1})
            (result,) = run.results()
        assert isinstance(result, kind)
    assert verify(attic / "a.png", result.output).ok


def test_what_cannot_be_had_is_told_before_anything_is_done(attic, tmp_path, known_network):
    out = tmp_path / "out"
    hinted = ColorizeOptions(str(known_network), hints=(Hint(0, 0, "red"),))
    with pytest.raises(UsageError, match="known takes no hints; choose a network that does"):
        colorize_all([attic / "a.png"], out, options=hinted)
    with pytest.raises(UsageError, match="hints are about the places of one photograph"):
        colorize_all([attic], out, options=hinted)
    with pytest.raises(ModelError, match="there is no network called 'nobody'"):
        colorize_all([attic], out, options=ColorizeOptions("nobody"))
    assert not out.exists()


def test_a_place_without_photographs(attic, tmp_path, known_network):
    (attic / "a.png").unlink()
    with pytest.raises(
        NothingToDoError, match=r"there is no photograph in '.*attic'; name another"
    ):
        colorize_all([attic], tmp_path / "out", options=ColorizeOptions(str(known_network)))


def test_from_a_pipe_into_a_pipe(attic, known_network, tmp_path):
    options = ColorizeOptions(str(known_network))
    made = io.BytesIO()
    colorize_stream(io.BytesIO((attic / "a.png").read_bytes()), made, options=options)
    (tmp_path / "made.png").write_bytes(made.getvalue())
    assert verify(attic / "a.png", tmp_path / "made.png").ok
    assert verify(attic / "a.png", tmp_path / "made.png").provenance
    same = io.BytesIO()
    colorize_stream(io.BytesIO(made.getvalue()), same, options=options)
    assert same.getvalue() == made.getvalue()
    nothing = io.BytesIO()
    with pytest.raises(PhotographError, match=r"^standard input is not an image, but a JPEG, PNG"):
        colorize_stream(io.BytesIO(b"dear diary"), nothing, options=options)
    assert nothing.getvalue() == b""


def test_no_more_processes_are_started_than_there_are_cores(tmp_path, known_network, monkeypatch):
    asked = []

    def executor(model, count, *, threads, signer):
        asked.append((count, threads))
        return process_executor(model, 1, threads=1, signer=signer)

    monkeypatch.setattr("colorear.batch.colorize.process_executor", executor)
    for number in range(cores() + 1):
        GRAY.save(tmp_path / f"{number}.png")
    options = ColorizeOptions(str(known_network))
    colorize_all([tmp_path], tmp_path / "out", options=options, jobs=cores() + 3).close()
    assert asked == [(cores(), 1)]
