"""The promise on random photographs, by other decoders: hundreds, in `make fuzz` ten thousand."""

import numpy as np
import pytest

from colorear import Colorizer
from colorear.photo.sniffing import SUFFIXES as KNOWN
from fuzz.limits import bounded
from fuzz.valid_photographs import FORMATS, SUFFIXES, is_rgb, luma_of, made, told

FEW, ALL, PARTS = 20, 625, 4


@pytest.fixture(scope="module")
def colorizer(known_network) -> Colorizer:
    return Colorizer(known_network, threads=1)


def test_no_format_is_left_out():
    assert set(FORMATS) == set(KNOWN)


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("form", FORMATS)
def test_luma_is_kept(tmp_path, colorizer, form, part, how_many, record_property):
    source, target = (tmp_path / f"{name}{SUFFIXES[form]}" for name in ("old", "new"))
    many = how_many(FEW, ALL)
    worst = 0
    for number in range(many):
        seed = part * ALL + number
        photograph = made(seed, form)
        source.write_bytes(photograph.content)
        with bounded():
            colorizer.colorize(source, target, overwrite=True)
        before, after = luma_of(source, form), luma_of(target, form)
        assert before.shape == after.shape, (seed, photograph.what)
        difference = int(np.abs(before.astype(int) - after.astype(int)).max())
        worst = max(worst, difference)
        assert difference <= (0 if form == "jpeg" else 1), (seed, photograph.what)
        if photograph.luma is not None:
            assert np.abs(after - photograph.luma).max() <= 1, (seed, photograph.what)
        orientation, profile, size = told(source)
        found = told(target)
        assert (found[0], found[2]) == (orientation, size), (seed, photograph.what)
        assert orientation == photograph.what.get("orientation", 1), (seed, photograph.what)
        assert (found[1] is None) == (profile is None), (seed, photograph.what)
        assert profile is None or is_rgb(found[1]), (seed, photograph.what)
        assert profile is None or profile == found[1] or not is_rgb(profile)
    record_property(f"photographs of the format {form}", many)
    record_property(f"levels of luma lost in {form}, summed over {PARTS} parts", worst)
