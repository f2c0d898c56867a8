import torch

from colorear import color
from colorear.training.architectures.ab_bins import AB_BINS, ab_cross_entropy


def test_every_color_of_srgb_has_a_neighbor():
    srgb = torch.rand(3, 100, 100, generator=torch.Generator().manual_seed(0))
    ab = color.srgb_to_lab(srgb)[1:].reshape(2, -1).T
    assert torch.cdist(ab, AB_BINS).amin(1).max() < 14 * 0.5**0.5 + 1
    assert (AB_BINS == 0).all(1).any()  # grey
    assert 100 < len(AB_BINS) < 200


def test_the_truth_is_the_likeliest():
    """Least where the answer is the truth, which is soft; more the further it is away."""
    ab = AB_BINS[40].reshape(1, 2, 1, 1).repeat(1, 1, 3, 4)
    away = (AB_BINS - AB_BINS[40]).square().sum(1)
    best = (-away / (2 * 7**2)).reshape(1, -1, 1, 1).repeat(1, 1, 3, 4)
    least = ab_cross_entropy(best, ab)
    for shift in (1, 2):
        assert ab_cross_entropy(best.roll(shift, 1), ab) > least + 0.1
    assert ab_cross_entropy(best * 1.1, ab) > least
    assert ab_cross_entropy(best * 0.9, ab) > least
    assert abs(ab_cross_entropy(torch.zeros_like(best), ab).exp() - len(AB_BINS)) < 0.1
