"""Write docs/commands.md: every command and option, from the command itself.

python docs/commands.py
"""

import inspect
from pathlib import Path
from typing import Any

import typer.main

from colorear.cli import app
from colorear.errors import ExitCode

PAGE = Path(__file__).with_name("commands.md")


def page() -> str:
    """The page, in Markdown."""
    parts = [
        "# The command\n",
        "*Made by `docs/commands.py` from the command itself.*\n",
        (
            "Every command ends with one of these statuses; [errors.md](errors.md) tells which "
            "mistake has which.\n"
        ),
        "| status | name | meaning |\n|---:|---|---|",
        *(f"| {code.value} | {code.name} | {code.meaning} |" for code in ExitCode),
        "",
    ]
    parts += [
        "## Completion in the shell\n",
        (
            "`colorear --install-completion` has bash, zsh, fish or PowerShell complete commands "
            "and options with the tabulator, from the next shell on; it writes into that shell's "
            "own settings. `colorear --show-completion` prints what it would write.\n"
        ),
    ]
    for path, command in commands():
        parts += [f"## {path}\n", f"{inspect.cleandoc(command.help)}\n", *_usage(path, command), ""]
        context = typer.Context(command)
        rows = [_row(parameter) for parameter in command.get_params(context)]
        parts += ["| | what | default |\n|---|---|---|", *rows, ""]
    return "\n".join(parts)


def commands() -> list[tuple[str, Any]]:
    """Every command under the words that are typed for it, in the order of the help."""
    found: list[tuple[str, Any]] = []

    def collect(path: str, command: Any) -> None:
        found.append((path, command))
        for name, each in getattr(command, "commands", {}).items():
            collect(f"{path} {name}", each)

    collect("colorear", typer.main.get_command(app))
    return found


def _usage(path: str, command: Any) -> list[str]:
    arguments = [_argument(p) for p in command.params if p.param_type_name == "argument"]
    after = "COMMAND" if hasattr(command, "commands") else " ".join(arguments)
    return [f"```\n{path} [OPTIONS] {after}".rstrip() + "\n```\n"]


def _argument(parameter: Any) -> str:
    name = parameter.name.upper()
    return f"{name}..." if parameter.nargs == -1 else name


def _row(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        return f"| `{_argument(parameter)}` | {parameter.help or ''} | |"
    names = ", ".join(f"`{name}`" for name in parameter.opts)
    value = f" `{parameter.metavar}`".replace("|", "\\|") if parameter.metavar else ""
    shown = "" if parameter.is_flag or parameter.default is None else f"`{parameter.default}`"
    return f"| {names}{value} | {parameter.help} | {'needed' if parameter.required else shown} |"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
