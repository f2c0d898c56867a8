"""The effect of skips and of depth: four autoencoders are a 2x2 design."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from colorear.evaluation.statistics.bootstrap import Estimate
from colorear.evaluation.statistics.comparison import Comparison, better

__all__ = ["EFFECTS", "Design", "Effect", "benefit", "design_of", "designs", "effect"]

Effect = Literal["skips", "depth", "interaction"]

EFFECTS: dict[Effect, dict[str, float]] = {
    "skips": {"plain-shallow": -0.5, "plain-deep": -0.5, "skip-shallow": 0.5, "skip-deep": 0.5},
    "depth": {"plain-shallow": -0.5, "plain-deep": 0.5, "skip-shallow": -0.5, "skip-deep": 0.5},
    "interaction": {
        "plain-shallow": 1.0,
        "plain-deep": -1.0,
        "skip-shallow": -1.0,
        "skip-deep": 1.0,
    },
}
"""Effect -> the weights of the four means.

A main effect is the mean over the other factor of the difference that the factor makes; the
interaction is (skip-deep - plain-deep) - (skip-shallow - plain-shallow).
"""

_NAME = re.compile(r"(?P<prefix>.*?)(?P<cell>(plain|skip)-(shallow|deep))(?P<suffix>.*)")


@dataclass(frozen=True)
class Design:
    """Four autoencoders that were made alike: `<prefix>plain-shallow<suffix>` and so on."""

    prefix: str = ""
    suffix: str = ""

    def name(self, cell: str) -> str:
        """The name of the model in one of the four cells."""
        return f"{self.prefix}{cell}{self.suffix}"

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the four."""
        return tuple(self.name(cell) for cell in EFFECTS["skips"])

    @property
    def of_the_slides(self) -> bool:
        """Whether these were trained and judged as the slides' were."""
        return self.prefix in ("", "slides-") and not self.suffix


def design_of(model: str) -> Design | None:
    """The design that a network belongs to, whether or not the other three are there."""
    match = _NAME.fullmatch(model)
    return Design(match["prefix"], match["suffix"]) if match else None


def designs(models: Sequence[str]) -> list[Design]:
    """Every complete design among the models: first that of the slides, then in their order.

    >>> designs(["skip-deep", "skip-shallow", "plain-deep@luma", "plain-deep", "plain-shallow"])
    [Design(prefix='', suffix='')]
    """
    found = dict.fromkeys(filter(None, map(design_of, models)))
    complete = [design for design in found if set(design.names) <= set(models)]
    return sorted(complete, key=lambda design: (not design.of_the_slides, bool(design.suffix)))


def effect(compared: Comparison, design: Design, metric: str, which: Effect) -> Estimate:
    """An effect in the metric's own unit and direction, resampled over photographs."""
    weights = {design.name(cell): weight for cell, weight in EFFECTS[which].items()}
    return compared.contrast(metric, weights)


def benefit(compared: Comparison, design: Design, metric: str, which: Effect) -> Estimate:
    """An effect in the metric's unit, positive where it makes things better."""
    return effect(compared, design, metric, which).times(float(better(metric)))
