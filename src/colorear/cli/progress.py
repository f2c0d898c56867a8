"""How far a run over many photographs is, and what came of it."""

import re
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import typer
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)

from colorear.batch.discovery import Failed
from colorear.batch.runner import Answer
from colorear.cli.output import err, printable
from colorear.inference.colorizer import Colored

__all__ = ["Tally"]

_REASONS = 5
_NAMES = re.compile(r"'[^']*'")


class Tally:
    """Counts what became of `total` photographs; `left_alone` are the other files, by ending."""

    def __init__(self, total: int, left_alone: Counter[str]) -> None:
        self.done = self.failed = 0
        self._total, self._left_alone = total, left_alone
        self._reasons: Counter[str] = Counter()
        self._megapixels = 0.0
        self._started = time.monotonic()
        self._bar: Progress | None = None
        self._task = TaskID(0)

    def count(self, answer: Answer) -> None:
        """Take one answer in."""
        if isinstance(answer, Failed):
            self.failed += 1
            self._reasons[_NAMES.sub("…", answer.error)] += 1
        else:
            self.done += 1
        if isinstance(answer, Colored):
            self._megapixels += answer.megapixels
        if self._bar:
            self._bar.update(self._task, advance=1, speed=self._speed, failed=self.failed)

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Within it a bar is shown, on a terminal."""
        columns = (
            TextColumn("colouring"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[speed]:.1f} megapixels/s, {task.fields[failed]} failed"),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
            self._bar = bar
            self._task = bar.add_task("", total=self._total, speed=0.0, failed=0)
            yield
        self._bar = None

    def sum_up(self) -> None:
        """Say it in the end: on a terminal, and wherever files were left alone or many failed."""
        if err.is_terminal or self._left_alone or self.failed > _REASONS:
            for line in self._lines():
                typer.echo(printable(line), err=True)

    @property
    def _speed(self) -> float:
        return self._megapixels / max(time.monotonic() - self._started, 1e-3)

    def _lines(self) -> Iterator[str]:
        yield f"{self.done} photographs done, {self.failed} failed; {self._speed:.1f} megapixels/s"
        for reason, count in self._reasons.most_common(_REASONS if self.failed > 1 else 0):
            yield f"  {count} x {reason}"
        if self._left_alone:
            kinds = ", ".join(
                f"{count} {ending or 'without an ending'}"
                for ending, count in self._left_alone.most_common()
            )
            yield f"{self._left_alone.total()} other files were left alone: {kinds}"
