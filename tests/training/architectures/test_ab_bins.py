import torch

from colorear import color
from colorear.training.architectures.ab_bins import PALETTE, unlikeliness


def test_every_colour_of_srgb_has_a_neighbour():
    srgb = torch.rand(3, 100, 100, generator=torch.Generator().manual_seed(0))
    ab = color.srgb_to_lab(srgb)[1:].reshape(2, -1).T
    assert torch.cdist(ab, PALETTE).amin(1).max() < 14 * 0.5**0.5 + 1
    assert (PALETTE == 0).all(1).any()  # grey
    assert 100 < len(PALETTE) < 200


def test_the_truth_is_the_likeliest():
    """Least where the answer is the truth, which is soft; more the further it is away."""
    ab = PALETTE[40].reshape(1, 2, 1, 1).repeat(1, 1, 3, 4)
    away = (PALETTE - PALETTE[40]).square().sum(1)
    best = (-away / (2 * 7**2)).reshape(1, -1, 1, 1).repeat(1, 1, 3, 4)
    least = unlikeliness(best, ab)
    for shift in (1, 2):
        assert unlikeliness(best.roll(shift, 1), ab) > least + 0.1
    assert unlikeliness(best * 1.1, ab) > least
    assert unlikeliness(best * 0.9, ab) > least
    assert abs(unlikeliness(torch.zeros_like(best), ab).exp() - len(PALETTE)) < 0.1
