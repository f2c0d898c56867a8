import errno

import pytest

from colorear.errors import PhotographError
from colorear.files import check_target, format_of, opened, reading, replacing


def test_formats_are_told_by_content(tmp_path):
    path = tmp_path / "named.jpg"
    path.write_bytes(b"\x89PNG\r\n\x1a\n....")
    assert format_of(path) == "png"
    path.write_bytes(b"RIFF....WEBPVP8L")
    assert format_of(path) == "webp"
    for magic in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        path.write_bytes(magic)
        assert format_of(path) == "tiff"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b"GIF89a..", "is a GIF"),
        (b"BM......", "is a BMP"),
        (b"%PDF-1.4", "is a PDF"),
        (b"\0\0\0\x18ftypheic", "is a HEIC, AVIF or video file"),
        (b"hello", "is not an image"),
    ],
)
def test_other_formats_are_named(tmp_path, content, says):
    path = tmp_path / "old.jpg"
    path.write_bytes(content)
    with pytest.raises(PhotographError, match=rf"old\.jpg' {says}, but a JPEG, PNG, TIFF or WebP"):
        format_of(path)


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


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (FileNotFoundError(), "does not exist; check the name"),
        (IsADirectoryError(), "is a folder"),
        (PermissionError(errno.EACCES, "Permission denied"), "cannot be read: Permission denied"),
    ],
)
def test_reading_says_what_is_wrong(tmp_path, error, says):
    with pytest.raises(PhotographError, match=says), reading(tmp_path / "old.jpg"):
        raise error


def test_names_are_taken_literally(tmp_path):
    """libvips reads options in square brackets; and names need not be text."""
    import pyvips

    for name in (b"grandm\xc3\xa8re[1].png", b"l\xe9gende.png"):
        path = tmp_path / name.decode("utf-8", "surrogateescape")
        path.write_bytes(pyvips.Image.black(3, 2).pngsave_buffer())
        assert opened(path, "png").width == 3


def test_a_target_that_cannot_be_looked_at(tmp_path):
    with pytest.raises(PhotographError, match="cannot be written: File name too long"):
        check_target(tmp_path / ("x" * 300), tmp_path / "old.jpg", overwrite=False)
