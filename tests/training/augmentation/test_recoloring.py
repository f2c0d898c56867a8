import numpy as np
import pytest

from colorear import color
from colorear.training.augmentation.recoloring import recolor


@pytest.fixture
def coat():
    """A red coat on a green wall (60, 90, 3)."""
    pixels = np.full((60, 90, 3), (90, 140, 80), np.uint8)
    pixels[20:50, 30:60] = (170, 60, 50)
    return pixels


def ab(pixels):
    return color.srgb_to_lab(pixels.transpose(2, 0, 1) / 255)[1:]


def luma(pixels):
    return 255 * color.luma(pixels.transpose(2, 0, 1) / 255)


def test_one_thing_gets_another_color_and_nothing_else(coat):
    """The wall is larger than half of the picture, so the coat is the only thing there."""
    inside, outside = (slice(24, 46), slice(34, 56)), np.ones((60, 90), bool)
    outside[14:56, 24:66] = False
    colors = set()
    for seed in range(20):
        made, place = recolor(coat, np.random.default_rng(seed))
        if place is None:  # four places on the wall
            np.testing.assert_array_equal(made, coat)
            continue
        assert 20 <= place[0] < 50
        assert 30 <= place[1] < 60
        assert np.abs(luma(made) - luma(coat)).max() < 1
        np.testing.assert_allclose(made[outside], coat[outside], atol=1)
        assert np.ptp(made[inside].reshape(-1, 3), 0).max() <= 1
        assert np.abs(ab(made) - ab(coat))[:, 35, 45].max() > 1
        colors.add(tuple(made[35, 45]))
    assert len(colors) > 5


def test_another_thing_of_the_same_color_stays(coat):
    coat[5:15, 70:85] = coat[30, 40]
    places = set()
    for seed in range(20):
        made, place = recolor(coat, np.random.default_rng(seed))
        if place:
            changed = np.abs(ab(made) - ab(coat)).max(0)[[35, 10], [45, 77]] > 1
            assert changed.sum() == 1
            places.add(changed.argmax())
    assert places == {0, 1}


def test_where_there_are_no_things_all_stays_as_it_is():
    wall = np.full((60, 90, 3), (90, 140, 80), np.uint8)
    made, place = recolor(wall, np.random.default_rng(0))
    assert place is None
    np.testing.assert_array_equal(made, wall)
