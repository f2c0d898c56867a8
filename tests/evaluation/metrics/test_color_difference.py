import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.color import deltaE_ciede2000

from colorear import color
from colorear.errors import MetricError
from colorear.evaluation.metrics.color_difference import (
    chroma_psnr,
    chroma_psnr_of_lab,
    ciede2000,
    ciede2000_of_lab,
    colorfulness,
    colorfulness_gap,
)

# G. Sharma, W. Wu and E. Dalal, Color Research and Application 30(1), 2005, table 1:
# L*, a*, b* of one, of the other, and their difference.
SHARMA = """
50.0000 2.6772 -79.7751 50.0000 0.0000 -82.7485 2.0425
50.0000 3.1571 -77.2803 50.0000 0.0000 -82.7485 2.8615
50.0000 2.8361 -74.0200 50.0000 0.0000 -82.7485 3.4412
50.0000 -1.3802 -84.2814 50.0000 0.0000 -82.7485 1.0000
50.0000 -1.1848 -84.8006 50.0000 0.0000 -82.7485 1.0000
50.0000 -0.9009 -85.5211 50.0000 0.0000 -82.7485 1.0000
50.0000 0.0000 0.0000 50.0000 -1.0000 2.0000 2.3669
50.0000 -1.0000 2.0000 50.0000 0.0000 0.0000 2.3669
50.0000 2.4900 -0.0010 50.0000 -2.4900 0.0009 7.1792
50.0000 2.4900 -0.0010 50.0000 -2.4900 0.0010 7.1792
50.0000 2.4900 -0.0010 50.0000 -2.4900 0.0011 7.2195
50.0000 2.4900 -0.0010 50.0000 -2.4900 0.0012 7.2195
50.0000 -0.0010 2.4900 50.0000 0.0009 -2.4900 4.8045
50.0000 -0.0010 2.4900 50.0000 0.0010 -2.4900 4.8045
50.0000 -0.0010 2.4900 50.0000 0.0011 -2.4900 4.7461
50.0000 2.5000 0.0000 50.0000 0.0000 -2.5000 4.3065
50.0000 2.5000 0.0000 73.0000 25.0000 -18.0000 27.1492
50.0000 2.5000 0.0000 61.0000 -5.0000 29.0000 22.8977
50.0000 2.5000 0.0000 56.0000 -27.0000 -3.0000 31.9030
50.0000 2.5000 0.0000 58.0000 24.0000 15.0000 19.4535
50.0000 2.5000 0.0000 50.0000 3.1736 0.5854 1.0000
50.0000 2.5000 0.0000 50.0000 3.2972 0.0000 1.0000
50.0000 2.5000 0.0000 50.0000 1.8634 0.5757 1.0000
50.0000 2.5000 0.0000 50.0000 3.2592 0.3350 1.0000
60.2574 -34.0099 36.2677 60.4626 -34.1751 39.4387 1.2644
63.0109 -31.0961 -5.8663 62.8187 -29.7946 -4.0864 1.2630
61.2901 3.7196 -5.3901 61.4292 2.2480 -4.9620 1.8731
35.0831 -44.1164 3.7933 35.0232 -40.0716 1.5901 1.8645
22.7233 20.0904 -46.6940 23.0331 14.9730 -42.5619 2.0373
36.4612 47.8580 18.3852 36.2715 50.5065 21.2231 1.4146
90.8027 -2.0831 1.4410 91.1528 -1.6435 0.0447 1.4441
90.9257 -0.5406 -0.9208 88.6381 -0.8985 -0.7239 1.5381
6.7747 -0.2908 -2.4247 5.8714 -0.0985 -2.2286 0.6377
2.0776 0.0795 -1.1350 0.9033 -0.0636 -0.5514 0.9082
"""


def test_ciede2000_is_sharmas_table_both_ways():
    rows = [[float(value) for value in row.split()] for row in SHARMA.strip().split("\n")]
    table = torch.tensor(rows, dtype=torch.float64).T[:, None]  # (7, 1, 34): one row of pixels
    assert table.shape[2] == 34
    one, other, difference = table[:3], table[3:6], table[6]
    assert (ciede2000_of_lab(one, other) - difference).abs().max() < 5e-5
    assert (ciede2000_of_lab(other, one) - difference).abs().max() < 5e-5


