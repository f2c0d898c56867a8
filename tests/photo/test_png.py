import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
import pyvips
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from colorear import Colorizer, verify
from colorear.errors import PhotographError
from colorear.photo import png
from colorear.photo.icc import rgb_from_gray
from colorear.photo.photograph import lightness, open_photo, to_device
from photo.test_icc import PROFILES


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


def grafted(folder: Path, original: Path, profile: bytes | None = None) -> Path:
    pixels, target = folder / "pixels.png", folder / "new.png"
    colors = np.random.default_rng(0).integers(0, 256, (5, 6, 3), np.uint8)
    Image.fromarray(colors).save(pixels, icc_profile=bytes(200), dpi=(72, 72))
    png.graft(original, pixels, target, b"<new/>", profile)
    made = Image.open(io.BytesIO(target.read_bytes()))
    made.load()  # Pillow checks the sums
    assert np.array_equal(np.asarray(made), colors)
    return target


def content(path: Path, kind: bytes) -> list[bytes]:
    """Of all chunks of a kind."""
    whole = path.read_bytes()
    with path.open("rb") as file:
        found = [chunk for chunk in png.chunks(file) if chunk.kind == kind]
    return [whole[chunk.start + 8 : chunk.start + chunk.size - 4] for chunk in found]


def test_graft(tmp_path, original):
    target = grafted(tmp_path, original)
    made = Image.open(io.BytesIO(target.read_bytes()))
    made.load()
    assert made.text["Title"] == "La abuela"
    assert made.text["Comment"] == "from the attic"
    assert made.text["XML:com.adobe.xmp"] == "<new/>"
    assert target.read_bytes().count(b"XML:com.adobe.xmp") == 1
    assert kinds(target).count(b"iTXt") == 2
    assert made.info["gamma"] == pytest.approx(0.45455)
    assert made.info["dpi"] == pytest.approx((300, 300), abs=0.01)
    assert "icc_profile" not in made.info
    assert content(target, b"bKGD") == [b"\0\7\0\7\0\7"]
    assert kinds(target)[0] == b"IHDR"
    assert kinds(target)[-2:] == [b"atTc", b"IEND"]


def written(path: Path, picture: Image.Image, chunk: tuple[bytes, bytes]) -> Path:
    """With a chunk right before the pixels."""
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    before, kind, after = buffer.getvalue().partition(b"IDAT")
    summed = b"".join(chunk)
    packed = struct.pack(">I", len(chunk[1])) + summed + struct.pack(">I", zlib.crc32(summed))
    path.write_bytes(before[:-4] + packed + before[-4:] + kind + after)
    return path


@pytest.mark.parametrize(
    ("mode", "background", "expected"),
    [
        ("L", b"\0\x40", b"\0\x40" * 3),
        ("1", b"\0\1", b"\0\xff" * 3),
        ("I;16", b"\x12\x34", b"\x12\x34" * 3),
        ("RGB", b"\0\1\0\2\0\3", b"\0\1\0\2\0\3"),
        ("P", b"\2", b"\0\x14\0\x1e\0\x28"),
        ("P", b"\xff", None),
    ],
)
def test_the_background_is_the_same_color(tmp_path, mode, background, expected):
    picture = Image.new(mode, (6, 5))
    if mode == "P":
        picture.putpalette([0, 0, 0, 1, 1, 1, 20, 30, 40])
    source = written(tmp_path / "old.png", picture, (b"bKGD", background))
    assert content(grafted(tmp_path, source), b"bKGD") == ([expected] if expected else [])


@pytest.mark.parametrize(
    ("mode", "bits", "expected"),
    [("L", b"\x08", [b"\x08" * 3]), ("LA", b"\x08\x08", [b"\x08" * 4]), ("L", b"\5", [])],
)
def test_significant_bits_are_told_where_they_are_all(tmp_path, mode, bits, expected):
    source = written(tmp_path / "old.png", Image.new(mode, (6, 5)), (b"sBIT", bits))
    assert content(grafted(tmp_path, source), b"sBIT") == expected


def named(name: bytes, profile: bytes) -> tuple[bytes, bytes]:
    return b"iCCP", name + b"\0\0" + zlib.compress(profile)


def test_a_profile_is_kept_with_its_name(tmp_path, known_network):
    """libpng passes over this one, as it does over printers' Dot Gain 20 %: its intent is none."""
    faulted = bytearray(PROFILES["dot gain"])
    faulted[64:68] = b"\xff\xff\xff\xff"
    gray = Image.fromarray(np.arange(30, dtype=np.uint8).reshape(5, 6) * 8)
    source = written(tmp_path / "old.png", gray, named(b"Dot Gain 20%", faulted))
    assert png.profile(source) == faulted
    assert not pyvips.Image.pngload(str(source)).get_typeof("icc-profile-data")
    Colorizer(known_network).colorize(source, tmp_path / "new.png")
    (chunk,) = content(tmp_path / "new.png", b"iCCP")
    name, packed = chunk.split(b"\0\0", 1)
    assert name == b"Dot Gain 20%"
    assert zlib.decompress(packed) == rgb_from_gray(bytes(faulted))


