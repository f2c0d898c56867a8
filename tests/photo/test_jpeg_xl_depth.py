"""The depth that is told of a JPEG XL, beside what was asked of its encoder."""

import numpy as np
import pytest
import pyvips

from colorear.errors import PhotographError
from colorear.photo.jpeg_xl_depth import depth_of_jpeg_xl
from colorear.photo.photograph import open_photo

codecs = pytest.importorskip("imagecodecs", reason="needs the extra formats")


def encoded(depth: int, shape: tuple[int, ...] = (40, 70), **how) -> bytes:
    kind = np.uint8 if depth <= 8 else np.uint16
    top = 2**depth - 1
    picture = np.linspace(0, top, np.prod(shape)).reshape(shape).astype(kind)
    content: bytes = codecs.jpegxl_encode(
        picture, lossless=True, bitspersample=depth, usecontainer=False, **how
    )
    return content


@pytest.mark.parametrize("depth", range(1, 17))
@pytest.mark.parametrize("shape", [(40, 70), (64, 64), (40, 80), (1, 900), (41, 70, 3)])
def test_what_the_encoder_was_told(depth, shape):
    content = encoded(depth, shape)
    start = content if content[:2] == b"\xff\x0a" else content[content.index(b"jxlc") + 4 :]
    assert depth_of_jpeg_xl(start) == depth


def test_floats_and_other_files_have_none():
    picture = np.linspace(0, 1, 2800, dtype=np.float32).reshape(40, 70)
    content = codecs.jpegxl_encode(picture, lossless=True)
    start = content if content[:2] == b"\xff\x0a" else content[content.index(b"jxlc") + 4 :]
    assert depth_of_jpeg_xl(start) == 0
    assert depth_of_jpeg_xl(b"") == 0
    assert depth_of_jpeg_xl(b"\xff\xd8\xff") == 0


@pytest.mark.parametrize("shape", [(3, 40, 70, 3), (3, 40, 70)])
def test_several_frames_are_refused(tmp_path, shape):
    photometric = "rgb" if len(shape) == 4 else "gray"
    picture = np.zeros(shape, np.uint16)
    picture += np.arange(3, dtype=np.uint16).reshape(3, *[1] * (len(shape) - 1)) * 100
    content = codecs.jpegxl_encode(
        picture, lossless=True, bitspersample=10, photometric=photometric, usecontainer=False
    )
    assert depth_of_jpeg_xl(content) == 10
    path = tmp_path / "a.jxl"
    path.write_bytes(content)
    with pytest.raises(PhotographError, match="has several frames"):
        open_photo(path)


@pytest.mark.parametrize("depth", [9, 10, 12, 16])
@pytest.mark.parametrize("container", [False, True])
def test_they_are_spread_over_sixteen(tmp_path, depth, container):
    """White stays white, and each level what it was."""
    levels = np.tile(np.linspace(0, 2**depth - 1, 200).round().astype(np.uint16), (40, 1))
    path = tmp_path / "a.jxl"
    path.write_bytes(
        codecs.jpegxl_encode(levels, lossless=True, bitspersample=depth, usecontainer=container)
    )
    photo = open_photo(path)
    values = pyvips.Image.new_from_file(str(photo.path)).numpy().reshape(40, 200, -1)[..., 0]
    assert photo.bits == 16
    assert np.array_equal(values, np.rint(levels * (65535 / (2**depth - 1))).astype(np.uint16))
