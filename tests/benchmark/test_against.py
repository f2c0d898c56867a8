import csv
from pathlib import Path

import pytest

from colorear.benchmark.against import Sizes, _megapixels, compare
from colorear.benchmark.comparison import write_csv
from colorear.errors import ColorearError, UsageError

CHECKOUT = Path(__file__).parents[2]
SIZES = Sizes((64, 48), (80, 60), (160, 120), (200, 160), files=9)


def test_every_comparison_is_made_with_another_checkout(tmp_path):
    found = list(compare(CHECKOUT, rounds=1, photographs=1, sizes=SIZES))
    names = [each.name for each in found]
    assert len(set(names)) == len(names) == 12
    for each in found:
        assert each.ours > 0
        assert each.ratio == pytest.approx(each.ours / each.theirs)
    assert [each.unit for each in found].count("MB") == 1
    write_csv(tmp_path / "found.csv", CHECKOUT, found)
    with (tmp_path / "found.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["name"] for row in rows] == names
    assert len({row["commit"] for row in rows} | {row["against"] for row in rows}) == 1
    assert float(rows[0]["ratio"]) == pytest.approx(found[0].ratio, rel=1e-3)


def test_what_is_no_colorear_is_refused(tmp_path):
    with pytest.raises(UsageError, match="neither a checkout of colorear nor a Python"):
        next(compare(tmp_path))


def test_the_other_side_fails_by_name(tmp_path):
    broken = tmp_path / "src" / "colorear"
    broken.mkdir(parents=True)
    (broken / "__init__.py").write_text("")
    with pytest.raises(ColorearError, match=r"src could not do \[\"network\"\]"):
        list(compare(tmp_path, rounds=1, sizes=SIZES))


@pytest.mark.parametrize(
    ("size", "name"),
    [((640, 480), "0.31 MP"), ((4000, 3000), "12 MP"), ((12_500, 8_000), "100 MP")],
)
def test_sizes_are_named_in_plain_numbers(size, name):
    assert _megapixels(size) == name
