import io
from pathlib import Path

import numpy as np
import pytest
import pyvips
from PIL import Image, TiffImagePlugin

from colorear import Colorizer, verify
from colorear.photo import tiff


@pytest.fixture(params=[np.uint8, ">u2"], ids=["II", "MM"])
def original(request, tmp_path) -> Path:
    """A scan with texts, EXIF and GPS; Pillow writes 16-bit big-endian pixels as such a file."""
    path = tmp_path / "old.tif"
    pixels = Image.fromarray(np.zeros((5, 6), request.param))
    order = b"MM\0*" if pixels.mode == "I;16B" else b"II*\0"
    told = TiffImagePlugin.ImageFileDirectory_v2(ifh=order + bytes(4))
    told[271], told[272], told[306] = "Epson", "V6", "2001:01:01 00:00:00"
    told[34665] = {36867: "1949:05:06 07:08:09", 33434: TiffImagePlugin.IFDRational(1, 60)}
    told[34853] = {1: "N", 2: tuple(TiffImagePlugin.IFDRational(n, 7) for n in (1, 2, 3))}
    pixels.save(path, tiffinfo=told)
    assert path.read_bytes()[:4] == order
    return path


@pytest.mark.parametrize("big", [False, True])
def test_graft(tmp_path, original, big):
    made = tmp_path / "new.tif"
    colours = np.random.default_rng(0).integers(0, 256, (5, 6, 3), np.uint8)
    pyvips.Image.new_from_array(colours).tiffsave(str(made), bigtiff=big, compression="deflate")
    tiff.graft(original, made)
    image = Image.open(io.BytesIO(made.read_bytes()))
    assert np.array_equal(np.asarray(image), colours)
    assert np.array_equal(pyvips.Image.tiffload(str(made)).numpy(), colours)
    exif = image.getexif()
    assert (exif[271], exif[272], exif[306]) == ("Epson", "V6", "2001:01:01 00:00:00")
    assert exif.get_ifd(34665)[36867] == "1949:05:06 07:08:09"
    assert exif.get_ifd(34665)[33434] == pytest.approx(1 / 60)
    assert exif.get_ifd(34853)[1] == "N"
    assert exif.get_ifd(34853)[2] == pytest.approx((1 / 7, 2 / 7, 3 / 7))
    numbers = [tag.number for tag in tiff.tags(made)]
    assert numbers == sorted(set(numbers))


def exif_entry(content: bytes) -> tuple[int, str]:
    """Where it is, and the order of bytes."""
    order = "little" if content[:2] == b"II" else "big"
    return content.index((34665).to_bytes(2, order) + (4).to_bytes(2, order)), order


def test_a_damaged_directory_is_left_out(original):
    content = bytearray(original.read_bytes())
    entry, order = exif_entry(content)
    content[entry + 8 : entry + 12] = (10**9).to_bytes(4, order)
    original.write_bytes(content)
    numbers = [tag.number for tag in tiff.tags(original)]
    assert 34665 not in numbers
    assert {271, 272, 306, 34853} <= set(numbers)


def test_a_directory_may_be_called_one(original):
    """libtiff writes the type IFD, others LONG."""
    with original.open("ab") as file:
        file.write(bytes(2**24))  # as pixels may follow
    before = tiff.tags(original)
    content = bytearray(original.read_bytes())
    entry, order = exif_entry(content)
    content[entry + 2 : entry + 4] = (13).to_bytes(2, order)
    original.write_bytes(content)
    assert [tag.content for tag in tiff.tags(original)] == [tag.content for tag in before]


def test_more_than_four_gigabytes(tmp_path, original):
    made = tmp_path / "new.tif"
    pyvips.Image.black(6, 5, bands=3).tiffsave(str(made), bigtiff=True)
    with made.open("rb+") as file:
        file.truncate(2**32 + 1)  # a hole, which takes no room
    tiff.graft(original, made)
    (about,) = (tag.content for tag in tiff.tags(made) if tag.number == 34665)
    assert {tag.number: tag.content for tag in about}[36867] == b"1949:05:06 07:08:09\0"


def pages(path: Path, **options: bool) -> int:
    wide = pyvips.Image.black(900, 600).cast("ushort").copy(interpretation="grey16")
    wide.tiffsave(str(path), tile=True, **options)
    return pyvips.Image.new_from_file(str(path)).get("n-pages")


@pytest.mark.parametrize("big", [False, True])
def test_a_pyramid_is_one_picture(tmp_path, known_network, big):
    assert pages(tmp_path / "a.tif", pyramid=True, bigtiff=big) > 1
    assert tiff.is_one_picture(tmp_path / "a.tif")
    Colorizer(known_network).colorize(tmp_path / "a.tif", tmp_path / "b.tif")
    assert verify(tmp_path / "a.tif", tmp_path / "b.tif").ok


def test_pages_are_several_pictures(tmp_path):
    grey = Image.new("L", (9, 9))
    grey.save(tmp_path / "a.tif", save_all=True, append_images=[grey])
    assert not tiff.is_one_picture(tmp_path / "a.tif")
    (tmp_path / "b.tif").write_bytes((tmp_path / "a.tif").read_bytes()[:50])
    assert not tiff.is_one_picture(tmp_path / "b.tif")
