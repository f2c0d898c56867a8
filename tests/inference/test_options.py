import pytest

from colorear.errors import HintError
from colorear.hints import Hint
from colorear.inference.options import DEFAULT_OPTIONS, ColorizeOptions


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"vividness": -0.1}, r"a vividness of -0.1 came, but one from 0 \(gray\) over 1"),
        ({"vividness": 3.1}, "to 3 is needed"),
        ({"vividness": float("nan")}, "a vividness of nan came"),
        ({"variants": 0}, "0 variants came, but 1 or more are needed"),
    ],
)
def test_options_out_of_range(options, says):
    with pytest.raises(HintError, match=says):
        ColorizeOptions(**options)


def test_a_fingerprint_tells_what_decides_the_colors():
    assert DEFAULT_OPTIONS.fingerprint == ""
    red, wide = Hint(0.1, 0.2, "red"), Hint(0.1, 0.2, "red", 0.3)
    different = [
        ColorizeOptions(vividness=0.5),
        ColorizeOptions(hints=(red,)),
        ColorizeOptions(hints=(wide,)),
        ColorizeOptions(hints=(red, wide)),
        ColorizeOptions(hints=(wide, red)),
        ColorizeOptions(hints=(red,), vividness=0.5),
        ColorizeOptions(hints=(Hint(0.1 + 1e-15, 0.2, "red"),)),
    ]
    assert len({options.fingerprint for options in different}) == len(different)
    for options in different:  # which network it is, and which variant, is told elsewhere
        same = ColorizeOptions("other", options.hints, options.vividness, variants=3)
        assert same.fingerprint == options.fingerprint
