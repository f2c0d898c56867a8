"""The photographs that a recipe names, decoded, and the digests of their files."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from colorear.errors import RecipeError
from colorear.training.datasets.photographs import (
    PackedImages,
    list_photographs,
    pack,
    pack_squares,
)
from colorear.training.recipe import DataSpec

__all__ = ["LoadedPhotographs", "load"]


class LoadedPhotographs(NamedTuple):
    """The photographs of a recipe."""

    train: PackedImages
    validation: dict[str, PackedImages]
    """By the names of folders."""
    files: dict[str, Any]
    """Digests of both by the files' names under the root."""


def load(spec: DataSpec, root: Path) -> LoadedPhotographs:
    """Load the photographs for training and for validation.

    Parameters
    ----------
    spec
        Which ones, and at what size.
    root
        What the recipe's folders are relative to.

    Raises
    ------
    RecipeError
        The recipe names no folders.
    DataError
        As `list_photographs` and `pack` do.
    """
    if not spec.train or not spec.validation:
        raise RecipeError(
            "the recipe names no folders to train and to validate on: give both in [data], or "
            "train it by --shards"
        )
    paths = [path for folder in spec.train for path in list_photographs(root, folder)]
    train = pack_squares(paths, spec.crop[0]) if spec.whole else pack(paths, spec.shorter_side)
    held_out = {folder.name: list_photographs(root, folder) for folder in spec.validation}
    validation = {
        name: pack_squares(paths, spec.validation_size) for name, paths in held_out.items()
    }

    def digests(paths: Sequence[Path], photographs: PackedImages) -> dict[str, str]:
        names = (path.relative_to(root).as_posix() for path in paths)
        return dict(zip(names, photographs.digests, strict=True))

    files = {
        "train": digests(paths, train),
        "validation": {name: digests(held_out[name], validation[name]) for name in held_out},
    }
    return LoadedPhotographs(train, validation, files)
