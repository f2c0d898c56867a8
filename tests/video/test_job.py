import sqlite3
from contextlib import closing

import pytest

from colorear.errors import VideoError
from colorear.video.job import Job, Segment

SEGMENT = Segment([1, 2], [1], [(0.5, "torn")], in_color=True, state=b"state")


def test_what_is_noted_is_known_later(tmp_path):
    with Job(tmp_path / "made.mkv", "key") as job:
        job.add(0, SEGMENT)
        job.add(1, SEGMENT)
        job.path(1).touch()
        job.path(2).touch()  # begun and not noted
    with Job(tmp_path / "made.mkv", "key") as job:
        assert list(job.segments()) == [SEGMENT._replace(state=None), SEGMENT]
        assert [path.name for path in job.folder.glob("*.nut")] == ["000001.nut"]
    with Job(tmp_path / "made.mkv", "another") as job:
        assert list(job.segments()) == []
        job.remove()
    assert not list(tmp_path.iterdir())


def test_what_fails_is_noted_not_at_all(tmp_path):
    with Job(tmp_path / "made.mkv", "key") as job:
        job.add(0, SEGMENT)
        with pytest.raises(VideoError, match="UNIQUE constraint failed"):
            job.add(0, SEGMENT)
        assert not job._connection.in_transaction
        job.add(1, SEGMENT)
        assert len(list(job.segments())) == 2


def test_one_at_a_time(tmp_path):
    with (
        Job(tmp_path / "made.mkv", "key"),
        pytest.raises(VideoError, match="is being used by another run"),
    ):
        Job(tmp_path / "made.mkv", "key")


@pytest.mark.parametrize(
    "nonsense",
    [
        ("x", "[]", "[]"),
        (b"", "[]", "[]"),
        (b"1234567", "[]", "[]"),
        (b"12345678", "[", "[]"),
        (b"12345678", '{"a": 1}', "[]"),
        (b"12345678", "[1e999]", "[]"),
        (b"12345678", "[]", "[1]"),
        (b"12345678", "[]", '[[NaN, "torn"]]'),
    ],
)
def test_a_spoiled_journal(tmp_path, nonsense):
    with Job(tmp_path / "made.mkv", "key") as job:
        folder = job.folder
    with closing(sqlite3.connect(folder / "journal.sqlite")) as spoiled:
        values = (
            "INSERT INTO segments (number, times, shots, damaged, in_color) VALUES (0, ?, ?, ?, 0)"
        )
        spoiled.execute(values, nonsense)
        spoiled.commit()
    with (
        Job(tmp_path / "made.mkv", "key") as job,
        pytest.raises(VideoError, match=r"cannot be used \(.*\); delete it, and the same command"),
    ):
        list(job.segments())


def test_no_journal_at_all(tmp_path):
    folder = tmp_path / ".made.mkv.colorear"
    folder.mkdir()
    (folder / "journal.sqlite").write_bytes(b"dear diary " * 100)
    with pytest.raises(VideoError, match="cannot be used"):
        Job(tmp_path / "made.mkv", "key")
