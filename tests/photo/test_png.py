import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from colorear.errors import PhotographError
from colorear.photo import png


def kinds(path: Path) -> list[bytes]:
    with path.open("rb") as file:
        return [chunk.kind for chunk in png.chunks(file)]


@pytest.fixture
def original(tmp_path) -> Path:
    info = PngInfo()
    info.add_text("Comment", "from the attic", zip=True)
    info.add_itxt("XML:com.adobe.xmp", "<x/>")
    info.add(b"gAMA", (45455).to_bytes(4, "big"))
    info.add(b"bKGD", b"\0\7")
    info.add_text("XML:com.adobe.xmp", "<deflated/>", zip=True)
    info.add_itxt("Title", "La abuela")
    info.add(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0<late/>", after_idat=True)
    info.add(b"atTc", b"the attic's own", after_idat=True)
    path = tmp_path / "old.png"
    Image.fromarray(np.zeros((5, 6), np.uint8)).save(path, pnginfo=info, dpi=(300, 300))
    return path


def test_graft(tmp_path, original):
    pixels, target = tmp_path / "pixels.png", tmp_path / "new.png"
    colours = np.random.default_rng(0).integers(0, 256, (5, 6, 3), np.uint8)
    Image.fromarray(colours).save(pixels, icc_profile=bytes(200), dpi=(72, 72))
    png.graft(original, pixels, target, b"<new/>")
    made = Image.open(io.BytesIO(target.read_bytes()))
    made.load()  # Pillow checks the sums
    assert np.array_equal(np.asarray(made), colours)
    assert made.text["Title"] == "La abuela"
    assert made.text["Comment"] == "from the attic"
    assert made.text["XML:com.adobe.xmp"] == "<new/>"
    assert target.read_bytes().count(b"XML:com.adobe.xmp") == 1
    assert kinds(target).count(b"iTXt") == 2
    assert made.info["gamma"] == pytest.approx(0.45455)
    assert made.info["dpi"] == pytest.approx((300, 300), abs=0.01)
    assert made.info["icc_profile"] == bytes(200)
    assert b"bKGD" not in kinds(target)  # two bytes for grey, six for RGB
    assert kinds(target)[0] == b"IHDR"
    assert kinds(target)[-2:] == [b"atTc", b"IEND"]


def test_chunks_of_a_file_cut_short(tmp_path, original):
    short = tmp_path / "short.png"
    short.write_bytes(original.read_bytes()[:40])
    assert kinds(short) == kinds(original)[: len(kinds(short))]
    assert len(kinds(short)) < len(kinds(original))


@pytest.mark.parametrize("kind", [b"IDAT", b"eXIf", b"teSt"])
def test_chunks_without_end_are_refused(tmp_path, monkeypatch, kind):
    """Chunks that hold nothing: as many as a picture may have are looked at, and no more."""
    monkeypatch.setattr(png, "_MOST_PIXEL_CHUNKS", 20)
    monkeypatch.setattr(png, "_MOST_OTHERS", 10)
    path = tmp_path / "many.png"
    path.write_bytes(png.SIGNATURE + (bytes(4) + kind + bytes(4)) * 100_000)
    reads: list[int] = []
    with (
        path.open("rb") as file,
        pytest.raises(PhotographError, match="is a PNG of so many"),
    ):
        list(png.chunks(_Counted(file, reads)))
    assert len(reads) == (21 if kind == b"IDAT" else 11)


class _Counted:
    """A file that counts how often it is read."""

    def __init__(self, file, reads: list[int]) -> None:
        self.name, self.seek, self._file, self._reads = file.name, file.seek, file, reads

    def read(self, size: int) -> bytes:
        self._reads.append(size)
        return self._file.read(size)
