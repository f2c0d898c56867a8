import errno

import pytest

from colorear.errors import PhotographError
from colorear.photo.sniffing import format_of, opened, reading


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
        (b"II\xbc\1....", "is a JPEG XR"),
        (b"\0\0\0\x18ftyphevc", "is a HEIC that moves"),
        (b"\0\0\0\x18ftypavis", "is an AVIF that moves"),
        (b"\0\0\0\x18ftypisom", "is a film, or a file like one"),
        (b"hello", "is not an image"),
    ],
)
def test_other_formats_are_named(tmp_path, content, says):
    path = tmp_path / "old.jpg"
    path.write_bytes(content)
    with pytest.raises(PhotographError, match=rf"old\.jpg' {says}, but a JPEG, PNG, TIFF or WebP"):
        format_of(path)


@pytest.mark.parametrize(
    "head",
    [
        b"FUJIFILMCCD-RAW ",
        b"IIRO\x08\0\0\0",
        b"IIU\0\x18\0\0\0",
        b"\0\0\0\x18ftypcrx ",
        b"II*\0\x10\0\0\0CR\2\0....",
    ],
    ids=["RAF", "ORF", "RW2", "CR3", "CR2"],
)
def test_raw_files_are_named(tmp_path, head):
    (tmp_path / "raw.tif").write_bytes(head)
    says = r"raw\.tif' is a raw file of a camera, .* and save it as TIFF of 16 bits"
    with pytest.raises(PhotographError, match=says):
        format_of(tmp_path / "raw.tif")


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
