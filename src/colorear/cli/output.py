"""What every command says, and how: to people on a terminal, or one JSON object a line.

And how it ends: every error of colorear's is one sentence here and the exit code of its class.
"""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text
from typer.core import TyperCommand, TyperGroup

from colorear import languages
from colorear.errors import ColorearError, ExitCode, MissingExtraError

__all__ = [
    "LANGUAGE",
    "Command",
    "CommandGroup",
    "Json",
    "counted",
    "needing",
    "number",
    "print_error",
    "print_note",
    "printable",
    "report",
    "said",
    "say",
    "stderr",
    "stdout",
]

LANGUAGE = languages.language_of_locale(os.environ)
"""That of the locale, which everything but JSON is said in."""
stdout = Console(markup=False)
stderr = Console(stderr=True)

Json = Annotated[bool, typer.Option("--json", help="One JSON object a line, for programs.")]


class Command(TyperCommand):
    """One command, whose help names values as people do."""

    def get_params(self, ctx: Any) -> list[Any]:
        """What can be typed after it."""
        return [_with_metavar(parameter) for parameter in super().get_params(ctx)]


class CommandGroup(TyperGroup):
    """The commands; the one place where errors become sentences and exit codes."""

    def get_params(self, ctx: Any) -> list[Any]:
        """What can be typed before a command."""
        return [_with_metavar(parameter) for parameter in super().get_params(ctx)]

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
        _print(json.dumps(payload, default=str), stdout)
    elif error:
        print_error(error)
    elif stdout.is_terminal and done:
        _print(printable(said(done)), stdout)


def said(text: str) -> str:
    """A sentence, or words of one, in the language of the locale."""
    return languages.translated(text, LANGUAGE)


def say(sentence: str, *, err: bool = False) -> None:
    """A line on standard output, or on standard error."""
    typer.echo(printable(said(sentence)), err=err)


def number(value: float, *, decimals: int = 0) -> str:
    """As the locale writes it."""
    return languages.number(value, LANGUAGE, decimals=decimals)


def counted(count: int, one: str, many: str) -> str:
    """A number of things, with `{count}` where it stands in the words for one and for many."""
    return languages.plural(one, many, count, LANGUAGE).format(count=number(count))


def print_error(sentence: str) -> None:
    """One line on standard error."""
    print_note(f"error: {said(sentence)}")


def print_note(line: str) -> None:
    """Another line on standard error."""
    _print(printable(said(line)), stderr)


def _print(line: str, console: Console) -> None:
    """Print it; on a terminal above the bar, if one is shown, which its console moves away.

    Files and pipes get the bytes as they are, unwrapped.
    """
    if console.is_terminal:
        live = stderr if stderr.is_terminal else console
        live.print(Text(line), soft_wrap=True)
    else:
        typer.echo(line, err=console.stderr)


_METAVARS = {
    "boolean": "",
    "int": "N",
    "int range": "N",
    "float": "X",
    "float range": "X",
    "path": "PATH",
}


def _with_metavar(parameter: Any) -> Any:
    """The same parameter, with a word for its value where it has none: `<bool>` says nothing."""
    if parameter.metavar is None:
        kind = parameter.type
        if choices := getattr(kind, "choices", None):
            parameter.metavar = "|".join(map(str, choices))
        elif parameter.param_type_name == "argument":
            parameter.metavar = parameter.name.upper()
            parameter.type = copy(kind)
            parameter.type.get_metavar = lambda *_, **__: ""  # `<str>` or so
        else:
            parameter.metavar = _METAVARS.get(kind.name, "TEXT")
    return parameter


def printable(line: str) -> str:
    """One line of text, whatever bytes the names of files in it have."""
    return " ".join(line.encode(errors="backslashreplace").decode().splitlines())
