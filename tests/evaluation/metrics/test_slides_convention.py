import math
import sys

import pytest
import torch

from colorear.errors import MetricError, MissingExtraError
from colorear.evaluation.metrics import slides_convention, standard

SEVEN = ["mse", "rmse", "psnr", "ssim", "fsim", "uqi", "vif"]


@pytest.fixture
def _libraries():
    """image-similarity-measures wants scikit-image 0.20 and numpy 1: `test` cannot install it."""
    pytest.importorskip(
        "image_similarity_measures",
        reason="pip install --no-deps image-similarity-measures==0.3.6 phasepack==1.5",
    )


@pytest.fixture
def photograph(photographs):
    """One, small: the libraries are slow."""
    return photographs[:1, :, :48, :48]


@pytest.fixture
def two_unequal():
    """Two photographs whose MSE is 0.006086 on average, and their PSNR 23.9134 dB."""
    errors = 0.006086 + 0.004532 * torch.tensor([1.0, -1.0]).double()
    reference = torch.full((2, 3, 48, 48), 0.25, dtype=torch.float64)
    reference[:, :, ::5, ::3] = 0.5
    return reference, reference + errors.sqrt()[:, None, None, None]


@pytest.mark.usefixtures("_libraries")
def test_their_arithmetic_prints_what_the_slides_published(two_unequal):
    """Last column of the table: MSE 0.006086, RMSE 0.000017, PSNR 96.1584, SSIM 0.999997."""
    theirs = slides_convention.score(*two_unequal)
    assert list(theirs) == SEVEN
    assert f"{theirs['mse'].mean():.6f}" == "0.006086"
    assert f"{theirs['rmse'].mean():.6f}" == "0.000017"
    assert theirs["psnr"].mean().item() == pytest.approx(96.1584, abs=0.01)
    assert theirs["ssim"].min() > 0.9999


@pytest.mark.usefixtures("_libraries")
def test_they_are_4095_away_from_the_standard(photograph, noisy):
    colored = noisy(photograph, 0.1)
    theirs, ours = (
        slides_convention.score(photograph, colored),
        standard.score(photograph, colored),
    )
    assert torch.allclose(theirs["mse"], ours["mse"], rtol=1e-5)
    assert torch.allclose(theirs["psnr"] - ours["psnr"], torch.tensor(72.245).double(), atol=1e-3)
    # Theirs is the mean of the roots of three channels.
    roots = (photograph - colored).square().mean((2, 3)).sqrt().mean(1)
    assert torch.allclose(theirs["rmse"] * 4095, roots, rtol=1e-5)
    assert all(values.shape == (1,) for values in theirs.values())


@pytest.mark.usefixtures("_libraries")
def test_vif_is_given_the_prediction_first(photograph):
    duller = 0.25 + 0.5 * photograph
    assert (slides_convention.score(photograph, duller)["vif"] > 1).all()
    assert (slides_convention.score(duller, photograph)["vif"] < 1).all()


@pytest.mark.usefixtures("_libraries")
def test_raw_outputs_and_equal_photographs_have_numbers(photograph):
    assert slides_convention.score(photograph, 1.2 * photograph)["mse"].min() > 0
    equal = slides_convention.score(photograph, photograph)
    assert equal["psnr"].item() == math.inf
    assert equal["rmse"].item() == 0


@pytest.mark.parametrize("missing", ["sewar", "image_similarity_measures"])
def test_without_the_extra_it_is_told_what_to_install(photograph, monkeypatch, missing):
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(MissingExtraError, match=r"pip install 'colorear\[slides\]'"):
        slides_convention.score(photograph, photograph)


@pytest.mark.usefixtures("_libraries")
def test_bytes_are_told(photograph):
    with pytest.raises(MetricError, match="holds uint8 values"):
        slides_convention.score(photograph, photograph.byte())
