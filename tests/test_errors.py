import pyvips

from colorear.errors import reason_of


def test_what_others_say_is_one_line_of_some_words():
    """libtiff repeats a warning for each tag that it does not know."""
    said = reason_of(pyvips.Error("tiff2vips: unknown tag\n" * 5000))
    assert len(said) <= 301
    assert said.startswith("tiff2vips: unknown tag tiff2vips")
    assert said.endswith("…")
    assert reason_of(ValueError("one thing.\nand another.")) == "one thing. and another"
