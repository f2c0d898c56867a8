"""Makes docs/results.md, the published comparison of the networks of the catalogue.

`python docs/results.py DATA` judges on `DATA/color`, which may take half an hour and goes on where
it was stopped; the numbers are kept in docs/results.parquet. Without DATA the page is made of those
anew.
"""

import sys
import tempfile
from pathlib import Path

from colorear import models
from colorear.judge.evaluate import evaluate
from colorear.judge.report import compare

FOLDER = Path(__file__).parent
SCORES = FOLDER / "results.parquet"

_HEAD = """# How good the networks are

Made by `python docs/results.py DATA` with the photographs of `DATA/color`. The numbers of each
photograph are in [results.parquet](results.parquet), of which `colorear compare` makes the whole
report, with figures and tests. `NAME` is the photograph that a network made itself, `NAME@luma` the
same with the luma promise; networks that give colour alone always keep it. `grey` and `mean-colour`
are two ways of doing nothing.

"""


def page() -> str:
    """The page, from the numbers that are kept."""
    with tempfile.TemporaryDirectory() as folder:
        compare([SCORES], Path(folder))
        return _HEAD + Path(folder, "table.md").read_text(encoding="utf-8")


if __name__ == "__main__":
    for data in sys.argv[1:]:
        here = [name for name in models.cards() if models.is_here(name)]
        evaluate(["grey", "mean-colour", *here], Path(data), SCORES)
    FOLDER.joinpath("results.md").write_text(page(), encoding="utf-8")
