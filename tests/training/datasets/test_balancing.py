import numpy as np
import pytest

from colorear.training.datasets.balancing import MAX_REPEATS, MAX_SHARE, group_shares


@pytest.mark.parametrize("seed", range(5))
def test_no_group_and_no_photograph_is_shown_too_much(seed):
    rng = np.random.default_rng(seed)
    counts = np.concatenate(([20_000], rng.integers(1_000, 9_000, 24), [30, 0]))
    shares = group_shares(counts)
    assert shares.sum() == pytest.approx(1)
    assert shares.max() <= MAX_SHARE + 1e-9
    assert shares[-1] == 0
    each = shares[:-1] / counts[:-1] * counts.sum()
    assert each.max() <= MAX_REPEATS + 1e-9
    assert (np.diff(shares[np.argsort(counts)]) > -1e-9).all()  # a larger group has no less
    assert (np.diff(each[np.argsort(counts[:-1])]) < 1e-9).all()  # but each of its photographs


def test_fewer_than_ten_groups_share_equally():
    np.testing.assert_allclose(group_shares(np.array([900, 400, 500])), 1 / 3)
    assert group_shares(np.array([7])).tolist() == [1]


def test_where_there_is_next_to_nothing_beside_a_large_group_it_is_shown_most():
    shares = group_shares(np.array([10_000, *[1] * 20]))
    assert shares[0] > 0.9
    assert (shares[1:] * 10_020).max() <= MAX_REPEATS / 0.1
