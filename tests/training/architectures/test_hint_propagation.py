import numpy as np
import pytest
import torch

from colorear.training.architectures.hint_propagation import HintPropagation


@pytest.fixture
def hint_propagation():
    torch.manual_seed(0)
    return HintPropagation(8, 6, stride=4)


def hint_planes(size, *hints):
    """a*, b*, mask (1,3,h,w) of (row, column, a, b), 4 pixels wide."""
    planes = torch.zeros(1, 3, *size)
    for row, column, a, b in hints:
        planes[0, :, row : row + 4, column : column + 4] = torch.tensor([a, b, 1.0])[:, None, None]
    return planes


def halves(size):
    """Features of two objects side by side, which look different."""
    fine, coarse = plain(size)
    fine[..., size[1] // 8 :] = 20
    return fine, coarse


def plain(size):
    """Features (1,8,h/4,w/4) and (1,6,h/8,w/8) of one object."""
    return torch.zeros(1, 8, size[0] // 4, size[1] // 4), torch.zeros(
        1, 6, size[0] // 8, size[1] // 8
    )


def some(count, size):
    """Features of whatever looks different everywhere."""
    return torch.rand(count, 8, size[0] // 4, size[1] // 4), torch.rand(
        count, 6, size[0] // 8, size[1] // 8
    )


def test_without_hints_nothing_changes(hint_propagation):
    change, certain = hint_propagation(
        some(2, (64, 96)), torch.rand(2, 2, 32, 48), torch.zeros(2, 3, 64, 96)
    )
    assert (change.shape, certain.shape) == ((2, 2, 16, 24), (2, 1, 16, 24))
    assert change.abs().max() == certain.abs().max() == 0


def test_a_hint_fills_its_own_object_and_stops_at_the_edge(hint_propagation):
    predicted = torch.full((1, 2, 32, 32), 5.0)
    change, certain = hint_propagation(
        halves((64, 64)), predicted, hint_planes((64, 64), (28, 12, 45, -15))
    )
    inside, outside = change[0, :, :, :8], change[0, :, :, 8:]
    assert torch.all(inside[0] > 20)
    assert torch.all(inside[1] < -10)
    assert outside.abs().max() < 1e-3
    assert torch.all(certain >= 0)
    assert torch.all(certain < 1)
    nearest = change[0, :, 7, 3] + 5
    assert torch.allclose(nearest, torch.tensor([45.0, -15.0]), atol=5)


def test_between_two_hints_the_nearer_one_counts_for_more(hint_propagation):
    hints = hint_planes((64, 64), (32, 4, 40, 0), (32, 56, -40, 0))
    change, _ = hint_propagation(plain((64, 64)), torch.zeros(1, 2, 32, 32), hints)
    row = change[0, 0, 8]
    assert row[1] > 10
    assert row[-2] < -10
    assert torch.all(row.diff() < 1e-4)


def test_it_is_the_kernel_regression_that_it_claims_to_be(hint_propagation):
    """Against loops over places and hints, in float64."""
    torch.manual_seed(1)
    features, predicted = some(1, (32, 48)), torch.randn(1, 2, 16, 24) * 20
    for layer in (hint_propagation.coarse, hint_propagation.self_weight):
        torch.nn.init.normal_(layer.weight, std=0.3)
    hints = hint_planes((32, 48), (8, 16, 40, 10), (16, 40, -20, 30), (24, 0, 5, -50))
    with torch.no_grad():
        change, certain = hint_propagation(features, predicted, hints)
        larger = torch.nn.functional.interpolate(features[1], scale_factor=2, mode="bilinear")
        coarse = hint_propagation.coarse(larger)[0].double().numpy()
        self_weight = coarse[:2] + hint_propagation.self_weight(features[0])[0].numpy()
        similarity = coarse[2:] + hint_propagation.similarity(features[0])[0].numpy()
    cells = [(2, 4, 40, 10), (4, 10, -20, 30), (6, 0, 5, -50)]  # each on a place of its own
    for row, column in np.ndindex(8, 12):
        weights, values = [], []
        for at, across, a, b in cells:
            squares = ((similarity[:, row, column] - similarity[:, at, across]) ** 2).sum()
            squares += ((row - at) ** 2 + (column - across) ** 2) * (4 / 64) ** 2
            weights.append((1 + squares / 0.18**2) ** -3)
            place = predicted[0, :, 2 * at : 2 * at + 2, 2 * across : 2 * across + 2]
            values.append(np.array([a, b]) - place.double().mean((1, 2)).numpy())
        own = (1 + (1.6 / 0.18) ** 2) ** -3 * np.exp(self_weight[:, row, column])
        total = np.sum(weights)
        expected = np.array(weights) @ np.array(values) / (total + own[0])
        np.testing.assert_allclose(change[0, :, row, column], expected, atol=1e-3)
        assert certain[0, 0, row, column].item() == pytest.approx(
            total / (total + own[1]), abs=1e-4
        )


def test_each_photograph_takes_only_its_own_hints(hint_propagation):
    """Together as alone, in training too, with the same gradients."""
    torch.manual_seed(2)
    features, predicted = some(3, (64, 64)), torch.randn(3, 2, 32, 32) * 20
    hints = torch.cat(
        [
            hint_planes((64, 64), (8, 16, 40, 10)),
            hint_planes((64, 64)),
            hint_planes((64, 64), (0, 3, 9, 9), (30, 61, -5, 1)),
        ]
    )
    outputs, gradients = [], []
    for module in (hint_propagation.train(), hint_propagation.eval()):
        change, certain = module(features, predicted, hints)
        hint_propagation.zero_grad()
        (change.square().sum() + certain.sum()).backward()
        outputs.append(torch.cat((change, certain), 1).detach())
        gradients.append(hint_propagation.similarity.weight.grad.clone())
    torch.testing.assert_close(*outputs)
    torch.testing.assert_close(*gradients, rtol=1e-4, atol=1e-4)
    assert gradients[0].abs().max() > 0
    with torch.no_grad():
        for i in range(3):
            one = slice(i, i + 1)
            alone = hint_propagation(
                (features[0][one], features[1][one]), predicted[one], hints[one]
            )
            torch.testing.assert_close(torch.cat(alone, 1), outputs[1][one])


def test_half_precision_around_it_does_not_blur_distances(hint_propagation):
    features, predicted = some(1, (64, 64)), torch.randn(1, 2, 32, 32) * 20
    hints = hint_planes((64, 64), (8, 16, 40, 10), (32, 48, -20, 30))
    exact = hint_propagation(features, predicted, hints)
    with torch.autocast("cpu", torch.bfloat16):
        torch.testing.assert_close(hint_propagation(features, predicted, hints), exact)
