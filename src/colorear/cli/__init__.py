"""The command `colorear`: it reads what was typed, makes one call and says what came of it.

A line in it may change words and options; whatever else is done belongs into another room.
"""

from typing import Annotated

import typer

from colorear import __version__
from colorear.cli import colorize, evaluation, models, serve, training, video
from colorear.cli.usage import Command, CommandGroup

__all__ = ["app"]

app = typer.Typer(
    name="colorear",
    cls=CommandGroup,
    help="Color for black-and-white photographs, honest about how good it is.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def _main(
    *,
    version: Annotated[  # eager, so that no command need follow it
        bool,
        typer.Option(
            "--version", is_eager=True, callback=_print_version, help="Print the version and exit."
        ),
    ] = False,
) -> None:
    pass


app.command(cls=Command)(colorize.colorize)
app.command(cls=Command)(video.video)
app.command(cls=Command)(colorize.verify)
app.command(cls=Command)(serve.serve)
app.add_typer(models.app, name="models")
app.add_typer(training.data_app, name="data")
app.command(cls=Command)(training.train)
app.command(cls=Command)(training.export)
app.command(cls=Command)(evaluation.evaluate)
app.command(cls=Command)(evaluation.compare)
app.command(cls=Command)(evaluation.study)
app.command(cls=Command)(training.bench)
