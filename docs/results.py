"""Makes docs/results.md, the published comparison of the networks of the catalogue.

`python docs/results.py DATA [RUN ...]` judges them on `DATA/color`, and finished runs beside them,
which may take half an hour and goes on where it was stopped. The numbers are kept in
docs/results.parquet; those of networks that have changed since are made anew. Without DATA the
page, and the short table of docs/autoencoders.md, are made of those that are there.
"""

import re
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from colorear import models
from colorear.evaluation.candidates import find_candidates
from colorear.evaluation.dataset import find_photographs
from colorear.evaluation.evaluate import evaluate
from colorear.evaluation.metrics.standard import METRICS
from colorear.evaluation.report.english import ENGLISH
from colorear.evaluation.report.markup import markdown
from colorear.evaluation.report.report import quoted
from colorear.evaluation.report.tables import Table, scores_table
from colorear.evaluation.scores import Scores, read_scores, write_scores
from colorear.evaluation.statistics.comparison import comparison
from colorear.evaluation.statistics.trainings import network_of
from colorear.training.recipe import Recipe
from colorear.training.recipe_file import read_recipe

FOLDER = Path(__file__).parent
SCORES = FOLDER / "results.parquet"
SHORT = FOLDER / "autoencoders.md"
BOARD = FOLDER / "results.csv"
IN_SHORT = ("network", "MSE / grey copy", "MSE", "MAE", "PSNR", "FSIMc", "colourfulness gap")

_HEAD = """# How good the networks are

Made by `python docs/results.py DATA [RUN ...]` with the photographs of `DATA/color`. The numbers of
each photograph are in [results.parquet](results.parquet), of which `colorear compare` makes the
whole report, with figures and tests; their means, with recipe and seed, are in
[results.csv](results.csv). `NAME` is the photograph that a network made itself,
`NAME@luma` the same with the luma promise; networks that give colour alone always keep it.
`NAME@safe` is less vivid than `NAME` is by default: the mean of the colours that it holds for
plausible. `slides-NAME` is the network `NAME` trained as the slides did, for as many epochs as
[recipes/LOG.md](../recipes/LOG.md) tells; a network that was trained several times has one row,
the mean of its trainings, which a table of their own tells apart. `gray` and `mean-color` are two
ways of doing nothing, and `opposite-hues` is the truth with every hue turned by half a circle.

"""


def page() -> str:
    """The page, from the numbers that are kept."""
    return _HEAD + quoted(comparison(read_scores([SCORES])), ENGLISH, markdown)


def forget_changed(names: Sequence[str], data: Path) -> None:
    """Leave out what is kept of networks that are others now than those that were judged."""
    scores = read_scores([SCORES])
    now = {
        candidate.name: candidate.about.sha256
        for candidate in find_candidates(names, find_photographs(data, size=160))
    }
    kept = {
        name: about
        for name, about in scores.about.models.items()
        if about.sha256 == now.get(name, about.sha256)
    }
    table = scores.table[scores.table["model"].isin(kept)]
    write_scores(SCORES, Scores(table, msgspec.structs.replace(scores.about, models=kept)))


def leave_out_places() -> None:
    """Say of files and folders only what they are called, not where they lay."""
    scores = read_scores([SCORES])
    told = tuple(
        msgspec.structs.replace(run, command=re.sub(r"(?<= )(\.\.)?/\S*/", "", run.command))
        for run in scores.about.invocations
    )
    about = msgspec.structs.replace(scores.about, invocations=told)
    write_scores(SCORES, Scores(scores.table, about))


def leaderboard() -> str:
    """The means of every metric, as CSV, a line for each training, with its recipe and seed."""
    scores = read_scores([SCORES])
    trainings = comparison(scores).trainings.values()
    table = scores.table.groupby("model", sort=False).mean(numeric_only=True)
    lines = [["network", "sha256", "recipe", "seed", "parameters", "bytes", *METRICS]]
    for name in (model for members in trainings for model in members):
        about = scores.about.models[name]
        recipe = _recipe(name)
        whole = {"frechet": about.frechet, "kid": about.kid}
        values = [
            table.at[name, metric] if metric in table else whole[metric] for metric in METRICS
        ]
        facts = [
            (about.sha256 or "")[:8],
            recipe.name if recipe else "",
            _seed(name, recipe) if recipe else "",
        ]
        facts += [about.parameters or "", about.bytes or ""]
        lines.append([name, *facts, *(f"{value:.6g}" for value in values)])
    return "".join(",".join(map(str, line)) + "\n" for line in lines)


def _recipe(name: str) -> Recipe | None:
    """By which a network was trained; None of what none was trained for."""
    network = network_of(name).partition("@")[0]
    file = network if network.startswith(("slides-", "acuarela")) else f"modern-{network}"
    path = FOLDER.parent / "recipes" / f"{file}.toml"
    return read_recipe(path) if path.exists() else None


def _seed(name: str, recipe: Recipe) -> int:
    """The one in the name of a training; the recipe's own of what has none there."""
    found = re.search(r"-seed(\d+)", name)
    return int(found[1]) if found else recipe.seed


def with_table(text: str) -> str:
    """The page whose marked table is made anew."""
    table = scores_table(comparison(read_scores([SCORES])), ENGLISH)
    wanted = [table.head.index(name) for name in table.head if name.rstrip(" ↓↑") in IN_SHORT]
    rows = tuple(tuple(row[place] for place in wanted) for row in table.rows)
    short = markdown(Table(tuple(table.head[place] for place in wanted), rows, table.apart))
    return re.sub(
        r"(<!-- results -->\n).*(<!-- end of results -->)",
        lambda match: match[1] + short + match[2],
        text,
        flags=re.DOTALL,
    )


if __name__ == "__main__":
    if sys.argv[1:]:
        data, *finished = sys.argv[1:]
        here = [name for name in models.cards() if models.is_here(name)]
        luma = [f"{name}@luma" for name in here if models.load(name).makes_srgb]
        safe = [f"{name}@safe" for name in here if models.load(name).has_safe_colors]
        names = ["gray", "mean-color", "opposite-hues", *here, *luma, *safe]
        names += [name for run in finished for name in (run, f"{run}@luma")]
        if SCORES.exists():
            forget_changed(names, Path(data))
        evaluate(names, Path(data), SCORES, pictures=False)  # they are not ours to publish
        leave_out_places()
    BOARD.write_text(leaderboard(), encoding="utf-8")
    FOLDER.joinpath("results.md").write_text(page(), encoding="utf-8")
    SHORT.write_text(with_table(SHORT.read_text(encoding="utf-8")), encoding="utf-8")
