"""The command `colorear`: it reads what was typed, makes one call and says what came of it.

A line in it may change words and options; whatever else is done belongs into another room.
"""

from typing import Annotated

import typer

from colorear import __version__
from colorear.cli import colorize, evaluation, models, serve, training
from colorear.cli.output import CommandGroup

__all__ = ["app"]

app = typer.Typer(
    name="colorear",
    cls=CommandGroup,
    help="Color for black-and-white photographs, honest about how good it is.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _say_version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def _main(
    *,
    version: Annotated[  # eager, so that no command need follow it
        bool,
        typer.Option("--version", is_eager=True, callback=_say_version, help="Say the version."),
    ] = False,
) -> None:
    pass


app.command()(colorize.colorize)
app.command()(colorize.verify)
app.command()(serve.serve)
app.add_typer(models.app, name="models")
app.add_typer(training.data_app, name="data")
app.command()(training.train)
app.command()(training.export)
app.command()(evaluation.evaluate)
app.command()(evaluation.compare)
app.command()(training.bench)
