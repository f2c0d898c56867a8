"""Chroma planes against the slow way, which solves for every pixel."""

import numpy as np
import pytest

from colorear import color
from colorear.inference.upsampling import blurred
from colorear.video import chroma
from colorear.video.luma import Layout

LAYOUTS = [
    Layout("yuv420p", "yuv420p", 8, False, 1, (2, 2)),
    Layout("yuv420p10le", "yuv420p10le", 10, False, 6, (2, 2)),
    Layout("gray", "gray", 8, True, 9, (2, 2)),
]


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.format)
def test_the_table_is_as_good_as_solving(free_pictures, layout):
    srgb = free_pictures["coffee"][:200:2, :300:2].transpose(2, 0, 1) / 255
    ab = color.srgb_to_lab(srgb)[1:].astype(np.float32)
    luma = color.luma(srgb, layout.weights)[0].astype(np.float32)
    planes = chroma.ChromaPlanes(layout, *luma.shape, (1, 1))
    exact = color.ab_to_chroma(luma[None], ab, layout.weights)
    assert np.abs(planes._looked_up(luma, ab) - exact).max() < 1 / 255
    whole = 255 if layout.bits == 8 else 1023
    low, span = (0, whole) if layout.full_range else (16 * whole // 255, 219 * whole // 255)
    coded = np.rint(low + span * luma).astype(np.uint8 if layout.bits == 8 else np.uint16)
    made = np.stack(planes.units(coded, ab))
    rgb = color.ycc_to_srgb(np.concatenate((luma[None], made)), layout.weights)
    assert np.abs(rgb - srgb).mean() < 2 / 255
    stored = planes(coded, ab)
    assert stored.dtype == coded.dtype
    middle = (whole + 1) // 2
    scale = whole if layout.full_range else 224 * (whole + 1) // 256
    np.testing.assert_allclose((stored.astype(float) - middle) / scale, made, atol=0.51 / scale)


def test_it_stays_inside_the_gamut():
    rng = np.random.default_rng(0)
    layout = LAYOUTS[0]
    luma = rng.integers(0, 256, (40, 60)).astype(np.uint8)
    ab = rng.uniform(-110, 110, (2, 40, 60)).astype(np.float32)
    made = np.stack(chroma.ChromaPlanes(layout, 40, 60, (1, 1)).units(luma, ab))
    units = np.clip((luma.astype(np.float32) - 16) / 219, 0, 1)
    rgb = color.ycc_to_srgb(np.concatenate((units[None], made)), layout.weights)
    assert rgb.min() > -1e-3
    assert rgb.max() < 1 + 1e-3


def test_the_blur_is_that_of_photographs():
    planes = np.random.default_rng(0).random((3, 20, 30)).astype(np.float32)
    np.testing.assert_allclose(chroma._blurred(planes), blurred(planes), atol=1e-5)
