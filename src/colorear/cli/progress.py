"""How far a run over many photographs is, and what came of it."""

import json
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

from colorear.batch.discovery import Failed, Skipped
from colorear.batch.task import Kept, Result
from colorear.cli.output import counted, number, print_note, said, stderr
from colorear.inference.colorizer import Colored

__all__ = ["ProgressDisplay"]

_REASONS = 5
_NAMES = re.compile(r"'[^']*'|«[^»]*»")


class ProgressDisplay:
    """Counts what became of `total` files; `left_alone` are those that are no photographs."""

    def __init__(self, total: int, left_alone: Counter[str]) -> None:
        self.colored = self.kept = self.failed = self.incomplete = 0
        self.skipped: Counter[str] = Counter()  # by what they look like
        self._total, self._left_alone = total, left_alone
        self._reasons: Counter[str] = Counter()
        self._megapixels = 0.0
        self._started = time.monotonic()
        self._bar: Progress | None = None
        self._task = TaskID(0)

    @property
    def done(self) -> int:
        """How many are as they should be."""
        return self.colored + self.kept + self.skipped.total()

    def count(self, result: Result) -> None:
        """Take one result in."""
        if isinstance(result, Failed):
            self.failed += 1
            self._reasons[_NAMES.sub("…", said(result.error))] += 1
        elif isinstance(result, Kept):
            self.kept += 1
        elif isinstance(result, Skipped):
            self.skipped[result.appearance] += 1
        elif isinstance(result, Colored):
            self.colored += 1
            self.incomplete += bool(result.left_out)
            self._megapixels += result.megapixels
        if self._bar:
            self._bar.update(self._task, advance=1, speed=self._speed, failed=self.failed)

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Within it a bar is shown, on a terminal."""
        columns = (
            TextColumn(said("coloring")),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn(
                "{task.fields[speed]:.1f} "
                + said("megapixels/s")
                + ", {task.fields[failed]} "
                + said("failed")
            ),
            TimeRemainingColumn(),
        )
        disable = not stderr.is_terminal
        with Progress(
            *columns,
            console=stderr,  # by which all lines go, so that the bar stays below them
            transient=True,
            disable=disable,
            redirect_stdout=False,
            redirect_stderr=False,
        ) as bar:
            self._bar = bar
            self._task = bar.add_task("", total=self._total, speed=0.0, failed=0)
            yield
        self._bar = None

    def sum_up(self, *, as_json: bool) -> None:
        """Say it in the end: to programs always, to people where it is news."""
        if as_json:
            typer.echo(json.dumps({"summary": self._summary()}))
        elif stderr.is_terminal or self._left_alone or self.skipped or self.failed > _REASONS:
            for line in self._lines():
                print_note(line)

    @property
    def _speed(self) -> float:
        return self._megapixels / max(time.monotonic() - self._started, 1e-3)

    def _summary(self) -> dict[str, object]:
        return {
            "colored": self.colored,
            "kept": self.kept,
            "skipped": dict(self.skipped),
            "failed": self.failed,
            "incomplete": self.incomplete,
            "left_alone": dict(self._left_alone),
            "seconds": round(time.monotonic() - self._started, 3),
        }

    def _lines(self) -> Iterator[str]:
        states = {
            "done before": self.kept,
            "left alone as they are in color": self.skipped["color"],
            "left alone as colored by colorear": self.skipped["colored"],
            "left alone as they have no grays": self.skipped["bilevel"],
            "failed": self.failed,
            "without a page or more": self.incomplete,
        }
        words = [counted(self.colored, "{count} photograph colored", "{count} photographs colored")]
        words += [f"{number(count)} {said(what)}" for what, count in states.items() if count]
        speed = f"; {number(self._speed, decimals=1)} {said('megapixels/s')}"
        yield ", ".join(words) + (speed if self.colored else "")
        for reason, count in self._reasons.most_common(_REASONS if self.failed > 1 else 0):
            yield f"  {number(count)} x {reason}"
        if self._left_alone:
            kinds = ", ".join(
                f"{number(count)} {suffix or said('without a suffix')}"
                for suffix, count in self._left_alone.most_common()
            )
            one, many = "{count} other file was left alone", "{count} other files were left alone"
            yield f"{counted(self._left_alone.total(), one, many)}: {kinds}"
