import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skimage.color import deltaE_ciede2000
from skimage.transform import resize

from colorear import color
from colorear.inference import upsampling


def at_size(planes: np.ndarray, height: int, width: int) -> np.ndarray:
    """scikit-image's bilinear filter: a reference that shares nothing with ours."""
    return resize(planes, (len(planes), height, width), order=1, mode="edge").astype(np.float32)


def shrunk(planes: np.ndarray, factor: int) -> np.ndarray:
    count, height, width = planes.shape
    cells = planes.reshape(count, height // factor, factor, width // factor, factor)
    return cells.mean((2, 4), dtype=np.float64).astype(np.float32)


def brought_back(edges: upsampling.EdgeChroma, luma: np.ndarray) -> np.ndarray:
    """In two parts, as pictures are coloured some rows at a time."""
    (height, width), half = luma.shape[1:], luma.shape[1] // 2
    rows = edges.at_size(height, width)
    return np.concatenate((rows(luma[0, :half], 0), rows(luma[0, half:], half)), 1)


def quality(lab: np.ndarray, luma: np.ndarray, chroma_planes: np.ndarray) -> tuple[float, float]:
    """PSNR in dB of the photograph with this chroma, and its mean CIEDE2000."""
    truth = color.lab_to_srgb(lab)
    ours = color.ycc_to_srgb(np.concatenate((luma, color.limit_chroma(luma, chroma_planes))))
    psnr = -10 * np.log10(np.mean((ours - truth) ** 2))
    difference = deltaE_ciede2000(lab, color.srgb_to_lab(ours), channel_axis=0)
    return float(psnr), float(difference.mean())


def test_following_edges_beats_bilinear_upsampling(free_pictures):
    gains = {}
    for name, pixels in free_pictures.items():
        height, width = (side // 8 * 8 for side in pixels.shape[:2])
        srgb = pixels[:height, :width].transpose(2, 0, 1).astype(np.float32) / 255
        lab, luma = color.srgb_to_lab(srgb), color.luma(srgb)
        small_luma, small_ab = shrunk(luma, 8), shrunk(lab[1:], 8)
        small = color.ab_to_chroma(small_luma, small_ab)
        ours = quality(lab, luma, brought_back(upsampling.follow_edges(small_luma, small), luma))
        plain = quality(lab, luma, at_size(small, height, width))
        gains[name] = (ours[0] - plain[0], plain[1] - ours[1])
    psnr, ciede2000 = np.mean(list(gains.values()), axis=0)
    assert psnr > 0.7, gains
    assert ciede2000 > 0.12, gains
    assert sum(gain[0] > 0 and gain[1] > 0 for gain in gains.values()) >= len(gains) - 1, gains


def test_color_does_not_bleed_over_a_contour():
    """A red half beside a green one, of different luma: the border stays where the luma has it."""
    luma = np.full((1, 64, 64), 0.3, np.float32)
    luma[:, :, 29:] = 0.6  # inside a low-resolution place: 29 is no multiple of 8
    truth = np.where(luma == np.float32(0.3), 0.2, -0.2) * np.ones((2, 1, 1), np.float32)
    edges = upsampling.follow_edges(shrunk(luma, 8), shrunk(truth, 8))
    ours = np.abs(brought_back(edges, luma) - color.limit_chroma(luma, truth)).mean()
    plain = np.abs(at_size(shrunk(truth, 8), 64, 64) - truth).mean()
    assert ours < 0.35 * plain


@pytest.mark.parametrize("size", [(40, 60), (37, 61), (13, 17)])
def test_upsampling_is_not_shifted(size):
    """A ramp of chroma under a flat luma stays that ramp, measured from pixel centres."""
    ramp = np.linspace(-0.2, 0.2, 17, dtype=np.float32) * np.ones((2, 13, 1), np.float32)
    flat = np.full((1, 13, 17), 0.5, np.float32)
    got = brought_back(upsampling.follow_edges(flat, ramp), np.full((1, *size), 0.5, np.float32))
    centers = (np.arange(size[1]) + 0.5) * 17 / size[1] - 0.5
    expected = np.interp(centers, np.arange(17), ramp[0, 0])
    assert np.abs(got - expected).max() < 1e-3


def test_the_low_resolution_color_itself_is_kept(free_pictures):
    srgb = free_pictures["coffee"][::4, ::4].transpose(2, 0, 1).astype(np.float32) / 255
    luma, truth = np.split(color.srgb_to_ycc(srgb), [1])
    edges = upsampling.follow_edges(luma, truth)
    assert np.abs(brought_back(edges, luma) - truth).max() < 1e-4


@given(st.integers(1, 9), st.integers(1, 9), st.integers(0, 2**32 - 1))
def test_result_is_in_gamut_for_any_chroma_and_size(height, width, seed):
    random = np.random.default_rng(seed)
    small_luma = random.random((1, 3, 4), dtype=np.float32)
    wild = random.uniform(-1, 1, (2, 3, 4)).astype(np.float32)
    luma = random.random((1, height, width), dtype=np.float32)
    got = brought_back(upsampling.follow_edges(small_luma, wild), luma)
    assert np.isfinite(got).all()
    srgb = color.ycc_to_srgb(np.concatenate((luma, got)))
    assert srgb.min() > -1e-5
    assert srgb.max() < 1 + 1e-5
    assert np.abs(got - color.limit_chroma(luma, got)).max() < 1e-4
