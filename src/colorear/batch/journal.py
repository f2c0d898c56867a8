"""What has been done in a folder of colored photographs, so that a run that stopped can go on.

It is a SQLite file in the folder itself: whole after a power cut, and locked while it is open. A
photograph is written down before its colors are begun and again when they are in place, or when
it is known that they will not be.
"""

import os
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

from colorear.errors import BatchError, foreign, reason_of
from colorear.photo.sniffing import Stamp

__all__ = ["FILE", "Entry", "Journal"]

FILE = "journal.sqlite"
_VERSION = 2
# names of files are bytes, since not all of them are text; `done` is 0 for what was begun once, 1
# for what is in place, and one of these and 2 for what was begun again
_TABLES = f"""
PRAGMA user_version = {_VERSION};
CREATE TABLE IF NOT EXISTS photographs (
    target BLOB PRIMARY KEY,
    source BLOB NOT NULL,
    settings TEXT NOT NULL,
    size INTEGER,
    modified INTEGER,
    sha256 TEXT,
    output_size INTEGER,
    output_modified INTEGER,
    done INTEGER NOT NULL
) WITHOUT ROWID;
"""
_FROM_VERSION_1 = """
ALTER TABLE photographs RENAME COLUMN how TO settings;
ALTER TABLE photographs RENAME COLUMN made_size TO output_size;
ALTER TABLE photographs RENAME COLUMN made_modified TO output_modified;
"""


class Entry(NamedTuple):
    """What is known of a colored photograph; stamps and hash are None until it is done.

    When it is begun again only `output`, of the file that was in place before, is still known.
    """

    source: str
    settings: str
    """The network and the options, as text."""
    stamp: Stamp | None
    sha256: str | None
    output: Stamp | None
    begun: bool = False
    """Whether it is not known what came of it: what is in place may be newer than `output`."""


class Journal:
    """The journal of one folder; without a folder one that is forgotten when it is closed.

    While it is open nobody else can open it, in any process: SQLite's lock, which ends with the
    process that has it. Errors call the folder `called`. Threads may share it.

    Raises
    ------
    BatchError
        Where somebody else has it open, where the folder cannot be written, or where the file is
        damaged; also from every method. A method that raises has changed nothing.
    """

    def __init__(self, folder: Path | None = None, called: str = "") -> None:
        self._called = called or str(folder)
        self._mine = threading.RLock()  # it may be copied by one thread, written by another
        with self._translated():
            self._connection = sqlite3.connect(
                folder / FILE if folder else ":memory:",
                timeout=0,
                isolation_level=None,
                check_same_thread=False,
            )
        try:
            with self._translated():
                self._open()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Let others open it."""
        self._connection.close()

    @property
    def is_empty(self) -> bool:
        """Whether nothing was ever noted."""
        with self._translated():
            return self._connection.execute("SELECT 1 FROM photographs").fetchone() is None

    def entry(self, target: str) -> Entry | None:
        """What is known of the photograph that goes to `target`."""
        with self._translated():
            row = self._connection.execute(
                "SELECT source, settings, size, modified, sha256, output_size, output_modified, "
                "done FROM photographs WHERE target = ?",
                (os.fsencode(target),),
            ).fetchone()
        if row is None:
            return None
        try:
            return _entry(row)
        except (TypeError, ValueError) as error:
            raise BatchError(_spoiled(self._called, error)) from error

    def begin(self, rows: Iterable[tuple[str, str]], settings: str) -> None:
        """Note, all at once, that these targets are about to be made of these sources."""
        with self._translated(), self._transaction():
            self._connection.executemany(
                "INSERT INTO photographs (target, source, settings, done) VALUES (?, ?, ?, 0) "
                "ON CONFLICT (target) DO UPDATE SET source = excluded.source, "
                "settings = excluded.settings, size = NULL, modified = NULL, sha256 = NULL, "
                "done = done | 2",
                ((os.fsencode(target), os.fsencode(source), settings) for target, source in rows),
            )

    def finish(self, target: str, stamp: Stamp, sha256: str | None, output: Stamp) -> None:
        """Note that `target` is in place, of a source of that stamp and hash."""
        with self._translated(), self._transaction():
            self._connection.execute(
                "UPDATE photographs SET size = ?, modified = ?, sha256 = ?, output_size = ?, "
                "output_modified = ?, done = 1 WHERE target = ?",
                (*stamp, sha256, *output, os.fsencode(target)),
            )

    def undo(self, target: str) -> None:
        """Note that `target` was not made: it is known as it was before it was begun."""
        with self._translated(), self._transaction():
            row = (os.fsencode(target),)
            self._connection.execute("DELETE FROM photographs WHERE target = ? AND done = 0", row)
            self._connection.execute("UPDATE photographs SET done = done & 1 WHERE target = ?", row)

    def copy(self, path: Path) -> None:
        """Write all that is noted so far into another file, which is a journal too."""
        with self._translated():
            copy = sqlite3.connect(path)
            try:
                self._connection.backup(copy)
            finally:
                copy.close()

    @property
    def changes(self) -> int:
        """How many there were since it was opened."""
        return self._connection.total_changes

    def _open(self) -> None:
        self._connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.execute("PRAGMA journal_mode = WAL")
        (version,) = self._connection.execute("PRAGMA user_version").fetchone()
        if not 0 <= version <= _VERSION:
            raise BatchError(
                f"the journal in '{self._called}' was written by a newer colorear; update this one"
            )
        (found,) = self._connection.execute("PRAGMA quick_check(1)").fetchone()
        if found != "ok":  # of a file that was cut short SQLite otherwise reads what it has
            raise BatchError(_spoiled(self._called, sqlite3.DatabaseError(found)))
        older = _FROM_VERSION_1 if version == 1 else ""
        self._connection.executescript(f"BEGIN IMMEDIATE; {older} {_TABLES} COMMIT;")

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.execute("COMMIT")  # a full disk may be noticed only now
        except BaseException:
            self._roll_back()
            raise

    def _roll_back(self) -> None:
        """End the transaction; what went wrong before it is what is told."""
        if self._connection.in_transaction:  # SQLite ends some by itself, when the disk is full say
            with suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            with self._mine:
                yield
        except sqlite3.DatabaseError as error:
            raise BatchError(self._sentence(error)) from error
        except UnicodeDecodeError as error:  # SQLite's report repeats what is spoilt
            raise BatchError(_spoiled(self._called, error)) from error

    def _sentence(self, error: sqlite3.DatabaseError) -> str:
        row = foreign(error)
        if row and row.code == "BUSY":
            return f"another run is writing into '{self._called}'; {row.advice}"
        if row and row.code:
            return row.sentence(f"'{self._called}'", "written", error)
        return _spoiled(self._called, error)


def _entry(row: tuple[Any, ...]) -> Entry:
    source, settings, size, modified, sha256, output_size, output_modified, done = row
    stamp = None if size is None else Stamp(size, modified)
    output = Stamp(output_size, output_modified) if done & 1 else None
    return Entry(os.fsdecode(source), settings, stamp, sha256, output, begun=done != 1)


def _spoiled(called: str, error: Exception) -> str:
    return (
        f"the journal '{called}/{FILE}' cannot be used ({reason_of(error)}); without it "
        "colorear does not know what is done: delete it, and allow to overwrite (--overwrite)"
    )
