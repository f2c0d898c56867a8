"""What every command says, and how: to people on a terminal, or one JSON object a line."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console

from colorear.errors import ColorearError, MissingExtraError

__all__ = ["File", "Json", "err", "failing", "out", "printable", "say_error", "tell", "wrong_usage"]

out = Console(markup=False)
err = Console(stderr=True)

File = Annotated[Path, typer.Argument(readable=False)]  # whoever reads it says what is wrong
Json = Annotated[bool, typer.Option("--json", help="One JSON object a line, for programs.")]


@contextmanager
def failing(*, extra: str = "", feature: str = "") -> Iterator[None]:
    """Within it, an error meant for people is told and ends the command with status 1.

    So does a missing package, where the `feature` needs an `extra`.
    """
    try:
        yield
    except ModuleNotFoundError:
        if not extra:
            raise
        _fail(MissingExtraError(feature, extra))
    except ColorearError as error:
        _fail(error)


def tell(as_json: bool, answer: dict[str, Any], *, done: str = "", error: str = "") -> None:
    """What became of one thing."""
    if as_json:
        typer.echo(json.dumps(answer, default=str))
    elif error:
        say_error(error)
    elif out.is_terminal:
        typer.echo(printable(done))


def wrong_usage(reason: str) -> NoReturn:
    """End the command with status 2."""
    say_error(reason)
    raise typer.Exit(2)


def say_error(sentence: str) -> None:
    """One line on standard error."""
    typer.echo(f"error: {printable(sentence)}", err=True)


def printable(line: str) -> str:
    """One line of text, whatever bytes the names of files in it have."""
    return " ".join(line.encode(errors="backslashreplace").decode().splitlines())


def _fail(error: ColorearError) -> NoReturn:
    say_error(str(error))
    raise typer.Exit(1)
