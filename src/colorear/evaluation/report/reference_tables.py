"""The slides' table of results: as it was published, and what its numbers mean."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

__all__ = ["NAMES", "SLIDES_TABLE", "SlidesRow", "architecture"]

_PEAK = 4095  # image-similarity-measures takes it for white by default; the slides' white was 1

NAMES: Mapping[str, str] = {
    "plain-shallow": "AE sin concatenar",
    "plain-deep": "AE sin concatenar más capas",
    "skip-shallow": "AE concatenado",
    "skip-deep": "AE concatenado más capas",
}
"""What the slides call the four autoencoders."""


def architecture(model: str) -> str | None:
    """Which of `NAMES` a model is, if it was judged by what it makes itself, as there, else None.

    That its layers are those of the slides is all that a name tells, not how it was trained.

    >>> architecture("slides-skip-deep"), architecture("skip-deep@luma")
    ('skip-deep', None)
    """
    name = model.removeprefix("slides-")
    return name if name in NAMES else None


def _decibels(published: float) -> float:
    return published - 20 * math.log10(_PEAK)


def _levels(published: float) -> float:
    return published * _PEAK


def _same(published: float) -> float:
    return published


@dataclass(frozen=True)
class SlidesRow:
    """One row of the slides' table, in the order of `NAMES`."""

    values: tuple[float, float, float, float]
    decimals: int
    digits: int
    """Decimals that are left after the correction."""
    correct: Callable[[float], float] | None
    """Makes the published number that of values in 0..1; None where nothing can."""
    comparable: bool
    """Whether the corrected number means what ours in the standard convention does."""

    def published(self, name: str) -> float:
        """The number in the slides for one of `NAMES`."""
        return self.values[list(NAMES).index(name)]

    def corrected(self, name: str) -> float | None:
        """That number mended, where it can be.

        >>> round(SLIDES_TABLE["psnr"].corrected("skip-deep"), 2)
        23.91
        """
        return self.correct(self.published(name)) if self.correct else None


SLIDES_TABLE: Mapping[str, SlidesRow] = {
    "mse": SlidesRow((0.007172, 0.006462, 0.006256, 0.006086), 6, 6, _same, True),
    # two digits were published: after the correction 0.070 is all that can be told
    "rmse": SlidesRow((0.000019, 0.000019, 0.000017, 0.000017), 6, 3, _levels, True),
    "psnr": SlidesRow((95.039504, 94.758902, 96.088031, 96.158390), 6, 2, _decibels, True),
    # the luminance form with clipped gradients; ours is FSIMc
    "fsim": SlidesRow((0.961650, 0.929927, 0.970350, 0.968667), 6, 6, None, False),
    # window means where the formula has sums
    "uqi": SlidesRow((0.944186, 0.946654, 0.953323, 0.951419), 6, 6, None, False),
    # with a data range of 4095 the constants outweigh the pictures
    "ssim": SlidesRow((0.999996, 0.999998, 0.999997, 0.999997), 6, 6, None, False),
    # on 0..1 instead of 0..255, and the prediction taken for the reference
    "vif": SlidesRow((0.980677, 1.056835, 0.976695, 0.987062), 6, 6, None, False),
}
"""Metric -> the slides' row of it (slides, "Comparación de métricas")."""
