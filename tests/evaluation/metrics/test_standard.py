import math

import numpy as np
import pytest
import torch
from skimage.metrics import mean_squared_error, peak_signal_noise_ratio

from colorear.errors import MetricError
from colorear.evaluation.metrics.standard import METRICS, mae, mse, psnr, rmse, score

PERFECT = {
    "mse": 0.0,
    "rmse": 0.0,
    "mae": 0.0,
    "psnr": math.inf,
    "ssim": 1.0,
    "fsim": 1.0,
    "uqi": 1.0,
    "vif": 1.0,
    "ciede2000": 0.0,
    "chroma_psnr": math.inf,
    "colorfulness_gap": 0.0,
}
# UQI and FSIMc need not follow the size of a small change of colour, but here they do.
WORSE = [name for name in PERFECT if name != "colorfulness_gap"]


def test_errors_are_those_of_scikit_image(photographs, noisy):
    colored = noisy(photographs, 0.1)
    for i in range(3):
        pair = photographs[i].numpy(), colored[i].numpy()
        error = mean_squared_error(*pair)
        assert mse(photographs, colored)[i].item() == pytest.approx(error, rel=1e-12)
        assert rmse(photographs, colored)[i].item() == pytest.approx(error**0.5, rel=1e-12)
        assert mae(photographs, colored)[i].item() == pytest.approx(
            np.abs(pair[0] - pair[1]).mean(), rel=1e-12
        )
        theirs = peak_signal_noise_ratio(*pair, data_range=1)
        assert psnr(photographs, colored, data_range=1.0)[i].item() == pytest.approx(theirs)
    bytes_ = psnr(255 * photographs, 255 * colored, data_range=255.0)
    assert torch.allclose(bytes_, psnr(photographs, colored, data_range=1.0))


def test_equal_photographs_are_perfect(photographs):
    scores = score(photographs, photographs.clone())
    for name, best in PERFECT.items():
        assert scores[name].tolist() == pytest.approx([best] * 3, abs=1e-10), name


@pytest.mark.parametrize("name", WORSE)
def test_noise_blur_and_lost_color_are_worse_the_more_there_is(
    name, scores_of_noise, scores_of_blur, scores_of_lost_color
):
    for worse in (scores_of_noise, scores_of_blur, scores_of_lost_color):
        values = torch.stack([scores[name] for scores in worse])
        growth = values.diff(dim=0) * (1 if METRICS[name].better == "lower" else -1)
        assert (growth > 0).all(), values


@pytest.fixture(scope="module")
def scores_of_noise(photographs, noisy):
    return [score(photographs, noisy(photographs, size)) for size in (0.02, 0.05, 0.1)]


@pytest.fixture(scope="module")
def scores_of_blur(photographs):
    pool = torch.nn.functional.avg_pool2d
    sizes = (3, 5, 9)
    blurred = [pool(photographs, n, 1, n // 2, count_include_pad=False) for n in sizes]
    return [score(photographs, each) for each in blurred]


@pytest.fixture(scope="module")
def scores_of_lost_color(photographs, desaturated):
    return [score(photographs, desaturated(photographs, part)) for part in (0.2, 0.6, 1.0)]


def test_the_gap_grows_with_lost_color_and_the_gray_copy_has_no_colorfulness(
    scores_of_lost_color,
):
    gaps = torch.stack([scores["colorfulness_gap"] for scores in scores_of_lost_color])
    assert (gaps.diff(dim=0) > 0).all()
    assert scores_of_lost_color[-1]["colorfulness"].abs().max() < 1e-6


def test_every_photograph_has_its_own_scores(photographs, noisy):
    colored = noisy(photographs, 0.1).float()
    together = score(photographs.float(), colored)
    alone = score(photographs[2:].float(), colored[2:])
    for name, values in together.items():
        assert values.dtype == torch.float64
        assert values.shape == (3,)
        assert values[2:].tolist() == pytest.approx(alone[name].tolist(), rel=1e-6), name


def test_scores_are_those_of_the_functions_in_the_table(photographs, noisy):
    colored = noisy(photographs, 0.1)
    scores = score(photographs, colored)
    single = {name: metric for name, metric in METRICS.items() if metric.of == "photograph"}
    assert single.keys() == scores.keys()
    for name, metric in single.items():
        ranged = {"data_range": 1.0} if name in {"psnr", "ssim", "fsim", "vif"} else {}
        given = (colored,) if name == "colorfulness" else (photographs, colored)
        values = metric.function(*given, **ranged)
        assert values.tolist() == pytest.approx(scores[name].tolist(), rel=1e-9), name


@pytest.mark.parametrize("gray", [0.0, 0.5, 1.0])
def test_flat_and_gray_photographs_have_numbers(gray):
    flat = torch.full((1, 3, 48, 48), gray)
    tinted = flat.clone()
    tinted[:, 0] = 0.25
    for pair in ((flat, flat), (flat, tinted), (tinted, flat)):
        scores = score(*pair)
        assert not any(values.isnan().any() for values in scores.values()), scores


def test_small_photographs_and_raw_outputs_are_told():
    small = torch.zeros(1, 3, 40, 60)
    with pytest.raises(MetricError, match="is 40 x 60 pixels, and this metric needs at least 41"):
        score(small, small)
    large = torch.zeros(1, 3, 60, 60)
    with pytest.raises(MetricError, match=r"the coloured batch runs from -0\.1 to -0\.1"):
        score(large, large - 0.1)


def test_the_table_says_everything_that_is_printed():
    for name, metric in METRICS.items():
        assert metric.name == name
        assert metric.title
        assert metric.space
        assert metric.definition
        assert metric.function.__doc__
