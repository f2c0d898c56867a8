import io
import re
import struct
import tempfile

import cv2
import jpeglib
import kornia_rs
import numpy as np
import pytest
import pyvips
import simplejpeg
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from colorear.errors import PhotographError
from colorear.photo import jpeg, jpeg_dct


def luma_of(content: bytes) -> tuple[np.ndarray, np.ndarray]:
    """Quantized luma coefficients (rows, columns, 8, 8) and their table (8, 8), by jpeglib."""
    with tempfile.NamedTemporaryFile(suffix=".jpg") as file:
        file.write(content)
        file.flush()
        picture = jpeglib.read_dct(file.name)
        picture.load()
        return picture.Y, picture.get_component_qt(0)


def same_luma(one: bytes, other: bytes) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(luma_of(one), luma_of(other), strict=True))


def encoded(pixels: np.ndarray, **options) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", **options)
    return buffer.getvalue()


def plane(values: np.ndarray, **options) -> bytes:
    image = pyvips.Image.new_from_array(values.astype(np.uint8))
    return image.jpegsave_buffer(
        Q=jpeg.CHROMA_QUALITY, optimize_coding=True, keep="none", **options
    )


def chroma_size(content: bytes) -> tuple[int, int]:
    parts = jpeg.read(content, "scan.jpg")
    across, down = jpeg_dct.chroma_factors(parts)
    return -(-parts.width // across), -(-parts.height // down)


def colored(
    content: bytes, cb: np.ndarray, cr: np.ndarray, profile: bytes | None = None, *, alone=False
) -> bytes:
    """As where there is no library if `alone`."""
    parts = jpeg.read(content, "scan.jpg")
    gray = jpeg_dct.without_chroma(parts)
    separate = alone or jpeg_dct.keeps_scans(gray)
    options = {"restart_interval": gray.restart_interval} if separate else {}
    planes = [plane(values, interlace=gray.progressive, **options) for values in (cb, cr)]
    factors = (1, 1) if alone else jpeg_dct.chroma_factors(parts)
    coded = list(jpeg.chroma_beside(gray, *planes, factors))
    if not separate:
        coded = jpeg_dct.interleaved(coded, parts)
    about = jpeg.about_color(gray, profile)
    return b"".join(jpeg.written([*about, *coded])) + bytes(parts.trailer)


def noise(height: int, width: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width), np.uint8)


def waves(width: int, height: int) -> tuple[np.ndarray, np.ndarray]:
    y, x = np.mgrid[:height, :width]
    return np.round(128 + 40 * np.sin(y / 40)), np.round(128 + 40 * np.cos(x / 50))


def ycc(content: bytes) -> np.ndarray:
    """Y, Cb, Cr as stored, by Pillow's libjpeg: (h, w, 3)."""
    image = Image.open(io.BytesIO(content))
    image.draft("YCbCr", None)
    image.load()
    assert image.mode == "YCbCr"
    return np.asarray(image)


ANY_SCAN = {
    "height": st.integers(1, 50),
    "width": st.integers(1, 50),
    "quality": st.integers(5, 100),
    "progressive": st.booleans(),
}


def scans_of(content: bytes) -> list[int]:
    """How many components each scan has, told by markers alone."""
    found = re.finditer(rb"\xff\xda\0.(.)", content, re.DOTALL)
    return [match[1][0] for match in found]


