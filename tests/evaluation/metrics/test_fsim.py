import math

import numpy as np
import pytest
import torch

from colorear.errors import MetricError
from colorear.evaluation.metrics.fsim import fsimc


def congruency(luma):
    """Kovesi's phase congruency with the constants of Zhang et al. 2011, one filter at a time."""
    rows, columns = luma.shape

    def axis(length):
        half = length // 2
        return np.fft.ifftshift(np.arange(-half, length - half) / (length - length % 2))

    x, y = np.meshgrid(axis(columns), axis(rows))
    radius, theta = np.hypot(x, y), np.arctan2(-y, x)
    low_pass = 1 / (1 + (radius / 0.45) ** 30)
    radius[0, 0] = 1
    sigma = math.pi / 4 / 1.2
    energy_all, amplitude_all = np.zeros_like(luma), np.zeros_like(luma)
    for angle in np.arange(4) * math.pi / 4:
        ds = np.sin(theta) * np.cos(angle) - np.cos(theta) * np.sin(angle)
        dc = np.cos(theta) * np.cos(angle) + np.sin(theta) * np.sin(angle)
        spread = np.exp(-(np.arctan2(ds, dc) ** 2) / (2 * sigma**2))
        responses, kernels, powers = [], [], []
        for wave in (6, 12, 24, 48):
            gabor = np.exp(-(np.log(radius * wave) ** 2) / (2 * math.log(0.55) ** 2)) * low_pass
            gabor[0, 0] = 0
            responses.append(np.fft.ifft2(np.fft.fft2(luma) * gabor * spread))
            kernels.append(np.fft.ifft2(gabor * spread).real * math.sqrt(rows * columns))
            powers.append(((gabor * spread) ** 2).sum())
        total = sum(responses)
        mean = total / (abs(total) + 1e-4)
        energy = sum(
            r.real * mean.real + r.imag * mean.imag - abs(r.real * mean.imag - r.imag * mean.real)
            for r in responses
        )
        noise = -np.median(abs(responses[0]) ** 2) / math.log(0.5) / powers[0]
        squares = sum((kernel**2).sum() for kernel in kernels)
        products = sum((kernels[i] * kernels[j]).sum() for i in range(4) for j in range(i + 1, 4))
        tau = math.sqrt((2 * noise * squares + 4 * noise * products) / 2)
        threshold = tau * math.sqrt(math.pi / 2) + 2 * math.sqrt((2 - math.pi / 2) * tau**2)
        energy_all += np.maximum(energy - threshold / 1.7, 0)
        amplitude_all += sum(abs(r) for r in responses)
    return energy_all / amplitude_all


def gradient(luma):
    padded = np.pad(luma, 1)
    weights = {(0, 0): 3, (1, 0): 10, (2, 0): 3}
    rows, columns = luma.shape
    across, down = np.zeros_like(luma), np.zeros_like(luma)
    for (i, j), weight in weights.items():
        near, far = (padded[i : i + rows, k : k + columns] for k in (j, 2 - j))
        across += weight * (near - far) / 16
        near, far = (padded[k : k + rows, i : i + columns] for k in (j, 2 - j))
        down += weight * (near - far) / 16
    return np.hypot(across, down)


def fsim_by_hand(reference, colored):
    """FSIM and FSIMc of two (3, h, w) in 0..255, complex powers and all."""
    matrix = np.array([[0.299, 0.587, 0.114], [0.596, -0.274, -0.322], [0.211, -0.523, 0.312]])
    one, other = (np.tensordot(matrix, planes, 1) for planes in (reference, colored))

    def alike(a, b, constant):
        return (2 * a * b + constant) / (a**2 + b**2 + constant)

    pc, pc_other = congruency(one[0]), congruency(other[0])
    weight = np.maximum(pc, pc_other)
    luma = alike(pc, pc_other, 0.85) * alike(gradient(one[0]), gradient(other[0]), 160)
    chroma = alike(one[1], other[1], 200) * alike(one[2], other[2], 200)
    chroma = (chroma.astype(complex) ** 0.03).real
    return (luma * weight).sum() / weight.sum(), (luma * chroma * weight).sum() / weight.sum()


@pytest.mark.parametrize("size", [(96, 112), (81, 96), (75, 61)])
def test_fsim_is_the_definition_in_float64(photographs, noisy, desaturated, size):
    photographs = photographs[:, :, : size[0], : size[1]]
    for colored in (noisy(photographs, 0.05), desaturated(photographs, 1.2).clamp(0, 1)):
        chromatic = fsimc(photographs, colored, data_range=1.0)
        luma = fsimc(photographs, colored, data_range=1.0, chromatic=False)
        for i in range(3):
            expected = fsim_by_hand(255 * photographs[i].numpy(), 255 * colored[i].numpy())
            assert (luma[i].item(), chromatic[i].item()) == pytest.approx(expected, abs=1e-5)


def test_only_the_chromatic_form_sees_color(photographs, desaturated):
    gray = desaturated(photographs, 1.0)
    assert fsimc(photographs, gray, data_range=1.0, chromatic=False).min() > 1 - 1e-6
    assert fsimc(photographs, gray, data_range=1.0).max() < 0.999
    assert torch.allclose(
        fsimc(photographs, gray, data_range=1.0), fsimc(gray, photographs, data_range=1.0)
    )


def test_large_photographs_are_averaged_first(free_pictures):
    large = torch.from_numpy(free_pictures["astronaut"].copy()).permute(2, 0, 1)[None] / 255.0
    other = large.roll(1, -1)
    halves = [torch.nn.functional.avg_pool2d(each, 2) for each in (large, other)]
    ours = fsimc(large, other, data_range=1.0)
    assert ours.item() == pytest.approx(fsimc(*halves, data_range=1.0).item(), abs=1e-6)


def test_a_flat_photograph_is_weighed_alike_everywhere():
    flat = torch.full((1, 3, 24, 24), 0.7)
    assert fsimc(flat, flat, data_range=1.0).item() == 1
    tinted = flat.clone()
    tinted[:, 2] = 0.1
    assert 0.8 < fsimc(flat, tinted, data_range=1.0).item() < 1


def test_bytes_are_told():
    bytes_ = torch.zeros(1, 3, 16, 16, dtype=torch.uint8)
    with pytest.raises(MetricError, match="the reference holds uint8 values"):
        fsimc(bytes_, bytes_, data_range=255.0)
