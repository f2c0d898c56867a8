import pytest

from colorear.evaluation.report.english import ENGLISH
from colorear.evaluation.report.spanish import SPANISH
from colorear.evaluation.report.tables import (
    Cell,
    definitions_table,
    effects_table,
    pairs_table,
    ranks_table,
    scores_table,
    slides_table,
)
from colorear.evaluation.statistics.factorial import Design
from made_scores import FOUR, by_quality, made_comparison


@pytest.fixture(scope="module")
def compared():
    models = dict(zip((*FOUR, "mean-color", "gray"), (0.0, 0.1, 0.2, 0.5, 0.0, 0.1), strict=True))
    return made_comparison(by_quality(models))


def test_the_rows_that_do_nothing_are_apart_and_never_best(compared):
    table = scores_table(compared, ENGLISH)
    assert [row[0].text for row in table.rows] == [*FOUR, "grey copy", "mean colour"]
    assert table.apart == 2
    psnr = [row[table.head.index("PSNR ↑")].mark for row in table.rows]
    assert psnr == ["", "", "", "best", "", ""]


def test_the_head_tells_direction_and_what_else_is_known(compared):
    table = scores_table(compared, ENGLISH)
    assert table.head == (
        *(
            "network",
            "MSE / grey copy ↓",
            "MSE ↓",
            "RMSE ↓",
            "PSNR ↑",
            "SSIM ↑",
            "FSIMc ↑",
            "UQI ↑",
        ),
        *("VIF ↑", "Fréchet distance ↓", "kernel distance ↓", "parameters", "ms per photograph ↓"),
    )
    assert table.rows[0][-4:] == (Cell("12.50"), Cell("0.0125"), Cell("1,234,567"), Cell("8.2"))
    assert scores_table(compared, SPANISH).rows[0][-2:] == (
        Cell("1\u202f234\u202f567"),
        Cell("8,2"),
    )


def test_networks_that_cannot_be_told_apart_are_marked():
    compared = made_comparison(by_quality({"a": 0.0, "b": 0.0, "c": -5.0}, noise=1.0))
    marks = [row[1].mark for row in scores_table(compared, ENGLISH).rows]
    assert sorted(marks) == ["", "best", "close"]


def test_published_and_corrected_figures_stand_beside_ours(compared):
    table = slides_table(compared, ENGLISH)
    assert len(table.rows) == 28
    assert [cell.text for cell in table.rows[11]][:4] == [
        "PSNR ↑",
        "skip-deep (AE concatenado más capas)",
        "96.158390",
        "23.91",
    ]
    assert table.rows[7][3].text == "0.070"  # RMSE: no more digits were published
    assert table.rows[27][3].text == "–"
    assert slides_table(made_comparison(by_quality({"a": 0.0})), ENGLISH).rows == ()


def test_effects_are_bold_only_beyond_their_intervals(compared):
    table = effects_table(compared, Design(), ENGLISH)
    assert table.head == ("metric", "skips", "depth", "interaction")
    assert "Judged on plain-shallow, plain-deep" in table.title
    assert table.rows[0] == (
        Cell("MSE ↓"),
        Cell("−0.300 ✓", table.rows[0][1].interval, "best"),
        Cell("−0.200 ✓", table.rows[0][2].interval, "best"),
        Cell("−0.200 ✓", table.rows[0][3].interval, "best"),
    )
    vague = made_comparison(by_quality(dict.fromkeys(FOUR, 0.0), noise=1.0, seed=2))
    assert "" in {
        cell.mark for row in effects_table(vague, Design(), ENGLISH).rows for cell in row[1:]
    }


def test_ranks_and_pairs(compared):
    ranks = ranks_table(compared, ENGLISH)
    assert [row[0].text for row in ranks.rows] == [
        "skip-deep",
        "skip-shallow",
        "plain-deep",
        "plain-shallow",
    ]
    assert ranks.rows[0][1] == Cell("1.00", "1.00 to 1.00", "best")
    assert ranks.head[2] == "without MSE"
    tests = pairs_table(compared, SPANISH)
    assert tests.rows[0][:2] == (
        Cell("plain-shallow – plain-deep"),
        Cell("plain-deep", "p < 0,001"),
    )
    assert len(tests.rows) == 6


def test_one_photograph_has_no_intervals_in_any_table():
    compared = made_comparison(by_quality(dict.fromkeys(FOUR, 0.0), count=1))
    tables = [scores_table(compared, ENGLISH), effects_table(compared, Design(), ENGLISH)]
    tables += [ranks_table(compared, ENGLISH), slides_table(compared, ENGLISH)]
    assert {cell.interval for table in tables for row in table.rows for cell in row} == {""}
    assert pairs_table(compared, ENGLISH).rows == ()


def test_each_metric_is_defined(compared):
    rows = definitions_table(compared, ENGLISH).rows
    assert [row[0].text for row in rows][:3] == ["MSE", "RMSE", "PSNR"]
    assert rows[2][1].text == "10 log10(1 / MSE) of each photograph, peak 1; sRGB"
