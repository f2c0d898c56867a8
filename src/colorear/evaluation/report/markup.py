"""Tables as Markdown, LaTeX and CSV."""

import csv
import io
import math

from colorear.evaluation.report.reference_tables import SLIDES_TABLE, architecture
from colorear.evaluation.report.tables import Cell, Table
from colorear.evaluation.statistics.bootstrap import Estimate
from colorear.evaluation.statistics.comparison import Comparison

__all__ = ["csv_of", "latex", "markdown"]

_LATEX = {
    "\\": r"\textbackslash{}",
    **{character: f"\\{character}" for character in "&%$#_{}"},
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    "↓": r"$\downarrow$",
    "↑": r"$\uparrow$",
    "≈": r"$\approx$",
    "✓": r"$\checkmark$",  # amssymb
    "✗": r"$\times$",
    "−": "$-$",
    "–": "--",
    "∞": r"$\infty$",
}


def markdown(table: Table) -> str:
    """The table for GitHub's Markdown; an empty row sets the last ones apart."""
    lines = [table.title, ""] if table.title else []
    lines += [_line(table.head), _line(["---"] + ["---:"] * (len(table.head) - 1))]
    for number, row in enumerate(table.rows):
        if table.apart and number == len(table.rows) - table.apart:
            lines.append(_line([" "] * len(table.head)))
        lines.append(_line([_markdown_cell(cell) for cell in row]))
    return "\n".join(lines) + "\n"


def _line(cells: list[str] | tuple[str, ...]) -> str:
    return f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |"


def _markdown_cell(cell: Cell) -> str:
    text = cell.text.replace("*", "\\*").replace("<", "&lt;")
    text = f"**{text}**" if cell.mark == "best" else text
    return text + (f" ({cell.interval})" if cell.interval else "") + _close(cell)


def _close(cell: Cell) -> str:
    return " ≈" if cell.mark == "close" else ""


def latex(table: Table) -> str:
    """The table for LaTeX with booktabs, graphicx and amssymb, as wide as the text."""
    last = len(table.rows) - table.apart if table.apart else -1
    lines = [_escaped(table.title), ""] if table.title else []
    lines += [
        r"\resizebox{\linewidth}{!}{%",
        rf"\begin{{tabular}}{{l{'r' * (len(table.head) - 1)}}}",
        r"\toprule",
        " & ".join(_escaped(title) for title in table.head) + r" \\",
        r"\midrule",
    ]
    for number, row in enumerate(table.rows):
        lines += [r"\midrule"] if number == last else []
        lines.append(" & ".join(_latex_cell(cell) for cell in row) + r" \\")
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}}", ""])


def _latex_cell(cell: Cell) -> str:
    text = _escaped(cell.text)
    text = rf"\textbf{{{text}}}" if cell.mark == "best" else text
    return text + _escaped((f" ({cell.interval})" if cell.interval else "") + _close(cell))


def _escaped(text: str) -> str:
    return "".join(_LATEX.get(character, character) for character in text)


def csv_of(compared: Comparison) -> str:
    """Everything in one long table, unrounded: one row for each model, metric and source.

    Sources are `measured` and, for the slides' networks, `published` and `corrected`.
    """
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(("model", "metric", "source", "value", "low", "high"))
    for name in compared.models:
        for metric in compared.metrics:
            writer.writerow(_numbers(name, metric, compared.mean(metric, name)))
        ratio = compared.ratio(name)
        if ratio:
            writer.writerow(_numbers(name, "mse ratio", ratio))
        about = compared.facts(name)
        for fact in ("frechet", "kid", "parameters", "milliseconds"):
            value = getattr(about, fact)
            if value is not None:
                writer.writerow((name, fact, "measured", repr(value), "", ""))
    theirs = [(name, cell) for name in compared.models if (cell := architecture(name))]
    for name, cell in theirs:
        for metric, row in SLIDES_TABLE.items():
            writer.writerow((name, metric, "published", repr(row.published(cell)), "", ""))
            corrected = row.corrected(cell)
            if corrected is not None:
                writer.writerow((name, metric, "corrected", repr(corrected), "", ""))
    return file.getvalue()


def _numbers(name: str, metric: str, each: Estimate) -> tuple[str, ...]:
    ends = ("" if math.isnan(end) else repr(end) for end in (each.low, each.high))
    return (name, metric, "measured", repr(each.value), *ends)
