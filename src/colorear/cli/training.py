"""The commands on training, which need the extra `learn`."""

from pathlib import Path
from typing import Annotated, Literal

import msgspec
import typer

from colorear.cli.output import Command, CommandGroup, Json, needing, printable

__all__ = ["bench", "data_app", "export", "train"]

data_app = typer.Typer(
    cls=CommandGroup,
    help="Photographs to learn from.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)


@data_app.callback()
def _data() -> None:
    """Keep `prepare` a command of its own, though there is only one yet."""


@data_app.command(cls=Command)
def prepare(
    source: Annotated[Path, typer.Argument(readable=False, help="A folder or a zip file.")],
    dest: Annotated[Path, typer.Argument(readable=False, help="A new folder.")],
    *,
    size: Annotated[int, typer.Option(min=1, help="Side of the squares, in pixels.")] = 160,
    skip_bad: Annotated[bool, typer.Option(help="Leave out what cannot be used.")] = False,
    as_json: Json = False,
) -> None:
    """Make squares of color photographs, with their gray copies, a fixed split and a manifest."""
    with needing("learn", "preparing photographs"):
        from colorear.training.datasets.prepare import prepare as run

        manifest = run(source, dest, size=size, skip_bad=skip_bad)
    if as_json:
        typer.echo(msgspec.json.encode(manifest))
        return
    parts = ", ".join(f"{name} {stop - start}" for name, (start, stop) in manifest.split.items())
    typer.echo(f"wrote {dest}: {len(manifest.photographs)} photographs ({parts})")
    noticed = {
        "are nearly grey": len(manifest.near_gray),
        "repeat an earlier one": len(manifest.duplicates),
        "of the test part repeat one that is learnt from": len(manifest.leaks),
        "beside color/ and gray/ were left out": manifest.ignored,
        "unusable and left out": len(manifest.skipped),
    }
    for what, count in noticed.items():
        if count:
            typer.echo(f"{count} {what}")
    for bad in manifest.skipped:
        typer.echo(printable(f"{bad.source} {bad.reason}; it was left out"), err=True)
    typer.echo(printable(f"{dest / 'manifest.json'} names them all"))


def train(
    recipe: Annotated[Path, typer.Argument(readable=False, help="A .toml file.")],
    *,
    data: Annotated[Path, typer.Option(help="The folder that the recipe's folders are in.")],
    out: Annotated[Path, typer.Option(help="The folder of the run.")],
    resume: Annotated[bool, typer.Option(help="Go on from the last checkpoint.")] = False,
    steps: Annotated[int | None, typer.Option(min=1, help="Stop after so many steps.")] = None,
    epochs: Annotated[
        int | None, typer.Option(min=1, help="So many instead of the recipe's.")
    ] = None,
    precision: Annotated[
        Literal["float32", "bfloat16"] | None,
        typer.Option(help="Instead of the recipe's; bfloat16 pays where the processor has it."),
    ] = None,
) -> None:
    """Train a network by a recipe; Ctrl-C stops it between two steps, --resume goes on."""
    with needing("learn", "training"):
        from colorear.training.distributed import leave_together, report_from_main
        from colorear.training.loop.trainer import train as run
        from colorear.training.recipe import read_recipe

        with report_from_main(), leave_together():
            decided = read_recipe(recipe, epochs=epochs, precision=precision)
            run(decided, data, out, resume=resume, steps=steps)


def export(
    run: Annotated[Path, typer.Argument(readable=False, help="The folder of a run.")],
    *,
    out: Annotated[Path, typer.Option("-o", "--out", help="The .onnx file to write.")],
    data: Annotated[
        Path | None, typer.Option(help="The recipe's data: its scores go on the card.")
    ] = None,
) -> None:
    """Write the network of a finished run as ONNX, with its card."""
    with needing("learn", "exporting"):
        from colorear.training.export.onnx_export import export as write
        from colorear.training.export.scores import put_on_card

        card = write(run, out)
        if data:
            card = put_on_card(run, out, data)
    typer.echo(f"wrote {out} and its card ({card.bytes / 1e6:.1f} MB)")
    for name, scores in card.scores.items():
        typer.echo(f"{name}: {', '.join(f'{k} {v:.4g}' for k, v in scores.items())}")


def bench(
    *,
    photographs: Annotated[
        int, typer.Option(min=8, help="How many are coloured at a time, where it is many.")
    ] = 60,
    as_json: Json = False,
) -> None:
    """Measure speed and memory on this machine, against OpenCV doing the least that is needed."""
    with needing("learn", "the benchmark"):
        from colorear.benchmark.suite import measure
    for figure in measure(photographs):
        most = f" (at most {figure.limit:g})" if figure.limit else ""
        least = f" (at least {figure.least:g})" if figure.least else ""
        line = f"{figure.name}: {figure.value:.3g} {figure.unit}{most}{least}"
        typer.echo(msgspec.json.encode(figure) if as_json else line)
