"""The commands on how good networks are, which need the extra `learn`."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Literal

import typer

from colorear.cli.output import Json, needing, report, say
from colorear.errors import ExitCode

__all__ = ["compare", "evaluate", "study"]

Scores = Annotated[list[Path], typer.Argument(readable=False, help="Files that evaluate wrote.")]
Networks = Annotated[
    list[str],
    typer.Argument(
        help="Names of `colorear models`, .onnx files, runs, gray, mean-color, opposite-hues."
    ),
]
Data = Annotated[Path, typer.Option(help="Color photographs: a folder, or one with color/ in it.")]


def evaluate(
    model: Networks,
    *,
    data: Data,
    out: Annotated[Path, typer.Option(help="The .parquet file; rows are added to it.")],
    convention: Annotated[
        Literal["standard", "slides"], typer.Option(help="Whose metrics.")
    ] = "standard",
    size: Annotated[int, typer.Option(min=41, help="Side of the photographs, in pixels.")] = 160,
    part: Annotated[
        Literal["test", "all"] | None,
        typer.Option(help="Of the photographs; without it the last sixth of a color/, else all."),
    ] = None,
    pictures: Annotated[
        bool, typer.Option(help="Keep seven of the photographs, small, beside the scores.")
    ] = True,
    as_json: Json = False,
) -> None:
    """Judge networks on photographs whose colors are known; the same again goes on."""
    with needing("learn", "judging"):
        from colorear.evaluation.evaluate import evaluate as run

        failures = run(
            model, data, out, convention=convention, size=size, part=part, pictures=pictures
        )
    for failure in failures:
        error = f"{failure.model} on {failure.photograph}: {failure.error}"
        report(as_json, asdict(failure), error=error)
    if failures:
        raise typer.Exit(ExitCode.FAILED)
    report(as_json, {"scores": str(out)}, done=f"wrote {out}; see it with colorear compare {out}")


def compare(
    scores: Scores,
    *,
    out: Annotated[Path, typer.Option("-o", "--out", help="The folder of the report.")],
    run: Annotated[
        list[Path] | None, typer.Option(help="A training run, for its curves; may be repeated.")
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(help="The photographs that were judged, to show the best and worst."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Write a report: tables, effects, tests, figures and what the numbers allow to say."""
    with needing("learn", "comparing"):
        from colorear.evaluation.report.rendering import pictures_of
        from colorear.evaluation.report.report import compare as write

        shown = pictures_of(scores, data) if data else None
        write(scores, out, runs=run or (), pictures=shown)
    report(as_json, {"report": str(out)}, done=f"wrote {out / 'index.html'}")


def study(
    data: Annotated[
        Path,
        typer.Argument(readable=False, help="Color photographs: a folder, a zip file, a data set."),
    ],
    *,
    out: Annotated[Path, typer.Option("-o", "--out", help="The folder of the study.")],
    seeds: Annotated[int, typer.Option(min=1, help="How often each network is trained.")] = 3,
    quick: Annotated[
        bool, typer.Option(help="In minutes: few small photographs, four epochs, to see it work.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Do the study of the four autoencoders, from photographs to report; the same again goes on."""
    with needing("learn", "the study"):
        from colorear.evaluation.study import study as run

        failures = run(
            data, out, seeds=seeds, quick=quick, say=(lambda _: None) if as_json else say
        )
    for failure in failures:
        error = f"{failure.model} on {failure.photograph}: {failure.error}"
        report(as_json, asdict(failure), error=error)
    if failures:
        raise typer.Exit(ExitCode.FAILED)
    report(as_json, {"report": str(out / "report" / "index.html")})
