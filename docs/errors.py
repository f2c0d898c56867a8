"""Write docs/errors.md: exit codes, errors, and what the errors of others become.

python docs/errors.py
"""

import inspect
from pathlib import Path

from colorear import errors
from colorear.errors import FOREIGN, ColorearError, ExitCode

PAGE = Path(__file__).with_name("errors.md")


def page() -> str:
    """The page, in Markdown."""
    parts = [
        "# Errors\n",
        "*Made by `docs/errors.py` from the code.*\n",
        (
            "Whatever goes wrong is one sentence on standard error that says what came, what was "
            "expected and what to do, and a status that programs can ask for. The same mistake "
            "has the same status in every command. In Python each is an exception, all of them "
            "`colorear.ColorearError`.\n"
        ),
        "## Exit codes\n",
        "| status | name | meaning | errors |\n|---:|---|---|---|",
        *map(_code_row, ExitCode),
        "",
        "## Errors\n",
        "| error | what it means | status |\n|---|---|---:|",
        *(
            f"| `{kind.__name__}` | {_first_line(kind)} | {kind.exit_code.value} |"
            for kind in kinds()
        ),
        "",
        "## Errors of others\n",
        (
            "Errors of the system and of libraries become one of these, by one table "
            "(`colorear.errors.FOREIGN`). The first row that fits is taken.\n"
        ),
        "| raised | code | what is said of the file | what to do |\n|---|---|---|---|",
        *(
            f"| `{row.raised}` | {row.code and f'`{row.code}`'} | {row.says} | {row.advice} |"
            for row in FOREIGN
        ),
        "",
    ]
    return "\n".join(parts)


def kinds() -> list[type[ColorearError]]:
    """Every public error, by name."""
    found = (value for value in vars(errors).values() if inspect.isclass(value))
    ours = (kind for kind in found if issubclass(kind, ColorearError))
    return sorted(ours, key=lambda kind: kind.__name__)


def _code_row(code: ExitCode) -> str:
    names = ", ".join(f"`{kind.__name__}`" for kind in kinds() if kind.exit_code is code)
    if code is ExitCode.STOPPED:
        names = "Ctrl-C"
    return f"| {code.value} | {code.name} | {code.meaning} | {names} |"


def _first_line(kind: type[ColorearError]) -> str:
    return (inspect.getdoc(kind) or "").partition("\n\n")[0].replace("\n", " ")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
