import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from colorear.photo.inspection.pixels import Pixels, decoded, largest_differences

RAMP = np.tile(np.arange(64, dtype=np.uint8) * 4, (48, 1))


def gray(levels: np.ndarray, depth: float = 1.0) -> Pixels:
    return Pixels(levels, depth, has_alpha=False, multiplied=False)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "PA", "RGB", "RGBA", "I;16"])
@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_what_pillow_opens(tmp_path, mode, suffix):
    if (mode, suffix) == ("PA", ".png"):
        pytest.skip("PNG has no such kind")
    picture = Image.fromarray(RAMP.astype(np.uint16) * 257) if mode == "I;16" else None
    picture = picture or Image.fromarray(RAMP).convert(mode)
    picture.save(tmp_path / f"a{suffix}")
    found = decoded(tmp_path / f"a{suffix}", "png" if suffix == ".png" else "tiff")
    assert found.has_alpha is (mode in ("LA", "PA", "RGBA"))
    expected = gray((RAMP >= 128) * 255.0) if mode == "1" else gray(RAMP)
    if mode == "1":  # it is dithered
        expected = gray(np.asarray(picture) * 255.0)
    assert largest_differences(expected, found)[0] <= 1


@pytest.mark.parametrize("photometric", ["minisblack", "miniswhite"])
def test_white_may_be_zero(tmp_path, photometric):
    stored = RAMP.astype(np.uint16) * 257
    stored = 65535 - stored if photometric == "miniswhite" else stored
    tifffile.imwrite(tmp_path / "a.tif", stored, photometric=photometric)
    assert largest_differences(gray(RAMP), decoded(tmp_path / "a.tif", "tiff")) == (0, 0)


def test_a_transparent_gray_is_alpha(tmp_path):
    Image.fromarray(RAMP).save(tmp_path / "a.png", transparency=8)
    found = decoded(tmp_path / "a.png", "png")
    assert found.has_alpha
    assert largest_differences(gray(RAMP), found) == (0, 255)


def png(path: Path, depth: int, color: int, transparent: int) -> Path:
    """A ramp of all levels that its depth has, one of them transparent."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        total = zlib.crc32(kind + content)
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", total)

    count = 3 if color == 2 else 1
    levels = np.repeat(np.arange(32) * (2**depth - 1) // 31, count)
    bits = (levels[:, None] >> np.arange(depth - 1, -1, -1)) & 1
    row = b"\0" + np.packbits(bits.astype(np.uint8).ravel()).tobytes()
    head = struct.pack(">IIBBBBB", 32, 2, depth, color, 0, 0, 0)
    body = chunk(b"tRNS", struct.pack(f">{count}H", *[transparent] * count))
    body += chunk(b"IDAT", zlib.compress(row * 2)) + chunk(b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + body)
    return path


@pytest.mark.parametrize(("depth", "level"), [(1, 1), (2, 2), (4, 7), (8, 255), (16, 65535)])
def test_which_gray_is_transparent_is_told_in_its_own_depth(tmp_path, depth, level):
    found = decoded(png(tmp_path / "a.png", depth, 0, level), "png")
    levels = np.arange(32) * (2**depth - 1) // 31
    alpha = found.levels[0, :, -1] / found.depth
    assert found.has_alpha
    assert np.array_equal(alpha, np.where(levels == level, 0, 255))


def test_of_a_transparent_color_of_16_bits_it_knows_nothing(tmp_path):
    assert decoded(png(tmp_path / "a.png", 16, 2, 65535), "png") is None
    assert decoded(png(tmp_path / "a.png", 8, 2, 255), "png").has_alpha


def test_large_texts_of_a_png_do_not_matter(tmp_path):
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    info.add_text("raw", "x" * 3_000_000, zip=True)
    Image.fromarray(RAMP).save(tmp_path / "a.png", pnginfo=info)
    assert largest_differences(gray(RAMP), decoded(tmp_path / "a.png", "png")) == (0, 0)


def test_a_kind_that_it_does_not_know(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", RAMP.astype(float))
    assert decoded(tmp_path / "a.tif", "tiff") is None
    tifffile.imwrite(tmp_path / "b.tif", RAMP.astype(np.float32))
    assert decoded(tmp_path / "b.tif", "tiff") is None


def test_what_is_cut_short(tmp_path):
    Image.fromarray(RAMP).save(tmp_path / "a.png")
    content = (tmp_path / "a.png").read_bytes()
    (tmp_path / "a.png").write_bytes(content[: len(content) // 2])
    with pytest.raises(OSError, match=r"truncated|broken"):
        decoded(tmp_path / "a.png", "png")
