import numpy as np
import pytest
import skimage.color
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from colorear import color

_STEPS = np.linspace(0, 1, 33)
CUBE = np.stack(np.meshgrid(_STEPS, _STEPS, _STEPS, indexing="ij")).reshape(3, 33, -1)

chromas = hnp.arrays(np.float64, (2, 3, 5), elements=st.floats(-0.5, 0.5))
lumas = hnp.arrays(np.float64, (1, 3, 5), elements=st.floats(0, 1))


# B. Lindbloom's CIE Color Calculator, sRGB, D65, no adaptation.
@pytest.mark.parametrize(
    ("srgb", "lab"),
    [
        ((255, 255, 255), (100.0, 0.0, 0.0)),
        ((255, 0, 0), (53.2408, 80.0925, 67.2032)),
        ((0, 255, 0), (87.7347, -86.1827, 83.1793)),
        ((0, 0, 255), (32.2970, 79.1875, -107.8602)),
        ((0, 0, 0), (0.0, 0.0, 0.0)),
    ],
)
def test_primaries_have_their_published_lab(srgb, lab):
    got = color.srgb_to_lab(np.array(srgb).reshape(3, 1, 1) / 255).ravel()
    assert got == pytest.approx(lab, abs=0.015)


def test_lab_agrees_with_scikit_image():
    ours = color.srgb_to_lab(CUBE)
    theirs = np.moveaxis(skimage.color.rgb2lab(np.moveaxis(CUBE, 0, -1)), -1, 0)
    assert np.abs(ours - theirs).max() < 0.02  # their white has four digits


def test_lab_comes_back_over_the_whole_cube():
    assert np.abs(color.lab_to_srgb(color.srgb_to_lab(CUBE)) - CUBE).max() < 1e-5


def test_ycc_comes_back_and_follows_jfif():
    assert np.abs(color.ycc_to_srgb(color.srgb_to_ycc(CUBE)) - CUBE).max() < 1e-12
    red = color.srgb_to_ycc(np.array([1.0, 0, 0]).reshape(3, 1, 1)).ravel()
    assert red == pytest.approx((0.299, -0.168736, 0.5), abs=1e-6)  # JFIF 1.02, page 3


def test_grays_have_neither_ab_nor_chroma():
    gray = np.repeat(_STEPS.reshape(1, 1, -1), 3, axis=0)
    assert np.abs(color.srgb_to_lab(gray)[1:]).max() < 1e-12
    assert np.abs(color.srgb_to_ycc(gray)[1:]).max() < 1e-12
    assert np.allclose(color.luma_to_lightness(gray[:1]), color.srgb_to_lab(gray)[:1])


def test_true_ab_beside_luma_gives_the_photograph_back():
    luma, chroma = np.split(color.srgb_to_ycc(CUBE), [1])
    ab = color.srgb_to_lab(CUBE)[1:]
    assert np.abs(color.ab_to_chroma(luma, ab) - chroma).max() < 1 / 1000


def test_few_strong_colors_among_gray_ones_are_as_exact():
    """They alone are solved further."""
    srgb = np.full((3, 8, 8), 0.5, np.float32)
    srgb[:, 0, :3] = np.eye(3)
    srgb[0] += np.linspace(-0.05, 0.05, 64, dtype=np.float32).reshape(8, 8) * (srgb[0] == 0.5)
    luma, chroma = np.split(color.srgb_to_ycc(srgb), [1])
    found = color.ab_to_chroma(luma, color.srgb_to_lab(srgb)[1:])
    assert np.abs(found - chroma).max() < 1 / 1000


@given(lumas, chromas)
def test_limited_chroma_is_inside_the_gamut_and_no_other_color(luma, chroma):
    limited = color.limit_chroma(luma, chroma)
    srgb = color.ycc_to_srgb(np.concatenate((luma, limited)))
    assert srgb.min() >= -1e-9
    assert srgb.max() <= 1 + 1e-9
    assert np.abs(color.luma(srgb) - luma).max() < 1e-9
    factor = np.divide(limited, chroma, out=np.ones_like(chroma), where=np.abs(chroma) > 1e-9)
    assert factor.min() >= 0
    assert factor.max() <= 1 + 1e-12
    both = (np.abs(chroma) > 1e-9).all(0)
    assert np.allclose(factor[0][both], factor[1][both])


def test_chroma_inside_the_gamut_is_left_alone():
    luma, chroma = np.split(color.srgb_to_ycc(CUBE), [1])
    assert np.abs(color.limit_chroma(luma, chroma) - chroma).max() < 1e-5


@pytest.mark.parametrize(
    "convert",
    [
        color.srgb_to_linear,
        color.linear_to_srgb,
        color.srgb_to_lab,
        color.lab_to_srgb,
        color.luma,
        color.luma_to_lightness,
        color.srgb_to_ycc,
        color.ycc_to_srgb,
        lambda x: color.ab_to_chroma(x[..., :1, :, :], 60 * x[..., 1:, :, :]),
        lambda x: color.limit_chroma(x[..., :1, :, :], x[..., 1:, :, :] - 0.5),
    ],
)
def test_torch_and_numpy_agree_on_batches(convert):
    batch = np.random.default_rng(1).random((2, 3, 4, 5))
    ours, theirs = convert(batch), convert(torch.from_numpy(batch))
    assert isinstance(theirs, torch.Tensor)
    assert np.abs(ours - theirs.numpy()).max() < 1e-9
    assert np.allclose(convert(batch[0]), ours[0])


def test_single_precision_stays_single():
    assert color.srgb_to_lab(CUBE.astype(np.float32)).dtype == np.float32
