import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from colorear import color
from colorear.errors import HintError
from colorear.hints import Hint, known_planes, reachable, read_hints, unreachable

FRACTIONS = st.floats(0, 1)


def test_a_file_of_hints(tmp_path):
    path = tmp_path / "hints.json"
    path.write_text(
        json.dumps(
            [
                {"x": 0.31, "y": 0.62, "color": "#8a2b2b", "radius": 0.02},
                {"x": 0, "y": 1, "colour": "SkyBlue"},
            ]
        )
    )
    assert read_hints(path) == (Hint(0.31, 0.62, "#8a2b2b", 0.02), Hint(0, 1, "SkyBlue"))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "holds no hints"),
        (b"\xff", "holds no hints"),
        (b"{}", "holds no hints .*Expected `array`"),
        (b'[{"x": 1, "y": 1}]', 'one of "color" and "colour" is needed'),
        (
            b'[{"x": 1, "y": 1, "colour": "red", "color": "red"}]',
            'one of "color" and "colour" is needed',
        ),
        (b'[{"x": 1, "y": 1, "color": "red", "hue": 1}]', "unknown field `hue`"),
        (b'[{"x": "left", "y": 1, "colour": "red"}]', "Expected `float`"),
        (b'[{"x": 1.2, "y": 1, "colour": "red"}]', r"\(1.2, 1.0\) lies outside the photograph"),
        (b'[{"x": 1, "y": 1, "colour": "rojo"}]', "'rojo' is no color that CSS knows"),
        (b'[{"x": 1, "y": 1, "colour": " red"}]', "' red' is no color that CSS knows"),
        (
            b'[{"x": 1, "y": 1, "colour": "%s"}]' % (b"x" * 999),
            f"'{'x' * 40}' is no color that CSS knows",
        ),
        (b'[{"x": 1, "y": 1, "colour": "#12"}]', "'#12' is no color"),
        (b'[{"x": 1, "y": 1, "colour": "red", "radius": -1}]', "has the radius -1.0"),
    ],
)
def test_files_that_hold_no_hints(tmp_path, content, says):
    path = tmp_path / "hints.json"
    path.write_bytes(content)
    with pytest.raises(HintError, match=says):
        read_hints(path)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(HintError, match="cannot be read: No such file"):
        read_hints(tmp_path / "nobody.json")


@given(FRACTIONS, FRACTIONS, FRACTIONS, st.integers(1, 50), st.integers(1, 50))
def test_every_hint_is_somewhere(x, y, radius, height, width):
    hint = Hint(x, y, "teal", radius)
    known = known_planes([hint], height, width)
    there = known[2] == 1
    assert there.any()
    assert np.allclose(known[:2, there], np.array(hint.ab)[:, None])
    assert not known[:, ~there].any()


def test_where_it_is_and_how_large():
    known = known_planes([Hint(0.25, 0.75, "red", 0.1)], 100, 200)
    rows, columns = np.nonzero(known[2])
    assert (rows.mean(), columns.mean()) == (75, 50)
    assert np.ptp(rows) == np.ptp(columns) == 20
    assert known_planes([], 4, 5).shape == (3, 4, 5)


def test_later_hints_lie_upon_earlier_ones():
    known = known_planes([Hint(0.5, 0.5, "red", 1), Hint(0.5, 0.5, "blue", 0)], 9, 9)
    assert known[2].sum() == 81
    assert np.allclose(known[:2, 4, 4], Hint(0, 0, "blue").ab)


def test_colors_that_cannot_be_had_there():
    lightness = np.array([[5, 53, 98]], np.float32)
    dark, middle, light = ([x, 0.5] for x in (0.1, 0.5, 0.9))
    told = unreachable(
        [Hint(*dark, "yellow"), Hint(*middle, "indianred"), Hint(*light, "navy")], lightness
    )
    assert [one.hint.color for one in told] == ["yellow", "navy"]
    for one, level in zip(told, (5, 98), strict=True):
        srgb = np.array(Hint(0, 0, one.nearest).srgb).reshape(3, 1, 1) / 255
        assert abs(color.luma_to_lightness(color.luma(srgb)).item() - level) < 1
    assert unreachable([Hint(*middle, "grey")], lightness) == ()


def test_a_reachable_color_has_the_lightness_that_is_asked_for():
    for level in (0, 3, 30, 60, 97, 100):
        srgb = np.array(Hint(0, 0, reachable(level, (60, 40))).srgb).reshape(3, 1, 1) / 255
        assert abs(color.luma_to_lightness(color.luma(srgb)).item() - level) < 1