def test_a_profile_for_rgb_is_kept_byte_for_byte(tmp_path):
    profile = rgb_from_gray(PROFILES["gamma 2.2"])
    chunk = named(b"My own", profile)
    source = written(tmp_path / "old.png", Image.new("RGB", (6, 5)), chunk)
    assert png.profile(source) == profile
    assert content(grafted(tmp_path, source, profile), b"iCCP") == [chunk[1]]


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_a_profile_for_other_values_than_its_own_is_none(tmp_path, mode):
    other = PROFILES["gamma 2.2"]
    chunk = named(b"x", rgb_from_gray(other) if mode == "L" else other)
    source = written(tmp_path / "old.png", Image.new(mode, (6, 5)), chunk)
    assert png.profile(source) is None
    assert content(grafted(tmp_path, source), b"iCCP") == ([] if mode == "L" else [chunk[1]])


@pytest.mark.parametrize("damaged", [b"x\0\0no deflate", b"x", b"x\0\0" + zlib.compress(bytes(9))])
def test_a_damaged_profile_is_none(tmp_path, damaged):
    source = written(tmp_path / "old.png", Image.new("L", (6, 5)), (b"iCCP", damaged))
    assert png.profile(source) is None


def test_what_follows_the_end_is_kept(tmp_path, original):
    with original.open("ab") as file:
        file.write(b"a telephone's film")
    assert grafted(tmp_path, original).read_bytes().endswith(b"IEND\xaeB`\x82a telephone's film")


def test_what_is_damaged_after_the_pixels_is_left_out(tmp_path, original):
    whole = original.read_bytes()
    original.write_bytes(whole[: whole.index(b"atTc") + 9])  # cut within a chunk
    assert kinds(grafted(tmp_path, original))[-2:] == [b"IDAT", b"IEND"]
    changed = whole.replace(b"the attic's own", b"the attic's old")  # its sum is now wrong
    original.write_bytes(changed)
    (tmp_path / "new.png").unlink()
    assert kinds(grafted(tmp_path, original))[-2:] == [b"IDAT", b"IEND"]


def test_chunks_of_a_file_cut_short(tmp_path, original):
    short = tmp_path / "short.png"
    short.write_bytes(original.read_bytes()[:40])
    assert kinds(short) == kinds(original)[: len(kinds(short))]
    assert len(kinds(short)) < len(kinds(original))


def test_chunks_that_cannot_be_read_are_left_out(tmp_path, original):
    """One whose check sum is wrong, and one cut short after the pixels: Pillow refuses both."""
    content = original.read_bytes()
    at = content.index(b"zTXtComment") + 4
    spoiled = bytearray(content[: content.index(b"IEND") - 4] + b"\x7f\0\0\0teXtabc")
    spoiled[at] ^= 1
    original.write_bytes(spoiled)
    pixels, target = tmp_path / "pixels.png", tmp_path / "new.png"
    Image.fromarray(np.zeros((5, 6, 3), np.uint8)).save(pixels)
    png.graft(original, pixels, target, b"<new/>", None)
    made = Image.open(io.BytesIO(target.read_bytes()))
    made.load()
    assert "Comment" not in made.text
    assert made.text["Title"] == "La abuela"
    assert kinds(target)[-2:] == [b"atTc", b"IEND"]


def test_a_background_that_names_no_color_is_left_out(tmp_path):
    original, pixels, target = (tmp_path / f"{name}.png" for name in ("old", "pixels", "new"))
    info = PngInfo()
    info.add(b"bKGD", b"")
    colors = Image.fromarray(np.random.default_rng(0).integers(0, 256, (5, 6, 3), np.uint8))
    colors.quantize(8).save(original, pnginfo=info)
    colors.save(pixels)
    png.graft(original, pixels, target, b"<new/>", None)
    assert b"bKGD" in kinds(original)
    assert b"bKGD" not in kinds(target)


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


def announced(path: Path, frames: int, *others: bytes) -> Path:
    """A PNG that says of so many frames, with other chunks behind its pixels."""
    Image.fromarray(np.tile(np.arange(60, dtype=np.uint8) * 4, (40, 1))).save(path)
    content = path.read_bytes()
    control = struct.pack(">IIIIIHHBB", 0, 60, 40, 0, 0, 1, 10, 0, 0)
    head = b"".join(
        png._packed(kind, inner)
        for kind, inner in ((b"acTL", struct.pack(">II", frames, 0)), (b"fcTL", control))
    )
    head = head if frames else b""
    path.write_bytes(content[:33] + head + content[33:-12] + b"".join(others) + content[-12:])
    return path


