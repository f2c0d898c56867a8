"""The report on scores: a page that opens anywhere, tables to quote, figures to show."""

import base64
import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
import pyvips
from numpy.typing import NDArray

from colorear.errors import EvaluationError
from colorear.evaluation.kept_pictures import encode, shown_in_slides
from colorear.evaluation.report.conclusions import caveats, conclude
from colorear.evaluation.report.english import ENGLISH
from colorear.evaluation.report.figures import History, effects_name, figures, read_history
from colorear.evaluation.report.galleries import Pictures, extremes_table, galleries
from colorear.evaluation.report.language import Language
from colorear.evaluation.report.markup import csv_of, latex, markdown
from colorear.evaluation.report.rendering import kept, sheet
from colorear.evaluation.report.spanish import SPANISH
from colorear.evaluation.report.tables import (
    Table,
    definitions_table,
    effects_table,
    pairs_table,
    ranks_table,
    scores_table,
    slides_table,
    split_scores,
    trainings_table,
)
from colorear.evaluation.scores import Scores, read_scores, replacing
from colorear.evaluation.statistics.comparison import Comparison, comparison
from colorear.evaluation.statistics.factorial import Design, design_of, designs
from colorear.evaluation.statistics.strata import measure
from colorear.evaluation.statistics.trainings import network_of

__all__ = ["LANGUAGES", "compare", "quoted"]

LANGUAGES = (ENGLISH, SPANISH)


def compare(
    scores: Sequence[Path],
    out: Path,
    *,
    runs: Sequence[Path] = (),
    pictures: Pictures | None = None,
    resamples: int = 10_000,
    seed: int = 0,
) -> None:
    """Write a report.

    Equal scores, `resamples` and `seed` give equal numbers.

    Parameters
    ----------
    scores
        One or several SCORES.parquet.
    out
        The folder of the report. It gets `index.html` (which needs no other file), `table.md`,
        `table.tex`, `table.csv` and every figure as `NAME-en.png` and `NAME-es.png`; files of those
        names are replaced, others left alone.
    runs
        Folders of training runs, for their curves.
    pictures
        If given, the page shows each network's best, median and worst photographs. The seven of
        the test part that the slides show (gray, by each network, original) are on the page and in
        `pictures.png` without it, where the scores hold them.
    resamples, seed
        Of the bootstrap.

    Raises
    ------
    EvaluationError
        The scores cannot be compared, or the folder cannot be written. Nothing is written then,
        unless the disk fills.
    """
    histories = {name: read_history(run) for name, run in _named(runs).items()}
    _refuse_unequal_epochs(histories)
    found = read_scores(scores)
    compared = comparison(found, resamples=resamples, seed=seed)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EvaluationError(
            f"{out}: cannot hold a report ({error.strerror}); give another"
        ) from error
    languages = [_in_convention(language, compared) for language in LANGUAGES]
    drawn = {language.code: figures(compared, language, histories) for language in languages}
    shown = _sheet(compared, found, pictures)
    page = _page(compared, languages, drawn, pictures, shown)
    texts = {
        "index.html": page,
        "table.md": quoted(compared, languages[0], markdown),
        "table.tex": quoted(compared, languages[0], latex),
        "table.csv": csv_of(compared),
    }
    contents = {name: text.encode() for name, text in texts.items()}
    if shown is not None:
        contents["pictures.png"] = pyvips.Image.new_from_array(shown.pixels).pngsave_buffer()
    for code, each in drawn.items():
        contents |= {f"{name}-{code}.png": image for name, image in each.items()}
    for name, content in contents.items():
        with replacing(out / name) as part:
            part.write_bytes(content)


def quoted(compared: Comparison, language: Language, markup: Callable[[Table], str]) -> str:
    """The tables that somebody may want to quote, one after the other.

    Parameters
    ----------
    compared
        The scores, as `comparison` gives them.
    language
        Of the words.
    markup
        Makes text of a table, as `markdown` does.
    """
    some = (trainings_table(compared, language), slides_table(compared, language))
    found = [scores_table(compared, language), *(table for table in some if table.rows)]
    found += [effects_table(compared, design, language) for design in designs(compared.models)]
    return "\n".join(markup(table) for table in found)


def _refuse_unequal_epochs(histories: Mapping[str, History]) -> None:
    """Networks of one design that were trained longer than others differ by that, not by layers."""
    epochs: dict[Design, dict[str, int]] = {}
    for name, history in histories.items():
        design = design_of(network_of(name))
        if design:
            epochs.setdefault(design, {})[name] = len(history["epoch"])
    for counts in epochs.values():
        if len(set(counts.values())) > 1:
            named = ", ".join(f"{name} {count}" for name, count in counts.items())
            raise EvaluationError(
                f"these runs have unequal numbers of epochs, and cannot be compared: {named}; "
                "train all of them equally long"
            )


