"""Scores made comparable: every network on the same photographs, every number with an interval."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import msgspec
import numpy as np

from colorear.errors import EvaluationError
from colorear.evaluation.metrics.standard import METRICS
from colorear.evaluation.scores import VALUES, About, Network, Scores
from colorear.evaluation.statistics.bootstrap import Estimate, Floats, estimate, resampled_means
from colorear.evaluation.statistics.trainings import resample_trainings, trainings_of

__all__ = ["CONTROLS", "DO_NOTHING", "ROUNDING", "Comparison", "better", "comparison"]

ROUNDING = 1e-9
"""Of the size of two numbers: a smaller difference is due to rounding, and counts as none."""

DO_NOTHING = ("gray", "mean-color")
"""The rivals of every network: a gray copy, and one color everywhere."""

CONTROLS = (*DO_NOTHING, "opposite-hues")
"""All rows that no network makes. The last one is the truth with every hue turned by half a circle:
a metric that finds it good does not see which color a thing has."""


def better(metric: str) -> int:
    """1 where higher is better, -1 where lower is, 0 where the metric does not say.

    >>> better("psnr"), better("mse"), better("colorfulness")
    (1, -1, 0)
    """
    return {"higher": 1, "lower": -1, None: 0}[METRICS[metric].better]


@dataclass(frozen=True)
class Comparison:
    """What all figures, tables and sentences are made from."""

    about: About
    models: tuple[str, ...]
    """Networks in the order of the file, then those of `CONTROLS` that are there."""
    trainings: Mapping[str, tuple[str, ...]]
    """Model -> the models in the file that it is the mean of: one, or `NAME-seed1` and so on."""
    photographs: tuple[str, ...]
    """Evaluated for every model."""
    left_out: int
    """Photographs that some model lacks: comparing means over different ones would be unfair."""
    values: Mapping[str, Floats]
    """Metric -> (models, photographs), means over trainings; finite where `finite` is true."""
    each_training: Mapping[str, Floats]
    """Metric -> (trainings, photographs), in the order of `trainings`."""
    finite: Mapping[str, np.ndarray]
    """Metric -> (photographs,): where the metric is defined for every model."""
    undefined: tuple[str, ...]
    """Metrics that are left out, since too few photographs have a number for every model."""
    draws: Mapping[str, Floats]
    """Metric -> resampled means (resamples, models); empty with fewer than two photographs."""
    resamples: int
    seed: int

    @cached_property
    def networks(self) -> tuple[str, ...]:
        """The models that are networks."""
        return tuple(name for name in self.models if name not in CONTROLS)

    @cached_property
    def metrics(self) -> tuple[str, ...]:
        """Those with a number, in the order of the file."""
        return tuple(self.values)

    @cached_property
    def directed(self) -> tuple[str, ...]:
        """The metrics that say what is better."""
        return tuple(name for name in self.metrics if better(name))

    def row(self, model: str) -> int:
        """Where a model stands in the arrays."""
        return self.models.index(model)

    @cached_property
    def means(self) -> Mapping[str, Floats]:
        """Metric -> means (models,), without intervals."""
        return {
            metric: self.values[metric][:, mask].mean(1) for metric, mask in self.finite.items()
        }

    def facts(self, model: str) -> Network:
        """What is known about a model: means over its trainings, where they differ."""
        every = [self.about.models[name] for name in self.trainings[model]]
        means = {}
        for fact in ("frechet", "kid", "milliseconds"):
            known = [value for each in every if (value := getattr(each, fact)) is not None]
            means[fact] = sum(known) / len(known) if len(known) == len(every) else None
        return msgspec.structs.replace(every[0], **means)

    def resampled(self, values: Floats) -> Floats:
        """Means of `values` (trainings, photographs) over both, resampled: (resamples, models)."""
        means = resampled_means(values, resamples=self.resamples, seed=self.seed)
        return resample_trainings(means, self.trainings, seed=self.seed)

    def over_trainings(self, values: Floats) -> Floats:
        """The means (models, ...) of `values` (trainings, ...) over the trainings of each model."""
        return _over_trainings(values, self.trainings)

    def contrast(self, metric: str, weights: Mapping[str, float]) -> Estimate:
        """The weighted sum of models' means, resampled together."""
        columns = [self.row(name) for name in weights]
        factors = np.array(list(weights.values()))
        means = self.means[metric][columns]
        scale = float(np.abs(means * factors).max())
        value = float(_without_dust(means @ factors, scale))
        if not self.draws:
            return Estimate(value)
        return estimate(value, _without_dust(self.draws[metric][:, columns] @ factors, scale))

    def mean(self, metric: str, model: str) -> Estimate:
        """A model's mean over the photographs."""
        return self.contrast(metric, {model: 1.0})

    def benefit(self, metric: str, model: str, rival: str) -> Estimate:
        """How much better than the rival a model is: positive is better, whatever the metric."""
        sign = float(better(metric))
        return self.contrast(metric, {model: sign, rival: -sign})

    def ratio(self, model: str) -> Estimate | None:
        """Mean MSE over that of a grey copy; None without a grey copy, or where it has no error."""
        if "gray" not in self.models or "mse" not in self.values:
            return None
        gray, own = self.row("gray"), self.row(model)
        means = self.means["mse"]
        if means[gray] == 0:
            return None
        if not self.draws:
            return Estimate(float(means[own] / means[gray]))
        draws = self.draws["mse"]
        with np.errstate(divide="ignore", invalid="ignore"):  # all drawn photographs may be grey
            return estimate(means[own] / means[gray], draws[:, own] / draws[:, gray])

    def spread(self, metric: str, models: Sequence[str]) -> float:
        """How much photographs differ: the standard deviation of the models' mean on each."""
        rows = [self.row(name) for name in models]
        return float(self.values[metric][rows][:, self.finite[metric]].mean(0).std())

    def best(self, metric: str) -> tuple[str, tuple[str, ...]]:
        """The network with the best mean, and those that cannot be told apart from it."""
        signed = better(metric) * self.means[metric]
        name = max(self.networks, key=lambda n: signed[self.row(n)])
        others = (n for n in self.networks if n != name)
        return name, tuple(n for n in others if self.benefit(metric, name, n).side() < 1)


