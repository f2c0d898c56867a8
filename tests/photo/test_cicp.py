from pathlib import Path

import pytest

from colorear.errors import PhotographError
from colorear.photo import icc
from colorear.photo.cicp import profile_of_codes

PATH = Path("old.png")


@pytest.mark.parametrize("primaries", [4, 5, 6, 7, 8, 9, 11, 12, 22])
def test_all_primaries_span_colors(primaries):
    made = profile_of_codes(PATH, primaries, 13)
    assert made
    assert icc.color_space(made) == "rgb"


@pytest.mark.parametrize(("primaries", "transfer"), [(1, 13), (2, 2), (1, 2), (0, 0), (99, 99)])
def test_srgb_and_what_nobody_knows(primaries, transfer):
    assert profile_of_codes(PATH, primaries, transfer) is None


def test_gray_has_a_curve_alone():
    assert profile_of_codes(PATH, 9, 13, is_gray=True) is None
    made = profile_of_codes(PATH, 9, 14, is_gray=True)
    assert made == icc.profile_of(icc.Colors(is_gray=True, curve=2.4))


@pytest.mark.parametrize("transfer", [16, 18])
def test_hdr(transfer):
    with pytest.raises(PhotographError, match=r"'old.png' is of HDR \(PQ or HLG\)"):
        profile_of_codes(PATH, 9, transfer)
