import numpy as np
import pytest
import torch

from colorear.training.architectures.hint_propagation import Spreading


@pytest.fixture
def spreading():
    torch.manual_seed(0)
    return Spreading(8, 6, stride=4)


def known(size, *hints):
    """a*, b*, mask (1,3,h,w) of (row, column, a, b), 4 pixels wide."""
    planes = torch.zeros(1, 3, *size)
    for row, column, a, b in hints:
        planes[0, :, row : row + 4, column : column + 4] = torch.tensor([a, b, 1.0])[:, None, None]
    return planes


def halves(size):
    """Features of two things side by side, which look different."""
    fine, coarse = plain(size)
    fine[..., size[1] // 8 :] = 20
    return fine, coarse


def plain(size):
    """Features (1,8,h/4,w/4) and (1,6,h/8,w/8) of one thing."""
    return torch.zeros(1, 8, size[0] // 4, size[1] // 4), torch.zeros(
        1, 6, size[0] // 8, size[1] // 8
    )


def some(count, size):
    """Features of whatever looks different everywhere."""
    return torch.rand(count, 8, size[0] // 4, size[1] // 4), torch.rand(
        count, 6, size[0] // 8, size[1] // 8
    )


def test_without_hints_nothing_changes(spreading):
    change, told = spreading(some(2, (64, 96)), torch.rand(2, 2, 32, 48), torch.zeros(2, 3, 64, 96))
    assert (change.shape, told.shape) == ((2, 2, 16, 24), (2, 1, 16, 24))
    assert change.abs().max() == told.abs().max() == 0


def test_a_hint_fills_its_own_thing_and_stops_at_the_edge(spreading):
    said = torch.full((1, 2, 32, 32), 5.0)
    change, told = spreading(halves((64, 64)), said, known((64, 64), (28, 12, 45, -15)))
    inside, outside = change[0, :, :, :8], change[0, :, :, 8:]
    assert torch.all(inside[0] > 20)
    assert torch.all(inside[1] < -10)
    assert outside.abs().max() < 1e-3
    assert torch.all(told >= 0)
    assert torch.all(told < 1)
    nearest = change[0, :, 7, 3] + 5
    assert torch.allclose(nearest, torch.tensor([45.0, -15.0]), atol=5)


def test_between_two_hints_the_nearer_one_counts_for_more(spreading):
    hints = known((64, 64), (32, 4, 40, 0), (32, 56, -40, 0))
    change, _ = spreading(plain((64, 64)), torch.zeros(1, 2, 32, 32), hints)
    row = change[0, 0, 8]
    assert row[1] > 10
    assert row[-2] < -10
    assert torch.all(row.diff() < 1e-4)


def test_it_is_the_kernel_regression_that_it_says(spreading):
    """Against loops over places and hints, in float64."""
    torch.manual_seed(1)
    features, said = some(1, (32, 48)), torch.randn(1, 2, 16, 24) * 20
    for layer in (spreading.coarse, spreading.sure):
        torch.nn.init.normal_(layer.weight, std=0.3)
    hints = known((32, 48), (8, 16, 40, 10), (16, 40, -20, 30), (24, 0, 5, -50))
    with torch.no_grad():
        change, told = spreading(features, said, hints)
        larger = torch.nn.functional.interpolate(features[1], scale_factor=2, mode="bilinear")
        coarse = spreading.coarse(larger)[0].double().numpy()
        sure = coarse[:2] + spreading.sure(features[0])[0].numpy()
        like = coarse[2:] + spreading.like(features[0])[0].numpy()
    cells = [(2, 4, 40, 10), (4, 10, -20, 30), (6, 0, 5, -50)]  # each on a place of its own
    for row, column in np.ndindex(8, 12):
        weights, values = [], []
        for at, across, a, b in cells:
            squares = ((like[:, row, column] - like[:, at, across]) ** 2).sum()
            squares += ((row - at) ** 2 + (column - across) ** 2) * (4 / 64) ** 2
            weights.append((1 + squares / 0.18**2) ** -3)
            place = said[0, :, 2 * at : 2 * at + 2, 2 * across : 2 * across + 2]
            values.append(np.array([a, b]) - place.double().mean((1, 2)).numpy())
        own = (1 + (1.6 / 0.18) ** 2) ** -3 * np.exp(sure[:, row, column])
        total = np.sum(weights)
        expected = np.array(weights) @ np.array(values) / (total + own[0])
        np.testing.assert_allclose(change[0, :, row, column], expected, atol=1e-3)
        assert told[0, 0, row, column].item() == pytest.approx(total / (total + own[1]), abs=1e-4)


def test_each_photograph_is_told_only_what_is_told_of_it(spreading):
    """Answered together as alone, in training too, with the same gradients."""
    torch.manual_seed(2)
    features, said = some(3, (64, 64)), torch.randn(3, 2, 32, 32) * 20
    hints = torch.cat(
        [
            known((64, 64), (8, 16, 40, 10)),
            known((64, 64)),
            known((64, 64), (0, 3, 9, 9), (30, 61, -5, 1)),
        ]
    )
    answers, gradients = [], []
    for module in (spreading.train(), spreading.eval()):
        change, told = module(features, said, hints)
        spreading.zero_grad()
        (change.square().sum() + told.sum()).backward()
        answers.append(torch.cat((change, told), 1).detach())
        gradients.append(spreading.like.weight.grad.clone())
    torch.testing.assert_close(*answers)
    torch.testing.assert_close(*gradients, rtol=1e-4, atol=1e-4)
    assert gradients[0].abs().max() > 0
    with torch.no_grad():
        for i in range(3):
            one = slice(i, i + 1)
            alone = spreading((features[0][one], features[1][one]), said[one], hints[one])
            torch.testing.assert_close(torch.cat(alone, 1), answers[1][one])


def test_half_precision_around_it_does_not_blur_distances(spreading):
    features, said = some(1, (64, 64)), torch.randn(1, 2, 32, 32) * 20
    hints = known((64, 64), (8, 16, 40, 10), (32, 48, -20, 30))
    exact = spreading(features, said, hints)
    with torch.autocast("cpu", torch.bfloat16):
        torch.testing.assert_close(spreading(features, said, hints), exact)
