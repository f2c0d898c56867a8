"""A recipe's file, read and checked."""

import difflib
import tomllib
from pathlib import Path

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from colorear.errors import RecipeError
from colorear.training.recipe import Precision, Recipe

__all__ = ["RECIPES", "read_recipe"]

RECIPES = (Path(__file__).parent / "recipes", Path(__file__).parents[3] / "recipes")
"""Where recipes are found by name: in what is installed, or in a copy of the repository."""


def read_recipe(
    path: Path, *, epochs: int | None = None, precision: Precision | None = None
) -> Recipe:
    """Read a recipe.

    Parameters
    ----------
    path
        A TOML file, or the name of a recipe that comes with colorear, without `.toml`.
    epochs, precision
        In place of the file's, if given.

    Raises
    ------
    RecipeError
        The file cannot be read, is not TOML, has an unknown key or a value out of range; or there
        is no recipe of that name.
    """
    path = _found(path)
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        given = {"epochs": epochs, "precision": precision}
        table |= {key: value for key, value in given.items() if value is not None}
        return Recipe.model_validate(table)
    except OSError as error:
        raise RecipeError(f"{path}: cannot be read ({error.strerror}); give a .toml file") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RecipeError(f"{path}: is not TOML: {error}") from None
    except RecursionError:
        raise RecipeError(f"{path}: holds lists within lists without end; mend it") from None
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(map(str, fault['loc'])) or 'as a whole'}: {_fault(fault)}"
            for fault in error.errors()
        )
        raise RecipeError(f"{path}: {faults}") from None


def _fault(fault: ErrorDetails) -> str:
    """What is wrong there, and what came, where that is short: not the whole recipe."""
    if fault["type"] == "extra_forbidden":
        return "there is no such key"
    given = fault["input"]
    return fault["msg"] + ("" if isinstance(given, dict | list) else f" (it is {given!r})")


def _found(path: Path) -> Path:
    """The file that is meant. Raises RecipeError if a name is of no recipe."""
    if path.suffix or path.exists() or path.name != str(path):
        return path
    known = {file.stem: file for folder in RECIPES for file in sorted(folder.glob("*.toml"))}
    if path.name in known:
        return known[path.name]
    near = difflib.get_close_matches(path.name, known, n=1)
    raise RecipeError(
        f"there is no recipe called {path.name!r}"
        + (f"; did you mean {near[0]!r}?" if near else ";")
        + f" known are: {', '.join(known)}; a file must end in .toml"
    )
