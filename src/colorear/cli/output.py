"""What every command says, and how: to people on a terminal, or one JSON object a line."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from colorear import languages
from colorear.errors import MissingExtraError

__all__ = [
    "LANGUAGE",
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


def said(text: str, *, context: str = "") -> str:
    """A sentence, or words of one, in the language of the locale."""
    return languages.translated(text, LANGUAGE, context=context)


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


def printable(line: str) -> str:
    """One line of text, whatever bytes the names of files in it have."""
    return " ".join(line.encode(errors="backslashreplace").decode().splitlines())
