"""Photographs to judge, and what may happen to their colour."""

import cv2
import pytest
import torch

from colorear import color


@pytest.fixture(scope="session")
def photographs(free_pictures):
    """(3, 3, 96, 112) in 0..1, float64: a face with cloth, a cup on wood, a cat."""
    cuts = [free_pictures[name][:96, 100:212] for name in ("astronaut", "coffee", "chelsea")]
    pixels = torch.stack([torch.from_numpy(cut.copy()) for cut in cuts])
    return pixels.permute(0, 3, 1, 2).double() / 255


@pytest.fixture(scope="session")
def desaturated():
    """Takes part of the colour away; 1 leaves the grey copy."""

    def fade(photographs, part):
        return photographs + part * (color.luma(photographs) - photographs)

    return fade


@pytest.fixture(scope="session")
def noisy():
    """Adds the same noise, times a size, clipped."""

    def add(photographs, size):
        noise = torch.randn(photographs.shape, generator=torch.Generator().manual_seed(1))
        return (photographs + size * noise).clamp(0, 1)

    return add


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory):
    """Decoded photographs go where the tests' other files go, not to the user's cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def landscapes(tmp_path_factory, free_pictures):
    """`color/` with 12 photographs in the Kaggle layout, of which the last two are the test."""
    root = tmp_path_factory.mktemp("data") / "landscapes"
    (root / "color").mkdir(parents=True)
    for i in range(12):
        pixels = list(free_pictures.values())[i % 6][50 * (i // 6) :][:200, :200]
        cv2.imwrite(str(root / "color" / f"{i}.png"), cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))
    return root
