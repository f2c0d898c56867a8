import struct
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from colorear import Colorizer, verify
from colorear.errors import PhotographError
from colorear.photo import tiff_kinds
from colorear.photo.photograph import open_photo

RAMP = np.tile(np.arange(48, dtype=np.uint8), (32, 1))


def written(path: Path, *tags: tuple, inner: tuple = (), **options) -> Path:
    """A TIFF with these tags; the tags of a directory that it leads to may follow."""
    tifffile.imwrite(path, RAMP, extratags=[(*tag, True) for tag in tags], metadata=None, **options)
    if inner:
        content = bytearray(path.read_bytes())
        entries = b"".join(struct.pack("<HHII", *entry) for entry in inner)
        at = content.index(struct.pack("<HHI", 65330, 4, 1))  # tifffile keeps 330 for itself
        struct.pack_into("<HHII", content, at, 330, 4, 1, len(content))
        path.write_bytes(content + struct.pack("<H", len(inner)) + entries + bytes(4))
    return path


SUB = (65330, 4, 1, 0)


@pytest.mark.parametrize(
    ("tags", "inner"),
    [
        ([(50706, 1, 4, bytes((1, 4, 0, 0)))], ()),  # DNG
        ([SUB], ((259, 3, 1, 34713), (262, 3, 1, 32803))),  # NEF
        ([SUB], ((262, 3, 1, 34892),)),
        ([SUB], ((259, 3, 1, 65000),)),  # KDC
    ],
)
def test_raw_files_are_refused_as_such(tmp_path, tags, inner):
    path = written(tmp_path / "raw.tif", *tags, inner=inner)
    assert tiff_kinds.is_raw(path)
    with pytest.raises(PhotographError, match=r"raw\.tif' is a raw file of a camera"):
        open_photo(path)


def test_other_directories_are_not_raw(tmp_path):
    plain = written(tmp_path / "plain.tif")
    small = written(tmp_path / "small.tif", SUB, inner=((259, 3, 1, 1), (262, 3, 1, 1)))
    lost = written(tmp_path / "lost.tif", SUB, inner=((330, 4, 9, 10**9),))
    assert [tiff_kinds.is_raw(path) for path in (plain, small, lost)] == [False] * 3
    (tmp_path / "cut.tif").write_bytes(plain.read_bytes()[:9])
    assert not tiff_kinds.is_raw(tmp_path / "cut.tif")
    assert not tiff_kinds.has_associated_alpha(tmp_path / "cut.tif")
    (tmp_path / "cut.tif").write_bytes(plain.read_bytes()[:5])
    assert tiff_kinds.mended(tmp_path / "cut.tif") is None


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("big", [False, True], ids=["TIFF", "BigTIFF"])
@pytest.mark.parametrize("orientation", [0, 9])
def test_an_orientation_that_there_is_not_is_none(tmp_path, known_network, order, big, orientation):
    tag = (274, 3, 1, orientation)
    source = written(tmp_path / "old.tif", tag, byteorder=order, bigtiff=big)
    before = source.read_bytes()
    mended = tiff_kinds.mended(source)
    assert sum(a != b for a, b in zip(before, mended, strict=True)) == 1
    assert open_photo(source).orientation == 1
    Colorizer(known_network).colorize(source, tmp_path / "new.tif")
    assert source.read_bytes() == before
    assert verify(source, tmp_path / "new.tif").ok
    with tifffile.TiffFile(tmp_path / "new.tif") as new:
        assert 274 not in new.pages[0].tags
    fine = written(tmp_path / "fine.tif", (274, 3, 1, 6), byteorder=order, bigtiff=big)
    assert tiff_kinds.mended(fine) is None


def test_large_metadata_is_no_damage(tmp_path):
    """Photoshop's layers: libtiff takes no more than 50 MB unless it is allowed to."""
    layers = (37724, 7, 51_000_000, bytes(51_000_000))
    photo = open_photo(written(tmp_path / "layers.tif", layers))
    assert (photo.width, photo.height) == (48, 32)


@pytest.mark.parametrize("compression", ["zstd", "lzma"])
def test_a_compression_that_is_not_read_here_is_named(tmp_path, known_network, compression):
    Image.fromarray(RAMP).save(tmp_path / "old.tif", compression=compression)
    says = (
        rf"compressed in a way .*{compression.upper()}.*; save it without compression, or with LZW"
    )
    with pytest.raises(PhotographError, match=says):
        Colorizer(known_network).colorize(tmp_path / "old.tif", tmp_path / "new.tif")
    assert not (tmp_path / "new.tif").exists()


def test_how_pixels_are_stored_is_named(tmp_path, known_network):
    planes = np.zeros((3, 32, 48), np.uint8)
    options = {"photometric": "ycbcr", "planarconfig": "separate", "tile": (16, 16)}
    tifffile.imwrite(tmp_path / "planes.tif", planes, **options)
    tifffile.imwrite(tmp_path / "double.tif", RAMP.astype(float))
    for name, says in (("planes", "tiles that hold one channel each"), ("double", "samples of a")):
        with pytest.raises(PhotographError, match=rf"{name}\.tif' has {says}.*; save it "):
            Colorizer(known_network).colorize(tmp_path / f"{name}.tif", tmp_path / "new.tif")
