"""What has been done in a folder of coloured photographs, so that a run that stopped can go on.

It is a SQLite file in the folder itself: whole after a power cut, and locked while it is open. A
photograph is written down before its colours are begun and again when they are in place, or when
it is known that they will not be.
"""

import os
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from colorear.errors import BatchError
from colorear.photo.sniffing import Stamp

__all__ = ["FILE", "Entry", "Journal"]

FILE = "journal.sqlite"
_FORM = 1
# names of files are bytes, since not all of them are text; `done` is 0 for what was begun once, 1
# for what is in place, and one of these and 2 for what was begun again
_TABLES = f"""
PRAGMA user_version = {_FORM};
CREATE TABLE IF NOT EXISTS photographs (
    target BLOB PRIMARY KEY,
    source BLOB NOT NULL,
    how TEXT NOT NULL,
    size INTEGER,
    modified INTEGER,
    sha256 TEXT,
    made_size INTEGER,
    made_modified INTEGER,
    done INTEGER NOT NULL
) WITHOUT ROWID;
"""


class Entry(NamedTuple):
    """What is known of a coloured photograph; stamps and hash are None until it is done.

    When it is begun again only `made`, of the colours that were in place before, is still known.
    """

    source: str
    how: str
    """The network and the options, as text."""
    stamp: Stamp | None
    sha256: str | None
    made: Stamp | None
    begun: bool = False
    """Whether it is not known what came of it: what is in place may be newer than `made`."""


class Journal:
    """The journal of one folder; without a folder one that is forgotten when it is closed.

    While it is open nobody else can open it, in any process. What it says calls the folder
    `called`. Raises BatchError where somebody else has it open, where the folder cannot be written,
    or where the file is damaged.
    """

    def __init__(self, folder: Path | None = None, called: str = "") -> None:
        self._called = called or str(folder)
        self._mine = threading.RLock()  # it may be copied by one thread, written by another
        with self._telling():
            place = folder / FILE if folder else ":memory:"
            self._connection = sqlite3.connect(
                place, timeout=0, isolation_level=None, check_same_thread=False
            )
        try:
            with self._telling():
                self._begin()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Let others open it."""
        self._connection.close()

    def entry(self, target: str) -> Entry | None:
        """What is known of the photograph that goes to `target`."""
        with self._telling():
            row = self._connection.execute(
                "SELECT source, how, size, modified, sha256, made_size, made_modified, done "
                "FROM photographs WHERE target = ?",
                (os.fsencode(target),),
            ).fetchone()
        if row is None:
            return None
        source, how, size, modified, sha256, made_size, made_modified, done = row
        stamp = None if size is None else Stamp(size, modified)
        made = Stamp(made_size, made_modified) if done & 1 else None
        return Entry(os.fsdecode(source), how, stamp, sha256, made, begun=done != 1)

    def begin(self, rows: Iterable[tuple[str, str]], how: str) -> None:
        """Note, all at once, that these targets are about to be made of these sources."""
        with self._telling(), self._at_once():
            self._connection.executemany(
                "INSERT INTO photographs (target, source, how, done) VALUES (?, ?, ?, 0) "
                "ON CONFLICT (target) DO UPDATE SET source = excluded.source, how = excluded.how, "
                "size = NULL, modified = NULL, sha256 = NULL, done = done | 2",
                ((os.fsencode(target), os.fsencode(source), how) for target, source in rows),
            )

    def finish(self, target: str, stamp: Stamp, sha256: str | None, made: Stamp) -> None:
        """Note that `target` is in place, of a source of that stamp and hash."""
        with self._telling():
            self._connection.execute(
                "UPDATE photographs SET size = ?, modified = ?, sha256 = ?, made_size = ?, "
                "made_modified = ?, done = 1 WHERE target = ?",
                (*stamp, sha256, *made, os.fsencode(target)),
            )

    def undo(self, target: str) -> None:
        """Note that `target` was not made: it is known as it was before it was begun."""
        with self._telling(), self._at_once():
            row = (os.fsencode(target),)
            self._connection.execute("DELETE FROM photographs WHERE target = ? AND done = 0", row)
            self._connection.execute("UPDATE photographs SET done = done & 1 WHERE target = ?", row)

    def copy(self, path: Path) -> None:
        """Write all that is noted so far into another file, which is a journal too."""
        with self._telling():
            copy = sqlite3.connect(path)
            try:
                self._connection.backup(copy)
            finally:
                copy.close()

    @property
    def changes(self) -> int:
        """How many there were since it was opened."""
        return self._connection.total_changes

    def _begin(self) -> None:
        self._connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.execute("PRAGMA journal_mode = WAL")
        (form,) = self._connection.execute("PRAGMA user_version").fetchone()
        if form not in (0, _FORM):
            raise BatchError(
                f"the journal in '{self._called}' was written by a newer colorear; update this one"
            )
        self._connection.executescript(f"BEGIN IMMEDIATE; {_TABLES} COMMIT;")

    @contextmanager
    def _at_once(self) -> Iterator[None]:
        self._connection.execute("BEGIN")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    @contextmanager
    def _telling(self) -> Iterator[None]:
        try:
            with self._mine:
                yield
        except sqlite3.DatabaseError as error:
            raise BatchError(self._sentence(error)) from error

    def _sentence(self, error: sqlite3.DatabaseError) -> str:
        reason = getattr(error, "sqlite_errorname", "").removeprefix("SQLITE_").partition("_")[0]
        return {
            "BUSY": f"another run is writing into '{self._called}'; wait until it has ended, "
            "or give another folder",
            "FULL": f"the disk of '{self._called}' is full; make room, and the same command "
            "goes on",
            "READONLY": f"'{self._called}' cannot be written; give another folder",
            "CANTOPEN": f"'{self._called}' cannot be written; give another folder",
        }.get(
            reason,
            f"the journal '{self._called}/{FILE}' cannot be used ({error}); without it colorear "
            "does not know what is done: delete it, and allow to overwrite (--overwrite)",
        )