def test_a_single_frame_is_a_still_picture(tmp_path, known_network):
    path = announced(tmp_path / "a.png", 1)
    with Image.open(path) as image:
        assert image.n_frames == 1
    Colorizer(known_network, threads=1).colorize(path)
    assert not {b"acTL", b"fcTL"} & set(kinds(tmp_path / "a-color.png"))
    assert verify(path, tmp_path / "a-color.png").ok


def test_frames_that_nobody_announces_are_none(tmp_path, known_network):
    path = announced(tmp_path / "a.png", 0, png._packed(b"fdAT", bytes(20)))
    Colorizer(known_network, threads=1).colorize(path)
    assert verify(path, tmp_path / "a-color.png").ok


@pytest.mark.parametrize(("frames", "others"), [(2, b""), (1, png._packed(b"fdAT", bytes(20)))])
def test_what_moves_is_refused(tmp_path, frames, others):
    path = announced(tmp_path / "a.png", frames, others)
    with pytest.raises(PhotographError, match="has several frames"):
        open_photo(path)


def told(path: Path, **chunks: bytes) -> Path:
    """Levels of gray, and what they mean, by chunks."""
    info = PngInfo()
    for kind, content in chunks.items():
        info.add(kind.encode(), content)
    gray = np.tile(np.array([20, 50, 100, 200], np.uint8), (40, 10))
    Image.fromarray(gray).save(path, pnginfo=info)
    return path


P3 = struct.pack(">8I", 31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000)


@pytest.mark.parametrize(
    ("chunks", "levels"),  # that Chromium 156 shows 20, 50, 100 and 200 as
    [
        ({"gAMA": struct.pack(">I", 100_000)}, (79, 122, 168, 229)),
        ({"gAMA": struct.pack(">I", 55_556), "cHRM": P3}, (26, 65, 119, 210)),
        ({"gAMA": struct.pack(">I", 45_455)}, (20, 50, 100, 200)),
        ({"gAMA": bytes(4)}, (20, 50, 100, 200)),
        ({"cHRM": P3}, (20, 50, 100, 200)),
        ({"gAMA": struct.pack(">I", 100_000), "sRGB": b"\0"}, (20, 50, 100, 200)),
        ({"cICP": bytes([1, 8, 0, 1]), "sRGB": b"\0"}, (79, 122, 168, 229)),
        ({"cICP": bytes([1, 1, 0, 1])}, (7, 39, 91, 197)),
        ({"cICP": bytes([12, 4, 0, 1])}, (12, 46, 100, 201)),
        ({"cICP": bytes([2, 2, 0, 1])}, (20, 50, 100, 200)),
    ],
)
def test_gray_is_seen_as_chunks_say(tmp_path, chunks, levels):
    photo = open_photo(told(tmp_path / "a.png", **chunks))
    seen = lightness(photo, 40, 40)[0, :4]
    light = np.array(levels) / 255
    light = np.where(light <= 0.04045, light / 12.92, ((light + 0.055) / 1.055) ** 2.4)
    expected = np.where(light > 216 / 24389, 116 * np.cbrt(light) - 16, light * 24389 / 27)
    assert np.abs(seen - expected).max() < 0.6


def test_colors_are_made_for_what_chunks_say(tmp_path, known_network):
    path = told(tmp_path / "a.png", gAMA=struct.pack(">I", 45_455), cHRM=P3)
    photo = open_photo(path)
    red = np.array([1, 0, 0], np.float32)[:, None, None]
    assert np.abs(to_device(photo, red)[:, 0, 0] * 255 - (234, 51, 35)).max() < 2  # sRGB's, in P3
    made = Path(Colorizer(known_network, threads=1).colorize(path).output)
    assert verify(path, made).ok
    assert content(made, b"cHRM") == [P3]
    assert b"iCCP" not in kinds(made)


def test_primaries_of_no_colors_are_passed_over(tmp_path):
    path = told(tmp_path / "a.png", gAMA=struct.pack(">I", 45_455), cHRM=bytes(32))
    assert open_photo(path).profile is None


@pytest.mark.parametrize("transfer", [16, 18])
def test_hdr_is_refused(tmp_path, transfer):
    with pytest.raises(PhotographError, match=r"a.png' is of HDR \(PQ or HLG\)"):
        open_photo(told(tmp_path / "a.png", cICP=bytes([9, transfer, 0, 1])))
