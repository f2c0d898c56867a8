"""SCORES.parquet: one row for each network and photograph, and how each was made."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from colorear.errors import EvaluationError
from colorear.photo import atomic_write

__all__ = [
    "COLUMNS",
    "VALUES",
    "About",
    "Convention",
    "DataSet",
    "Invocation",
    "Network",
    "Scores",
    "Truth",
    "read_scores",
    "replacing",
    "write_scores",
]

Convention = Literal["standard", "slides"]

_KEY = b"colorear"  # of the JSON in the file's metadata
_NAMES = ("model", "photograph", "convention")
VALUES = (
    *("mae", "mse", "rmse", "psnr", "ssim", "fsim", "uqi", "vif"),
    *("ciede2000", "chroma_psnr", "colorfulness", "colorfulness_gap"),
)
"""The columns of metrics: float64, null where the convention has no such metric."""

_NEEDED = (*_NAMES, "size", *VALUES)
COLUMNS = (*_NEEDED, "picture")
"""The last one is a JPEG of what the network made, of the photographs that the slides show."""


class DataSet(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The photographs that were judged."""

    name: str
    photographs: int
    fingerprint: str
    """Of their pixels; scores are compared only where it is the same."""


class Network(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is known about one value of the column `model`; all None for the do-nothing rows."""

    sha256: str | None = None
    parameters: int | None = None
    milliseconds: float | None = None
    """For one photograph."""
    frechet: float | None = None
    kid: float | None = None
    bytes: int | None = None
    given: str | None = None
    """What was typed to have it judged: a name, a file or a folder."""


class Truth(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a photograph truly is like: means of CIELAB chroma and L*, and its kind of place."""

    chroma: float
    lightness: float
    place: str | None = None
    picture: bytes | None = None
    """A JPEG, of the photographs that the slides show."""


class Invocation(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One call that added scores."""

    date: str
    command: str
    colorear: str
    versions: dict[str, str] = {}
    """Of the libraries that the numbers come from."""


class About(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How the scores were made: the JSON object in the metadata of the file."""

    data: DataSet
    size: int
    convention: Convention
    invocations: tuple[Invocation, ...] = ()
    """In the order of time."""
    models: dict[str, Network] = {}
    truth: dict[str, Truth] = {}


@dataclass(frozen=True)
class Scores:
    """The rows so far, with the columns `COLUMNS`, and how they were made."""

    table: pd.DataFrame
    about: About

    @property
    def done(self) -> frozenset[tuple[str, str]]:
        """Pairs of network and photograph that need not be judged again."""
        return frozenset(zip(self.table["model"], self.table["photograph"], strict=True))


def write_scores(path: Path, scores: Scores) -> None:
    """Write the file whole or not at all; rows may be missing, to be added later.

    Raises
    ------
    EvaluationError
        Columns are missing, or the file cannot be written.
    """
    missing = [name for name in COLUMNS if name not in scores.table]
    if missing:
        raise EvaluationError(
            f"{path}: scores need a column {missing[0]}; judge the networks again"
        )
    rows = pa.Table.from_pandas(
        scores.table[list(COLUMNS)], schema=_schema(), preserve_index=False
    ).replace_schema_metadata({_KEY: msgspec.json.encode(scores.about)})
    with replacing(path) as part:
        pq.write_table(rows, part)


def read_scores(paths: Sequence[Path]) -> Scores:
    """The rows of all files; a row that several files have is taken from the first.

    Files need not be complete: one may hold the rows of an evaluation that was stopped.

    Parameters
    ----------
    paths
        Files that `write_scores` wrote.

    Raises
    ------
    EvaluationError
        A file is no such file, or differs from the first in convention, size, data or in the
        network that it means by a name.
    """
    if not paths:
        raise EvaluationError("no scores were given; make some with: colorear evaluate")
    every = [_read(path) for path in paths]
    for path, scores in zip(paths[1:], every[1:], strict=True):
        _refuse_difference(paths[0], every[0].about, path, scores.about)
    rows = pd.concat([scores.table for scores in every], ignore_index=True)
    rows = rows.drop_duplicates(["model", "photograph"], ignore_index=True)
    models: dict[str, Network] = {}
    truth: dict[str, Truth] = {}
    for scores in reversed(every):
        models |= scores.about.models
        truth |= scores.about.truth
    models = {name: models.get(name, Network()) for name in rows["model"].unique()}
    about = msgspec.structs.replace(
        every[0].about,
        invocations=tuple(
            invocation for scores in every for invocation in scores.about.invocations
        ),
        models=models,
        truth=truth,
    )
    return Scores(rows, about)


def _read(path: Path) -> Scores:
    try:
        rows = pq.read_table(path)
    except FileNotFoundError:
        raise EvaluationError(
            f"{path}: there is no such file; make it with: colorear evaluate"
        ) from None
    except (OSError, pa.ArrowException) as error:
        raise EvaluationError(f"{path}: cannot be read as Parquet: {error}") from error
    try:
        about = msgspec.json.decode((rows.schema.metadata or {})[_KEY], type=About)
    except (KeyError, msgspec.DecodeError) as error:
        why = "none is there" if isinstance(error, KeyError) else str(error)
        raise EvaluationError(
            f"{path}: does not tell how its scores were made ({why}); "
            "make it again with: colorear evaluate"
        ) from error
    missing = [name for name in _NEEDED if name not in rows.column_names]
    if missing:
        raise EvaluationError(f"{path}: has no column {missing[0]}; make it again")
    if "picture" not in rows.column_names:  # scores of colorear 0.1
        rows = rows.append_column("picture", pa.nulls(len(rows), pa.binary()))
    try:
        return Scores(rows.select(COLUMNS).cast(_schema()).to_pandas(), about)
    except pa.ArrowException as error:
        raise EvaluationError(f"{path}: its columns are of other types: {error}") from error


def _refuse_difference(first: Path, one: About, second: Path, other: About) -> None:
    for what, a, b in (
        ("convention", one.convention, other.convention),
        ("size", one.size, other.size),
        ("data", one.data.name, other.data.name),
        ("fingerprint of the data", one.data.fingerprint, other.data.fingerprint),
    ):
        # the same photographs may have been found under two names
        if a != b and not (what == "data" and one.data.fingerprint == other.data.fingerprint):
            raise EvaluationError(
                f"{first} and {second} cannot be compared: the {what} is {a!r} in the one and "
                f"{b!r} in the other; judge all networks on the same photographs, alike"
            )
    for name in one.models.keys() & other.models.keys():
        if one.models[name].sha256 != other.models[name].sha256:
            raise EvaluationError(
                f"{first} and {second} mean two networks by {name!r}; rename one of them"
            )


def _schema() -> pa.Schema:
    return pa.schema(
        [
            *((name, pa.string()) for name in _NAMES),
            ("size", pa.int64()),
            *((name, pa.float64()) for name in VALUES),
            ("picture", pa.binary()),
        ]
    )


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """A file to write, which replaces `target` when all went well. Raises EvaluationError."""
    if not target.parent.is_dir():
        raise EvaluationError(f"'{target}': there is no folder '{target.parent}'; make it first")
    try:
        with atomic_write.replacing(target) as part:
            yield part
    except OSError as error:
        raise EvaluationError(f"'{target}' cannot be written: {error.strerror}") from error
