import pytest

from colorear.photo.icc import rgb_from_gray
from colorear.photo.inspection.profiles import show_the_same
from photo.test_icc import PROFILES


@pytest.mark.parametrize("name", PROFILES)
def test_grays_look_alike_by_the_profile_for_rgb(name):
    made = rgb_from_gray(PROFILES[name])
    assert show_the_same(PROFILES[name], made)
    assert show_the_same(made, made)
    others = {"identity", "gamma 2.2"} - {name}
    assert not any(show_the_same(PROFILES[other], made) for other in others)


def test_a_profile_that_is_missing_or_new():
    gray = PROFILES["gamma 2.2"]
    made = rgb_from_gray(gray)
    assert not show_the_same(gray, None)
    assert not show_the_same(None, made)
    assert not show_the_same(made, gray)
    assert not show_the_same(made, rgb_from_gray(PROFILES["identity"]))
    assert show_the_same(None, None)


def test_one_that_nobody_can_read_may_be_missing():
    broken = PROFILES["gamma 2.2"].replace(b"kTRC", b"xTRC")
    assert show_the_same(broken, None)
    assert not show_the_same(broken, rgb_from_gray(PROFILES["gamma 2.2"]))
    assert show_the_same(b"no profile at all" * 20, None)
    assert not show_the_same(b"no profile at all" * 20, rgb_from_gray(PROFILES["gamma 2.2"]))
