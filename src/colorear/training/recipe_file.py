"""A recipe's file, read and checked."""

import tomllib
from pathlib import Path

from pydantic import ValidationError

from colorear.errors import RecipeError
from colorear.training.recipe import Precision, Recipe

__all__ = ["read_recipe"]


def read_recipe(
    path: Path, *, epochs: int | None = None, precision: Precision | None = None
) -> Recipe:
    """Read a recipe.

    Parameters
    ----------
    path
        A TOML file.
    epochs, precision
        In place of the file's, if given.

    Raises
    ------
    RecipeError
        The file cannot be read, is not TOML, has an unknown key or a value out of range.
    """
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
            f"{'.'.join(map(str, fault['loc']))}: {fault['msg']} (it is {fault['input']!r})"
            for fault in error.errors()
        )
        raise RecipeError(f"{path}: {faults}") from None
