"""The report's figures, drawn from a comparison in a language."""

import csv
import math
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator, SymmetricalLogLocator

from colorear.errors import EvaluationError
from colorear.evaluation.metrics.standard import METRICS
from colorear.evaluation.report.drawing import (
    GRAY,
    Style,
    bar,
    draw_networks,
    figure,
    legend,
    localize,
    mark,
    png,
    styles,
)
from colorear.evaluation.report.language import Language
from colorear.evaluation.statistics.comparison import CONTROLS, Comparison, better
from colorear.evaluation.statistics.factorial import EFFECTS, Design, benefit, designs
from colorear.evaluation.statistics.strata import Group, by_chroma, by_place, measure

__all__ = ["History", "effects_name", "figures", "read_history"]

_FEW_EPOCHS = 4

History = dict[str, list[float]]
"""Column of a run's history.csv -> its numbers, one for each epoch."""


def figures(
    compared: Comparison, language: Language, histories: Mapping[str, History]
) -> dict[str, bytes]:
    """Name -> PNG of every figure that the scores have something for."""
    drawn: dict[str, Figure | None] = {
        name: draw(compared, language) for name, draw in _FIGURES.items()
    }
    for design in designs(compared.models):
        drawn[effects_name(design)] = _effects(compared, design, language)
    drawn["training"] = _training(histories, language) if histories else None
    return {name: png(made) for name, made in drawn.items() if made}


def effects_name(design: Design) -> str:
    """What the figure of a design's effects is called.

    >>> effects_name(Design()), effects_name(Design("modern-", "@luma"))
    ('effects', 'effects-modern-luma')
    """
    parts = re.split("[^a-z0-9]+", f"{design.prefix} {design.suffix}".lower())
    return "-".join(["effects", *filter(None, parts)])


def _ratio(compared: Comparison, language: Language) -> Figure | None:
    ratios = {n: ratio for n in compared.networks if (ratio := compared.ratio(n))}
    if not ratios:
        return None
    made = figure(0.9 + 0.28 * len(ratios))
    axes = made.axes[0]
    draw_networks(axes, compared, ratios, language)
    axes.axvline(1, color=GRAY, linestyle="--", linewidth=1.3)
    axes.set_xlabel(language.say("ratio_axis"), fontsize=9)
    return made


def _metrics(compared: Comparison, language: Language) -> Figure | None:
    metrics = compared.directed
    rows = math.ceil(len(metrics) / 2)
    made = figure(rows * (0.75 + 0.2 * len(compared.networks)), rows, 2, share_y=True)
    for axes, metric in zip(made.axes, metrics, strict=False):
        means = {name: compared.mean(metric, name) for name in compared.models}
        draw_networks(axes, compared, means, language)
        arrow = "→" if better(metric) > 0 else "←"
        unit = METRICS[metric].unit if metric in ("psnr", "chroma_psnr") else ""
        title = f"{language.write(metric)}{f' ({unit})' if unit else ''}  {arrow}"
        axes.set_title(title, fontsize=9, loc="left")
    for axes in made.axes[len(metrics) :]:
        axes.set_visible(False)
    return made


def _effects(compared: Comparison, design: Design, language: Language) -> Figure:
    metrics = compared.directed
    made = figure(3 * (0.6 + 0.19 * len(metrics)), 3, 1)
    for axes, which in zip(made.axes, EFFECTS, strict=True):
        for row, metric in enumerate(metrics):
            found = benefit(compared, design, metric, which)
            spread = compared.spread(metric, design.names)
            if spread:
                color = {1: "#0072B2", -1: "#D55E00", 0: GRAY}[found.side()]
                bar(axes, found.times(1 / spread), -row, Style(color, "o", bool(found.side())))
        axes.axvline(0, color="black", linewidth=1)
        names = [language.write(metric) for metric in metrics]
        axes.set_yticks([-row for row in range(len(metrics))], names)
        axes.set_title(language.write(which), fontsize=10, loc="left")
        # effects on structure can be a hundred times those on colour
        axes.set_xscale("symlog", linthresh=0.1, linscale=0.6)
        axes.xaxis.set_major_locator(SymmetricalLogLocator(base=10, linthresh=0.1))
        axes.xaxis.set_minor_locator(NullLocator())
        localize(axes, language)
    low = min(axes.get_xlim()[0] for axes in made.axes)
    high = max(axes.get_xlim()[1] for axes in made.axes)
    for axes in made.axes:
        axes.set_xlim(1.6 * min(low, -0.1), 1.6 * max(high, 0.1))  # room for whole marks
    made.axes[-1].set_xlabel(language.say("effect_axis"), fontsize=9)
    return made


