"""The manifest of a prepared data set: each photograph, where it came from, its part."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import msgspec

from colorear.errors import DataError
from colorear.training.recipe import Part

__all__ = [
    "COLOR",
    "GRAY",
    "NAME",
    "Duplicate",
    "Manifest",
    "Photograph",
    "SkippedFile",
    "Summary",
    "encode",
    "parts",
    "split",
]

COLOR, GRAY = "color", "gray"
"""The two folders of the Kaggle layout, and of a prepared data set."""

NAME = "manifest.json"
"""Of the manifest, beside these."""


class Photograph(msgspec.Struct, frozen=True, kw_only=True):
    """One photograph of the data set."""

    name: str
    """Of its PNG in color/ and in gray/."""
    part: Part
    source: str
    """Its name in SOURCE."""
    sha256: str
    """Of the source file."""
    gray_source: str | None
    """The name of its gray copy in SOURCE; None if the gray was made."""
    gray_sha256: str | None
    width: int
    """Of the source, upright."""
    height: int


class Duplicate(msgspec.Struct, frozen=True):
    """A photograph that repeats an earlier one."""

    name: str
    original: str
    match: Literal["file", "pixels", "near"]
    """Equal files, equal pixels, or nearly equal pictures: see `datasets.duplicates`."""
    bits: int
    """How many bits of the two difference hashes differ."""


class SkippedFile(msgspec.Struct, frozen=True):
    """A file of SOURCE that could not be used."""

    source: str
    reason: str


class Summary(msgspec.Struct, frozen=True):
    """The distribution of a number of pixels; the median is the lower of two in the middle."""

    min: int
    median: int
    max: int


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What is known about a prepared data set, without its pixels."""

    colorear: str
    """The version that prepared it; like that of OpenCV it may decide what the pixels are."""
    opencv: str
    layout: Literal["pairs", "color"]
    """Whether SOURCE had color/ and gray/, or colour photographs alone."""
    size: int | None
    """Pixels of both sides; None if photographs kept their size."""
    filter: str | None
    gray: str
    count: int
    pixels_sha256: str
    """Of the sRGB bytes and then the gray bytes of each photograph, in order: two machines that
    have it in common have equal pixels."""
    width: Summary
    """Of the sources, upright."""
    height: Summary
    split: dict[Part, tuple[int, int]]
    """The part [start:stop] of `photographs`."""
    photographs: list[Photograph]
    """In natural order of names."""
    near_gray: list[str]
    near_gray_below: float
    """Mean CIELAB chroma below which a photograph counts as nearly gray."""
    duplicates: list[Duplicate]
    """Each photograph that repeats an earlier one, with the earlier one that is closest."""
    leaks: list[Duplicate]
    """Each photograph of `test` that repeats one of `train` or `validate`, with the closest."""
    near_bits: int
    """Most bits of 256 by which difference hashes of near duplicates differ..."""
    near_correlation: float
    """...and the least correlation of their luma at 16 x 16."""
    skipped: list[SkippedFile]
    """What was skipped, and why."""
    ignored: int
    """Photographs beside color/ and gray/, which are not part of the data set."""


def split(count: int) -> dict[Part, tuple[int, int]]:
    """The slides' protocol: the last sixth tests, the last 5 % of what is before it validates.

    Three photographs or more fill every part.

    >>> split(3000)
    {'train': (0, 2375), 'validate': (2375, 2500), 'test': (2500, 3000)}
    """
    test = count - max(1, count // 6)
    validate = test - max(1, test // 20)
    return {"train": (0, validate), "validate": (validate, test), "test": (test, count)}


def parts(folder: Path, names: Sequence[str]) -> dict[Part, tuple[int, int]]:
    """Which of a folder's photographs, in natural order, are which part: [start:stop].

    Parameters
    ----------
    folder
        Of the photographs. That of a prepared data set is split as its manifest says, another one
        by `split`.
    names
        Of the photographs in it, in natural order.

    Raises
    ------
    DataError
        The manifest cannot be read, or names other photographs.
    """
    about = folder.absolute().parent / NAME
    if folder.absolute().name != COLOR or not about.is_file():
        return split(len(names))
    try:
        manifest = msgspec.json.decode(about.read_bytes(), type=Manifest)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise DataError(
            f"{about}: cannot be read ({error}); prepare the photographs again, or remove it"
        ) from error
    written = [photograph.name for photograph in manifest.photographs]
    if written != list(names):
        gone, new = set(written) - set(names), set(names) - set(written)
        what = f"{min(gone)} is gone" if gone else f"{min(new)} is new" if new else "another order"
        raise DataError(
            f"{folder}: holds others than {about} names ({what}); prepare the photographs again"
        )
    return manifest.split


def encode(manifest: Manifest) -> bytes:
    """The manifest as JSON; of equal manifests the bytes are equal."""
    return msgspec.json.format(msgspec.json.encode(manifest, order="sorted"), indent=1) + b"\n"
