"""The depth and the colors that are told of a JPEG XL, beside what was asked of its encoder."""

from contextlib import suppress

import numpy as np
import pytest
import pyvips
from hypothesis import given
from hypothesis import strategies as st

from colorear.errors import PhotographError
from colorear.photo.icc import Colors, color_space, profile_of
from colorear.photo.jpeg_xl_header import Header, read_header
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
    assert read_header(start).depth == depth


def test_floats_and_other_files_have_none():
    picture = np.linspace(0, 1, 2800, dtype=np.float32).reshape(40, 70)
    content = codecs.jpegxl_encode(picture, lossless=True)
    start = content if content[:2] == b"\xff\x0a" else content[content.index(b"jxlc") + 4 :]
    assert read_header(start).depth == 0
    assert read_header(b"").depth == 0
    assert read_header(b"\xff\xd8\xff").depth == 0


@pytest.mark.parametrize("shape", [(3, 40, 70, 3), (3, 40, 70)])
def test_several_frames_are_refused(tmp_path, shape):
    photometric = "rgb" if len(shape) == 4 else "gray"
    picture = np.zeros(shape, np.uint16)
    picture += np.arange(3, dtype=np.uint16).reshape(3, *[1] * (len(shape) - 1)) * 100
    content = codecs.jpegxl_encode(
        picture, lossless=True, bitspersample=10, photometric=photometric, usecontainer=False
    )
    assert read_header(content).depth == 10
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


P3 = ((0.68, 0.32), (0.265, 0.69), (0.15, 0.06))


@pytest.mark.parametrize(
    ("start", "is_lossy", "colors"),
    [  # as cjxl 0.7 began files of pictures with these colors
        ("ff0a0f3e48282e040012880200b4035de5", True, Colors()),
        ("ff0adf4152dc08001288020088045de512", True, Colors(is_gray=True)),
        ("ff0a0f3e08c854040802010068024b2835", False, Colors(primaries=P3, curve="BT.709")),
        (
            "ff0a0f3e48304d7e04001288020088035d",
            True,
            Colors(white=(0.314, 0.351), primaries=P3, curve=2.6),
        ),
        (
            "ff0adf41929033a3a288170d020012880200c4055d",
            True,
            Colors(is_gray=True, white=(0.345703, 0.358538), curve="linear"),
        ),
        ("ff0a0f3e48c8a347001288020084065de5", True, "other"),  # PQ
        ("ff0adf4118fd1f90300f200d178616ca69", False, "profile"),
        ("ff0adf411afd1f90300f200d178616ca69", True, "profile"),
    ],
)
def test_colors(start, is_lossy, colors):
    header = read_header(bytes.fromhex(start))
    assert header == Header(8, is_lossy, colors)


@pytest.mark.parametrize("shape", [(40, 70), (40, 70, 2), (40, 70, 3), (40, 70, 4)])
@pytest.mark.parametrize("lossless", [True, False])
def test_colors_after_other_fields(shape, lossless):
    """Of 8 bits imagecodecs says sRGB, of 16 linear light; alpha is a field before them."""
    for kind, curve in ((np.uint8, "sRGB"), (np.uint16, "linear")):
        content = codecs.jpegxl_encode(np.zeros(shape, kind), lossless=lossless, usecontainer=False)
        start = content if content[:2] == b"\xff\x0a" else content[content.index(b"jxlc") + 4 :]
        header = read_header(start)
        gray = len(shape) == 2 or shape[2] == 2
        assert (header.is_lossy, header.colors) == (not lossless, Colors(gray, curve=curve))


@given(st.binary(max_size=60))
def test_any_damage_is_a_header_whose_colors_make_a_profile_or_a_value_error(content):
    colors = read_header(b"\xff\x0a" + content).colors
    if isinstance(colors, Colors):
        with suppress(ValueError):
            assert color_space(profile_of(colors)) == ("grey" if colors.is_gray else "rgb")
