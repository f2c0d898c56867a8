import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from colorear.batch.journal import Entry, Journal
from colorear.errors import BatchError
from colorear.photo.sniffing import Stamp

STAMP, MADE = Stamp(10, 20), Stamp(30, 2**62)
ODD = os.fsdecode(b"l\xe9gende 'x'\n.png")


@pytest.mark.parametrize("name", ["a.jpg", ODD])
def test_what_is_noted_is_known_later(tmp_path, name):
    journal = Journal(tmp_path)
    assert journal.entry(name) is None
    assert journal.is_empty is True
    journal.begin([(name, "/in/" + name), ("b.jpg", "/in/b.jpg")], "by one")
    assert journal.is_empty is False
    assert journal.entry(name) == Entry("/in/" + name, "by one", None, None, None, begun=True)
    journal.finish(name, STAMP, "abc", MADE)
    journal.close()
    again = Journal(tmp_path)
    assert again.entry(name) == Entry("/in/" + name, "by one", STAMP, "abc", MADE)
    assert again.entry("b.jpg") == Entry("/in/b.jpg", "by one", None, None, None, begun=True)
    again.begin([(name, "/in/" + name)], "by two")
    assert again.entry(name) == Entry("/in/" + name, "by two", None, None, MADE, begun=True)
    again.close()


def test_what_was_not_made_is_known_as_before(tmp_path):
    rows = [("new", "in"), ("made", "in"), ("begun", "in")]
    journal = Journal(tmp_path)
    journal.begin(rows[1:], "")
    journal.finish("made", STAMP, "abc", MADE)
    for _ in range(3):
        journal.begin(rows, "")
        for target, _ in rows:
            journal.undo(target)
        assert journal.entry("new") is None
        assert journal.entry("made") == Entry("in", "", None, None, MADE)
        assert journal.entry("begun") == Entry("in", "", None, None, None, begun=True)
    journal.begin(rows, "")
    journal.finish("made", STAMP, "abc", MADE)
    assert journal.entry("made") == Entry("in", "", STAMP, "abc", MADE)
    journal.close()


def test_without_a_folder_it_is_forgotten():
    for _ in range(2):
        journal = Journal()
        assert journal.entry("a") is None
        journal.begin([("a", "b")], "")
        journal.close()


def test_one_at_a_time(tmp_path):
    first = Journal(tmp_path)
    with pytest.raises(BatchError, match=f"another run is writing into '{tmp_path}'; wait"):
        Journal(tmp_path)
    code = (
        "from pathlib import Path; from colorear.batch.journal import Journal; "
        f"Journal(Path('{tmp_path}'))"
    )
    other = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert "another run is writing into" in other.stderr
    first.close()
    Journal(tmp_path).close()


