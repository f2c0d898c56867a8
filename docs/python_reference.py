"""Write docs/python.md, the reference of what can be imported from colorear, from the code.

    python docs/python_reference.py

A test compares it with what this makes, so it cannot drift.
"""

import inspect
from pathlib import Path
from types import ModuleType

import colorear

PAGE = Path(__file__).with_name("python.md")

_HEAD = """# Python

*Made by `docs/python_reference.py` from the code.*

`import colorear` brings neither PyTorch nor the server; what follows is all
that is meant to be imported from it.
"""


def page() -> str:
    """The page, from the signatures and docstrings of `colorear.__all__`."""
    parts = [_HEAD]
    for name in colorear.__all__:
        thing = getattr(colorear, name)
        if isinstance(thing, ModuleType):
            parts.append(_section(f"colorear.{name}", inspect.getdoc(thing) or "", level=2))
            parts += [
                _described(f"colorear.{name}.{inner}", getattr(thing, inner), level=3)
                for inner in thing.__all__
                if callable(getattr(thing, inner))
            ]
        elif callable(thing):
            parts.append(_described(f"colorear.{name}", thing, level=2))
            parts += [
                _described(f"{name}.{method}", function, level=3)
                for method, function in vars(thing).items()
                if inspect.isclass(thing)
                and inspect.isfunction(function)
                and (not method.startswith("_") or method == "__call__")
            ]
    return "\n".join(parts)


def _described(name: str, thing: object, level: int) -> str:
    try:
        signature = str(inspect.signature(thing))  # type: ignore[arg-type]
    except (TypeError, ValueError):
        signature = ""
    own = name.rsplit(".", 1)[1]
    return _section(name, inspect.getdoc(thing) or "", level, f"{own}{signature}")


def _section(name: str, text: str, level: int, signature: str = "") -> str:
    code = f"```text\n{signature}\n```\n\n" if signature else ""
    return f"{'#' * level} {name}\n\n{code}```text\n{text}\n```\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
