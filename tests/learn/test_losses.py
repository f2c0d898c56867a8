import numpy as np
import pytest
import torch
from skimage.color import rgb2lab

from colorear.learn.kinds import KINDS
from colorear.learn.losses import DISTANCES, Examples, categorical_accuracy, colourised


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
    assert (colourised(examples, examples.ab) - examples.srgb).square().mean() < 1e-6
    assert (colourised(examples, torch.zeros(1, 2, 40, 40)) - examples.grey).abs().max() < 1e-4


@pytest.mark.parametrize(
    ("name", "far"), [("absolute", 1), ("squared", 1), ("smooth-l1", 1 - 0.05)]
)
def test_the_loss_is_least_at_the_mean_of_each_place(examples, name, far):
    """`far` is the loss at a distance of 1, which is AB_SCALE in CIELAB units."""
    compared, loss = KINDS["acuarela"].compared, DISTANCES[name]
    mean = examples.ab.reshape(1, 2, 40, 4, 40, 4).mean((3, 5))
    assert loss(*compared(mean, examples)).item() < 1e-6
    assert loss(*compared(mean + 50, examples)).item() == pytest.approx(far)


def test_categorical_accuracy_is_kerass():
    truth = torch.tensor([[0.9, 0.1, 0.1], [0.2, 0.5, 0.4], [0.3, 0.3, 0.3]]).T.reshape(1, 3, 1, 3)
    said = torch.tensor([[0.4, 0.3, 0.2], [0.1, 0.2, 0.3], [0.5, 0.1, 0.1]]).T.reshape(1, 3, 1, 3)
    assert categorical_accuracy(said, truth).item() == pytest.approx(2 / 3)
