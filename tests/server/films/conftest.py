"""Films that visitors may send; and the server and the browser of the page's tests."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("av", reason="films need the extra video: pip install 'colorear[video]'")

import made_films as made
from server.ui.conftest import address, browser, folder, player

__all__ = ["address", "browser", "folder", "player"]


@pytest.fixture
def lumas(free_pictures) -> list[np.ndarray]:
    """16 frames (48, 64) of two shots, as a film's whole numbers."""
    shots = [
        made.camera(free_pictures[name], frames=8, size=(48, 64)).frames
        for name in ("coffee", "china")
    ]
    return [made.coded(luma) for luma in made.luma_of(np.concatenate(shots))]


@pytest.fixture
def film(lumas, tmp_path) -> Path:
    """They, as a file."""
    return made.write(tmp_path / "abuela.mkv", lumas)