def _chroma(compared: Comparison, language: Language) -> Figure | None:
    groups = by_chroma(compared)
    if not groups:
        return None
    made = figure(3.4 + 0.12 * len(compared.models))
    axes = made.axes[0]
    looks = styles(compared.models)
    for name in compared.models:
        _line(made, groups, name, looks[name], language.write(name))
    axes.set_xlabel(language.say("chroma_axis"), fontsize=9)
    axes.set_ylabel(_directed(measure(compared), language), fontsize=9)
    localize(axes, language, y=True)
    legend(made)
    return made


def _line(made: Figure, groups: Sequence[Group], name: str, look: Style, title: str) -> None:
    errors = [group.errors[name] for group in groups]
    chroma = [group.chroma for group in groups]
    made.axes[0].errorbar(
        chroma,
        [error.value for error in errors],
        yerr=[
            [error.value - error.low for error in errors],
            [error.high - error.value for error in errors],
        ],
        color=look.color,
        marker=look.marker,
        markerfacecolor=look.color if look.filled else "white",
        linestyle={"gray": "--", "mean-color": ":", "opposite-hues": "-."}.get(name, "-"),
        linewidth=1.2,
        markersize=5,
        label=title,
    )


def _directed(metric: str, language: Language) -> str:
    return f"{language.write(metric)} {'↑' if better(metric) > 0 else '↓'}"


def _places(compared: Comparison, language: Language) -> Figure | None:
    groups = by_place(compared)
    if len(groups) < 2:
        return None
    made = figure(1.1 + (0.25 + 0.13 * len(compared.networks)) * len(groups))
    axes = made.axes[0]
    looks = styles(compared.models)
    middle = (len(compared.networks) - 1) / 2
    for row, group in enumerate(groups):
        for place, name in enumerate(compared.networks):
            offset = 0.7 * (place - middle) / max(1, len(compared.networks))
            bar(axes, group.errors[name], -row - offset, looks[name])
    names = [f"{group.name} ({group.count})" for group in groups]
    axes.set_yticks([-row for row in range(len(groups))], names)
    axes.set_xlabel(_directed(measure(compared), language), fontsize=9)
    localize(axes, language)
    legend(
        made, [axes.plot([], [], label=name, **mark(looks[name]))[0] for name in compared.networks]
    )
    return made


def _dullness(compared: Comparison, language: Language) -> Figure | None:
    if not {"psnr", "colorfulness_gap"} <= set(compared.metrics):
        return None
    made = figure(3.6 + 0.12 * len(compared.models))
    axes = made.axes[0]
    both = compared.finite["psnr"] & compared.finite["colorfulness_gap"]
    looks = styles(compared.models)
    for name in compared.models:
        x = compared.values["psnr"][compared.row(name), both]
        y = compared.values["colorfulness_gap"][compared.row(name), both]
        if name not in CONTROLS:
            axes.plot(x, y, ".", color=looks[name].color, alpha=0.15, markersize=3, zorder=1)
        mean_x, mean_y = compared.mean("psnr", name), compared.mean("colorfulness_gap", name)
        fill = looks[name].color if looks[name].filled else "white"
        marker = {"gray": "x", "mean-color": "+", "opposite-hues": "1"}.get(
            name, looks[name].marker
        )
        axes.plot(
            mean_x.value,
            mean_y.value,
            linestyle="none",
            marker=marker,
            color=looks[name].color,
            markerfacecolor=fill,
            markersize=9,
            label=language.write(name),
            zorder=3,
        )
    axes.set_ylim(bottom=0)
    axes.set_xlabel(language.say("psnr_axis"), fontsize=9)
    axes.set_ylabel(language.say("gap_axis"), fontsize=9)
    localize(axes, language, y=True)
    legend(made)
    return made


