import ast
import errno
import os
import shutil
from pathlib import Path

import pytest
import pyvips

from colorear.errors import PhotographError
from colorear.photo import atomic_write
from colorear.photo.atomic_write import (
    check_target,
    remove_unfinished,
    replacing,
    writing_photograph,
)


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


def test_a_folder_is_whole_or_nothing(tmp_path):
    target = tmp_path / "made"

    def stops() -> None:
        with replacing(target) as part:
            (part / "in").mkdir(parents=True)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        stops()
    assert not list(tmp_path.iterdir())
    with replacing(target) as part:
        (part / "in").mkdir(parents=True)
        (part / "in" / "file").write_bytes(b"new")
    assert (target / "in" / "file").read_bytes() == b"new"
    with pytest.raises(OSError, match="not empty"), replacing(target) as part:
        part.mkdir()
    assert [path.name for path in tmp_path.iterdir()] == ["made"]


class Disk:
    """A disk that keeps of each file only what was synced: what a power cut may leave."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self.kept = folder, folder.with_name("kept")
        shutil.copytree(folder, self.kept)
        self._contents: dict[int, bytes] = {}
        self._fsync = os.fsync
        monkeypatch.setattr(os, "fsync", self._synced)

    def _synced(self, descriptor: int) -> None:
        self._fsync(descriptor)
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        if path.is_dir():  # the list of its files; of each the content that was synced
            shutil.rmtree(self.kept / path.relative_to(self.folder), ignore_errors=True)
            (self.kept / path.relative_to(self.folder)).mkdir()
            for file in path.iterdir():
                content = self._contents.get(file.stat().st_ino, b"")
                (self.kept / file.relative_to(self.folder)).write_bytes(content)
        else:
            self._contents[os.fstat(descriptor).st_ino] = path.read_bytes()


@pytest.mark.parametrize("overwrite", [True, False])
def test_a_power_cut_takes_nothing_away(tmp_path, monkeypatch, overwrite):
    folder = tmp_path / "folder"
    folder.mkdir()
    disk = Disk(folder, monkeypatch)
    with replacing(folder / "made.png", overwrite=overwrite) as part:
        part.write_bytes(b"all of it")
    assert [path.name for path in disk.kept.iterdir()] == ["made.png"]
    assert (disk.kept / "made.png").read_bytes() == b"all of it"


def test_all_that_a_folder_holds_is_on_the_disk_before_its_name(tmp_path, monkeypatch):
    synced: list[Path] = []
    real = os.fsync

    def noted(descriptor: int) -> None:
        synced.append(Path(f"/proc/self/fd/{descriptor}").readlink())
        real(descriptor)

    monkeypatch.setattr(os, "fsync", noted)
    with replacing(tmp_path / "made") as part:
        (part / "in").mkdir(parents=True)
        (part / "in" / "file").write_bytes(b"all of it")
    assert set(synced[:-1]) == {part, part / "in", part / "in" / "file"}
    assert synced[-1] == tmp_path


@pytest.mark.parametrize("links", [True, False], ids=["links", "no links"])
def test_a_file_that_comes_meanwhile_is_not_replaced(tmp_path, monkeypatch, links):
    if not links:

        def refuses(*_: object) -> None:
            raise OSError(errno.EPERM, "Operation not permitted")

        monkeypatch.setattr(os, "link", refuses)
    target = tmp_path / "made.png"
    with replacing(target, overwrite=False) as part:
        part.write_bytes(b"first")
    assert target.read_bytes() == b"first"

    def second() -> None:
        with replacing(target, overwrite=False) as part:
            part.write_bytes(b"second")

    with pytest.raises(FileExistsError):
        second()

    def photograph() -> None:
        with writing_photograph(target, overwrite=False) as part:
            part.write_bytes(b"third")

    with pytest.raises(PhotographError, match="exists already; allow to overwrite it"):
        photograph()
    assert [path.name for path in tmp_path.iterdir()] == ["made.png"]
    assert target.read_bytes() == b"first"


def test_what_a_killed_writer_left_is_removed(tmp_path):
    kept = tmp_path / "photograph.png"
    kept.touch()
    (tmp_path / ".colorear").touch()  # the journal
    with replacing(tmp_path / "made") as part:
        file, folder = part.with_name(part.name + "-a"), part.with_name(part.name + "-b")
        file.touch()
        (folder / "in").mkdir(parents=True)
        part.touch()
    remove_unfinished(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"photograph.png", ".colorear", "made"}


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "written: No space left on device; mak"),
        (OSError(errno.EACCES, "Permission denied"), "cannot be written: Permission denied"),
        (pyvips.Error("unable to call pngsave", "pngsave: oh"), r"cannot be made \(pngsave: oh\)"),
    ],
)
def test_what_keeps_a_photograph_from_being_written(tmp_path, error, says):
    def fails() -> None:
        with writing_photograph(tmp_path / "made.png") as part:
            part.write_bytes(b"half")
            raise error

    with pytest.raises(PhotographError, match=says):
        fails()
    assert not list(tmp_path.iterdir())


def test_the_folder_of_the_target_is_missing(tmp_path):
    target = tmp_path / "nowhere" / "made.png"
    with (
        pytest.raises(PhotographError, match=r"there is no folder '.*nowhere'; make it first"),
        writing_photograph(target),
    ):
        pass


def test_a_target_that_cannot_be_looked_at(tmp_path):
    with pytest.raises(PhotographError, match="cannot be written: File name too long"):
        check_target(tmp_path / ("x" * 300), tmp_path / "old.jpg", overwrite=False)


def test_what_must_stay_where_it_is(tmp_path):
    photograph, other, link = (tmp_path / name for name in ("old.jpg", "made.jpg", "link.jpg"))
    photograph.touch()
    link.symlink_to(photograph)
    for itself in (photograph, link):
        with pytest.raises(PhotographError, match="is the photograph itself, which is never repl"):
            check_target(itself, photograph, overwrite=True)
    check_target(other, photograph, overwrite=False)
    other.touch()
    check_target(other, photograph, overwrite=True)
    with pytest.raises(PhotographError, match="exists already; allow to overwrite it"):
        check_target(other, photograph, overwrite=False)


def test_nobody_else_renames_over_files():
    """What takes a place in the package goes through this one module."""
    own = Path(atomic_write.__file__)
    found = []
    for path in own.parents[1].rglob("*.py"):
        calls = [node for node in ast.walk(ast.parse(path.read_text())) if _renames(node)]
        found += [path.name for _ in calls if path != own]
    # onto files that these hold: Keras wants .keras, and libvips a file for each page
    assert sorted(found) == ["keras_files.py", "pages.py"]
    assert any(_renames(node) for node in ast.walk(ast.parse(own.read_text())))


def _renames(node: ast.AST) -> bool:
    """Whether it is `path.replace(target)`, as text has two arguments, or a function of `os`."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
        return False
    of_path = node.func.attr == "replace" and len(node.args) == 1 and not node.keywords
    return of_path or ast.unparse(node.func) in ("os.replace", "os.rename", "os.fsync", "os.link")
