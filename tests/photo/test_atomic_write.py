import errno

import pytest

from colorear.errors import PhotographError
from colorear.photo.atomic_write import check_target, replacing


def test_replacing_is_whole_or_nothing(tmp_path):
    target = tmp_path / "made.png"
    target.write_bytes(b"old")

    def stops() -> None:
        with replacing(target) as part:
            part.write_bytes(b"half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        stops()
    assert [path.name for path in tmp_path.iterdir()] == ["made.png"]
    assert target.read_bytes() == b"old"
    with replacing(target) as part:
        part.write_bytes(b"new")
        assert target.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["made.png"]
    assert target.read_bytes() == b"new"


def test_a_full_disk(tmp_path):

    def fills() -> None:
        with replacing(tmp_path / "made.png") as part:
            part.write_bytes(b"half")
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(PhotographError, match="cannot be written: No space left"):
        fills()
    assert not list(tmp_path.iterdir())


def test_the_folder_of_the_target_is_missing(tmp_path):
    says = r"there is no folder '.*nowhere'; make it first"
    with pytest.raises(PhotographError, match=says), replacing(tmp_path / "nowhere" / "made.png"):
        pass


def test_a_target_that_cannot_be_looked_at(tmp_path):
    with pytest.raises(PhotographError, match="cannot be written: File name too long"):
        check_target(tmp_path / ("x" * 300), tmp_path / "old.jpg", overwrite=False)