def test_a_process_that_is_killed_leaves_it_whole_and_open(tmp_path):
    code = (
        "import os, sys; from pathlib import Path; from colorear.photo.sniffing import Stamp;"
        "from colorear.batch.journal import Journal; journal = Journal(Path(sys.argv[1]));"
        "journal.begin([(str(i), 's') for i in range(100)], 'how');"
        "[journal.finish(str(i), Stamp(1, 2), None, Stamp(3, 4)) for i in range(50)];"
        "os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False)
    journal = Journal(tmp_path)
    assert sum(journal.entry(str(i)).output is not None for i in range(100)) == 50
    journal.close()


def test_a_file_that_is_no_journal(tmp_path):
    (tmp_path / "journal.sqlite").write_bytes(b"dear diary " * 100)
    with pytest.raises(BatchError, match=r"cannot be used .*: delete it, and allow to overwrite"):
        Journal(tmp_path)


def test_a_journal_whose_faults_are_no_text(tmp_path):
    """SQLite's report repeats the name of a table that is spoilt, and Python cannot decode it."""
    Journal(tmp_path).close()
    file = tmp_path / "journal.sqlite"
    file.write_bytes(file.read_bytes().replace(b"photographsphoto", b"photograph\x87photo"))
    with pytest.raises(BatchError, match=r"cannot be used .*: delete it, and allow to overwrite"):
        Journal(tmp_path)


def test_a_journal_of_the_future(tmp_path):
    journal = Journal(tmp_path)
    journal._connection.execute("PRAGMA user_version = 7")
    journal.close()
    with pytest.raises(BatchError, match="written by a newer colorear; update this one"):
        Journal(tmp_path)


def test_a_folder_that_is_gone(tmp_path):
    with pytest.raises(BatchError, match="cannot be written; give another folder"):
        Journal(tmp_path / "nowhere")


def test_a_copy_has_all_that_was_noted(tmp_path):
    (tmp_path / "copies").mkdir()
    journal = Journal(tmp_path)
    before = journal.changes
    journal.begin([("a.jpg", "/in/a.jpg"), ("b.jpg", "/in/b.jpg")], "by one")
    assert journal.changes > before
    journal.copy(tmp_path / "copies" / "journal.sqlite")
    journal.finish("a.jpg", STAMP, "abc", MADE)
    journal.copy(tmp_path / "copies" / "journal.sqlite")
    copy = Journal(tmp_path / "copies")
    assert copy.entry("a.jpg") == Entry("/in/a.jpg", "by one", STAMP, "abc", MADE)
    assert copy.entry("b.jpg").output is None
    copy.close()
    journal.close()


def test_errors_call_the_folder_as_asked(tmp_path):
    (tmp_path / "journal.sqlite").write_bytes(b"dear diary " * 100)
    with pytest.raises(BatchError, match=r"the journal 's3://out/journal.sqlite' cannot be used"):
        Journal(tmp_path, called="s3://out")


class Failing:
    """A connection on which some statements fail, as on a disk that is full or broken."""

    def __init__(self, connection, failing):
        self._connection, self._failing = connection, failing
        self.rolled_back = 0

    def __getattr__(self, name):
        return getattr(self._connection, name)

    def execute(self, statement, *parameters):
        self.rolled_back += statement == "ROLLBACK"
        for beginning, code in self._failing.items():
            if statement.startswith(beginning):
                error = sqlite3.OperationalError("as if")
                error.sqlite_errorname = code
                raise error
        return self._connection.execute(statement, *parameters)


@pytest.mark.parametrize("statement", ["COMMIT", "UPDATE"])
def test_a_change_that_fails_is_undone_and_its_reason_is_told(tmp_path, statement):
    journal = Journal(tmp_path)
    journal.begin([("a.jpg", "/in/a.jpg")], "by one")
    whole = journal._connection
    journal._connection = Failing(whole, {statement: "SQLITE_FULL"})
    with pytest.raises(BatchError, match=r"the disk is full; make room, and the same command"):
        journal.finish("a.jpg", STAMP, "abc", MADE)
    assert journal._connection.rolled_back == 1
    assert not whole.in_transaction
    assert journal.entry("a.jpg") == Entry("/in/a.jpg", "by one", None, None, None, begun=True)
    journal._connection = whole
    journal.finish("a.jpg", STAMP, "abc", MADE)
    assert journal.entry("a.jpg").output == MADE
    journal.close()


def test_a_roll_back_that_fails_does_not_hide_why(tmp_path):
    journal = Journal(tmp_path)
    broken = {"COMMIT": "SQLITE_IOERR_WRITE", "ROLLBACK": "SQLITE_IOERR_FSYNC"}
    journal._connection = Failing(journal._connection, broken)
    with pytest.raises(BatchError, match=r"the disk failed \(as if\); see whether it is full"):
        journal.begin([("a.jpg", "/in/a.jpg")], "by one")
    journal.close()


def test_a_first_form_that_cannot_be_brought_on_stays_as_it_is(tmp_path):
    file = tmp_path / "journal.sqlite"
    with closing(sqlite3.connect(file)) as old:
        old.executescript("PRAGMA user_version = 1; CREATE TABLE photographs (how TEXT NOT NULL);")
    with pytest.raises(BatchError, match=r"cannot be used \(.*made_size.*\); .* delete it, and"):
        Journal(tmp_path)
    with closing(sqlite3.connect(file)) as old:
        assert old.execute("PRAGMA user_version").fetchone() == (1,)
        assert old.execute("SELECT name FROM pragma_table_info('photographs')").fetchall() == [
            ("how",)
        ]


CUT = """
import os, shutil, sys
from pathlib import Path
from colorear.batch.journal import Journal
from colorear.photo.sniffing import Stamp
folder, kept, begun = map(Path, sys.argv[1:])
journal = Journal(folder)
journal.begin([("a.jpg", "/in/a.jpg"), ("b.jpg", "/in/b.jpg")], "by one")
shutil.copytree(kept, begun)
journal.finish("a.jpg", Stamp(10, 20), "abc", Stamp(30, 2**62))
os._exit(0)
"""


def test_a_power_cut_loses_nothing_that_was_noted(tmp_path):
    """On a disk that loses what nobody waited for: SQLite must wait for it at each change."""
    compiler, library = shutil.which("cc"), tmp_path / "losing_disk.so"
    if sys.platform != "linux" or not compiler:
        pytest.skip("there is no compiler for a disk that loses things")
    source = Path(__file__).with_name("losing_disk.c")
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
    folder, kept, begun = (tmp_path / name for name in ("folder", "kept", "begun"))
    folder.mkdir()
    kept.mkdir()
    environment = os.environ | {"LD_PRELOAD": str(library), "KEPT": str(kept)}
    subprocess.run([sys.executable, "-c", CUT, folder, kept, begun], env=environment, check=True)
    there = {path.name for path in folder.iterdir()}
    for left in (kept, begun):
        for path in left.iterdir():
            if path.name not in there:  # removed since, as SQLite removes its files
                path.unlink()
    b = Entry("/in/b.jpg", "by one", None, None, None, begun=True)
    with closing(Journal(begun)) as journal:
        assert journal.entry("a.jpg") == b._replace(source="/in/a.jpg")
        assert journal.entry("b.jpg") == b
    with closing(Journal(kept)) as journal:
        assert journal.entry("a.jpg") == Entry("/in/a.jpg", "by one", STAMP, "abc", MADE)
        assert journal.entry("b.jpg") == b


def test_each_change_waits_for_the_disk(tmp_path):
    journal = Journal(tmp_path)
    assert journal._connection.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL
    assert journal._connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    journal.close()


def test_a_journal_with_rows_that_are_none(tmp_path):
    journal = Journal(tmp_path)
    journal._connection.execute(
        "INSERT INTO photographs (target, source, settings, done) VALUES (?, 7, 'x', 'often')",
        (b"a.jpg",),
    )
    with pytest.raises(BatchError, match=r"cannot be used .*: delete it, and allow to overwrite"):
        journal.entry("a.jpg")
    journal.close()


def test_a_journal_from_which_some_bytes_are_missing(tmp_path):
    """SQLite itself reads such a file, with other values, and writes what nobody finds again."""
    journal = Journal(tmp_path)
    journal.begin([("a.jpg", "/in/a.jpg"), ("b.jpg", "/in/b.jpg")], "by one")
    journal.close()
    file = tmp_path / "journal.sqlite"
    content = file.read_bytes()
    file.write_bytes(content[:5000] + content[5064:])
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("SELECT count(*) FROM photographs").fetchone() == (2,)
    with pytest.raises(BatchError, match=r"cannot be used .*: delete it, and allow to overwrite"):
        Journal(tmp_path)


def test_a_journal_of_the_first_form_is_read_on(tmp_path):
    with closing(sqlite3.connect(tmp_path / "journal.sqlite")) as old:
        old.executescript(
            "PRAGMA user_version = 1; CREATE TABLE photographs (target BLOB PRIMARY KEY, "
            "source BLOB NOT NULL, how TEXT NOT NULL, size INTEGER, modified INTEGER, sha256 TEXT, "
            "made_size INTEGER, made_modified INTEGER, done INTEGER NOT NULL) WITHOUT ROWID;"
        )
        row = (b"a.jpg", b"/in/a.jpg", "by one", *STAMP, "abc", *MADE, 1)
        old.execute("INSERT INTO photographs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
        old.commit()
    for _ in range(2):
        journal = Journal(tmp_path)
        assert journal.entry("a.jpg") == Entry("/in/a.jpg", "by one", STAMP, "abc", MADE)
        journal.close()
