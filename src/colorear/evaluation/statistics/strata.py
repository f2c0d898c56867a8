"""Photographs in strata: where each network fails, by score, by chroma, by kind of place."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from colorear.evaluation.statistics.bootstrap import Estimate, estimate
from colorear.evaluation.statistics.comparison import Comparison, better

__all__ = ["Extreme", "Group", "by_chroma", "by_place", "extremes", "measure"]

Extreme = Literal["best", "median", "worst"]

_BINS = 5
_FEWEST = 5  # photographs of a kind of place
_PLACES = 12


@dataclass(frozen=True)
class Group:
    """Photographs that are alike, and the mean error of each model on them."""

    name: str
    """The kind of place; empty for a range of chroma."""
    chroma: float
    """The mean over the group; NaN for a kind of place."""
    count: int
    errors: Mapping[str, Estimate]


def measure(compared: Comparison) -> str:
    """The metric that failures are told by: CIEDE2000 where it is there, else the first."""
    return next(
        (name for name in ("ciede2000", "mse") if name in compared.metrics), compared.directed[0]
    )


def extremes(compared: Comparison, model: str, count: int = 3) -> dict[Extreme, list[int]]:
    """The photographs (by position) with a network's best, median and worst scores.

    The worst come worst first. With few photographs one may stand in two lists.
    """
    metric = measure(compared)
    there = np.flatnonzero(compared.finite[metric])
    scores = compared.values[metric][compared.row(model), there] * -better(metric)
    order = [int(i) for i in there[np.argsort(scores, kind="stable")]]
    middle = max(0, (len(order) - count) // 2)
    return {
        "best": order[:count],
        "median": order[middle : middle + count],
        "worst": order[::-1][:count],
    }


def by_chroma(compared: Comparison) -> list[Group]:
    """Five groups of equally many photographs, from the greyest to the most colourful truth.

    None where the truth's chroma is not known, or for fewer than 25 photographs.
    """
    truth = compared.about.truth
    known = [i for i, name in enumerate(compared.photographs) if name in truth]
    if len(known) < _BINS * _FEWEST:
        return []
    chroma = np.array([truth[compared.photographs[i]].chroma for i in known])
    parts = np.array_split(np.argsort(chroma, kind="stable"), _BINS)
    return [
        _group(compared, "", float(chroma[part].mean()), [known[i] for i in part]) for part in parts
    ]


def by_place(compared: Comparison) -> list[Group]:
    """The twelve most frequent kinds of place, the most difficult for the networks first."""
    places: dict[str, list[int]] = {}
    for i, name in enumerate(compared.photographs):
        truth = compared.about.truth.get(name)
        if truth and truth.place:
            places.setdefault(truth.place, []).append(i)
    frequent = sorted(places.items(), key=lambda item: -len(item[1]))[:_PLACES]
    groups = [_group(compared, name, np.nan, of) for name, of in frequent if len(of) >= _FEWEST]
    sign = better(measure(compared))
    return sorted(
        groups,
        key=lambda group: sign * sum(group.errors[name].value for name in compared.networks),
    )


def _group(compared: Comparison, name: str, chroma: float, photographs: Sequence[int]) -> Group:
    metric = measure(compared)
    there = [i for i in photographs if compared.finite[metric][i]]
    values = compared.values[metric][:, there]
    if len(there) < 2:
        errors = [Estimate(float(value)) for value in values.sum(1)]
    else:
        draws = compared.resampled(compared.each_training[metric][:, there])
        errors = [estimate(row.mean(), draws[:, i]) for i, row in enumerate(values)]
    return Group(name, chroma, len(there), dict(zip(compared.models, errors, strict=True)))
