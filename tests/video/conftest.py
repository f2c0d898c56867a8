"""What the tests of films share: a colorizer of known colors, photographs, small shots."""

import numpy as np
import pytest

pytest.importorskip("av", reason="films need the extra video: pip install 'colorear[video]'")

import made_films as made
from colorear.video.colorizer import VideoColorizer


@pytest.fixture(scope="session")
def colorizer(known_network) -> VideoColorizer:
    """Whose colors can be told beforehand: a* = L* / 2 + 1, b* = 3 - L* / 4."""
    return VideoColorizer(known_network, threads=1)


@pytest.fixture(scope="session")
def lumas(free_pictures) -> np.ndarray:
    """Luma in 0..1 of 12 frames (48, 64) of a slow pan."""
    shot = made.camera(free_pictures["coffee"], frames=12, size=(48, 64), pan=(1, 0.5))
    return made.luma_of(shot.frames)
