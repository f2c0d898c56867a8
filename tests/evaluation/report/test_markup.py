import csv
import io
import re
from dataclasses import replace

import pytest

from colorear.evaluation.report.english import ENGLISH
from colorear.evaluation.report.markup import csv_of, latex, markdown
from colorear.evaluation.report.tables import Cell, Table, scores_table
from made_scores import FOUR, by_quality, made_comparison

SMALL = Table(
    ("network", "MSE ↓"),
    (
        (Cell("a_b|c"), Cell("−0.10", "−0.20 to 0.00", "best")),
        (Cell("100 % & d"), Cell("0.20", "", "close")),
        (Cell("grey copy"), Cell("–")),
    ),
    apart=1,
)


def test_markdown():
    assert markdown(SMALL) == (
        "| network | MSE ↓ |\n"
        "| --- | ---: |\n"
        "| a_b&#124;c | **−0.10** (−0.20 to 0.00) |\n"
        "| 100 % & d | 0.20 ≈ |\n"
        "|   |   |\n"
        "| grey copy | – |\n"
    )


def test_latex():
    assert latex(SMALL).splitlines()[3:] == [
        r"network & MSE $\downarrow$ \\",
        r"\midrule",
        r"a\_b|c & \textbf{$-$0.10} ($-$0.20 to 0.00) \\",
        r"100 \% \& d & 0.20 $\approx$ \\",
        r"\midrule",
        r"grey copy & -- \\",
        r"\bottomrule",
        r"\end{tabular}}",
    ]


def test_what_a_table_is_about_stands_before_it():
    titled = replace(SMALL, title="What 100 % & d do.")
    assert markdown(titled) == "What 100 % & d do.\n\n" + markdown(SMALL)
    assert latex(titled) == "What 100 \\% \\& d do.\n\n" + latex(SMALL)


@pytest.fixture(scope="module")
def compared():
    qualities = dict(zip((*FOUR, "gray"), (0.0, 0.1, 0.2, 0.5, 0.1), strict=True))
    return made_comparison(by_quality(qualities, noise=0.1))


def test_the_three_agree(compared):
    table = scores_table(compared, ENGLISH)
    rows = list(csv.DictReader(io.StringIO(csv_of(compared))))
    column = table.head.index("PSNR ↑")
    in_markdown = [line.split(" | ")[column] for line in markdown(table).splitlines()[2:6]]
    in_latex = [line.split(" & ")[column] for line in latex(table).splitlines()[5:9]]
    for i, name in enumerate(FOUR):
        (row,) = (
            r for r in rows if (r["model"], r["metric"], r["source"]) == (name, "psnr", "measured")
        )
        numbers = [float(row[key]) for key in ("value", "low", "high")]
        for text in (in_markdown[i], in_latex[i]):
            told = [float(number) for number in re.findall(r"\d+\.\d+", text)]
            assert told == pytest.approx(numbers, abs=0.006)


def test_the_csv_holds_the_slides_figures_and_what_else_is_known(compared):
    rows = [line.split(",") for line in csv_of(compared).splitlines()]
    assert rows[0] == ["model", "metric", "source", "value", "low", "high"]
    assert ["skip-deep", "psnr", "published", "96.15839", "", ""] in rows
    assert ["skip-deep", "parameters", "measured", "1234567", "", ""] in rows
    assert {row[2] for row in rows if row[:2] == ["skip-deep", "vif"]} == {"measured", "published"}
    assert len([row for row in rows if row[1] == "mse ratio"]) == 5
