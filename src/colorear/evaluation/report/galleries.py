"""A network's best, median and worst photographs, to look at."""

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from colorear.evaluation.kept_pictures import encode
from colorear.evaluation.report.language import Language, decimals
from colorear.evaluation.report.tables import Cell, Table
from colorear.evaluation.statistics.bootstrap import Estimate
from colorear.evaluation.statistics.comparison import Comparison
from colorear.evaluation.statistics.strata import Extreme, extremes, measure

__all__ = ["Gallery", "Pictures", "Strip", "extremes_table", "galleries"]

Pictures = Callable[[str, str], tuple[NDArray[Any], NDArray[Any], NDArray[Any]]]
"""Model and photograph -> grey, coloured and true picture, uint8 (h,w,3) or (h,w), of one size."""

_GAP = 4  # pixels


@dataclass(frozen=True)
class Strip:
    """One photograph: grey, coloured and true side by side."""

    photograph: str
    jpeg: str
    """In base64."""
    captions: dict[str, str]
    """Code of a language -> the score, beside that of the grey copy."""


@dataclass(frozen=True)
class Gallery:
    """One network's strips."""

    model: str
    extremes: dict[Extreme, list[Strip]]


def galleries(
    compared: Comparison, pictures: Pictures, languages: Sequence[Language]
) -> list[Gallery]:
    """Three photographs of every kind for each network."""
    return [
        Gallery(
            model,
            {
                kind: [_strip(compared, model, place, pictures, languages) for place in places]
                for kind, places in extremes(compared, model).items()
            },
        )
        for model in compared.networks
    ]


def _strip(
    compared: Comparison,
    model: str,
    place: int,
    pictures: Pictures,
    languages: Sequence[Language],
) -> Strip:
    photograph = compared.photographs[place]
    rivals = [model, *(name for name in ("gray",) if name in compared.models)]
    scores = [float(compared.values[measure(compared)][compared.row(r), place]) for r in rivals]
    captions = {
        language.code: " / ".join(_score(score, language) for score in scores)
        for language in languages
    }
    return Strip(photograph, _jpeg(pictures(compared.trainings[model][0], photograph)), captions)


def _score(score: float, language: Language) -> str:
    return language.number(score, decimals(Estimate(score)))


def _jpeg(pictures: Sequence[NDArray[Any]]) -> str:
    parts = [p if p.ndim == 3 else np.repeat(p[..., None], 3, axis=2) for p in pictures]
    gap = np.full((parts[0].shape[0], _GAP, 3), 255, np.uint8)
    strip = np.concatenate([parts[0], gap, parts[1], gap, parts[2]], axis=1)
    return base64.b64encode(encode(strip)).decode()


def extremes_table(compared: Comparison, language: Language) -> Table:
    """The names and scores of the same photographs, where there are no pictures."""
    values = compared.values[measure(compared)]
    rows = []
    for model in compared.networks:
        cells = [Cell(model)]
        for places in extremes(compared, model).values():
            named = (
                f"{compared.photographs[i]} ({_score(values[compared.row(model), i], language)})"
                for i in places
            )
            cells.append(Cell(", ".join(named)))
        rows.append(tuple(cells))
    kinds = (language.write(kind) for kind in ("best", "median", "worst"))
    return Table((language.say("network"), *kinds), tuple(rows))
