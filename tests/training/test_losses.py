import numpy as np
import pytest
import torch
from skimage.color import rgb2lab

from colorear.training.architectures.ab_bins import AB_BINS
from colorear.training.architectures.acuarela import ColorPrediction
from colorear.training.losses import Examples, categorical_accuracy, colorized, consistency_loss
from colorear.training.tasks import TASKS, distillation_loss


@pytest.fixture
def examples(free_pictures):
    return Examples(torch.from_numpy(free_pictures["coffee"][None, :160, :160].copy()))


def test_examples_are_the_gray_photograph_and_its_true_color(examples, free_pictures):
    pixels = free_pictures["coffee"][:160, :160]
    lab = rgb2lab(pixels)
    assert np.abs(examples.ab[0].numpy().transpose(1, 2, 0) - lab[..., 1:]).max() < 0.02
    gray = pixels @ np.array([0.299, 0.587, 0.114]) / 255
    lightness = rgb2lab(np.repeat(gray[..., None], 3, axis=2))[..., 0]
    assert np.abs(examples.lightness[0, 0].numpy() - lightness).max() < 0.01


def test_the_truth_gives_the_photograph_back_and_no_color_the_gray_copy(examples):
    assert (colorized(examples, examples.ab) - examples.srgb).abs().max() < 0.01
    assert (colorized(examples, examples.ab) - examples.srgb).square().mean() < 1e-6
    assert (colorized(examples, torch.zeros(1, 2, 40, 40)) - examples.gray).abs().max() < 1e-4


@pytest.mark.parametrize(
    ("name", "far"), [("absolute", 1), ("squared", 1), ("smooth-l1", 1 - 0.05)]
)
def test_the_loss_is_least_at_the_mean_of_each_place(examples, recipe, name, far):
    """`far` is the loss at a distance of 1, which is AB_SCALE in CIELAB units."""
    loss, asked = TASKS["acuarela"].loss, recipe.model_copy(update={"loss": name})
    mean = examples.ab.reshape(1, 2, 40, 4, 40, 4).mean((3, 5))
    assert loss(ColorPrediction(mean), examples, asked).item() < 1e-6
    assert loss(ColorPrediction(mean + 50), examples, asked).item() == pytest.approx(far)


def test_the_best_uncertainty_is_the_expected_distance_and_moves_no_color(examples, recipe):
    spec = recipe.network.model_copy(update={"uncertainty": 1.0})
    asked, loss = recipe.model_copy(update={"network": spec}), TASKS["acuarela"].loss
    ab = torch.zeros(1, 2, 40, 40, requires_grad=True)
    mean = examples.ab.reshape(1, 2, 40, 4, 40, 4).mean((3, 5))
    expected = (mean - ab).norm(dim=1).mean().item()
    uncertainty = torch.full((1, 1, 40, 40), expected, requires_grad=True)
    more = loss(ColorPrediction(ab, uncertainty), examples, asked) - loss(
        ColorPrediction(ab), examples, asked
    )
    more.backward()
    assert uncertainty.grad.sum().abs() < 1e-6  # no other number everywhere is better
    assert uncertainty.grad.abs().sum() > 1e-3
    assert ab.grad.abs().max() < 1e-6


def test_likelihood_is_learned(examples, recipe):
    spec = recipe.network.model_copy(update={"likelihood": 0.5})
    asked, loss = recipe.model_copy(update={"network": spec}), TASKS["acuarela"].loss
    ab, even = torch.zeros(1, 2, 40, 40), torch.zeros(1, len(AB_BINS), 20, 20)
    more = loss(ColorPrediction(ab, None, even), examples, asked) - loss(
        ColorPrediction(ab), examples, asked
    )
    assert more.item() == pytest.approx(0.5 * np.log(len(AB_BINS)), rel=1e-4)


def test_the_distance_to_a_teacher_is_least_at_its_answer(recipe):
    spec = recipe.network.model_copy(update={"uncertainty": 0.5, "likelihood": 0.1})
    rng = torch.Generator().manual_seed(0)
    shapes = (2, 2, 8, 8), (2, 1, 8, 8), (2, len(AB_BINS), 4, 4)
    taught = ColorPrediction(*(torch.randn(shape, generator=rng) for shape in shapes))
    same = ColorPrediction(*(planes.clone().requires_grad_() for planes in taught))
    distillation_loss(taught, same, spec).backward()
    assert max(planes.grad.abs().max() for planes in same) < 1e-6
    off = taught._replace(ab=taught.ab + 50), taught._replace(uncertainty=taught.uncertainty - 50)
    least = distillation_loss(taught, taught, spec)
    assert [
        (distillation_loss(taught, each, spec) - least).item() for each in off
    ] == pytest.approx([1, 0.5], rel=1e-4)
    even = taught._replace(likelihood=torch.zeros(shapes[2]))
    rows = taught.likelihood.softmax(1)
    divergence = (rows * (rows * len(AB_BINS)).log()).sum(1).mean()
    assert (distillation_loss(taught, even, spec) - least).item() == pytest.approx(
        0.1 * divergence.item(), rel=1e-3
    )


def test_categorical_accuracy_is_kerass():
    truth = torch.tensor([[0.9, 0.1, 0.1], [0.2, 0.5, 0.4], [0.3, 0.3, 0.3]]).T.reshape(1, 3, 1, 3)
    said = torch.tensor([[0.4, 0.3, 0.2], [0.1, 0.2, 0.3], [0.5, 0.1, 0.1]]).T.reshape(1, 3, 1, 3)
    assert categorical_accuracy(said, truth).item() == pytest.approx(2 / 3)


def test_twins_are_to_be_colored_alike_and_both_move():
    colors = torch.rand(5, 2, 4, 4, requires_grad=True)  # the last two are those of 0 and 2
    apart = consistency_loss(colors, torch.tensor([0, 2]))
    first, second = colors[0] - colors[3], colors[2] - colors[4]
    expected = (first.square().sum() + second.square().sum()) / colors.numel()
    assert apart.item() == pytest.approx(expected.item())
    apart.backward()
    moved = colors.grad.abs().sum((1, 2, 3))
    assert (moved > 0).tolist() == [True, False, True, True, True]
    assert consistency_loss(colors, torch.tensor([], dtype=torch.long)).item() == 0
