"""Networks judged on photographs: one row of numbers for each of both."""

import importlib.metadata
import shlex
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property, partial
from pathlib import Path

import msgspec
import numpy as np
import pandas as pd
import torch
from rich.progress import Progress
from torch import Tensor

import colorear
from colorear.errors import ColorearError, JudgeError
from colorear.evaluation.candidates import Subject, subjects
from colorear.evaluation.dataset import Judged, Part, find, gray, truth
from colorear.evaluation.metrics import slides_convention, standard
from colorear.evaluation.metrics.features import features, frechet_distance, kernel_distance
from colorear.evaluation.scores import (
    COLUMNS,
    About,
    Convention,
    Network,
    Scores,
    Sitting,
    read_scores,
    write_scores,
)

__all__ = ["Failure", "evaluate"]

_AT_ONCE = 16  # photographs whose metrics are computed together
_SAVED_EVERY = 30.0  # seconds
_LIBRARIES = {
    "standard": ("numpy", "torch", "onnxruntime", "opencv-python-headless"),
    "slides": ("numpy", "sewar", "image-similarity-measures"),
}


@dataclass(frozen=True)
class Failure:
    """Why a network could not be judged on one photograph, in one sentence."""

    model: str
    photograph: str
    error: str


@dataclass
class _Growing:
    """The file as it grows: the rows of earlier sittings, and those of this one."""

    out: Path
    judged: Judged
    scores: Scores
    rows: list[dict[str, object]] = field(default_factory=list)
    saved: float = field(default_factory=time.monotonic)

    @cached_property
    def true_features(self) -> Tensor:
        """(count, 1280): of all photographs as they truly are."""
        every = range(len(self.judged.names))
        batches = [every[i : i + _AT_ONCE] for i in every[::_AT_ONCE]]
        return torch.cat([features(_truths(self.judged, batch)) for batch in batches])

    def names_done(self, model: str) -> frozenset[str]:
        return frozenset(name for of, name in self.scores.judged if of == model)

    def add(self, model: str, photographs: Sequence[str], values: dict[str, Tensor]) -> None:
        about = self.scores.about
        for i, photograph in enumerate(photographs):
            row: dict[str, object] = {"model": model, "photograph": photograph}
            row |= {"convention": about.convention, "size": about.size}
            self.rows.append(row | {name: float(value[i]) for name, value in values.items()})
        if time.monotonic() - self.saved > _SAVED_EVERY:
            self.save()

    def describe(self, model: str, about: Network) -> None:
        models = self.scores.about.models | {model: about}
        changed = msgspec.structs.replace(self.scores.about, models=models)
        self.scores = Scores(self.scores.table, changed)

    def save(self) -> None:
        if self.rows:
            new = pd.DataFrame(self.rows).reindex(columns=list(COLUMNS))
            parts = [part for part in (self.scores.table, new) if len(part)]
            self.scores, self.rows = (
                Scores(pd.concat(parts, ignore_index=True), self.scores.about),
                [],
            )
        write_scores(self.out, self.scores)
        self.saved = time.monotonic()


def evaluate(
    names: Sequence[str],
    data: Path,
    out: Path,
    *,
    convention: Convention = "standard",
    size: int = 160,
    part: Part | None = None,
) -> list[Failure]:
    """Judge what `names` mean (see `candidates`) on photographs (see `dataset`); add rows to `out`.

    Photographs that `out` has already are not judged again, so the same call goes on where an
    earlier one was stopped. Values outside 0..1, which only a network's own photograph has, are
    limited in the standard convention and not in the slides'. Fréchet and kernel distance are of
    all photographs together, and only in the standard convention.

    Raises JudgeError: `out` holds scores of other photographs, networks, size or convention.
    Raises ModelError, TrainingError, DataError, MissingExtraError.
    """
    judged = find(data, size=size, part=part)
    chosen = subjects(names, judged)
    growing = _begun(out, judged, _about(names, judged, convention, size, part))
    for subject in chosen:
        before = growing.scores.about.models.get(subject.name)
        if before and before.sha256 != subject.about.sha256:
            raise JudgeError(
                f"{out} has scores of another network called {subject.name!r}; "
                "write to another file, or rename one of them"
            )
    failures: list[Failure] = []
    with Progress(transient=True, disable=not sys.stdout.isatty()) as bar:
        for subject in chosen:
            task = bar.add_task(subject.name, total=len(judged.names))
            failures += _judge(subject, growing, partial(bar.advance, task))
    return failures


