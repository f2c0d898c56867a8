import pytest
import torch
from sewar import vifp
from skimage.metrics import structural_similarity

from colorear.errors import MetricError
from colorear.evaluation.metrics.structure import ssim, uqi, vif


def test_ssim_is_scikit_images(photographs, noisy):
    """Which averages over windows wholly inside too: it cuts 5 pixels off each border."""
    colored = noisy(photographs, 0.1)
    ours = ssim(photographs, colored, data_range=1.0)
    for i in range(3):
        theirs = structural_similarity(
            photographs[i].numpy(),
            colored[i].numpy(),
            channel_axis=0,
            data_range=1.0,
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
        )
        assert ours[i].item() == pytest.approx(theirs, abs=1e-12)
    assert torch.allclose(ssim(255 * photographs, 255 * colored, data_range=255.0), ours)


def test_vif_is_sewars(photographs, noisy, desaturated):
    """Whose own tests hold it to MATLAB's vifp_mscale: 0.120490551257006, 0.981413452665522."""
    for colored in (noisy(photographs, 0.1), desaturated(photographs, 1.0)):
        ours = vif(photographs, colored, data_range=1.0)
        for i in range(2):
            pair = (255 * each[i].permute(1, 2, 0).numpy() for each in (photographs, colored))
            assert ours[i].item() == pytest.approx(vifp(*pair), abs=1e-12)


def test_vif_of_more_contrast_is_above_one_and_of_a_flat_channel_one(photographs):
    duller = 0.25 + 0.5 * photographs
    assert (vif(duller, photographs, data_range=1.0) > 1).all()
    flat = torch.full((1, 3, 41, 41), 0.3)
    assert vif(flat, flat, data_range=1.0).item() == 1


def uqi_by_loops(reference, colored):
    """Wang and Bovik 2002, (1), window by window, for one channel."""
    values = []
    for top in range(reference.shape[0] - 7):
        for left in range(reference.shape[1] - 7):
            x = reference[top : top + 8, left : left + 8]
            y = colored[top : top + 8, left : left + 8]
            covariance = ((x - x.mean()) * (y - y.mean())).mean()
            spread = x.var(correction=0) + y.var(correction=0)
            squares = x.mean() ** 2 + y.mean() ** 2
            if spread == 0:
                values.append(2 * x.mean() * y.mean() / squares if squares > 0 else 1.0)
            else:
                values.append(4 * covariance * x.mean() * y.mean() / (spread * squares))
    return sum(values) / len(values)


@pytest.mark.parametrize("case", ["noise", "flat part", "black part", "flat against noise"])
def test_uqi_is_the_formula_in_every_window(case):
    generator = torch.Generator().manual_seed(3)
    reference = torch.rand(1, 3, 19, 17, generator=generator, dtype=torch.float64)
    colored = (reference + 0.3 * torch.rand(1, 3, 19, 17, generator=generator)).double() / 1.3
    if case == "flat part":
        reference[..., :10], colored[..., :10] = 0.25, 0.5  # exact in binary
    elif case == "black part":
        reference[..., :10], colored[..., :10] = 0, 0
    elif case == "flat against noise":
        reference[..., :10] = 0.25
    expected = sum(uqi_by_loops(reference[0, i], colored[0, i]) for i in range(3)) / 3
    assert uqi(reference, colored).item() == pytest.approx(expected.item(), abs=1e-12)


def test_flat_windows_are_found_in_spite_of_rounding():
    """0.7 and 0.1 have no exact value, nor have their squares or the sums of them."""
    one, other = (torch.full((1, 3, 20, 20), level, dtype=torch.float64) for level in (0.7, 0.1))
    assert uqi(one, other).item() == pytest.approx(2 * 0.07 / 0.5, abs=1e-12)
    one[0, 0, 10, 10] += 1 / 255  # one level in one pixel is no rounding
    spoiled = 64 / 13**2 / 3  # windows that hold it, of one channel in three
    assert uqi(one, other).item() == pytest.approx(0.28 * (1 - spoiled), abs=1e-3)


def test_uqi_of_a_gray_reference_is_that_of_its_channel(photographs):
    gray = photographs[:, 1:2].expand(-1, 3, -1, -1)
    values = uqi(gray, photographs)
    each = [uqi(gray, photographs[:, i : i + 1].expand(-1, 3, -1, -1)) for i in range(3)]
    assert torch.allclose(values, torch.stack(each).mean(0))


def test_which_are_symmetric(photographs, noisy):
    colored = noisy(photographs, 0.1)
    assert torch.allclose(uqi(photographs, colored), uqi(colored, photographs))
    forth = ssim(photographs, colored, data_range=1.0)
    assert torch.allclose(forth, ssim(colored, photographs, data_range=1.0))
    forth = vif(photographs, colored, data_range=1.0)
    assert not torch.allclose(forth, vif(colored, photographs, data_range=1.0), atol=0.05)


@pytest.mark.parametrize(("metric", "least"), [(ssim, 11), (vif, 41)])
def test_windows_need_room(metric, least):
    small, enough = torch.rand(1, 3, least - 1, least), torch.rand(1, 3, least, least)
    with pytest.raises(MetricError, match=f"needs at least {least} x {least}"):
        metric(small, small, data_range=1.0)
    assert metric(enough, enough, data_range=1.0).item() == pytest.approx(1)