def _training(histories: Mapping[str, History], language: Language) -> Figure:
    """Curves of loss, error and, where a history has it, accuracy."""
    accuracy = any("accuracy" in history for history in histories.values())
    made = figure(5.2 + 2.2 * accuracy + 0.12 * len(histories), 2 + accuracy, 1)
    losses, ratios, *accuracies = made.axes
    looks = styles(list(histories))
    for name, history in histories.items():
        look = looks[name]
        _curve(losses, history, history["loss"], look, thin=True)
        _curve(losses, history, _mean(history, " loss"), look)
        _curve(ratios, history, _mean(history, " mse ratio"), look, label=name)
        for axes in accuracies:
            _curve(axes, history, history.get("accuracy"), look, thin=True)
            _curve(axes, history, _mean(history, " accuracy"), look)
    for axes in (losses, ratios):
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_minor_locator(NullLocator())
    for axes in made.axes:
        axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
        localize(axes, language, y=True)
    losses.set_ylabel(f"{language.say('loss')} ↓", fontsize=9)
    ratios.axhline(1, color=GRAY, linestyle="--", linewidth=1.3)
    ratios.set_ylabel(f"{language.write('ratio')} ↓", fontsize=9)
    for axes in accuracies:
        axes.set_ylabel(f"{language.say('accuracy')} ↑", fontsize=9)
    made.axes[-1].set_xlabel(language.say("epoch"), fontsize=9)
    legend(made)
    return made


def _curve(
    axes: Axes,
    history: History,
    values: Sequence[float] | None,
    look: Style,
    *,
    thin: bool = False,
    label: str | None = None,
) -> None:
    """One curve over the epochs; with marks where so few epochs make too short a line."""
    if values is None:
        return
    axes.plot(
        history["epoch"],
        values,
        color=look.color,
        linewidth=0.9 if thin else 2,
        alpha=0.8 if thin else 1,
        marker=look.marker if len(values) <= _FEW_EPOCHS else "",
        markersize=4 if thin else 6,
        markerfacecolor="white" if thin else look.color,
        label=label,
    )


def _mean(history: History, ending: str) -> list[float]:
    """The mean over the validation folders, epoch by epoch; NaN where there is none."""
    columns = [numbers for name, numbers in history.items() if name.endswith(ending)]
    if not columns:
        return [math.nan] * len(history["epoch"])
    return [sum(row) / len(row) for row in zip(*columns, strict=True)]


def read_history(run: Path) -> History:
    """The numbers that the trainer left in a run's folder. Raises EvaluationError."""
    path = run / "history.csv"
    try:
        with path.open(newline="") as file:
            rows = list(csv.DictReader(file))
        history = {name: [float(row[name]) for row in rows] for name in rows[0]} if rows else {}
    except (OSError, ValueError, TypeError) as error:
        raise EvaluationError(
            f"{path}: cannot be read as the history of a run ({error})"
        ) from error
    if not {"epoch", "loss"} <= history.keys():
        raise EvaluationError(f"{path}: has no epochs; give the folder of a run that finished one")
    return history


_FIGURES: Mapping[str, Callable[[Comparison, Language], Figure | None]] = {
    "ratio": _ratio,
    "metrics": _metrics,
    "chroma": _chroma,
    "places": _places,
    "dullness": _dullness,
}
