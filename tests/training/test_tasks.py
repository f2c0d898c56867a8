"""Vividness: from grey over the mean of what is plausible to as much chroma as in life."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from colorear.training.tasks import _apply_vividness, _calibrate

AB = 30 * torch.randn(2, 2, 6, 8, generator=torch.Generator().manual_seed(0))
UNCERTAINTY = 20 * torch.rand(2, 1, 6, 8, generator=torch.Generator().manual_seed(1))


def vivid(vividness, ab=AB, uncertainty=UNCERTAINTY):
    return _apply_vividness(ab, uncertainty, torch.full((1, 1, 1, 1), float(vividness)))


def chroma(ab):
    return ab.norm(dim=1).mean().item()


def test_nothing_a_half_and_more_than_life():
    assert vivid(0)[0].abs().max() == 0
    torch.testing.assert_close(vivid(0.5), (AB, UNCERTAINTY))
    torch.testing.assert_close(vivid(0.25)[0], AB / 2)
    torch.testing.assert_close(vivid(2.5)[0], 2.5 * vivid(1)[0])


@given(low=st.floats(0, 3), more=st.floats(0.05, 1))
def test_more_vivid_has_more_chroma_of_the_same_hue(low, more):
    less, high = vivid(low)[0], vivid(low + more)[0]
    assert chroma(less) < chroma(high)
    assert (less * high).sum(1).min() >= 0
    assert (less[:, 0] * high[:, 1] - less[:, 1] * high[:, 0]).abs().max() < 1e-2


def test_as_vivid_as_life_where_the_truth_lies_about_the_mean():
    """Chroma that is drawn about a mean, at the distance that is stated, has that mean square."""
    mean = torch.tensor([12.0, 5.0])[:, None, None].expand(1, 2, 200, 200)
    uncertainty = torch.full((1, 1, 200, 200), 10.0)
    angle = 2 * torch.pi * torch.rand(1, 1, 200, 200, generator=torch.Generator().manual_seed(2))
    truth = mean + uncertainty * torch.cat((angle.cos(), angle.sin()), 1)
    ratio = vivid(1, mean, uncertainty)[0].square().sum(1).mean() / truth.square().sum(1).mean()
    # a little more: of unlike photographs a network is less unsure than wrong
    assert ratio.sqrt().item() == pytest.approx(1, abs=0.1)


def test_who_is_sure_is_not_made_more_vivid_and_who_is_not_at_most_threefold():
    torch.testing.assert_close(vivid(1, uncertainty=torch.zeros_like(UNCERTAINTY))[0], AB)
    gain = vivid(1, ab=AB / 100, uncertainty=torch.full_like(UNCERTAINTY, 50))[0] / (AB / 100)
    torch.testing.assert_close(gain, torch.full_like(gain, 3))


@pytest.mark.parametrize("vividness", [0, 0.3, 0.5, 1, 2])
def test_the_doubt_is_about_the_colors_that_are_given(vividness):
    """Its square is that about the mean, and that of how far the colours were moved from it."""
    given_ab, told = vivid(vividness)
    moved = (given_ab - AB).square().sum(1, keepdim=True)
    torch.testing.assert_close(told.square(), UNCERTAINTY.square() + moved, rtol=1e-4, atol=1e-3)


def test_small_doubts_are_made_smaller_and_great_ones_kept():
    stated = torch.tensor([0.0, 1.0, 3.0, 30.0])
    told = _calibrate(stated)
    assert told[0] == 0
    assert torch.all(told[1:] < stated[1:])
    assert torch.all(told.diff() > 0)
    assert told[3] == pytest.approx(30, rel=0.01)
