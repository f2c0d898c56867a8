"""Several trainings of one network: which they are, and how far chance in training spreads them."""

import re
from collections.abc import Mapping, Sequence

import numpy as np
from scipy import stats

from colorear.evaluation.statistics.bootstrap import LEVEL, Floats

__all__ = ["expansion", "network_of", "resample_trainings", "trainings_of"]

_NAME = re.compile(r"(?P<network>.+)-seed(?P<seed>\d+)(?P<suffix>@.*)?")


def network_of(model: str) -> str:
    """The network that a model is one training of.

    >>> network_of("slides-skip-deep-seed2@luma"), network_of("acuarela")
    ('slides-skip-deep@luma', 'acuarela')
    """
    match = _NAME.fullmatch(model)
    return f"{match['network']}{match['suffix'] or ''}" if match else model


def trainings_of(models: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Network -> the models that are its trainings, both in the order of the models."""
    found: dict[str, list[str]] = {}
    for model in models:
        found.setdefault(network_of(model), []).append(model)
    return {network: tuple(members) for network, members in found.items()}


def expansion(trainings: int) -> float:
    """The factor by which the bootstrap over so few trainings is too narrow.

    It is sqrt(n / (n - 1)), since resampling n values gives n - 1 parts in n of their variance,
    times the quantile of Student's t with n - 1 degrees of freedom over that of the normal
    distribution: the expanded percentile interval of T. Hesterberg, What Teachers Should Know About
    the Bootstrap, The American Statistician 69, 2015 (doi:10.1080/00031305.2015.1089789).

    >>> round(expansion(3), 2), round(expansion(30), 2)
    (2.69, 1.06)
    """
    tail = (1 + LEVEL) / 2
    quantiles = stats.t.ppf(tail, trainings - 1) / stats.norm.ppf(tail)
    return float(np.sqrt(trainings / (trainings - 1)) * quantiles)


def resample_trainings(
    means: Floats, trainings: Mapping[str, tuple[str, ...]], *, seed: int = 0
) -> Floats:
    """Resample trainings within each resample of the photographs: a nested bootstrap.

    Trainings of different networks are independent, and are drawn so. Those of `NAME` and
    `NAME@luma` are the same, and are drawn together. A network that was trained once keeps its
    mean: its interval tells about photographs alone.

    Parameters
    ----------
    means
        (resamples, models): means over resampled photographs, in the order of `trainings`.
    trainings
        Network -> its models, as `trainings_of` gives them.
    seed
        Of the random draws.

    Returns
    -------
    draws
        (resamples, networks).
    """
    draws = np.empty((len(means), len(trainings)))
    families = list(dict.fromkeys(network.split("@")[0] for network in trainings))
    first = 0
    for column, (network, members) in enumerate(trainings.items()):
        count = len(members)
        own = means[:, first : first + count]
        first += count
        draws[:, column] = own.mean(1)
        if count > 1:
            family = families.index(network.split("@")[0])
            random = np.random.default_rng((seed, 1, family))
            chosen = random.integers(count, size=(len(means), count))
            picked = np.take_along_axis(own, chosen, axis=1).mean(1)
            draws[:, column] += expansion(count) * (picked - draws[:, column])
    return draws
