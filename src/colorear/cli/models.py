"""The commands on networks."""

from pathlib import Path
from typing import Annotated, get_args

import msgspec
import typer
from rich.table import Column, Table

from colorear import models
from colorear.cli.output import LANGUAGE, Json, needing, number, report, said, stdout
from colorear.cli.usage import Command, CommandGroup
from colorear.errors import UsageError
from colorear.models.card import in_language

__all__ = ["app"]

app = typer.Typer(
    cls=CommandGroup,
    help="The networks that give color.",
    invoke_without_command=True,
    rich_markup_mode="markdown",
)


_FIELD = "field of a card"  # where the catalogue has their names


@app.callback()
def _models(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        list_models()


@app.command("list", cls=Command)
def list_models(*, as_json: Json = False) -> None:
    """The networks that can be used, each with a line about it."""
    found = models.cards()
    absent = {name for name in found if not models.is_here(name)}
    if as_json:
        for card in found.values():
            typer.echo(msgspec.json.encode(card))
        return
    table = Table(*map(said, ("name", "version", "kind", "MB", "trained on")))
    for c in found.values():
        size = number(c.bytes / 1e6, decimals=1)
        size += f" ({said('not here')})" if c.name in absent else ""
        trained_on = in_language(c, LANGUAGE).trained_on
        table.add_row(c.name, c.version, c.kind, size, trained_on)
    stdout.print(table)


@app.command(cls=Command)
def show(
    name: Annotated[str, typer.Argument(help="A name of the list, or an .onnx file.")],
    *,
    as_json: Json = False,
) -> None:
    """Everything that a network's card says, after checking that its file is the one described."""
    if models.is_file(name):
        models.try_out(name)
    card = models.load(name).card
    if as_json:
        typer.echo(msgspec.json.encode(card))
        return
    table = Table.grid("", Column(overflow="fold"), padding=(0, 2))
    for field, value in msgspec.to_builtins(in_language(card, LANGUAGE)).items():
        if field not in ("scores", "layers"):
            plain = isinstance(value, bool) or value is None
            text = said(str(value), context=_FIELD) if plain else str(value)
            table.add_row(said(field, context=_FIELD), text)
    for data, scores in card.scores.items():
        values = ", ".join(f"{metric} {value:.4g}" for metric, value in scores.items())
        table.add_row(said(f"scores on {data}"), values)
    stdout.print(table)
    if card.layers:
        stdout.print(_listing(card.layers))


@app.command(cls=Command)
def add(
    file: Annotated[
        Path,
        typer.Argument(
            readable=False, help="The .onnx file; or .keras, one of the four (extra: keras)."
        ),
    ],
    *,
    like: Annotated[
        models.Kind | None,
        typer.Option(help="Whose interface the network has; needed for .onnx."),
    ] = None,
    name: Annotated[str, typer.Option(help="What to call it.")],
    as_json: Json = False,
) -> None:
    """Check a network by running it, and keep a copy for `--model NAME`."""
    if file.suffix.lower() == ".keras":
        if like:
            raise UsageError("--like is for .onnx; a file of Keras is known by its layers")
        card = _add_keras(file, name)
    elif like:
        card = models.add(file, name, like)
    else:
        kinds = ", ".join(get_args(models.Kind))
        raise UsageError(f"{file}: say with --like whose interface the network has: {kinds}")
    report(as_json, msgspec.to_builtins(card), done=f"added {name}; use it with --model {name}")


def _add_keras(file: Path, name: str) -> models.Card:
    with needing("learn,keras", "reading Keras's files"):
        from colorear.training.export.keras_files import add_keras

        return add_keras(file, name)


@app.command(cls=Command)
def fetch(
    name: Annotated[str, typer.Argument(help="A network that the list says is not here.")],
    source: Annotated[
        str, typer.Argument(help="Its file, the folder that it is in, or the address of either.")
    ],
    *,
    as_json: Json = False,
) -> None:
    """Take the file of a network that is known but not here, checked by its SHA-256."""
    path = models.fetch(name, source)
    done = f"wrote {path}; use it with --model {name}"
    report(as_json, {"name": name, "file": str(path)}, done=done)


@app.command(cls=Command)
def remove(
    name: Annotated[str, typer.Argument(help="A network that was added.")], *, as_json: Json = False
) -> None:
    """Delete the copy of a network that was added."""
    models.remove(name)
    report(as_json, {"name": name}, done=f"removed {name}")


def _listing(layers: tuple[models.Layer, ...]) -> Table:
    parameters = sum(row.parameters for row in layers)
    trainable = sum(row.trainable for row in layers)
    all_told = f"{number(parameters)} parameters, {number(trainable)} of them trainable"
    table = Table(
        said("layer"),
        said("output shape"),
        Column(said("parameters"), justify="right"),
        said("connected to"),
        caption=said(all_told),
    )
    for row in layers:
        shape = " x ".join(map(str, row.shape))
        table.add_row(row.layer, shape, number(row.parameters), ", ".join(row.connected_to))
    return table
