import io
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from colorear.errors import PhotographError
from colorear.photo import jpeg, jpeg_dct


def encoded(pixels: np.ndarray, **options) -> jpeg.Jpeg:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", **options)
    return jpeg.read(buffer.getvalue(), "scan.jpg")


@pytest.fixture
def picture(free_pictures) -> np.ndarray:
    return free_pictures["chelsea"][:123, :77]


def test_a_grayscale_file_comes_back_as_it_is(picture):
    grey = encoded(picture[..., 0])
    assert jpeg_dct.without_chroma(grey) is grey


def test_luma_blocks_decode_to_the_picture(picture):
    """The inverse DCT (T.81 A.3.3) of blocks and table, against Pillow's decoder."""
    grey = picture[..., 1]
    buffer = io.BytesIO()
    Image.fromarray(grey).save(buffer, "JPEG", quality=80)
    blocks, table = jpeg_dct.luma_blocks(jpeg.read(buffer.getvalue(), "scan.jpg"))
    k, n = np.mgrid[:8, :8]
    basis = np.where(k == 0, np.sqrt(1 / 8), 0.5) * np.cos((2 * n + 1) * k * np.pi / 16)
    pixels = 128 + basis.T @ (blocks * table.astype(float)) @ basis
    pixels = pixels.swapaxes(1, 2).reshape(blocks.shape[0] * 8, -1)[:123, :77]
    assert np.abs(pixels.clip(0, 255) - np.asarray(Image.open(buffer))).max() <= 2


@pytest.mark.parametrize("progressive", [False, True])
def test_without_chroma_is_a_grayscale_file(picture, progressive):
    colour = encoded(picture, progressive=progressive, comment=b"kept")
    grey = jpeg_dct.without_chroma(colour)
    assert grey.about == colour.about
    assert not grey.progressive
    assert grey.chroma_size == colour.chroma_size
    alone = b"".join(jpeg.written(grey.coded))
    assert Image.open(io.BytesIO(alone)).mode == "L"


def test_no_room_for_temporary_files(picture, monkeypatch):
    full = SimpleNamespace(free=1000)
    monkeypatch.setattr(jpeg_dct.shutil, "disk_usage", lambda _: full)
    with pytest.raises(PhotographError, match="needs 1 MB of room in"):
        jpeg_dct.without_chroma(encoded(picture))


def test_damage_that_only_jpeglib_finds(picture, monkeypatch):
    import jpeglib

    def fails(path: str) -> None:
        raise OSError(f"reading of {path} failed")

    monkeypatch.setattr(jpeglib, "read_dct", fails)
    with pytest.raises(PhotographError, match=r"'scan.jpg' is a JPEG with damaged"):
        jpeg_dct.luma_blocks(encoded(picture))
