import numpy as np
import pytest
import torch
from skimage.color import rgb2lab

from colorear.learn.losses import Examples, ab_loss, colourised, squared_errors


@pytest.fixture
def examples(free_pictures):
    return Examples(torch.from_numpy(free_pictures["coffee"][None, :160, :160].copy()))


def test_examples_are_the_grey_photograph_and_its_true_colour(examples, free_pictures):
    pixels = free_pictures["coffee"][:160, :160]
    lab = rgb2lab(pixels)
    assert np.abs(examples.ab[0].numpy().transpose(1, 2, 0) - lab[..., 1:]).max() < 0.02
    grey = pixels @ np.array([0.299, 0.587, 0.114]) / 255
    lightness = rgb2lab(np.repeat(grey[..., None], 3, axis=2))[..., 0]
    assert np.abs(examples.lightness[0, 0].numpy() - lightness).max() < 0.01


def test_the_truth_gives_the_photograph_back_and_no_colour_the_grey_copy(examples):
    assert (colourised(examples, examples.ab) - examples.srgb).abs().max() < 0.01
    ours, grey = squared_errors(examples, torch.zeros(1, 2, 40, 40))
    assert ours.item() == pytest.approx(grey.item(), rel=1e-4)
    assert squared_errors(examples, examples.ab)[0].item() < 1e-6


@pytest.mark.parametrize("kind", ["squared", "smooth-l1"])
def test_the_loss_is_least_at_the_mean_of_each_place(kind):
    truth = torch.randn(2, 2, 8, 8, dtype=torch.float64)
    mean = truth.reshape(2, 2, 4, 2, 4, 2).mean((3, 5))
    loss = ab_loss(kind)
    assert loss(mean, truth).item() < 1e-12
    assert loss(mean + 50, truth).item() == pytest.approx({"squared": 1, "smooth-l1": 0.5}[kind])
