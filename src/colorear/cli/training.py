"""The commands on training, which need the extra `learn`."""

from pathlib import Path
from typing import Annotated, Literal

import msgspec
import typer

from colorear.cli.output import Json, needing, number, said, say
from colorear.cli.usage import Command, CommandGroup
from colorear.errors import UsageError

__all__ = ["bench", "data_app", "export", "train"]

data_app = typer.Typer(
    cls=CommandGroup,
    help="Photographs to learn from.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)


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
    say(f"wrote {dest}: {len(manifest.photographs)} photographs ({parts})")
    noticed = {
        "are nearly grey": len(manifest.near_gray),
        "repeat an earlier one": len(manifest.duplicates),
        "of the test part repeat one that is learnt from": len(manifest.leaks),
        "beside color/ and gray/ were left out": manifest.ignored,
        "unusable and left out": len(manifest.skipped),
    }
    for what, count in noticed.items():
        if count:
            say(f"{number(count)} {said(what)}")
    for bad in manifest.skipped:
        say(f"{bad.source} {said(bad.reason)}; it was left out", err=True)
    say(f"{dest / 'manifest.json'} names them all")


@data_app.command(cls=Command)
def pack(
    folders: Annotated[
        list[Path], typer.Argument(readable=False, help="Folders of color photographs.")
    ],
    *,
    out: Annotated[Path, typer.Option("-o", "--out", help="The folder of the shards.")],
    size: Annotated[
        int, typer.Option(min=32, max=1024, help="Of the shorter side, in pixels, at most.")
    ] = 160,
    mebibytes: Annotated[int, typer.Option(min=1, max=2048, help="Of a shard, at most.")] = 55,
    as_json: Json = False,
) -> None:
    """Pack small copies of color photographs into shards, which training keeps in memory."""
    with needing("learn", "packing photographs"):
        from colorear.training.datasets.packing import pack_shards

        summary = pack_shards(folders, out, size=size, mebibytes=mebibytes)
    if as_json:
        typer.echo(msgspec.json.encode(summary))
        return
    say(
        f"wrote {out}: {summary.photographs:,} photographs of {len(summary.groups)} groups in "
        f"{len(summary.shards)} shards, {summary.bytes / 2**20:.1f} MiB"
    )
    left_out = {
        "without color left out": summary.gray,
        "equal to an earlier one left out": summary.duplicates,
        "too small left out": summary.small,
        "unusable left out": len(summary.skipped),
    }
    for what, count in left_out.items():
        if count:
            say(f"{number(count)} {said(what)}")
    for bad in summary.skipped:
        say(f"{bad.source} {said(bad.reason)}; it was left out", err=True)


def train(
    recipe: Annotated[
        Path, typer.Argument(readable=False, help="A .toml file, or a name: slides-skip-deep.")
    ],
    *,
    data: Annotated[
        Path | None, typer.Option(help="The folder that the recipe's folders are in.")
    ] = None,
    shards: Annotated[
        Path | None,
        typer.Option(help="A folder of shards, to train on all of them in one device's memory."),
    ] = None,
    out: Annotated[Path, typer.Option(help="The folder of the run.")],
    minutes: Annotated[
        float | None, typer.Option(min=0.01, help="With --shards: how long to train.")
    ] = None,
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
        from colorear.training.loop.timed_trainer import train_by_shards
        from colorear.training.loop.trainer import train as train_by_folders
        from colorear.training.recipe_file import read_recipe

        with report_from_main(), leave_together():
            decided = read_recipe(recipe, epochs=epochs, precision=precision)
            if shards and minutes and not (data or epochs):
                train_by_shards(decided, shards, out, minutes=minutes, resume=resume, steps=steps)
            elif data and not (shards or minutes):
                train_by_folders(decided, data, out, resume=resume, steps=steps)
            else:
                raise UsageError(
                    "give either --data, and --epochs if you like, or --shards with --minutes"
                )


def export(
    run: Annotated[Path, typer.Argument(readable=False, help="The folder of a run.")],
    *,
    out: Annotated[
        Path, typer.Option("-o", "--out", help="The .onnx file to write, or .keras (extra: keras).")
    ],
    data: Annotated[
        Path | None, typer.Option(help="The recipe's data: its scores go on the card.")
    ] = None,
) -> None:
    """Write the network of a finished run as ONNX, with its card; the four for Keras, too."""
    if out.suffix.lower() == ".keras":
        _export_keras(run, out, data)
        return
    with needing("learn", "exporting"):
        from colorear.training.export.onnx_export import export as write
        from colorear.training.export.scores import put_on_card

        card = write(run, out)
        if data:
            card = put_on_card(run, out, data)
    say(f"wrote {out} and its card ({card.bytes / 1e6:.1f} MB)")
    for name, scores in card.scores.items():
        say(f"{name}: {', '.join(f'{k} {v:.4g}' for k, v in scores.items())}")


def _export_keras(run: Path, out: Path, data: Path | None) -> None:
    if data:
        raise UsageError("--data is for a card, which an .onnx file has; leave it out for Keras")
    with needing("learn,keras", "exporting for Keras"):
        from colorear.training.export.keras_files import export_keras

        size = export_keras(run, out)
    say(f"wrote {out} ({size / 1e6:.1f} MB)")


def bench(
    *,
    photographs: Annotated[
        int, typer.Option(min=8, help="How many are coloured at a time, where it is many.")
    ] = 60,
    against: Annotated[
        Path | None,
        typer.Option(
            readable=False,
            help="Another checkout, or the Python of another installation: both in turns.",
        ),
    ] = None,
    rounds: Annotated[int, typer.Option(min=1, help="With --against: how many turns.")] = 7,
    csv: Annotated[
        Path | None, typer.Option(readable=False, help="With --against: a table to write.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Measure speed and memory on this machine, against OpenCV doing the least that is needed.

    With --against it is another colorear that does the same, in processor seconds of one thread:
    a ratio below 1 is what is taken of the other's time.
    """
    if against:
        _compare(against, rounds, photographs, csv, as_json=as_json)
        return
    if csv:
        raise UsageError("--csv is for what is compared; name another colorear (--against)")
    with needing("learn", "the benchmark"):
        from colorear.benchmark.suite import measure
    for figure in measure(photographs):
        most = f" (at most {figure.limit:g})" if figure.limit else ""
        least = f" (at least {figure.least:g})" if figure.least else ""
        line = f"{figure.name}: {figure.value:.3g} {figure.unit}{most}{least}"
        if as_json:
            typer.echo(msgspec.json.encode(figure))
        else:
            say(line)


def _compare(
    against: Path, rounds: int, photographs: int, csv: Path | None, *, as_json: bool
) -> None:
    from colorear.benchmark.against import compare
    from colorear.benchmark.comparison import write_csv

    found = []
    for each in compare(against, rounds=rounds, photographs=photographs):
        found.append(each)
        line = (
            f"{each.name}: {each.ours:.3g} {each.unit} against {each.theirs:.3g}, "
            f"{each.ratio:.2f} of it"
        )
        if as_json:
            typer.echo(msgspec.json.encode(each))
        else:
            say(line)
        if csv:  # as far as it is known, since it may be stopped
            write_csv(csv, against, found)
