import pytest

from colorear.evaluation.statistics.factorial import Design, benefit, designs, effect
from made_scores import FOUR, SEVEN, by_quality, made_comparison

KNOWN = {"skips": 0.3, "depth": 0.2, "interaction": 0.2}


@pytest.fixture(scope="module")
def compared():
    """(0.2 + 0.4) / 2 for skips, (0.1 + 0.3) / 2 for depth, 0.4 - 0.2 for the interaction."""
    return made_comparison(by_quality(dict(zip(FOUR, (0.0, 0.1, 0.2, 0.5), strict=True))))


@pytest.mark.parametrize("which", KNOWN)
def test_the_effects_are_those_that_were_built_in(compared, which):
    for metric in SEVEN:
        found = benefit(compared, Design(), metric, which)
        assert (found.low, found.value, found.high) == pytest.approx((KNOWN[which],) * 3)
    assert effect(compared, Design(), "mse", which).value == pytest.approx(-KNOWN[which])
    assert effect(compared, Design(), "psnr", which).value == pytest.approx(KNOWN[which])


def test_designs_are_four_that_were_made_alike():
    models = [f"modern-{name}" for name in FOUR] + [f"{name}@luma" for name in FOUR]
    models += [*FOUR, "acuarela", "slides-skip-deep", "gray"]
    assert designs(models) == [Design(), Design("modern-"), Design("", "@luma")]
    assert Design("modern-", "@luma").names[3] == "modern-skip-deep@luma"
    assert Design("slides-").of_the_slides
    assert not Design("modern-").of_the_slides
    assert designs(FOUR[:3]) == []
