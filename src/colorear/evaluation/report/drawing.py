"""How every figure of the report looks: colours, marks, sizes, and PNG bytes."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from colorear.evaluation.report.language import Language
from colorear.evaluation.statistics.bootstrap import Estimate
from colorear.evaluation.statistics.comparison import CONTROLS, Comparison

__all__ = [
    "GRAY",
    "Style",
    "bar",
    "draw_networks",
    "figure",
    "legend",
    "localize",
    "mark",
    "png",
    "styles",
]

WIDTH = 5.0  # inches: at 390 CSS pixels a text of 9 points is still 10 pixels high
GRAY = "#555555"

# Okabe and Ito 2008, "Color Universal Design": told apart with every kind of colour vision
_COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
_MARKERS = "osD^vPX*"


@dataclass(frozen=True)
class Style:
    """One model's looks, the same in every figure."""

    color: str
    marker: str
    filled: bool
    """Not so with the luma promise, whose colour is that of the same network without."""


def styles(models: Sequence[str]) -> dict[str, Style]:
    """A style for each model; `NAME@luma` looks like `NAME`, but open."""
    families = list(dict.fromkeys(name.split("@")[0] for name in models if name not in CONTROLS))
    found = {}
    for name in models:
        if name in CONTROLS:
            found[name] = Style(GRAY, "|", filled=True)
            continue
        family = families.index(name.split("@")[0])
        color = _COLORS[family % len(_COLORS)]
        found[name] = Style(color, _MARKERS[family % len(_MARKERS)], filled="@" not in name)
    return found


def figure(height: float, rows: int = 1, columns: int = 1, *, share_y: bool = False) -> Figure:
    """An empty figure of the report's width; `height` in inches."""
    made = Figure(figsize=(WIDTH, height), layout="constrained", facecolor="white")
    made.subplots(rows, columns, sharey=share_y, squeeze=False)
    for axes in made.axes:
        axes.tick_params(labelsize=9)
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(visible=True, color="#e4e4e4", linewidth=0.7)
        axes.set_axisbelow(True)
    return made


def bar(axes: Axes, x: Estimate, y: float, style: Style) -> None:
    """A mark with its interval along x."""
    if x.bounded:
        axes.plot([x.low, x.high], [y, y], color=style.color, linewidth=1.6)
    axes.plot(x.value, y, **mark(style))


def mark(style: Style) -> dict[str, Any]:
    """A style as matplotlib's `plot` takes it."""
    return {
        "linestyle": "none",
        "marker": style.marker,
        "markersize": 6,
        "color": style.color,
        "markerfacecolor": style.color if style.filled else "white",
    }


def draw_networks(
    axes: Axes, compared: Comparison, estimates: Mapping[str, Estimate], language: Language
) -> None:
    """The networks from top to bottom, each with its interval; lines for the controls."""
    looks = styles(compared.models)
    for row, name in enumerate(compared.networks):
        bar(axes, estimates[name], -row, looks[name])
    for name, line in zip(CONTROLS, ("--", ":", "-."), strict=True):
        if name in estimates:
            axes.axvline(estimates[name].value, color=GRAY, linestyle=line, linewidth=1.3)
    axes.set_yticks([-row for row in range(len(compared.networks))], compared.networks)
    axes.set_ylim(0.4 - len(compared.networks), 0.6)
    axes.locator_params(axis="x", nbins=3)
    localize(axes, language)


def localize(axes: Axes, language: Language, *, y: bool = False) -> None:
    """Write the numbers of the x axis (and the y axis) with the language's decimal point."""
    for axis in (axes.xaxis, axes.yaxis) if y else (axes.xaxis,):
        # a formatter that is a function is not told how many digits tell ticks apart; %g suffices
        axis.set_major_formatter(lambda value, _: language.exact(value))


def legend(made: Figure, lines: Sequence[Line2D] | None = None) -> None:
    """Marks and names below the figure: of `lines`, or of all that has a label."""
    options: dict[str, Any] = {"ncols": 2, "fontsize": 9, "frameon": False}
    if lines is None:
        made.legend(loc="outside lower center", **options)
    else:
        made.legend(handles=lines, loc="outside lower center", **options)


def png(made: Figure) -> bytes:
    """The figure as a PNG of 900 pixels' width, with no date in it: equal numbers, equal bytes."""
    buffer = io.BytesIO()
    FigureCanvasAgg(made)
    made.savefig(buffer, format="png", dpi=180, metadata={"Software": None})
    return buffer.getvalue()
