"""What has been done of one film, so that a run that stopped can go on.

It is a folder beside the film to be, `.NAME.colorear`, with a file for each segment and a SQLite
file that says which of them are whole. The folder is gone when the film is in its place.
"""

import shutil
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, NamedTuple, Self

import msgspec
import numpy as np

from colorear.errors import UsageError, VideoError, reason_of, translated
from colorear.photo.atomic_write import replacing

__all__ = ["Job", "Segment", "check_target", "writing"]

_FORM = 2
_TABLES = f"""
PRAGMA user_version = {_FORM};
CREATE TABLE IF NOT EXISTS about (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS segments (
    number INTEGER PRIMARY KEY,
    times BLOB NOT NULL,
    shots TEXT NOT NULL,
    damaged TEXT NOT NULL,
    in_color INTEGER NOT NULL,
    state BLOB
);
"""


def check_target(target: Path, source: Path, *, overwrite: bool) -> None:
    """Refuse to write over the film itself, or without leave over another file.

    Raises UsageError and VideoError.
    """
    with translated(VideoError, f"'{target}'", "written"):
        there = target.exists()
        itself = there and target.samefile(source)
        home = target.parent.is_dir()
    if not home:
        raise VideoError(
            f"'{target}' cannot be written: there is no folder '{target.parent}'; make it first"
        )
    if itself:
        raise UsageError(f"'{target}' is the film itself, which is never replaced; name another")
    if there and not overwrite:
        raise _exists_already(target)


@contextmanager
def writing(target: Path, *, overwrite: bool) -> Iterator[Path]:
    """As `photo.atomic_write.replacing`, with VideoError in place of the errors of the system."""
    with translated(VideoError, f"'{target}'", "written"):
        try:
            with replacing(target, overwrite=overwrite) as part:
                yield part
        except FileExistsError:
            raise _exists_already(target) from None


def _exists_already(target: Path) -> VideoError:
    return VideoError(
        f"'{target}' exists already; allow to overwrite it (--overwrite) or name another"
    )


class Segment(NamedTuple):
    """Some of a film's pictures, encoded; a shot, several, or a part of a long one."""

    times: list[int]
    """When each is shown, by the film's clock."""
    shots: list[int]
    """The times among them at which a shot begins."""
    damaged: list[tuple[float, str]]
    """As in `film.Report`."""
    in_color: bool = False
    """Likewise, so far."""
    state: bytes | None = None
    """What the next segment must know of this one, if it goes on with the same shot."""


class Job:
    """The journal of one film. While it is open nobody else can open it, in any process.

    `key` is all that decides what the segments are: those of another key are forgotten. Raises
    VideoError.
    """

    def __init__(self, target: Path, key: str) -> None:
        self.folder = target.parent / f".{target.name}.colorear"
        self._name = f"the journal '{self.folder}'"
        with translated(VideoError, self._name, "written"):
            self.folder.mkdir(exist_ok=True)
            self._connection = sqlite3.connect(
                self.folder / "journal.sqlite", timeout=0, isolation_level=None
            )
        try:
            with self.usable("written"):
                self._begin(key)
        except BaseException:
            self._connection.close()
            raise

    def __enter__(self) -> Self:
        """Close it when it is left."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self._connection.close()

    def path(self, number: int) -> Path:
        """Where the pictures of a segment are, or will be."""
        return self.folder / f"{number:06}.nut"

    def segments(self) -> Iterator[Segment]:
        """Those that are whole, in order."""
        columns = "times, shots, damaged, in_color, state"
        with self._asked(f"SELECT {columns} FROM segments ORDER BY number") as rows:
            for times, shots, damaged, in_color, state in rows:
                if not times:
                    raise ValueError("a segment has no pictures")
                yield Segment(
                    np.frombuffer(times, "<i8").tolist(),
                    msgspec.json.decode(shots, type=list[int]),
                    msgspec.json.decode(damaged, type=list[tuple[float, str]]),
                    bool(in_color),
                    state,
                )

    def add(self, number: int, segment: Segment) -> None:
        """Note that the file of a segment is whole; the states before it are needed no more."""
        with self.usable("written"), self._connection:  # which commits, or rolls back
            self._connection.execute("BEGIN")
            self._connection.execute(
                "INSERT INTO segments (number, times, shots, damaged, in_color, state)"
                " VALUES (?,?,?,?,?,?)",
                (
                    number,
                    np.array(segment.times, "<i8").tobytes(),
                    msgspec.json.encode(segment.shots).decode(),
                    msgspec.json.encode(segment.damaged).decode(),
                    segment.in_color,
                    segment.state,
                ),
            )
            self._connection.execute("UPDATE segments SET state = NULL WHERE number < ?", (number,))

    def remove(self) -> None:
        """Forget it all: the film is in its place."""
        self._connection.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _begin(self, key: str) -> None:
        self._connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.execute("PRAGMA journal_mode = WAL")
        (form,) = self._connection.execute("PRAGMA user_version").fetchone()
        if form > _FORM:
            raise VideoError(
                f"{self._name} was written by a newer colorear; update this one, or delete it"
            )
        older = "DROP TABLE IF EXISTS segments; DROP TABLE IF EXISTS about;" if form < _FORM else ""
        self._connection.executescript(f"BEGIN IMMEDIATE; {older} {_TABLES} COMMIT;")
        row = self._connection.execute("SELECT value FROM about WHERE key = 'job'").fetchone()
        if row is None or row[0] != key:
            self._connection.execute("DELETE FROM segments")
            self._connection.execute("REPLACE INTO about (key, value) VALUES ('job', ?)", (key,))
        whole = {self.path(number).name for (number,) in self._numbers()}
        for file in self.folder.glob("*.nut"):
            if file.name not in whole:  # begun and not finished
                file.unlink()

    def _numbers(self) -> list[tuple[int]]:
        return self._connection.execute("SELECT number FROM segments").fetchall()

    @contextmanager
    def _asked(self, question: str) -> Iterator[sqlite3.Cursor]:
        with self.usable("read"):
            yield self._connection.execute(question)

    @contextmanager
    def usable(self, action: Literal["read", "written"]) -> Iterator[None]:
        """Within it what fails is told as what is wrong with the journal."""
        try:
            with translated(VideoError, self._name, action):
                yield
        except (TypeError, ValueError, msgspec.MsgspecError, zlib.error) as error:  # nonsense
            raise VideoError(
                f"{self._name} cannot be used ({reason_of(error)}); delete it, and the same "
                "command begins anew"
            ) from error
