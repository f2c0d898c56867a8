"""Margins are found where there are some, and colors within them do not come from them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from colorear import color
from colorear.hints import Hint
from colorear.models.framing import find_frame
from colorear.models.registry import load
from colorear.models.resize import resized

NOISE = np.random.default_rng(0).uniform(20, 80, (90, 120)).astype(np.float32)


def framed(picture, widths, level, grain=0.0):
    """A picture with margins: (top, bottom), (left, right) pixels."""
    whole = np.pad(picture, widths, constant_values=np.nan)
    margins = level + np.random.default_rng(1).normal(0, grain, whole.shape)
    return np.where(np.isnan(whole), margins, whole).astype(np.float32)


@given(
    st.tuples(*[st.integers(5, 60)] * 4),
    st.floats(0, 100),
    st.floats(0, 0.8),
)
def test_margins_are_found_to_the_pixel(widths, level, grain):
    top, bottom, left, right = widths
    frame = find_frame(framed(NOISE, ((top, bottom), (left, right)), level, grain))
    assert frame is not None
    # a line of noise is not mistaken for margin, nor the other way round
    assert (frame.rows, frame.columns) == (slice(top, top + 90), slice(left, left + 120))


@pytest.mark.parametrize("level", [0.0, 3.0, 99.0])
def test_bars_on_two_sides(level):
    frame = find_frame(framed(NOISE, ((12, 14), (0, 0)), level))
    assert frame is not None
    assert (frame.rows, frame.columns) == (slice(12, 102), slice(0, 120))


@pytest.mark.parametrize(
    ("widths", "level"),
    [
        (((30, 0), (0, 0)), 90.0),  # a sky
        (((30, 0), (20, 20)), 60.0),  # a wall behind somebody
        (((20, 20), (0, 0)), 60.0),  # as grey as a sky and a road may be
        (((1, 1), (1, 1)), 100.0),  # too thin to mislead
        (((0, 0), (0, 0)), 0.0),
    ],
)
def test_what_is_no_frame(widths, level):
    assert find_frame(framed(NOISE, widths, level)) is None


def test_a_sky_and_the_snow_below_it_are_no_frame():
    both = np.concatenate((np.full((30, 120), 97), NOISE, np.full((30, 120), 85)))
    assert find_frame(both.astype(np.float32)) is None


def test_a_thing_before_a_plain_ground_has_no_frame():
    rows, columns = np.ogrid[:90, :120]
    thing = ((rows - 45) / 45) ** 2 + ((columns - 60) / 60) ** 2 < 1
    assert find_frame(framed(np.where(thing, NOISE, 70), ((20, 20), (20, 20)), 70)) is None


@pytest.mark.parametrize("size", [(60, 80), (1, 1), (1, 50)])
def test_a_blank_picture_has_nothing_within(size):
    assert find_frame(np.full(size, 40, np.float32)) is None


@pytest.fixture(scope="module")
def network():
    return load("acuarela")


@pytest.mark.parametrize("name", ["astronaut", "coffee"])
def test_colors_do_not_come_from_the_album(network, free_pictures, name):

    lab = color.srgb_to_lab(free_pictures[name].transpose(2, 0, 1) / 255)
    lightness = resized(lab[0].astype(np.float32), 192, 192)
    alone = network(lightness)
    top, bottom, left, right = 38, 40, 30, 46
    page = framed(lightness, ((top, bottom), (left, right)), 12, grain=0.5)
    within = network(resized(page, 192, 192))
    assert within.likelihood.sum(0) == pytest.approx(1, abs=1e-3)
    planes = resized(within.ab, *page.shape)
    inside = planes[:, top:-bottom, left:-right]
    assert np.abs(planes[:, : top - 2]).max() == 0
    apart = np.hypot(*(inside - alone.ab)).mean()
    shown = network._predict(resized(page, 192, 192), (), 1.0, ["ab"]).ab
    misled = np.hypot(*(resized(shown, *page.shape)[:, top:-bottom, left:-right] - alone.ab)).mean()
    assert apart < 0.7 * misled


def test_hints_stay_at_their_places(network, free_pictures):

    lab = color.srgb_to_lab(free_pictures["coffee"].transpose(2, 0, 1) / 255)
    page = framed(resized(lab[0].astype(np.float32), 120, 160), ((30, 30), (40, 40)), 98)
    place = (60 + 30) / 180, (30 + 40) / 240
    row, column = 90, 70
    plain, hinted = (
        network(page, hints).ab[:, row, column]
        for hints in ((), [Hint(place[1], place[0], "royalblue", 0.03)])
    )
    assert hinted[1] < plain[1] - 10
    on_the_page = network(page, [Hint(0.05, 0.05, "royalblue", 0.03)]).ab
    assert on_the_page[1, 9, 12] < -10