def test_ciede2000_is_scikit_images_on_photographs(photographs, noisy):
    """One pixel apart: dark yellow against pure blue, opposite hues; rounding decides theirs."""
    colored = noisy(photographs, 0.1)
    lab, other = (color.srgb_to_lab(srgb).numpy() for srgb in (photographs, colored))
    theirs = deltaE_ciede2000(lab, other, channel_axis=1)
    assert np.abs(ciede2000(photographs, colored).numpy() - theirs.mean((1, 2))).max() < 1e-5
    ours = ciede2000_of_lab(torch.from_numpy(lab), torch.from_numpy(other)).numpy()
    assert (np.abs(ours - theirs) > 2e-6).sum() <= 1


def test_ciede2000_sees_lightness_and_chroma_psnr_does_not():
    lab = torch.zeros(1, 3, 4, 4, dtype=torch.float64)
    lab[:, 0] = 50
    lighter = lab.clone()
    lighter[:, 0] += 5
    assert ciede2000_of_lab(lab, lighter).min() > 4
    assert chroma_psnr_of_lab(lab, lighter).item() == math.inf
    lighter[:, 1], lighter[:, 2] = 3, 4
    assert chroma_psnr_of_lab(lab, lighter).item() == pytest.approx(
        10 * math.log10(255**2 / 12.5), rel=1e-12
    )


def test_chroma_psnr_of_photographs_is_that_of_their_lab(photographs, desaturated):
    gray = desaturated(photographs, 1.0)
    ab = color.srgb_to_lab(photographs)[:, 1:]
    expected = 10 * torch.log10(255**2 / ab.square().mean((1, 2, 3)))
    assert torch.allclose(chroma_psnr(photographs, gray), expected, atol=1e-4)


@pytest.mark.parametrize(
    ("halves", "expected"),
    [
        # rg = 255 and -255, yb = 127.5 twice: means 0 and 127.5, deviations 255 and 0
        (((1, 0, 0), (0, 1, 0)), 255 + 0.3 * 127.5),
        # rg = 0, yb = 255 and -255
        (((1, 1, 0), (0, 0, 1)), 255),
        # one colour: rg = 102, yb = 51 - 51 = 0
        (((0.4, 0, 0.2), (0.4, 0, 0.2)), 0.3 * 102),
        (((0.4, 0.4, 0.4), (0.9, 0.9, 0.9)), 0),
    ],
)
def test_colorfulness_by_hand(halves, expected):
    photograph = torch.tensor(halves, dtype=torch.float64).T[None, :, None].expand(1, 3, 6, 2)
    assert colorfulness(photograph).item() == pytest.approx(expected, abs=1e-10)


def test_the_gap_of_a_gray_reference_is_all_the_color(photographs, desaturated):
    gray = desaturated(photographs, 1.0)
    for pair in ((gray, photographs), (photographs, gray)):
        assert torch.allclose(colorfulness_gap(*pair), colorfulness(photographs))


@settings(max_examples=30)
@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_more_vivid_is_more_colorful_and_nothing_is_negative(red, green, blue, part):
    pixel = torch.tensor([red, green, blue, green, blue, red], dtype=torch.float64)
    photograph = pixel.reshape(1, 2, 3).mT[..., None]  # (1, 3, 2, 1)
    faded = photograph + part * (color.luma(photograph) - photograph)
    faded = faded.clamp(0, 1)  # rounding
    whole, less = colorfulness(photograph).item(), colorfulness(faded).item()
    assert less == pytest.approx((1 - part) * whole, abs=1e-9)
    assert ciede2000(photograph, faded).item() >= 0


def test_values_outside_srgb_are_told():
    white = torch.ones(1, 3, 4, 4)
    for metric in (ciede2000, chroma_psnr, colorfulness_gap):
        with pytest.raises(MetricError, match="the coloured batch runs from 255 to 255"):
            metric(white, 255 * white)
    with pytest.raises(MetricError, match="the batch runs from 255 to 255"):
        colorfulness(255 * white)
