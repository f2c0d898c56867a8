"""The report's tables, in a language, before any markup."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from colorear.evaluation.report.language import Language, decimals
from colorear.evaluation.report.reference_tables import NAMES, SLIDES_TABLE, architecture
from colorear.evaluation.statistics.bootstrap import Estimate
from colorear.evaluation.statistics.comparison import CONTROLS, Comparison, better
from colorear.evaluation.statistics.factorial import EFFECTS, Design, benefit, effect
from colorear.evaluation.statistics.ranking import average_ranks, without
from colorear.evaluation.statistics.significance import PairTest, pair_tests
from colorear.evaluation.statistics.strata import measure

__all__ = [
    "Cell",
    "Table",
    "definitions_table",
    "effects_table",
    "pairs_table",
    "ranks_table",
    "scores_table",
    "slides_table",
    "split_scores",
    "trainings_table",
]

Mark = Literal["", "best", "close"]


@dataclass(frozen=True)
class Cell:
    """One value as it is written."""

    text: str
    interval: str = ""
    mark: Mark = ""


@dataclass(frozen=True)
class Table:
    """Cells under a head; the first of each row names it."""

    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    apart: int = 0
    """How many of the last rows are set apart: those that no network makes."""
    title: str = ""
    """What it is about, where the head does not tell."""


_NONE = Cell("–")
_ARROWS = {1: " ↑", -1: " ↓", 0: ""}


def scores_table(compared: Comparison, language: Language) -> Table:
    """Models by metrics, then what else is known of them; columns without a number are left out."""
    columns = [*(_metric_column(compared, metric, language) for metric in compared.metrics)]
    ratios = {name: compared.ratio(name) for name in compared.models}
    if any(ratios.values()):
        known = {name: ratio for name, ratio in ratios.items() if ratio}
        marks = _marks(compared, "mse")
        columns.insert(0, (language.write("ratio") + " ↓", _written(known, language, marks)))
    columns += _facts(compared, language)
    head = (language.say("network"), *(title for title, _ in columns))
    rows = [
        (Cell(language.write(name)), *(cells.get(name, _NONE) for _, cells in columns))
        for name in compared.models
    ]
    return Table(head, tuple(rows), sum(name in CONTROLS for name in compared.models))


Column = tuple[str, dict[str, Cell]]


def _metric_column(compared: Comparison, metric: str, language: Language) -> Column:
    means = {name: compared.mean(metric, name) for name in compared.models}
    title = language.write(metric) + _ARROWS[better(metric)]
    return title, _written(means, language, _marks(compared, metric))


def _marks(compared: Comparison, metric: str) -> dict[str, Mark]:
    if not better(metric):
        return {}
    best, close = compared.best(metric)
    marks: dict[str, Mark] = {best: "best"}
    return marks | dict.fromkeys(close, "close") if compared.draws else marks


def _written(
    estimates: Mapping[str, Estimate], language: Language, marks: Mapping[str, Mark] | None = None
) -> dict[str, Cell]:
    """All with equally many decimals: those that their median interval asks for."""
    if not estimates:
        return {}
    places = sorted(decimals(each) for each in estimates.values())[len(estimates) // 2]
    return {
        name: Cell(
            language.number(each.value, places),
            language.range(each, places) if each.low < each.high else "",
            (marks or {}).get(name, ""),
        )
        for name, each in estimates.items()
    }


def _facts(compared: Comparison, language: Language) -> list[Column]:
    columns: list[Column] = []
    about = {name: compared.facts(name) for name in compared.models}
    for fact, title, places in (
        ("frechet", language.write("frechet") + " ↓", 2),
        ("kid", language.write("kid") + " ↓", 4),
        ("parameters", language.write("parameters"), 0),
        ("milliseconds", language.write("milliseconds") + " ↓", 1),
    ):
        known = {name: getattr(about[name], fact) for name in compared.models}
        cells = {n: Cell(language.number(v, places)) for n, v in known.items() if v is not None}
        if cells:
            columns.append((title, cells))
    return columns


def split_scores(table: Table, language: Language) -> tuple[Table, Table]:
    """The scores table in two that fit a screen: the slides' seven metrics, and all else."""
    first = {language.write("ratio"), *(language.write(metric) for metric in SLIDES_TABLE)}
    columns = range(1, len(table.head))
    seven = [i for i in columns if table.head[i].rstrip(" ↓↑") in first]
    others = [i for i in columns if i not in seven]

    def part(chosen: Sequence[int]) -> Table:
        kept = (0, *chosen)
        rows = tuple(tuple(row[i] for i in kept) for row in table.rows)
        return Table(tuple(table.head[i] for i in kept), rows, table.apart)

    return part(seven), part(others)


