import json
import math
from pathlib import Path

import pytest
import sewar
import torch

import slides_libraries
from colorear.errors import MetricError
from colorear.evaluation.metrics import slides_convention, standard

SEVEN = ["mse", "rmse", "psnr", "ssim", "fsim", "uqi", "vif"]
PAIRS = slides_libraries.pairs()
THEIRS = json.loads(Path(slides_libraries.__file__).with_suffix(".json").read_text())
ROUNDING = {"mse": 1e-12, "uqi": 1e-12, "vif": 1e-6, "rmse": 1e-5}  # else that of their float32


@pytest.fixture
def photograph(photographs):
    return photographs[:1, :, :48, :48]


@pytest.fixture
def two_unequal():
    """Two photographs whose MSE is 0.006086 on average, and their PSNR 23.9134 dB."""
    errors = 0.006086 + 0.004532 * torch.tensor([1.0, -1.0]).double()
    reference = torch.full((2, 3, 48, 48), 0.25, dtype=torch.float64)
    reference[:, :, ::5, ::3] = 0.5
    return reference, reference + errors.sqrt()[:, None, None, None]


def batch(picture):
    return torch.from_numpy(picture.copy()).permute(2, 0, 1)[None]


@pytest.mark.parametrize("name", PAIRS)
def test_every_number_is_the_libraries(name):
    """Theirs were printed in an environment of their own, with NumPy 1."""
    assert THEIRS["versions"]["image-similarity-measures"] == "0.3.6"
    ours = slides_convention.score(*(batch(picture) for picture in PAIRS[name]))
    assert list(ours) == SEVEN
    for metric, value in ours.items():
        assert value.dtype == torch.float64
        tolerance = ROUNDING.get(metric, 1e-6)
        assert value.tolist() == pytest.approx([THEIRS[name][metric]], rel=tolerance), metric


@pytest.mark.parametrize("name", PAIRS)
def test_sewar_as_it_is_installed_still_says_so(name):
    truth, made = PAIRS[name]
    ours = slides_convention.score(batch(truth), batch(made))
    theirs = {"mse": sewar.mse(truth, made), "uqi": sewar.uqi(truth, made)}
    theirs["vif"] = sewar.vifp(made, truth)
    for metric, value in theirs.items():
        assert ours[metric].item() == pytest.approx(value, rel=1e-6), metric


def test_a_batch_is_scored_one_by_one(photographs, noisy):
    together = slides_convention.score(photographs, noisy(photographs, 0.1))
    for i in range(len(photographs)):
        one = slides_convention.score(photographs[i : i + 1], noisy(photographs, 0.1)[i : i + 1])
        for metric, value in one.items():
            assert together[metric][i].item() == pytest.approx(value.item(), rel=1e-12), metric


def test_their_arithmetic_prints_what_the_slides_published(two_unequal):
    """Last column of the table: MSE 0.006086, RMSE 0.000017, PSNR 96.1584, SSIM 0.999997."""
    theirs = slides_convention.score(*two_unequal)
    assert f"{theirs['mse'].mean():.6f}" == "0.006086"
    assert f"{theirs['rmse'].mean():.6f}" == "0.000017"
    assert theirs["psnr"].mean().item() == pytest.approx(96.1584, abs=0.01)
    assert theirs["ssim"].min() > 0.9999


def test_they_are_4095_away_from_the_standard(photograph, noisy):
    colored = noisy(photograph, 0.1)
    theirs, ours = (
        slides_convention.score(photograph, colored),
        standard.score(photograph, colored),
    )
    assert torch.allclose(theirs["mse"], ours["mse"], rtol=1e-5)
    assert torch.allclose(theirs["psnr"] - ours["psnr"], torch.tensor(72.245).double(), atol=1e-3)
    # theirs is the mean of the roots of three channels
    roots = (photograph - colored).square().mean((2, 3)).sqrt().mean(1)
    assert torch.allclose(theirs["rmse"] * 4095, roots, rtol=1e-5)


def test_vif_is_given_the_prediction_first(photograph):
    duller = 0.25 + 0.5 * photograph
    assert (slides_convention.score(photograph, duller)["vif"] > 1).all()
    assert (slides_convention.score(duller, photograph)["vif"] < 1).all()


def test_equal_and_flat_photographs_have_what_the_libraries_give(photograph):
    equal = slides_convention.score(photograph, photograph)
    assert equal["psnr"].item() == math.inf
    assert equal["rmse"].item() == 0
    flat = torch.full((1, 3, 48, 48), 0.3)
    theirs = slides_convention.score(photograph, flat)
    assert math.isnan(theirs["vif"].item())
    assert math.isfinite(theirs["uqi"].item())
    black = torch.zeros(1, 3, 48, 48)
    assert slides_convention.score(black, black)["uqi"].item() == 1
    assert math.isnan(slides_convention.score(black, black)["fsim"].item())


def test_bytes_are_told(photograph):
    with pytest.raises(MetricError, match="holds uint8 values"):
        slides_convention.score(photograph, photograph.byte())