@settings(max_examples=25)
@given(**ANY_SCAN, restarts=st.sampled_from([0, 1, 5]), alone=st.booleans())
def test_grayscale_luma_is_kept_bit_for_bit(height, width, quality, progressive, restarts, alone):
    options = {"restart_marker_blocks": restarts} if restarts else {}
    content = encoded(noise(height, width), quality=quality, progressive=progressive, **options)
    before = jpeg.read(content, "scan.jpg")
    size = (width, height) if alone else (-(-width // 2), -(-height // 2))
    result = colored(content, *waves(*size), alone=alone)
    after = jpeg.read(result, "scan-color.jpg")
    assert after.progressive == progressive
    assert after.restart_interval == (before.restart_interval if alone else 0)
    assert result.count(b"\xff\xdd\0\4") == (1 if alone and restarts else 0)  # one for all scans
    assert after.factors == ((1, 1) if alone else (2, 2))
    assert same_luma(content, result)
    gray = np.asarray(Image.open(io.BytesIO(content)))
    assert np.array_equal(ycc(result)[..., 0], gray)  # another decoder agrees
    if not progressive:
        assert scans_of(result) == ([1, 1, 1] if alone else [3])


@settings(max_examples=25)
@given(**ANY_SCAN, subsampling=st.sampled_from(["4:4:4", "4:2:2", "4:2:0"]))
def test_color_luma_is_kept_bit_for_bit(height, width, quality, progressive, subsampling):
    pixels = np.dstack([noise(height, width, seed) for seed in range(3)])
    content = encoded(pixels, quality=quality, progressive=progressive, subsampling=subsampling)
    before = jpeg.read(content, "scan.jpg")
    result = colored(content, *waves(*chroma_size(content)))
    after = jpeg.read(result, "scan-color.jpg")
    assert after.factors == before.factors
    assert after.progressive == before.progressive
    assert same_luma(content, result)
    assert np.array_equal(ycc(result)[..., 0], ycc(content)[..., 0])


@pytest.mark.parametrize("alone", [False, True])
@pytest.mark.parametrize("restarts", [0, 7])
@pytest.mark.parametrize("progressive", [False, True])
def test_other_programs_see_the_same_colors(tmp_path, free_pictures, alone, restarts, progressive):
    """What libvips shows of luma and chroma apart is what others show of the file."""
    gray = free_pictures["astronaut"][..., 1]
    options = {"restart_marker_blocks": restarts} if restarts else {}
    content = encoded(gray, progressive=progressive, **options)
    size = (512, 512) if alone else (256, 256)
    path = tmp_path / "new.jpg"
    path.write_bytes(colored(content, *waves(*size), alone=alone))
    shown = {
        "Pillow": np.asarray(Image.open(path)),
        "OpenCV": cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB),
        "libvips": pyvips.Image.new_from_file(str(path)).numpy(),
        "simplejpeg": simplejpeg.decode_jpeg(path.read_bytes()),
    }
    if not (alone and restarts):  # which zune shows as stripes
        shown["zune"] = kornia_rs.io.read_image_jpeg(str(path), "rgb")
    y, cb, cr = ycc(path.read_bytes()).astype(float).transpose(2, 0, 1) - [[[0]], [[128]], [[128]]]
    expected = np.dstack((y + 1.402 * cr, y - 0.344136 * cb - 0.714136 * cr, y + 1.772 * cb))
    for name, rgb in shown.items():
        assert np.abs(rgb - expected.clip(0, 255)).max() <= 4, name


@pytest.mark.parametrize("options", [{"progressive": True}, {"restart_marker_blocks": 3}, {}])
@pytest.mark.parametrize("pixels", [noise(301, 415), np.dstack([noise(301, 415)] * 3)])
def test_chroma_comes_back(pixels, options):
    content = encoded(pixels, **options)
    result = colored(content, *waves(208, 151))
    cb, cr = waves(208, 151)
    decoded = ycc(result)[::2, ::2].astype(int)
    assert np.abs(decoded[..., 1] - cb).max() <= 2
    assert np.abs(decoded[..., 2] - cr).max() <= 2


@pytest.mark.parametrize("slope", [0.01, 0.03, 0.1, 0.3])
def test_chroma_shows_no_blocks(slope):
    """On slow gradients; with CHROMA_QUALITY 80 or less the borders jump by more."""
    y, x = np.mgrid[:256, :256]
    gradient = 90 + slope * (x + 0.7 * y)
    result = colored(encoded(np.full((512, 512), 128, np.uint8)), *[np.round(gradient)] * 2)
    decoded = ycc(result)[..., 1].astype(float)
    jump = np.abs(np.diff(decoded, axis=1))
    border = np.arange(1, 512) % 16 == 0  # of a chroma block, in luma pixels
    assert jump.max() <= 2
    assert jump[:, border].mean() < 0.4
    assert np.std(decoded[::2, ::2] - gradient) < 0.34  # rounding alone gives 0.29


def test_other_segments_are_copied_byte_for_byte():
    content = encoded(noise(20, 20), comment=b"from the attic", dpi=(300, 300))
    maker = [jpeg.Segment(0xE1, b"Exif\0\0" + bytes(50)), jpeg.Segment(0xED, b"Photoshop 3.0\0abc")]
    parts = jpeg.read(content, "scan.jpg")
    content = b"".join(jpeg.written([*maker, *parts.segments])) + b"trailer"
    result = colored(content, *waves(10, 10))
    assert jpeg.read(result, "x").about == (*maker, *parts.about)
    assert result.endswith(b"trailer")


def test_adobe_segment_names_ycc_where_it_named_gray():
    adobe = jpeg.Segment(0xEE, b"Adobe\0\x64" + bytes(5))
    content = b"".join(jpeg.written([adobe, *jpeg.read(encoded(noise(20, 20)), "x").segments]))
    result = colored(content, *waves(10, 10))
    assert jpeg.read(result, "x").about[0].payload[:12] == adobe.payload[:11] + b"\1"
    assert Image.open(io.BytesIO(result)).mode == "RGB"


@pytest.mark.parametrize("size", [100, 65519, 65520, 200_000])
def test_profile_is_replaced_left_out_or_kept(size):
    old, new = bytes(150_000), np.random.default_rng(0).bytes(size)
    content = encoded(noise(20, 20), icc_profile=old)
    for given_profile, expected in ((new, new), (b"", None), (None, old)):
        result = colored(content, *waves(10, 10), profile=given_profile)
        assert Image.open(io.BytesIO(result)).info.get("icc_profile") == expected


def test_luma_table_in_another_slot():
    """Chroma takes the slot that luma leaves free."""
    parts = jpeg.read(encoded(noise(20, 20)), "x")
    moved = []
    for marker, payload, scan in parts.segments:
        if marker == 0xDB:
            payload = b"\1" + payload[1:]
        elif marker == 0xC0:
            payload = payload[:8] + b"\1"
        moved.append(jpeg.Segment(marker, payload, scan))
    content = b"".join(jpeg.written(moved))
    result = colored(content, *waves(10, 10))
    assert [component.table for component in jpeg.read(result, "x").components] == [1, 0, 0]
    assert same_luma(content, result)


def with_byte(content: bytes, marker: bytes, offset: int, value: int) -> bytes:
    at = content.index(marker) + offset
    return content[:at] + bytes([value]) + content[at + 1 :]


GRAY, COLOR = encoded(noise(20, 20)), encoded(np.dstack([noise(20, 20)] * 3))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"\xff\xd8\xff", "damaged or cut short"),
        (GRAY[:-2], "damaged or cut short"),
        (GRAY[:100], "damaged or cut short"),
        (with_byte(GRAY, b"\xff\xc0", 1, 0xC9), "rare kind"),
        (with_byte(GRAY, b"\xff\xc0", 4, 12), "a JPEG of 12 bits"),
        (encoded(np.dstack([noise(20, 20)] * 3), keep_rgb=True), "coded as RGB"),
        (with_byte(COLOR, b"\xff\xc0", 14, 0x21), "odd chroma sampling"),
    ],
)
def test_what_cannot_be_kept_is_refused(content, says):
    with pytest.raises(PhotographError, match=f"'old.jpg' .*{says}"):
        jpeg.read(content, "old.jpg")


