import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from colorear.models.resize import resized

sizes = st.integers(1, 40)


@given(sizes, sizes, sizes, sizes)
def test_a_flat_plane_stays_flat(height, width, new_height, new_width):
    flat = np.full((2, height, width), 7.25, np.float32)
    answer = resized(flat, new_height, new_width)
    assert answer.shape == (2, new_height, new_width)
    assert answer.dtype == np.float32
    np.testing.assert_allclose(answer, 7.25, rtol=1e-6)


@given(st.integers(2, 30), st.integers(1, 5))
def test_a_ramp_does_not_move(length, factor):
    fine = np.arange(length * factor, dtype=np.float32)
    coarse = resized(fine[None], 1, length)
    np.testing.assert_allclose(coarse[0], (np.arange(length) + 0.5) * factor - 0.5, atol=1e-4)
    back = resized(coarse, 1, length * factor)[0]
    inside = slice(factor // 2, length * factor - factor // 2)
    np.testing.assert_allclose(back[inside], fine[inside], atol=1e-4)


@given(sizes, st.integers(1, 40))
def test_shrinking_keeps_the_mean(length, new_length):
    row = np.random.default_rng(length).random((1, max(length, new_length)), np.float32)
    assert abs(resized(row, 1, new_length).mean() - row.mean()) < 1e-5


def test_growing_equals_torch():
    torch = pytest.importorskip("torch")
    planes = np.random.default_rng(0).random((1, 2, 5, 7), np.float32)
    expected = torch.nn.functional.interpolate(
        torch.from_numpy(planes), (20, 11), mode="bilinear", align_corners=False
    )
    np.testing.assert_allclose(resized(planes, 20, 11), expected.numpy(), atol=1e-6)
