import tracemalloc
import zipfile
import zlib

import cv2
import numpy as np
import pytest

from colorear.errors import DataError
from colorear.training.datasets.pictures import UnusableError, decode
from colorear.training.datasets.sources import Pair, arrange, open_source


@pytest.fixture
def archive(tmp_path):
    """A zip file that holds 0.jpg .. 4.jpg, each of some thousand bytes."""
    path = tmp_path / "a.zip"
    rng = np.random.default_rng(1)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for i in range(5):
            file.writestr(f"{i}.jpg", rng.integers(0, 64, 4000, np.uint8).tobytes())
    return path


def patched(path, name, at, value):
    """Change the directory entry of a member, `at` bytes from its start."""
    content = bytearray(path.read_bytes())
    entry = content.rindex(b"PK\1\2", 0, content.rindex(name))
    content[entry + at : entry + at + len(value)] = value
    path.write_bytes(content)


def test_pairs_are_found_below_the_folders_that_all_share():
    names = ["a/color/10.jpg", "a/color/9.png", "a/gray/10.png", "a/gray/9.jpg", "a/x/1.jpg"]
    pairs = [
        Pair("9.png", "a/color/9.png", "a/gray/9.jpg"),
        Pair("10.png", "a/color/10.jpg", "a/gray/10.png"),
    ]
    assert arrange(names, "a.zip") == ("pairs", pairs, [], 1)


def test_other_photographs_are_in_color():
    alone = arrange(["b/color/1.jpg", "b/color/c/1.jpg"], "b.zip")
    assert [pair.name for pair in alone.pairs] == ["1.png", "c/1.png"]
    beside = arrange(["color/1.jpg", "sea/1.jpg"], "b.zip")
    assert [pair.name for pair in beside.pairs] == ["color/1.png", "sea/1.png"]
    assert alone.layout == beside.layout == "color"


def test_names_that_cannot_be_kept_are_bad():
    skipped = arrange(["1.jpg", "1.png", "\udcff.jpg"], "folder").skipped
    assert [(each.source, each.reason) for each in skipped] == [
        ("\\udcff.jpg", "its name is not UTF-8"),
        ("1.png", "has the name of 1.jpg but for its suffix"),
    ]


@pytest.mark.parametrize("name", ["../x.jpg", "a/../../x.jpg", "/x.jpg", "C:\\x.jpg", "..\\x.txt"])
def test_a_zip_name_that_points_outside_is_refused(archive, name):
    with zipfile.ZipFile(archive, "a") as file:
        file.writestr(name, b"")
    with (
        pytest.raises(DataError, match="a name that points out of the zip file"),
        open_source(archive),
    ):
        pass


def test_an_encrypted_zip_file_is_refused(archive):
    patched(archive, b"2.jpg", 8, b"\1")  # bit 0 of the flags
    text = r"a\.zip: is encrypted, but a plain zip file is needed; unpack it and give the folder"
    with pytest.raises(DataError, match=text), open_source(archive):
        pass


def test_a_damaged_member_is_named(archive):
    content = bytearray(archive.read_bytes())
    at = content.index(b"1.jpg")
    content[at + 1000 : at + 1100] = bytes(100)
    archive.write_bytes(content)
    with open_source(archive) as files:
        assert len(files["0.jpg"]()) == 4000
        with pytest.raises(UnusableError, match=r"^1\.jpg: cannot be unpacked \("):
            files["1.jpg"]()


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2])
def test_a_member_that_lies_about_its_size_is_not_unpacked_further(archive, method):
    with zipfile.ZipFile(archive, "a", method) as file:
        file.writestr("bomb.png", bytes(100_000_000))
    patched(archive, b"bomb.png", 24, (1000).to_bytes(4, "little"))  # uncompressed
    tracemalloc.start()
    with open_source(archive) as files, pytest.raises(UnusableError, match="cannot be unpacked"):
        files["bomb.png"]()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 5_000_000


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif", ".webp"])
def test_a_picture_that_was_cut_short_is_refused(suffix, free_pictures):
    content = cv2.imencode(suffix, free_pictures["coffee"][..., ::-1])[1].tobytes()
    assert decode(content, "whole").shape == (400, 600, 3)
    assert decode(content + b"more", "whole", gray=True).shape == (400, 600)
    for length in (2, 100, len(content) // 2, len(content) - 1000, len(content) - 2):
        with pytest.raises(UnusableError, match=r"^cut: is not a picture, or is damaged"):
            decode(content[:length], "cut")


@pytest.mark.parametrize("space", [None, b"sRGB", b"gAMA"])
def test_gray_of_a_png_whatever_it_says_of_its_color_space(space):
    """OpenCV's IMREAD_GRAYSCALE adds up linear light where one of these chunks is there."""
    picture = np.random.default_rng(0).integers(0, 256, (20, 30, 3), np.uint8)
    content = bytes(cv2.imencode(".png", picture[..., ::-1])[1])
    if space:
        values = {b"sRGB": b"\0", b"gAMA": (45455).to_bytes(4)}[space]
        chunk = space + values
        about = len(values).to_bytes(4) + chunk + zlib.crc32(chunk).to_bytes(4)
        content = content[:33] + about + content[33:]
    luma = picture @ np.array([0.299, 0.587, 0.114])
    assert np.abs(decode(content, "any", gray=True) - luma).max() <= 1
    level = np.full((4, 5), 77, np.uint8)
    for stored in (level, np.dstack([level] * 3)):
        assert (decode(bytes(cv2.imencode(".png", stored)[1]), "any", gray=True) == 77).all()
