"""The learning rate of a run by minutes: it warms up by steps and falls with the time."""

import math

from torch import optim

from colorear.training.recipe import OptimizerSpec

__all__ = ["TimedSchedule", "rate_factor"]

_LAST = 1e-3  # of the peak, at the end


def rate_factor(spec: OptimizerSpec, step: int, done: float) -> float:
    """The learning rate over its peak.

    Parameters
    ----------
    spec
        That part of a recipe.
    step
        Steps before this one. The warm-up goes by steps, as the first ones on a device may take
        many times as long as the others, and a warm-up by time would be over after a few.
    done
        The part of the run's time that is over, 0..1.

    >>> spec = OptimizerSpec(warmup_steps=100)
    >>> [round(rate_factor(spec, step, 0.0), 2) for step in (0, 49, 99, 500)]
    [0.01, 0.5, 1.0, 1.0]
    >>> round(rate_factor(spec, 500, 0.5), 2), round(rate_factor(spec, 500, 1.0), 4)
    (0.5, 0.001)
    """
    if spec.schedule == "constant":
        return 1.0
    warm = min(1.0, (step + 1) / max(1, spec.warmup_steps))
    return warm * max(_LAST, (1 + math.cos(math.pi * min(1.0, done))) / 2)


class TimedSchedule:
    """Sets the rates of an optimizer, whose present ones are the peaks."""

    def __init__(self, optimizer: optim.Optimizer, spec: OptimizerSpec) -> None:
        self._optimizer, self._spec = optimizer, spec
        self._peaks = [float(group["lr"]) for group in optimizer.param_groups]

    @property
    def rate(self) -> float:
        """The present one of the last group."""
        return float(self._optimizer.param_groups[-1]["lr"])

    def set(self, step: int, done: float) -> None:
        """Set the rates for a step."""
        factor = rate_factor(self._spec, step, done)
        for group, peak in zip(self._optimizer.param_groups, self._peaks, strict=True):
            group["lr"] = peak * factor