@dataclass(frozen=True)
class _Sheet:
    """The photographs that the slides show: gray, by each of `models`, original."""

    models: Sequence[str]
    pixels: NDArray[np.uint8]


def _sheet(compared: Comparison, scores: Scores, pictures: Pictures | None) -> _Sheet | None:
    """None where no pictures are kept or given."""
    first = {compared.trainings[name][0]: name for name in compared.networks}
    show, models, photographs = kept(scores, list(first))
    if pictures and not (models and photographs):
        show, models = pictures, list(first)
        photographs = list(shown_in_slides(compared.photographs))
    if not (models and photographs):
        return None
    return _Sheet([first[model] for model in models], sheet(show, models, photographs))


def _in_convention(language: Language, compared: Comparison) -> Language:
    """FSIM is its chromatic form in the standard convention only."""
    if compared.about.convention == "standard":
        return language
    return dataclasses.replace(language, names={**language.names, "fsim": "FSIM"}, definitions={})


def _named(runs: Sequence[Path]) -> dict[str, Path]:
    """Runs by the names of their folders, by their paths where two are named alike."""
    names = [run.resolve().name for run in runs]
    return {
        name if names.count(name) == 1 else str(run): run
        for name, run in zip(names, runs, strict=True)
    }


def _page(
    compared: Comparison,
    languages: Sequence[Language],
    drawn: Mapping[str, Mapping[str, bytes]],
    pictures: Pictures | None,
    shown: _Sheet | None,
) -> str:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("colorear.evaluation.report", "."),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
    )
    return environment.get_template("report.html.jinja").render(
        pages=[
            _in(language, compared, drawn[language.code], shown.models if shown else ())
            for language in languages
        ],
        pictures="" if not shown else base64.b64encode(encode(shown.pixels)).decode(),
        conclusions=conclude(compared),
        caveats=caveats(compared),
        slides_convention=compared.about.convention == "slides",
        galleries=galleries(compared, pictures, languages) if pictures else [],
    )


def _in(
    language: Language, compared: Comparison, drawn: Mapping[str, bytes], shown: Sequence[str]
) -> dict[str, Any]:
    """What the page shows in one language."""
    about = compared.about
    metric = language.write(measure(compared))
    seven, others = split_scores(scores_table(compared, language), language)
    return {
        "language": language,
        "title": language.say("title"),
        "about": language.say(
            "about",
            data=about.data.name,
            photographs=len(compared.photographs),
            size=about.size,
            convention=about.convention,
        ),
        "brackets": _brackets(compared, language),
        "made_by": [
            language.say(
                "made_by",
                date=invocation.date,
                command=invocation.command,
                versions=(
                    f"colorear {invocation.colorear}",
                    *(f"{name} {version}" for name, version in invocation.versions.items()),
                ),
            )
            for invocation in about.invocations
        ],
        "contents": _contents(compared, drawn, has_pictures=bool(shown)),
        "pictures_caption": language.say(
            "pictures_caption",
            columns=", ".join((language.write("gray"), *shown, language.say("original"))),
        ),
        "fails_note": language.say("fails_note", metric=metric),
        "strips": language.say("strips", metric=metric),
        "figures": {name: base64.b64encode(image).decode() for name, image in drawn.items()},
        "scores": seven,
        "other_scores": others,
        "trainings": trainings_table(compared, language),
        "slides": slides_table(compared, language),
        "effects": _effects(language, compared),
        "ranks": ranks_table(compared, language),
        "tests": pairs_table(compared, language),
        "definitions": definitions_table(compared, language),
        "extremes": extremes_table(compared, language),
    }


def _contents(compared: Comparison, drawn: Mapping[str, bytes], *, has_pictures: bool) -> list[str]:
    """The keys of the headings that the page has, in its order."""
    several = len(compared.networks) > 1
    there = {
        "conclusions": True,
        "table": True,
        "effects": bool(designs(compared.models)),
        "ranks": several,
        "tests": several and bool(compared.draws),
        "fails": True,
        "training": "training" in drawn,
        "method": True,
        "pictures": has_pictures,
    }
    return [key for key, shown in there.items() if shown]


def _brackets(compared: Comparison, language: Language) -> str:
    """What the intervals are, and what they tell about."""
    if not compared.draws:
        return ""
    several = any(len(members) > 1 for members in compared.trainings.values())
    scope = language.say("of_trainings" if several else "of_photographs")
    return f"{language.say('brackets', resamples=compared.resamples)} {scope}"


def _effects(language: Language, compared: Comparison) -> list[tuple[Any, Table, str]]:
    return [
        (design, effects_table(compared, design, language), effects_name(design))
        for design in designs(compared.models)
    ]
