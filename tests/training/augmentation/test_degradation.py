import numpy as np
import pytest

from colorear import color
from colorear.training.augmentation import degradation
from colorear.training.augmentation.degradation import degrade


def test_the_same_chance_gives_the_same_picture(free_pictures):
    picture = free_pictures["chelsea"][:64, :80]
    one, again, other = (degrade(picture, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert one.shape == (64, 80)
    assert one.dtype == np.float32
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)


def test_what_it_does_is_bad_but_not_too_bad(free_pictures):
    """The picture can still be made out: it correlates with what it was."""
    picture = free_pictures["astronaut"][:160, 150:310]
    before = picture @ np.array(color.LUMA) / 255
    after = [degrade(picture, np.random.default_rng(seed)) for seed in range(200)]
    assert all(luma.min() >= 0 and luma.max() <= 1 for luma in after)
    alike = [np.corrcoef(before.ravel(), luma.ravel())[0, 1] for luma in after]
    assert min(alike) > 0.6
    assert np.median(alike) > 0.95
    assert max(np.abs(luma - before).mean() for luma in after) > 0.1


def test_some_films_are_blind_to_red_and_some_see_blue_alone(monkeypatch):
    """Flat colours, and no fault but the film."""
    monkeypatch.setattr(degradation, "PARTS", {})
    red, blue = (np.full((4, 4, 3), truth, np.uint8) for truth in ((255, 0, 0), (0, 0, 255)))
    shown_luma = np.array(
        [
            [degrade(flat, np.random.default_rng(seed)).mean() for flat in (red, blue)]
            for seed in range(300)
        ]
    )
    usual = np.isclose(shown_luma, (color.LUMA[0], color.LUMA[2]), atol=1e-3).all(1)
    assert 0.3 < usual.mean() < 0.6
    assert shown_luma[:, 0].min() < 0.06
    assert shown_luma[:, 0].max() > 0.4
    assert shown_luma[:, 1].max() > 0.8


@pytest.mark.parametrize("fault", degradation._FAULTS.values(), ids=degradation.PARTS)
def test_each_fault_changes_something(free_pictures, fault):
    luma = (free_pictures["coffee"][:80, :90] @ np.array(color.LUMA) / 255).astype(np.float32)
    before = luma.copy()
    changed = fault(luma, np.random.default_rng(0))
    assert changed.shape == luma.shape
    assert changed.dtype == np.float32
    assert np.abs(changed - luma).max() > 0.01
    assert np.array_equal(luma, before)