def _judge(subject: Subject, growing: _Growing, advance: Callable[[int], None]) -> list[Failure]:
    """Add what is missing about one subject."""
    judged, is_standard = growing.judged, growing.scores.about.convention == "standard"
    done = growing.names_done(subject.name)
    before = growing.scores.about.models.get(subject.name, subject.about)
    if len(done) == len(judged.names) and (before.frechet is not None or not is_standard):
        advance(len(done))
        return []
    growing.describe(subject.name, before)
    score = standard.score if is_standard else slides_convention.score
    answers = _Answers()
    for first in range(0, len(judged.names), _AT_ONCE):
        batch = range(first, min(first + _AT_ONCE, len(judged.names)))
        indices, coloured = answers.ask(subject, judged, batch)
        if is_standard and indices:
            coloured = coloured.clamp(0, 1)
            answers.features.append(features(coloured))
        missing = [k for k, i in enumerate(indices) if judged.names[i] not in done]
        if missing:
            truths = _truths(judged, [indices[k] for k in missing])
            photographs = [judged.names[indices[k]] for k in missing]
            growing.add(subject.name, photographs, score(truths, coloured[missing]))
        advance(len(batch))
    growing.describe(subject.name, answers.about(subject, growing))
    growing.save()
    return answers.failures


@dataclass
class _Answers:
    """What one subject made of the photographs so far."""

    seconds: list[float] = field(default_factory=list)
    features: list[Tensor] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)

    def ask(self, subject: Subject, judged: Judged, batch: range) -> tuple[list[int], Tensor]:
        """The photographs of a batch that could be coloured, and what was made (n,3,h,w)."""
        indices, pictures = [], []
        for i in batch:
            started = time.perf_counter()
            try:
                picture = subject.colour(gray(judged.pixels[i]))
            except ColorearError as error:
                self.failures.append(Failure(subject.name, judged.names[i], str(error)))
                continue
            self.seconds.append(time.perf_counter() - started)
            indices.append(i)
            pictures.append(torch.from_numpy(np.ascontiguousarray(picture)))
        return indices, torch.stack(pictures) if pictures else torch.empty(0)

    def about(self, subject: Subject, growing: _Growing) -> Network:
        """What is now known of the network: its time, and its distances if it never failed."""
        about = subject.about
        if self.seconds and about.sha256:
            milliseconds = 1000 * statistics.median(self.seconds)
            about = msgspec.structs.replace(about, milliseconds=milliseconds)
        if self.features and not self.failures and len(growing.judged.names) > 1:
            theirs, ours = growing.true_features, torch.cat(self.features)
            about = msgspec.structs.replace(
                about, frechet=frechet_distance(theirs, ours), kid=kernel_distance(theirs, ours)
            )
        return about


def _truths(judged: Judged, indices: Sequence[int]) -> Tensor:
    """(n,3,h,w), sRGB in 0..1."""
    pixels = np.stack([judged.pixels[i] for i in indices])
    return torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 255


def _about(
    names: Sequence[str], judged: Judged, convention: Convention, size: int, part: Part | None
) -> About:
    folder = judged.about.name.partition(" [")[0].removesuffix("/color")
    typed = [*names, "--data", folder, "--convention", convention, "--size", str(size)]
    typed += ["--part", part] if part else []
    versions = {}
    for library in _LIBRARIES[convention]:
        with suppress(importlib.metadata.PackageNotFoundError):
            versions[library] = importlib.metadata.version(library)
    sitting = Sitting(
        date=datetime.now(UTC).date().isoformat(),
        command=shlex.join(["colorear", "evaluate", *typed]),
        colorear=colorear.__version__,
        versions=versions,
    )
    return About(
        data=judged.about,
        size=size,
        convention=convention,
        sittings=(sitting,),
        truth={name: truth(judged, i) for i, name in enumerate(judged.names)},
    )


def _begun(out: Path, judged: Judged, about: About) -> _Growing:
    """What `out` holds, if it is about these photographs, or nothing yet."""
    if not out.exists():
        return _Growing(out, judged, Scores(pd.DataFrame(columns=list(COLUMNS)), about))
    scores = read_scores([out])
    there, here = scores.about, about
    for what, before, now in (
        ("convention", there.convention, here.convention),
        ("size", there.size, here.size),
        ("fingerprint of the data", there.data.fingerprint, here.data.fingerprint),
    ):
        if before != now:
            raise JudgeError(
                f"{out} holds scores of {there.data.name} with another {what}: {before} there, "
                f"{now} here; write to another file"
            )
    earlier = tuple(sitting for sitting in there.sittings if sitting not in here.sittings)
    about = msgspec.structs.replace(there, sittings=earlier + here.sittings)
    return _Growing(out, judged, Scores(scores.table, about))