def trainings_table(compared: Comparison, language: Language) -> Table:
    """Networks that were trained several times: how far chance in training moves their means.

    By the metric of `strata.measure`; no rows if none was.
    """
    metric = measure(compared)
    mask = compared.finite[metric]
    means = compared.each_training[metric][:, mask].mean(1)
    rows, first = [], 0
    for name in compared.models:
        count = len(compared.trainings[name])
        own, first = means[first : first + count], first + count
        if name in CONTROLS or not any(len(m) > 1 for m in compared.trainings.values()):
            continue
        between = float(own.std(ddof=1)) if count > 1 else math.nan
        places = decimals(compared.mean(metric, name))
        cells = [language.number(value, places) for value in own]
        rows.append(
            (
                Cell(name),
                Cell(language.number(count, 0)),
                Cell(" · ".join(cells)),
                Cell(language.number(between, places) if count > 1 else "–"),
            )
        )
    head = ("network", "trainings", "each_training", "between_trainings")
    write = language.write(metric)
    return Table(tuple(language.say(key, metric=write) for key in head), tuple(rows))


def slides_table(compared: Comparison, language: Language) -> Table:
    """The slides' figures as published and as corrected, beside ours; no rows without theirs."""
    rows = []
    theirs = [(name, cell) for name in compared.models if (cell := architecture(name))]
    for metric in (name for name in SLIDES_TABLE if name in compared.metrics):
        row = SLIDES_TABLE[metric]
        ours = _written({name: compared.mean(metric, name) for name, _ in theirs}, language)
        for name, cell in theirs:
            corrected = row.corrected(cell)
            rows.append(
                (
                    Cell(language.write(metric) + _ARROWS[better(metric)]),
                    Cell(f"{name} ({NAMES[cell]})"),
                    Cell(language.number(row.published(cell), row.decimals)),
                    _NONE if corrected is None else Cell(language.number(corrected, row.digits)),
                    ours[name],
                )
            )
    keys = ("metric", "network", "as_published", "as_corrected", "ours")
    return Table(tuple(language.say(key) for key in keys), tuple(rows))


def effects_table(compared: Comparison, design: Design, language: Language) -> Table:
    """Metrics by main effects and interaction, in the metrics' units."""
    rows = []
    for metric in compared.directed:
        cells = [Cell(language.write(metric) + _ARROWS[better(metric)])]
        for which in EFFECTS:
            found = effect(compared, design, metric, which)
            side = benefit(compared, design, metric, which).side()
            text = language.number(found.value, decimals(found)) + {1: " ✓", -1: " ✗", 0: ""}[side]
            interval = language.range(found) if found.bounded else ""
            cells.append(Cell(text, interval, "best" if side else ""))
        rows.append(tuple(cells))
    head = (language.say("metric"), *(language.write(which) for which in EFFECTS))
    about = language.say("on_design", names=design.names)
    title = f"{language.say('effects')}. {about} {language.say('effects_note')}"
    return Table(head, tuple(rows), title=title)


def ranks_table(compared: Comparison, language: Language) -> Table:
    """Networks by average rank: over all metrics, and without each."""
    metrics, networks = compared.directed, compared.networks
    ranks = average_ranks(compared, metrics, networks)
    left = without(compared, metrics, networks)
    lowest = {metric: min(row.values()) for metric, row in left.items()}
    rows = []
    for name in sorted(networks, key=lambda one: ranks[one].value):
        each = ranks[name]
        cells = [
            Cell(language.number(row[name], 2), mark="best" if row[name] == lowest[metric] else "")
            for metric, row in left.items()
        ]
        first = each.value == min(one.value for one in ranks.values())
        interval = language.range(each, 2) if each.bounded else ""
        overall = Cell(language.number(each.value, 2), interval, "best" if first else "")
        rows.append((Cell(name), overall, *cells))
    titles = [language.say("without", metric=language.write(m)) for m in left]
    return Table((language.say("network"), language.say("all_metrics"), *titles), tuple(rows))


def pairs_table(compared: Comparison, language: Language) -> Table:
    """Pairs by metrics: the better network and the corrected p."""
    columns: Sequence[list[PairTest]] = [pair_tests(compared, m) for m in compared.directed]
    head = [language.say("pair"), *(language.write(m) for m in compared.directed)]
    rows = [
        (Cell(f"{tests[0].first} – {tests[0].second}"), *(_tested(t, language) for t in tests))
        for tests in zip(*columns, strict=True)
    ]
    return Table(tuple(head), tuple(rows))


def _tested(test: PairTest, language: Language) -> Cell:
    small = test.adjusted < 0.001
    p = f"p < {language.number(0.001, 3)}" if small else f"p = {language.number(test.adjusted, 3)}"
    return Cell(test.winner or "–", p)


def definitions_table(compared: Comparison, language: Language) -> Table:
    """What each metric is; without rows in the slides' convention, where libraries decide."""
    named = (name for name in (*compared.metrics, "frechet", "kid") if name in language.definitions)
    rows = tuple((Cell(language.write(n)), Cell(language.definitions[n])) for n in named)
    return Table((language.say("metric"), language.say("definition")), rows)
