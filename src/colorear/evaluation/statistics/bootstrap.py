"""The bootstrap over photographs: how far a mean could have come out otherwise."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["LEVEL", "Estimate", "estimate", "resampled_means"]

LEVEL = 0.95
_BLOCK = 500  # resamples at once, so that memory does not grow with their number

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Estimate:
    """A number and its 95 % interval; the ends are NaN where there can be no interval."""

    value: float
    low: float = math.nan
    high: float = math.nan

    @property
    def bounded(self) -> bool:
        """Whether there is an interval."""
        return not math.isnan(self.low)

    def side(self, of: float = 0.0) -> int:
        """1 where the whole interval is above `of`, -1 below, 0 where neither can be said."""
        return int(self.low > of) - int(self.high < of)

    def times(self, factor: float) -> "Estimate":
        """The same in another unit; a negative factor swaps the ends."""
        low, high = sorted((self.low * factor, self.high * factor))
        return Estimate(self.value * factor, low, high)


def resampled_means(values: Floats, *, resamples: int, seed: int = 0) -> Floats:
    """Means over photographs of `values` (m,n), drawn with replacement: (resamples,m).

    All rows share every draw, so that their differences are paired; so do two calls with equal
    n, `resamples` and `seed` (Efron and Tibshirani 1993, sections 6.2 and 13.3).
    """
    photographs = values.shape[-1]
    random = np.random.default_rng(seed)
    blocks = []
    for first in range(0, resamples, _BLOCK):
        size = (min(_BLOCK, resamples - first), photographs)
        drawn = random.integers(photographs, size=size)
        drawn += photographs * np.arange(len(drawn))[:, None]  # a place for each resample
        counts = np.bincount(drawn.ravel(), minlength=drawn.size).reshape(size)
        blocks.append(counts @ values.T / photographs)
    return np.concatenate(blocks)


def estimate(value: float, draws: Floats) -> Estimate:
    """`value` with the percentile interval of its resamples (n,); none where they hold NaN."""
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(draws, (tail, 1 - tail))
    return Estimate(float(value), float(low), float(high))