def test_cmyk_is_refused():
    buffer = io.BytesIO()
    Image.new("CMYK", (20, 20)).save(buffer, "JPEG")
    with pytest.raises(PhotographError, match="CMYK JPEG"):
        jpeg.read(buffer.getvalue(), "old.jpg")


def test_separate_scans_of_grayscale_are_the_very_same():
    scan = next(s.scan for s in jpeg.read(GRAY, "x").segments if s.marker == 0xDA)
    assert bytes(scan) in colored(GRAY, *waves(20, 20), alone=True)


@pytest.mark.parametrize("label", [b"", b"Exif\0\0"])
def test_many_segments_are_refused_before_they_cost_memory(label, monkeypatch):
    """A file of ten megabytes, of segments that hold nothing."""
    one = b"\xff\xe1" + struct.pack(">H", 2 + len(label)) + label
    made = []
    monkeypatch.setattr(jpeg, "Segment", lambda *fields: made.append(None) or fields)
    with pytest.raises(PhotographError, match=r"'old.jpg' is a JPEG of more than 10,000 segments"):
        jpeg.read(GRAY[:2] + one * (10_000_000 // len(one)) + GRAY[2:], "old.jpg")
    assert len(made) == 10_000


def test_marker_lengths_are_those_of_the_standard():
    """T.81 B.1.1.4: the length counts itself and the parameters, not the marker."""
    (piece, scan) = list(jpeg.written([jpeg.Segment(0xFE, b"abc")]))[1:-1]
    assert piece == b"\xff\xfe" + struct.pack(">H", 5) + b"abc"
    assert not scan


@pytest.mark.parametrize("optimize", [False, True])
def test_codes_are_made_for_the_picture_where_they_were(optimize):
    content = encoded(noise(64, 64), optimize=optimize)
    assert jpeg.read(content, "x").has_usual_codes != optimize
    result = colored(content, *waves(32, 32))
    assert jpeg.read(result, "x").has_usual_codes != optimize
