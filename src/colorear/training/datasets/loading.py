"""The photographs that a recipe names, decoded, and which files they are."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from colorear.training.datasets.photographs import Photographs, list_photographs, pack, squares
from colorear.training.recipe import DataSpec

__all__ = ["Material", "read"]


class Material(NamedTuple):
    """The photographs of a recipe."""

    train: Photographs
    validate_on: dict[str, Photographs]
    """By the names of folders."""
    files: dict[str, Any]
    """Digests of both by the files' names under the root."""


def read(spec: DataSpec, root: Path) -> Material:
    """What to learn from and what to be judged on. Raises DataError: `list_photographs`, `pack`."""
    paths = [path for folder in spec.train for path in list_photographs(root, folder)]
    train = squares(paths, spec.crop[0]) if spec.whole else pack(paths, spec.shorter_side)
    judging = {folder.name: list_photographs(root, folder) for folder in spec.validate_on}
    judged = {name: squares(paths, spec.validation_size) for name, paths in judging.items()}

    def digests(paths: Sequence[Path], photographs: Photographs) -> dict[str, str]:
        names = (path.relative_to(root).as_posix() for path in paths)
        return dict(zip(names, photographs.digests, strict=True))

    files = {
        "train": digests(paths, train),
        "validate_on": {name: digests(judging[name], judged[name]) for name in judging},
    }
    return Material(train, judged, files)
