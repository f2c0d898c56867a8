import io
import struct

import numpy as np
import pytest
import tifffile
from PIL import Image

from colorear.photo.inspection.contents import Contents
from colorear.photo.inspection.exif import add_exif, add_tags, read_tags

PIXELS = np.zeros((4, 5), np.uint8)


@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize("order", ["<", ">"])
def test_tags_are_the_same_in_every_byte_order(tmp_path, order, big):
    tags = [
        (270, 2, 4, b"own\0", True),
        (274, 3, 1, 6, True),
        (65000, 4, 3, (1, 2, 2**31), True),
        (65001, 5, 1, (3, 7), True),
        (65002, 12, 1, 1.5, True),
    ]
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, PIXELS, byteorder=order, bigtiff=big, extratags=tags, metadata=None)
    with path.open("rb") as file:
        found = read_tags(file)
    assert (found[270], found[274], found[65000]) == (b"own\0", (6,), (1, 2, 2**31))
    assert (found[65001], found[65002]) == (struct.pack(">II", 3, 7), struct.pack(">d", 1.5))


def test_directories_are_read_with_their_tags():
    exif = Image.Exif()
    exif[0x010E] = "grandmother"
    exif.get_ifd(0x8769)[0x9003] = "1949:05:06 07:08:09"
    exif.get_ifd(0x8825)[1] = "N"
    found = read_tags(io.BytesIO(exif.tobytes().removeprefix(b"Exif\0\0")))
    assert found[0x010E] == b"grandmother\0"
    assert found[0x8769][0x9003] == b"1949:05:06 07:08:09\0"
    assert found[0x8825][1] == b"N\0"


@pytest.mark.parametrize(
    "content", [b"", b"II*\0", b"II*\0\x08\0\0\0", b"II*\0\xff\xff\xff\xff\5\0"]
)
def test_damaged_ones_are_none(content):
    assert read_tags(io.BytesIO(content)) == {}


def test_a_directory_that_leads_to_itself_ends():
    loop = b"II*\0\x08\0\0\0" + struct.pack("<HHHIII", 1, 34665, 4, 1, 8, 0)
    assert read_tags(io.BytesIO(loop)) in ({}, {34665: {}})


def test_names():
    contents = Contents()
    exif = Image.Exif()
    exif[0x0112], exif[0x011A] = 6, 300
    add_exif(contents, exif.tobytes())
    assert contents.items["orientation"] == [(6,)]
    assert set(contents.items) == {"EXIF", "orientation", "resolution"}
    iptc = [
        b"\x1c\x02\x78\0\x04Casa\0\0\0",
        tuple(np.frombuffer(b"\x1c\x02\x78\0\x04Casa\0\0\0", "<u4")),
    ]
    for value in iptc:
        contents = Contents()
        add_tags(contents, {33723: value, 256: (5,), 34675: b"profile", 700: b"<x/>"})
        assert contents.items["IPTC"] == [b"\x1c\x02\x78\0\x04Casa"]
        assert (contents.profile, contents.xmp) == (b"profile", [b"<x/>"])
        assert set(contents.items) == {"IPTC", "orientation", "resolution"}
