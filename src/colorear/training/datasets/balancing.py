"""How often the photographs of each group are shown, where groups differ in size."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["MAX_REPEATS", "MAX_SHARE", "group_shares"]

MAX_SHARE = 0.1
"""Of all that is shown, the most of one group, if there are at least ten."""

MAX_REPEATS = 4.0
"""How much more often than the mean photograph any other is shown, at most."""


def group_shares(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """The share of what is shown that each group gets.

    It grows with the root of a group's size, between one share for all groups and one frequency
    for all photographs, up to `MAX_SHARE` and `MAX_REPEATS`. Where both cannot be kept, because
    what is not in a few large groups is very little, these get more than `MAX_SHARE`.

    Parameters
    ----------
    counts
        Photographs in each group; at least one group has some.

    Returns
    -------
    shares
        As many, which add up to 1.

    >>> group_shares(np.array([100, 100, 0])).tolist()
    [0.5, 0.5, 0.0]
    """
    groups = np.count_nonzero(counts)
    most = np.minimum(max(MAX_SHARE, 1 / groups), MAX_REPEATS * counts / counts.sum())
    if most.sum() <= 1:
        return np.asarray(most / most.sum(), np.float64)
    shares = np.sqrt(counts)
    full = np.zeros(len(counts), dtype=bool)
    while True:  # each time at least one more group is full
        shares = np.where(full, most, np.sqrt(counts))
        free = shares[~full].sum()
        if free:
            shares[~full] *= (1 - most[full].sum()) / free
        over = ~full & (shares > most)
        if not over.any():
            return np.asarray(shares, np.float64)
        full |= over
