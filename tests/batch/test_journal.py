import os
import subprocess
import sys

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
    journal.begin([(name, "/in/" + name), ("b.jpg", "/in/b.jpg")], "by one")
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
