"""Commands as they are typed: their help, and what is said where something else was typed.

Typer says both in English. Here they are in the language of the locale, from the catalog, where
they have the context "help". Every error of colorear is one sentence here, and the exit code of its
class.
"""

import inspect
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from copy import copy
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from colorear.cli.output import print_error, said
from colorear.errors import ColorearError, ExitCode

__all__ = ["TITLES", "Command", "CommandGroup"]

TITLES = {
    "DEFAULT_STRING": "[default: {}]",
    "REQUIRED_LONG_STRING": "[required]",
    "ARGUMENTS_PANEL_TITLE": "Arguments",
    "OPTIONS_PANEL_TITLE": "Options",
    "COMMANDS_PANEL_TITLE": "Commands",
    "ERRORS_PANEL_TITLE": "Error",
    "RICH_HELP": "Try [blue]'{command_path} {help_option}'[/] for help.",
}
"""What Typer writes around the words of a command: its names for it, and English."""
_METAVARS = {
    "boolean": "",
    "int": "N",
    "int range": "N",
    "float": "X",
    "float range": "X",
    "path": "PATH",
}


class Command(TyperCommand):
    """One command, whose help names values as people do."""

    def get_params(self, ctx: Any) -> list[Any]:
        """What can be typed after it."""
        return [_with_metavar(parameter) for parameter in super().get_params(ctx)]

    def format_usage(self, ctx: Any, formatter: Any) -> None:
        """The line that shows how it is typed."""
        _write_usage(self, ctx, formatter)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """The page of help."""
        _translate([self], self.get_params(ctx))
        super().format_help(ctx, formatter)


class CommandGroup(TyperGroup):
    """The commands; the one place where errors become sentences and exit codes."""

    def get_params(self, ctx: Any) -> list[Any]:
        """What can be typed before a command."""
        return [_with_metavar(parameter) for parameter in super().get_params(ctx)]

    def format_usage(self, ctx: Any, formatter: Any) -> None:
        """The line that shows how it is typed."""
        _write_usage(self, ctx, formatter)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """The page of help."""
        _translate([self, *self.commands.values()], self.get_params(ctx))
        super().format_help(ctx, formatter)

    def make_context(self, *args: Any, **kwargs: Any) -> Any:
        """What was typed before a command, understood."""
        with _wrong_usage():
            return super().make_context(*args, **kwargs)

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was typed."""
        try:
            with _wrong_usage():
                return super().invoke(ctx)
        except ColorearError as error:
            print_error(str(error))
            raise typer.Exit(error.exit_code) from None
        except KeyboardInterrupt:
            print_error("stopped")
            raise typer.Exit(ExitCode.STOPPED) from None


@contextmanager
def _wrong_usage() -> Iterator[None]:
    """What Typer objects to within it is said in the language of the locale."""
    try:
        yield
    except Exception as error:
        if told := getattr(error, "format_message", None):  # Typer's; the class has no public name
            _name_titles()
            sentence = _said(told())
            vars(error)["format_message"] = lambda: sentence
        raise


def _write_usage(command: Any, ctx: Any, formatter: Any) -> None:
    pieces = " ".join(map(_said, command.collect_usage_pieces(ctx)))
    formatter.write_usage(ctx.command_path, pieces, prefix=f"{_said('Usage:')} ")


def _translate(commands: Iterable[Any], parameters: Iterable[Any]) -> None:
    """Their help and the words for their values, before they are shown."""
    _name_titles()
    for command in commands:
        paragraphs = inspect.cleandoc(command.help).split("\n\n")
        command.help = "\n\n".join(_said(" ".join(one.split())) for one in paragraphs)
    for parameter in parameters:
        parameter.help = _said(parameter.help)
        if parameter.param_type_name == "option":  # an argument's is its name
            parameter.metavar = _said(parameter.metavar)


def _name_titles() -> None:
    from typer import rich_utils  # late: only help and errors need it

    for name, words in TITLES.items():
        setattr(rich_utils, name, _said(words))


def _said(words: str) -> str:
    return said(words, context="help")


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
