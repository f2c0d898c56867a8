"""Networks judged on photographs: one row of numbers for each of both."""

import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path

import msgspec
import numpy as np
import pandas as pd
import torch
from rich.progress import Progress
from torch import Tensor

from colorear.errors import ColorearError, EvaluationError
from colorear.evaluation.candidates import Candidate, find_candidates
from colorear.evaluation.dataset import EvaluationSet, Part, find_photographs
from colorear.evaluation.description import describe
from colorear.evaluation.kept_pictures import encode, shown_in_slides
from colorear.evaluation.metrics import slides_convention, standard
from colorear.evaluation.metrics.features import features, frechet_distance, kernel_distance
from colorear.evaluation.scores import (
    COLUMNS,
    About,
    Convention,
    Network,
    Scores,
    read_scores,
    write_scores,
)

__all__ = ["Failure", "evaluate"]

_AT_ONCE = 16  # photographs whose metrics are computed together
_SAVED_EVERY = 30.0  # seconds


@dataclass(frozen=True)
class Failure:
    """Why a network could not be judged on one photograph, in one sentence."""

    model: str
    photograph: str
    error: str


@dataclass
class _ScoresFile:
    """The file as it grows: the rows of earlier sittings, and those of this one."""

    out: Path
    dataset: EvaluationSet
    scores: Scores
    rows: list[dict[str, object]] = field(default_factory=list)
    shown: frozenset[str] = frozenset()
    """The photographs of which pictures are kept."""
    pictures: dict[tuple[str, str], bytes] = field(default_factory=dict)
    """By network and photograph."""
    saved: float = field(default_factory=time.monotonic)

    @cached_property
    def true_features(self) -> Tensor:
        """(count, 1280): of all photographs as they truly are."""
        every = range(len(self.dataset.names))
        batches = [every[i : i + _AT_ONCE] for i in every[::_AT_ONCE]]
        return torch.cat([features(_truths(self.dataset, batch)) for batch in batches])

    def names_done(self, model: str) -> frozenset[str]:
        return frozenset(name for of, name in self.scores.done if of == model)

    def needs_pictures(self, model: str) -> bool:
        """Whether scores of earlier sittings have not all the pictures that are kept."""
        table = self.scores.table
        kept = set(table["photograph"][(table["model"] == model) & table["picture"].notna()])
        return not kept.issuperset(self.shown)

    def drop_pictures(self) -> None:
        """Those of earlier sittings, which are of photographs that `about` has none of any more."""
        table = self.scores.table
        if table["picture"].notna().any():
            self.scores = Scores(table.assign(picture=None), self.scores.about)
            self.save()

    def keep_pictures(self, model: str, indices: Sequence[int], colored: Tensor) -> None:
        for i, picture in zip(indices, colored, strict=True):
            if (name := self.dataset.names[i]) in self.shown:
                levels = (255 * picture.clamp(0, 1)).round().to(torch.uint8)
                self.pictures[model, name] = encode(levels.permute(1, 2, 0).numpy())

    def add(self, model: str, photographs: Sequence[str], values: dict[str, Tensor]) -> None:
        about = self.scores.about
        for i, photograph in enumerate(photographs):
            row: dict[str, object] = {"model": model, "photograph": photograph}
            row |= {"convention": about.convention, "size": about.size, "picture": None}
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
        table = self.scores.table
        if self.pictures:
            keys = zip(table["model"], table["photograph"], table["picture"], strict=True)
            kept = [self.pictures.get((model, name), earlier) for model, name, earlier in keys]
            self.scores = Scores(table.assign(picture=kept), self.scores.about)
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
    pictures: bool = True,
) -> list[Failure]:
    """Judge what `names` mean (see `candidates`) on photographs (see `dataset`); add rows to `out`.

    Photographs that `out` has already are not judged again, so the same call goes on where an
    earlier one was stopped. Values outside 0..1, which only a network's own photograph has, are
    limited in the standard convention and not in the slides'. Fréchet and kernel distance are of
    all photographs together, and only in the standard convention. With `pictures` the file holds
    seven of the photographs, small, and what each network made of them; without, it holds none, nor
    those of earlier calls: leave them out of scores that are published, where the photographs may
    not be.

    Raises EvaluationError: `out` holds scores of other photographs, networks, size or convention.
    Raises ModelError, TrainingError, DataError, MissingExtraError.
    """
    dataset = find_photographs(data, size=size, part=part)
    chosen = find_candidates(names, dataset)
    options = [*names, "--data", str(data), "--out", str(out), "--convention", convention]
    options += ["--size", str(size), *(["--part", part] if part else [])]
    options += [] if pictures else ["--no-pictures"]
    shown = frozenset(shown_in_slides(dataset.names) if pictures else ())
    file = _open(out, dataset, describe(dataset, convention, size, options, shown))
    file.shown = shown
    if not pictures:
        file.drop_pictures()
    for candidate in chosen:
        earlier = file.scores.about.models.get(candidate.name)
        if earlier and earlier.sha256 != candidate.about.sha256:
            raise EvaluationError(
                f"{out} has scores of another network called {candidate.name!r}; "
                "write to another file, or rename one of them"
            )
    failures: list[Failure] = []
    with Progress(transient=True, disable=not sys.stdout.isatty()) as bar:
        for candidate in chosen:
            task = bar.add_task(candidate.name, total=len(dataset.names))
            failures += _evaluate(candidate, file, partial(bar.advance, task))
    return failures


