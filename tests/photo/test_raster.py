"""Pictures of several bands of rows; what is in them is tested with the files."""

import numpy as np
import pytest
import pyvips
from skimage.transform import resize

from colorear import color
from colorear.photo import raster


def waves(height: int, width: int) -> raster.ChromaRows:
    """Colour that follows luma and place, within the gamut."""
    across = np.sin(np.arange(width, dtype=np.float32) / 9)
    down = np.cos(np.arange(height, dtype=np.float32) / 7)

    def rows(luma: np.ndarray, top: int) -> np.ndarray:
        room = 0.5 * luma * (1 - luma)
        return np.stack((room * across, room * down[top : top + len(luma), None]))

    return rows


@pytest.fixture
def gray() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (301, 401), np.uint8)


def chroma_of(gray: np.ndarray) -> np.ndarray:
    return waves(*gray.shape)(gray.astype(np.float32) / 255, 0)


def test_bands_of_rows_make_one_picture(gray):
    luma = gray[None] / 255
    expected = 255 * color.ycc_to_srgb(np.concatenate((luma, chroma_of(gray))))
    made = raster.colored(gray, waves)
    assert np.abs(made.transpose(2, 0, 1) - expected).max() < 0.51


def test_a_stream_is_colored_as_an_array_is(gray, tmp_path, monkeypatch):
    monkeypatch.setattr(raster, "_READ", 9 * gray.shape[1])
    rgb = raster.written_in_color(pyvips.Image.new_from_array(gray), waves, tmp_path / "rows")
    assert rgb.interpretation == "srgb"
    np.testing.assert_array_equal(rgb.numpy(), raster.colored(gray, waves))


def test_chroma_levels_are_rounded_once(gray):
    levels = raster.chroma_levels(gray, waves, gray.shape, 1)
    assert np.abs(levels - (128 + 255 * chroma_of(gray))).max() < 0.51


@pytest.mark.parametrize("step", [2, 4])
def test_chroma_of_some_samples_is_interpolated(gray, step):
    size = step * gray.shape[0] - 1, step * gray.shape[1] - 1
    levels = raster.chroma_levels(gray, waves, size, step)
    whole = [step * side for side in gray.shape]
    coarse = (128 + 255 * chroma_of(gray)).astype(np.float64)
    expected = resize(coarse, (2, *whole), order=1, mode="edge", preserve_range=True)
    assert np.abs(levels - expected[:, : size[0], : size[1]]).max() < 0.51
