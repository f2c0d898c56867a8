"""What networks made of the photographs that they were judged on, to look at."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from colorear.errors import EvaluationError
from colorear.evaluation.candidates import Candidate, find_candidates
from colorear.evaluation.dataset import Part, find_photographs, gray
from colorear.evaluation.kept_pictures import decode
from colorear.evaluation.report.galleries import Pictures
from colorear.evaluation.scores import Scores, read_scores

__all__ = ["kept", "pictures_of", "sheet"]

Pixels = NDArray[np.uint8]


def pictures_of(scores: Sequence[Path], data: Path) -> Pictures:
    """Shows what was judged, for the galleries of a report: the networks are asked again.

    Raises EvaluationError: `data` does not hold the photographs of these scores, or a network has
    changed. Raises ModelError, TrainingError, DataError: a network or the photographs are gone.
    """
    about = read_scores(scores).about
    parts: tuple[Part, ...] = ("test", "all")
    found = (find_photographs(data, size=about.size, part=part) for part in parts)
    dataset = next(
        (each for each in found if each.about.fingerprint == about.data.fingerprint), None
    )
    if dataset is None:
        raise EvaluationError(
            f"{data}: does not hold the photographs that were judged, {about.data.name}; "
            "give the folder that was given to colorear evaluate"
        )
    known: dict[str, Candidate] = {}
    for given in {each.given or name for name, each in about.models.items()}:
        known |= {candidate.name: candidate for candidate in find_candidates((given,), dataset)}
    for name, each in about.models.items():
        if name not in known or known[name].about.sha256 != each.sha256:
            raise EvaluationError(
                f"{name!r} is another network now than the one that was judged; judge it again, "
                "into another file"
            )

    def show(model: str, photograph: str) -> tuple[Pixels, Pixels, Pixels]:
        true = dataset.pixels[dataset.names.index(photograph)]
        shown = gray(true)
        colored = known[model].predict(true).clip(0, 1) * 255
        return shown, colored.round().astype(np.uint8).transpose(1, 2, 0), true

    return show


def kept(scores: Scores, models: Sequence[str]) -> tuple[Pictures, list[str], list[str]]:
    """The pictures that stand beside the scores, whose they are, and of which photographs.

    Those of `models` that have none, as in scores of earlier versions, are left out.
    """
    table, truth = scores.table, scores.about.truth
    rows = table[table["picture"].notna()]
    made = {
        (model, photograph): content
        for model, photograph, content in zip(
            rows["model"], rows["photograph"], rows["picture"], strict=True
        )
    }

    def show(model: str, photograph: str) -> tuple[Pixels, Pixels, Pixels]:
        true = decode(truth[photograph].picture or b"")
        return gray(true), decode(made[model, photograph]), true

    having = [model for model in models if any(model == of for of, _ in made)]
    photographs = [
        name
        for name, about in truth.items()
        if about.picture and all((model, name) in made for model in having)
    ]
    return show, having, photographs


def sheet(pictures: Pictures, models: Sequence[str], photographs: Sequence[str]) -> Pixels:
    """One picture (h, w, 3) of many: a row for each photograph, grey, by each model, original."""
    rows = []
    for photograph in photographs:
        made = [pictures(model, photograph) for model in models]
        shown, _, true = made[0]
        columns = [np.repeat(shown[..., None], 3, 2), *(colored for _, colored, _ in made), true]
        rows.append(np.concatenate(columns, 1))
    return np.concatenate(rows)