def _without_dust(sums: Floats, scale: float) -> Floats:
    """Sums of terms of that scale, 0 where only rounding keeps them from it.

    Else equal networks could differ "beyond the interval" in the sixteenth digit.
    """
    return np.where(np.abs(sums) < ROUNDING * scale, 0.0, sums)


def comparison(scores: Scores, *, resamples: int = 10_000, seed: int = 0) -> Comparison:
    """Compare on the photographs that every model was evaluated on, metric by metric.

    Models called `NAME-seed1`, `NAME-seed2` and so on are trainings of one network `NAME`: means
    are over these too, and intervals tell about other photographs and other trainings, by a nested
    bootstrap (`resample_trainings`). It was preferred to a linear mixed model because effects,
    ratios and ranks need no assumption of normal errors with it, and get their intervals alike.

    A photograph on which a metric is infinite or missing for one model (PSNR of equal pictures,
    as of the gray copy of a gray original) is left out of that metric for all models.

    Parameters
    ----------
    scores
        Of any number of models.
    resamples, seed
        Of the bootstrap.

    Raises
    ------
    EvaluationError
        There are no rows, no network, or no photograph that all models share.
    """
    if scores.table.empty:
        raise EvaluationError("the scores hold no photographs; judge some with: colorear evaluate")
    names = list(dict.fromkeys(scores.table["model"]))
    names = [*(n for n in names if n not in CONTROLS), *(n for n in CONTROLS if n in names)]
    if names[0] in CONTROLS:
        raise EvaluationError(
            "the scores hold no network, only gray, mean-color or opposite-hues; judge one too"
        )
    by_model = scores.table.set_index(["model", "photograph"])
    found = [set(by_model.loc[name].index) for name in names]
    shared = sorted(set.intersection(*found))
    if not shared:
        raise EvaluationError(
            "no photograph was judged for all networks; "
            "finish the judgement with: colorear evaluate"
        )
    trainings = trainings_of(names)
    ordered = [name for members in trainings.values() for name in members]
    each, finite = _values(scores, ordered, shared)
    values = {metric: _over_trainings(array, trainings) for metric, array in each.items()}
    return Comparison(
        about=scores.about,
        models=tuple(trainings),
        trainings=trainings,
        photographs=tuple(shared),
        left_out=len(set.union(*found)) - len(shared),
        values=values,
        each_training=each,
        finite=finite,
        undefined=tuple(
            name for name in VALUES if name not in values and scores.table[name].notna().any()
        ),
        draws=_draws(each, finite, trainings, resamples, seed),
        resamples=resamples,
        seed=seed,
    )


def _values(
    scores: Scores, models: Sequence[str], photographs: Sequence[str]
) -> tuple[dict[str, Floats], dict[str, np.ndarray]]:
    values, finite = {}, {}
    for metric in VALUES:
        grid = scores.table.pivot_table(
            index="model", columns="photograph", values=metric, aggfunc="first", dropna=False
        ).reindex(index=list(models), columns=list(photographs))
        array = grid.to_numpy(dtype=np.float64)
        everywhere = np.isfinite(array).all(0)
        if everywhere.sum() >= min(2, len(photographs)):
            values[metric], finite[metric] = array, everywhere
    if not any(map(better, values)):
        raise EvaluationError(
            "the scores have no metric with a number for every network; judge again"
        )
    return values, finite


def _over_trainings(values: Floats, trainings: Mapping[str, tuple[str, ...]]) -> Floats:
    counts = [len(members) for members in trainings.values()]
    if max(counts) == 1:
        return values
    ends = np.cumsum(counts)
    return np.stack([values[end - n : end].mean(0) for n, end in zip(counts, ends, strict=True)])


def _draws(
    values: Mapping[str, Floats],
    finite: Mapping[str, np.ndarray],
    trainings: Mapping[str, tuple[str, ...]],
    resamples: int,
    seed: int,
) -> dict[str, Floats]:
    if len(next(iter(finite.values()))) < 2:
        return {}
    together: dict[bytes, list[str]] = {}  # metrics that are defined on the same photographs
    for metric, mask in finite.items():
        together.setdefault(mask.tobytes(), []).append(metric)
    draws: dict[str, Floats] = {}
    for metrics in together.values():
        stacked = np.concatenate([values[m][:, finite[m]] for m in metrics])
        means = resampled_means(stacked, resamples=resamples, seed=seed)
        parts = np.split(means, len(metrics), axis=1)
        draws |= {
            metric: resample_trainings(part, trainings, seed=seed)
            for metric, part in zip(metrics, parts, strict=True)
        }
    return draws
