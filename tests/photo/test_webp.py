import io
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from colorear import Colorizer
from colorear.errors import PhotographError
from colorear.photo import webp
from colorear.photo.photograph import open_photo
from metadata import exiftool

MAKER = struct.pack("<2sHI", b"II", 42, 8) + struct.pack(
    "<HHHIIHHIIHHIHHI",
    *(3, 271, 2, 4, int.from_bytes(b"Own\0", "little"), 274, 3, 1, 6, 65000, 1, 1, 7, 0, 0),
)
"""EXIF with a maker, an orientation and a private tag, without the prefix that only JPEGs have."""
TRAILER = b"a telephone's film"


def chunk(kind: bytes, content: bytes) -> bytes:
    return kind + struct.pack("<I", len(content)) + content + bytes(len(content) % 2)


def scan(path: Path, *more: bytes, exif: bytes = MAKER, alpha: bool = False) -> Path:
    """A WebP with chunks that nobody knows, and bytes after its end."""
    pixels = np.random.default_rng(0).integers(0, 256, (20, 31, 3 + alpha), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "WEBP", lossless=True)
    picture = buffer.getvalue()[12:]
    if picture[:4] == b"VP8X":
        picture = picture[18:]
    flags = 0x08 | 0x10 * alpha
    head = struct.pack("<I", flags) + (30).to_bytes(3, "little") + (19).to_bytes(3, "little")
    body = chunk(b"VP8X", head) + picture + chunk(b"EXIF", exif) + b"".join(more)
    path.write_bytes(b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body + TRAILER)
    return path


def contents(path: Path) -> dict[bytes, bytes]:
    whole = path.read_bytes()
    with path.open("rb") as file:
        return {c.kind: whole[c.start : c.start + c.size] for c in webp.chunks(file)}


@pytest.mark.parametrize("alpha", [False, True])
def test_all_chunks_are_kept(tmp_path, known_network, alpha):
    own = chunk(b"OWN1", b"odd"), chunk(b"OWN2", b"even")
    source, target = scan(tmp_path / "old.webp", *own, alpha=alpha), tmp_path / "new.webp"
    assert open_photo(source).orientation == 6
    Colorizer(known_network).colorize(source, target)
    after = contents(target)
    assert list(after) == [b"VP8X", b"VP8L", b"EXIF", b"XMP ", b"OWN1", b"OWN2"]
    assert (after[b"EXIF"], after[b"OWN1"], after[b"OWN2"]) == (MAKER, b"odd", b"even")
    assert target.read_bytes().endswith(TRAILER)
    with Image.open(io.BytesIO(target.read_bytes())) as made:
        assert made.mode == ("RGBA" if alpha else "RGB")
        assert (made.size, made.getexif()[271], made.getexif()[274]) == ((31, 20), "Own", 6)
        if alpha:
            before = Image.open(io.BytesIO(source.read_bytes()))
            assert np.array_equal(np.asarray(made)[..., 3], np.asarray(before)[..., 3])


def test_exiftool_reads_the_same(tmp_path, known_network):
    source, target = scan(tmp_path / "old.webp", exif=b"Exif\0\0" + MAKER), tmp_path / "new.webp"
    Colorizer(known_network).colorize(source, target)
    before, after = (exiftool(path, "IFD0", "ExifIFD") for path in (source, target))
    assert before["IFD0:Make"] == "Own"
    assert after == before  # with the warning of the prefix
    assert not exiftool(target, "RIFF").get("ExifTool:Error")


def test_no_exif_is_made_up(tmp_path, known_network):
    Image.new("RGB", (31, 20)).save(tmp_path / "old.webp", lossless=True)
    Colorizer(known_network).colorize(tmp_path / "old.webp", tmp_path / "new.webp")
    assert list(contents(tmp_path / "new.webp")) == [b"VP8X", b"VP8L", b"XMP "]


def test_what_is_cut_short_is_no_chunk(tmp_path):
    source = scan(tmp_path / "old.webp", chunk(b"OWN1", bytes(100)))
    whole = source.read_bytes().removesuffix(TRAILER)
    source.write_bytes(whole[:-50])
    assert list(contents(source)) == [b"VP8X", b"VP8L", b"EXIF"]
    source.write_bytes(whole[:15])
    assert contents(source) == {}


def test_chunks_without_end_are_refused(tmp_path):
    path = tmp_path / "many.webp"
    body = chunk(b"NONE", b"") * 20_000
    path.write_bytes(b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body)
    with path.open("rb") as file, pytest.raises(PhotographError, match="is a WebP of so many"):
        list(webp.chunks(file))
