"""What every command says, and how: to people on a terminal, or one JSON object a line.

And how it ends: every error of colorear's is one sentence here and the exit code of its class.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from typer.core import TyperGroup

from colorear.errors import ColorearError, ExitCode, MissingExtraError

__all__ = [
    "CommandGroup",
    "File",
    "Json",
    "needing",
    "print_error",
    "printable",
    "report",
    "stderr",
    "stdout",
]

stdout = Console(markup=False)
stderr = Console(stderr=True)

File = Annotated[Path, typer.Argument(readable=False)]  # whoever reads it says what is wrong
Json = Annotated[bool, typer.Option("--json", help="One JSON object a line, for programs.")]


class CommandGroup(TyperGroup):
    """The commands; the one place where errors become sentences and exit codes."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was typed."""
        try:
            return super().invoke(ctx)
        except ColorearError as error:
            print_error(str(error))
            raise typer.Exit(error.exit_code) from None
        except KeyboardInterrupt:
            print_error("stopped")
            raise typer.Exit(ExitCode.STOPPED) from None


@contextmanager
def needing(extra: str, feature: str) -> Iterator[None]:
    """Within it a package that is not installed raises MissingExtraError."""
    try:
        yield
    except ModuleNotFoundError:
        raise MissingExtraError(feature, extra) from None


def report(as_json: bool, payload: dict[str, Any], *, done: str = "", error: str = "") -> None:
    """What became of one thing: `payload` for programs, or what was done or failed for people."""
    if as_json:
        typer.echo(json.dumps(payload, default=str))
    elif error:
        print_error(error)
    elif stdout.is_terminal:
        typer.echo(printable(done))


def print_error(sentence: str) -> None:
    """One line on standard error."""
    typer.echo(f"error: {printable(sentence)}", err=True)


def printable(line: str) -> str:
    """One line of text, whatever bytes the names of files in it have."""
    return " ".join(line.encode(errors="backslashreplace").decode().splitlines())
