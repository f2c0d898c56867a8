"""The photographs that networks are judged on."""

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from colorear import color
from colorear.evaluation.scores import DataSet, Truth
from colorear.training.datasets.manifest import COLOR
from colorear.training.datasets.photographs import PackedImages, list_photographs, pack_squares
from colorear.training.recipe import Folder

__all__ = ["EvaluationSet", "Part", "find_photographs", "gray", "truth"]

Pixels = NDArray[np.uint8]
Part = Literal["test", "all"]


@dataclass(frozen=True)
class EvaluationSet:
    """Photographs of one size, with their names, and others whose mean colour may be known."""

    about: DataSet
    names: tuple[str, ...]
    """Relative to the folder that they are in."""
    places: tuple[str | None, ...]
    """What kind of place each shows, if the data tells."""
    pixels: PackedImages
    others: tuple[Path, ...]
    """The photographs that were left for training, none of which is judged."""


def find_photographs(data: Path, *, size: int, part: Part | None = None) -> EvaluationSet:
    """The photographs under `data`, stretched to size x size with OpenCV's bilinear filter.

    `data` is a folder of photographs, or one that holds `color/`. Of the latter the last sixth is
    judged, as the slides do ([2500:] of 3000), of the former all; `part` says otherwise. The kind
    of place is the folder that a photograph is in, or its source's in an `index.tsv` in `data` or
    above it. Raises DataError.
    """
    folder = data / COLOR if (data / COLOR).is_dir() else data
    paths = chosen = list_photographs(folder, Folder(folder="."))
    if (part or ("test" if folder != data else "all")) == "test":
        chosen = list_photographs(folder, Folder(folder=".", part="test"))
    first = len(paths) - len(chosen)
    pixels = pack_squares(chosen, size)
    name = data.resolve().name if folder == data else f"{data.resolve().name}/{COLOR}"
    about = DataSet(
        name=f"{name} [{first}:{len(paths)}]" if first else name,
        photographs=len(chosen),
        fingerprint=pixels.fingerprint,
    )
    names = tuple(path.relative_to(folder).as_posix() for path in chosen)
    return EvaluationSet(about, names, _places(folder, chosen), pixels, tuple(paths[:first]))


def gray(pixels: Pixels) -> Pixels:
    """The grey photograph (h, w) that a network is given for a colour one (h, w, 3)."""
    luma: Pixels = (pixels @ np.array(color.LUMA)).round().astype(np.uint8)
    return luma


def truth(dataset: EvaluationSet, index: int) -> Truth:
    """What is known about one photograph from its own colours."""
    lab = color.srgb_to_lab(dataset.pixels[index].transpose(2, 0, 1) / 255)
    return Truth(
        chroma=float(np.hypot(lab[1], lab[2]).mean()),
        lightness=float(lab[0].mean()),
        place=dataset.places[index],
    )


def _places(folder: Path, chosen: list[Path]) -> tuple[str | None, ...]:
    if any(path.parent != folder for path in chosen):
        return tuple(path.parent.name for path in chosen)
    for above in (folder, *folder.resolve().parents[:2]):
        index = above / "index.tsv"
        if index.is_file():
            with index.open(encoding="utf-8", newline="") as file:
                sources = {
                    row["file"]: row["source"] for row in csv.DictReader(file, delimiter="\t")
                }
            keys = [path.resolve().relative_to(above.resolve()).as_posix() for path in chosen]
            return tuple(Path(sources[key]).parent.name if key in sources else None for key in keys)
    return (None,) * len(chosen)
