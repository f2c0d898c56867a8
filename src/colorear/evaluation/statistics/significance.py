"""Paired Wilcoxon signed-rank tests between all networks, corrected for their number."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from colorear.evaluation.statistics.comparison import ROUNDING, Comparison, better

__all__ = ["ALPHA", "PairTest", "holm", "pair_tests"]

ALPHA = 0.05


@dataclass(frozen=True)
class PairTest:
    """Two networks on one metric."""

    metric: str
    first: str
    second: str
    p: float
    adjusted: float
    """After Holm, over all pairs of the metric."""
    winner: str | None
    """The one with the better ranks, where the adjusted p is below `ALPHA`."""


def holm(p: Sequence[float]) -> list[float]:
    """The p-values adjusted step by step (Holm 1979, Scandinavian Journal of Statistics 6: 65-70).

    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    adjusted = [0.0] * len(p)
    highest = 0.0
    for rank, i in enumerate(sorted(range(len(p)), key=p.__getitem__)):
        highest = max(highest, min(1.0, (len(p) - rank) * p[i]))
        adjusted[i] = highest
    return adjusted


def pair_tests(
    compared: Comparison, metric: str, among: Sequence[str] | None = None
) -> list[PairTest]:
    """Every pair of `among` (or of all networks); none with fewer than two photographs.

    Photographs on which both are equal, but for rounding, are dropped (Wilcoxon's own way); two
    networks that are equal on all of them get p = 1. Values are means over trainings: the tests
    tell about other photographs, and only intervals about other trainings too.
    """
    mask = compared.finite[metric]
    if mask.sum() < 2:
        return []
    pairs = list(itertools.combinations(among or compared.networks, 2))
    values = compared.values[metric][:, mask]
    gains = [
        better(metric) * _difference(values[compared.row(a)], values[compared.row(b)])
        for a, b in pairs
    ]
    p = [_wilcoxon(gain) for gain in gains]
    return [
        PairTest(metric, *pair, raw, adjusted, _winner(pair, gain, adjusted))
        for pair, gain, raw, adjusted in zip(pairs, gains, p, holm(p), strict=True)
    ]


def _difference(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """0 where only rounding makes one: else thousands of those would be significant."""
    scale = np.maximum(np.abs(first), np.abs(second))
    difference = first - second
    return np.where(np.abs(difference) <= ROUNDING * scale, 0.0, difference)


def _wilcoxon(differences: np.ndarray) -> float:
    some = differences[differences != 0]
    if not some.size:
        return 1.0
    if some.size == 1:  # its two signs are equally likely; scipy asks for two differences
        return 1.0
    return float(stats.wilcoxon(some).pvalue)


def _winner(pair: tuple[str, str], gain: np.ndarray, adjusted: float) -> str | None:
    if adjusted >= ALPHA:
        return None
    some = gain[gain != 0]
    signed = np.sign(some) @ stats.rankdata(np.abs(some))
    return pair[0] if signed > 0 else pair[1]