def _evaluate(
    candidate: Candidate, file: _ScoresFile, advance: Callable[[int], None]
) -> list[Failure]:
    """Add what is missing about one subject."""
    dataset, is_standard = file.dataset, file.scores.about.convention == "standard"
    done = file.names_done(candidate.name)
    earlier = file.scores.about.models.get(candidate.name, candidate.about)
    if len(done) == len(dataset.names) and (earlier.frechet is not None or not is_standard):
        advance(len(done))
        return _add_pictures(candidate, file) if file.needs_pictures(candidate.name) else []
    file.describe(candidate.name, earlier)
    score = standard.score if is_standard else slides_convention.score
    predictions = _Predictions()
    for first in range(0, len(dataset.names), _AT_ONCE):
        batch = range(first, min(first + _AT_ONCE, len(dataset.names)))
        indices, colored = predictions.predict(candidate, dataset, batch)
        if is_standard and indices:
            colored = colored.clamp(0, 1)
            predictions.features.append(features(colored))
        file.keep_pictures(candidate.name, indices, colored)
        missing = [k for k, i in enumerate(indices) if dataset.names[i] not in done]
        if missing:
            truths = _truths(dataset, [indices[k] for k in missing])
            photographs = [dataset.names[indices[k]] for k in missing]
            file.add(candidate.name, photographs, score(truths, colored[missing]))
        advance(len(batch))
    file.describe(candidate.name, predictions.about(candidate, file))
    file.save()
    return predictions.failures


def _add_pictures(candidate: Candidate, file: _ScoresFile) -> list[Failure]:
    """Those that scores of earlier versions lack; their numbers stay."""
    predictions = _Predictions()
    for i, name in enumerate(file.dataset.names):
        if name in file.shown:
            made = predictions.predict(candidate, file.dataset, range(i, i + 1))
            file.keep_pictures(candidate.name, *made)
    file.save()
    return predictions.failures


@dataclass
class _Predictions:
    """What one subject made of the photographs so far."""

    seconds: list[float] = field(default_factory=list)
    features: list[Tensor] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)

    def predict(
        self, candidate: Candidate, dataset: EvaluationSet, batch: range
    ) -> tuple[list[int], Tensor]:
        """The photographs of a batch that could be coloured, and what was made (n,3,h,w)."""
        indices, pictures = [], []
        for i in batch:
            started = time.perf_counter()
            try:
                picture = candidate.predict(dataset.pixels[i])
            except ColorearError as error:
                self.failures.append(Failure(candidate.name, dataset.names[i], str(error)))
                continue
            self.seconds.append(time.perf_counter() - started)
            indices.append(i)
            pictures.append(torch.from_numpy(np.ascontiguousarray(picture)))
        return indices, torch.stack(pictures) if pictures else torch.empty(0)

    def about(self, candidate: Candidate, file: _ScoresFile) -> Network:
        """What is now known of the network: its time, and its distances if it never failed."""
        about = candidate.about
        if self.seconds and about.sha256:
            milliseconds = 1000 * statistics.median(self.seconds)
            about = msgspec.structs.replace(about, milliseconds=milliseconds)
        if self.features and not self.failures and len(file.dataset.names) > 1:
            theirs, ours = file.true_features, torch.cat(self.features)
            about = msgspec.structs.replace(
                about, frechet=frechet_distance(theirs, ours), kid=kernel_distance(theirs, ours)
            )
        return about


def _truths(dataset: EvaluationSet, indices: Sequence[int]) -> Tensor:
    """(n,3,h,w), sRGB in 0..1."""
    pixels = np.stack([dataset.pixels[i] for i in indices])
    return torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 255


def _open(out: Path, dataset: EvaluationSet, about: About) -> _ScoresFile:
    """What `out` holds, if it is about these photographs, or nothing yet."""
    if not out.exists():
        return _ScoresFile(out, dataset, Scores(pd.DataFrame(columns=list(COLUMNS)), about))
    scores = read_scores([out])
    there, here = scores.about, about
    for what, earlier, now in (
        ("convention", there.convention, here.convention),
        ("size", there.size, here.size),
        ("fingerprint of the data", there.data.fingerprint, here.data.fingerprint),
    ):
        if earlier != now:
            raise EvaluationError(
                f"{out} holds scores of {there.data.name} with another {what}: {earlier} there, "
                f"{now} here; write to another file"
            )
    others = tuple(each for each in there.invocations if each not in here.invocations)
    about = msgspec.structs.replace(
        there, invocations=others + here.invocations, truth=there.truth | here.truth
    )
    return _ScoresFile(out, dataset, Scores(scores.table, about))
