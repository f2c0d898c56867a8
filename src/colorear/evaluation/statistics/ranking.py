"""Which network is best over all metrics, and how much that owes to single ones."""

from collections.abc import Sequence

import numpy as np
from scipy import stats

from colorear.evaluation.statistics.bootstrap import Estimate, Floats, estimate
from colorear.evaluation.statistics.comparison import Comparison, better

__all__ = ["average_ranks", "lead", "without"]


def average_ranks(
    compared: Comparison, metrics: Sequence[str], among: Sequence[str]
) -> dict[str, Estimate]:
    """Network -> the mean over `metrics` of its rank among `among`; 1 is best, ties share."""
    ranks, draws = _ranks(compared, metrics, among)
    return {
        name: estimate(ranks[i], draws[:, i]) if len(draws) else Estimate(float(ranks[i]))
        for i, name in enumerate(among)
    }


def lead(compared: Comparison, metrics: Sequence[str], among: Sequence[str], name: str) -> Estimate:
    """By how many ranks `name` is before the best of the others, on average over `metrics`."""
    ranks, draws = _ranks(compared, metrics, among)
    own = list(among).index(name)
    others = np.delete(np.arange(len(among)), own)
    value = ranks[others].min() - ranks[own]
    if not len(draws):
        return Estimate(float(value))
    return estimate(value, draws[:, others].min(1) - draws[:, own])


def without(
    compared: Comparison, metrics: Sequence[str], among: Sequence[str]
) -> dict[str, dict[str, float]]:
    """Metric that is left out -> network -> its mean rank over the other metrics."""
    table = {}
    for metric in metrics:
        others = [other for other in metrics if other != metric]
        if others:
            ranks = _mean_ranks(np.stack([_means(compared, m, among) for m in others]))
            table[metric] = dict(zip(among, map(float, ranks), strict=True))
    return table


def _ranks(
    compared: Comparison, metrics: Sequence[str], among: Sequence[str]
) -> tuple[Floats, Floats]:
    """The mean ranks (networks,) and their resamples (resamples, networks)."""
    ranks = _mean_ranks(np.stack([_means(compared, metric, among) for metric in metrics]))
    if not compared.draws:
        return ranks, np.empty((0, len(among)))
    rows = [compared.row(name) for name in among]
    signed = np.stack([compared.draws[m][:, rows] * -better(m) for m in metrics])
    return ranks, _mean_ranks(signed)


def _means(compared: Comparison, metric: str, among: Sequence[str]) -> Floats:
    """Means (networks,), signed so that lower is better."""
    rows = [compared.row(name) for name in among]
    return compared.means[metric][rows] * -better(metric)


def _mean_ranks(signed: Floats) -> Floats:
    ranks: Floats = stats.rankdata(signed, axis=-1).mean(0)
    return ranks
