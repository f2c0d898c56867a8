"""JPEG 2000, JPEG XL, AVIF and HEIC: written by their own libraries, colored as PNG or JPEG."""

import base64
import io
import struct
import sys
from pathlib import Path

import numpy as np
import pytest
import pyvips
from PIL import Image, ImageCms
from skimage.data import astronaut

from colorear import Colorizer, verify
from colorear.batch.discovery import discover
from colorear.errors import PhotographError
from colorear.photo import icc
from colorear.photo.photograph import open_photo

GRAY = np.asarray(Image.fromarray(astronaut()).convert("L"))[:200, :300]
DEEP = GRAY.astype(np.uint16) * 257
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/></x:xmpmeta>'
PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
# 16 x 16 levels of gray with a profile whose gamma is 2.2, by cjxl
GAMMA_2_2 = (
    "/wpDQBr9H5AwDyANF4YWymlrZ35BHpO3QEOr/UIM5ehuEdIRR9tELTZSjdZUNWDdfdfdMv4BIPVe/i/DPWqlfE4kiUSS"
    "jW+57bnylpv7M36ZArHHqiDT11DHmwAAEogCADgB3aEaAAAVKqOMG7yc6/nyQ4fFtI3rDG21bWFJosg4NkkncEgSiyDu"
    "Bu4AQEBCzKpHXDwGYGiKShIJEXfzghAImht+AmAbAFQDABAAACAA"
)
EXIF = Image.Exif()
EXIF[270] = "Old harbour"


@pytest.fixture(scope="module")
def colorizer(known_network) -> Colorizer:
    return Colorizer(known_network, threads=1)


def jp2(path: Path, pixels: np.ndarray, **options) -> Path:
    codecs = pytest.importorskip("imagecodecs", reason="needs the extra formats")
    path.write_bytes(codecs.jpeg2k_encode(pixels, level=0, codecformat="jp2", **options))
    return path


def jxl(path: Path, pixels: np.ndarray, **options) -> Path:
    codecs = pytest.importorskip("imagecodecs", reason="needs the extra formats")
    path.write_bytes(codecs.jpegxl_encode(pixels, lossless=True, **options))
    return path


def heic(path: Path, image: Image.Image, **options) -> Path:
    pytest.importorskip("pi_heif", reason="needs the extra formats")
    writer = pytest.importorskip("pillow_heif", reason="needs pillow-heif, which writes HEIC")
    writer.from_pillow(image).save(path, **options)
    return path


def colored(path: Path, colorizer: Colorizer, ending: str = ".png") -> np.ndarray:
    """The pixels of the file in color, whose promise is kept."""
    made = colorizer.colorize(path)
    assert made.output == str(path.with_name(f"{path.stem}-color{ending}"))
    assert verify(path, made.output).ok
    with Image.open(made.output) as image:
        return np.asarray(image)


def luma(rgb: np.ndarray) -> np.ndarray:
    return rgb[..., :3].astype(float) @ (0.299, 0.587, 0.114)


@pytest.mark.parametrize("write", [jp2, jxl])
def test_luma_of_lossless_ones(tmp_path, colorizer, write):
    rgb = colored(write(tmp_path / "a.jp2", GRAY), colorizer)
    assert np.ptp(rgb.astype(int), axis=2).max() > 10
    assert np.abs(luma(rgb) - GRAY).max() <= 1


@pytest.mark.parametrize("write", [jp2, jxl])
def test_sixteen_bits_stay(tmp_path, write):
    photo = open_photo(write(tmp_path / "a", DEEP))
    assert (photo.bits, photo.width, photo.height, photo.format) == (16, 300, 200, "png")


def test_twelve_bits_are_spread_over_sixteen(tmp_path):
    photo = open_photo(jp2(tmp_path / "a.jp2", DEEP >> 4, bitspersample=12))
    with Image.open(photo.path) as image:
        values = np.asarray(image).astype(int)
    assert np.abs(values - np.rint((DEEP >> 4) * (65535 / 4095))).max() == 0


def test_a_jpeg_within_a_jpeg_xl(tmp_path, colorizer):
    codecs = pytest.importorskip("imagecodecs", reason="needs the extra formats")
    Image.fromarray(GRAY).save(tmp_path / "a.jpg", quality=80, exif=EXIF)
    (tmp_path / "b.jxl").write_bytes(codecs.jpegxl_encode_jpeg((tmp_path / "a.jpg").read_bytes()))
    assert open_photo(tmp_path / "b.jxl").path.read_bytes() == (tmp_path / "a.jpg").read_bytes()
    colored(tmp_path / "b.jxl", colorizer, ".jpg")
    assert verify(tmp_path / "a.jpg", tmp_path / "b-color.jpg").identical_dct


def test_avif_keeps_what_it_tells_and_its_depth(tmp_path, colorizer):
    path = tmp_path / "a.avif"
    Image.fromarray(GRAY).save(path, quality=90, exif=EXIF, xmp=XMP, icc_profile=PROFILE)
    photo = open_photo(path)
    assert (photo.bits, photo.profile) == (8, PROFILE)
    colored(path, colorizer)
    with Image.open(tmp_path / "a-color.png") as image:
        assert image.getexif()[270] == "Old harbour"
        assert image.info["icc_profile"] == PROFILE


def test_a_turned_avif_is_upright_once(tmp_path):
    exif = Image.Exif()
    exif[274] = 6
    Image.fromarray(GRAY).save(tmp_path / "a.avif", exif=exif)
    photo = open_photo(tmp_path / "a.avif")
    assert (photo.width, photo.height, photo.orientation) == (200, 300, 1)


def test_heic(tmp_path, colorizer):
    path = heic(tmp_path / "a.heic", Image.fromarray(GRAY), quality=90, exif=EXIF.tobytes())
    rgb = colored(path, colorizer)
    assert np.abs(luma(rgb) - GRAY).mean() < 4
    with Image.open(tmp_path / "a-color.png") as image:
        assert image.getexif()[270] == "Old harbour"


def box(kind: bytes, content: bytes) -> bytes:
    return (len(content) + 8).to_bytes(4, "big") + kind + content


def test_what_a_jpeg_2000_tells(tmp_path):
    """Its profile, resolution, XMP and EXIF, put in by hand."""
    path = jp2(tmp_path / "a.jp2", np.repeat(GRAY[..., None], 3, 2))
    content = path.read_bytes()
    at = content.index(b"jp2h") - 4
    size = int.from_bytes(content[at : at + 4], "big")
    inner = content[at + 8 : at + size]
    color = inner.index(b"colr") - 4
    length = int.from_bytes(inner[color : color + 4], "big")
    new = inner[:color] + box(b"colr", b"\2\0\0" + PROFILE) + inner[color + length :]
    new += box(b"res ", box(b"resc", bytes.fromhex("2e23 0001 2e23 0001 00 00")))  # 11811 a meter
    uuid = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
    more = box(b"uuid", uuid + XMP) + box(b"uuid", b"JpgTiffExif->JP2" + EXIF.tobytes()[6:])
    path.write_bytes(content[:at] + box(b"jp2h", new) + more + content[at + size :])
    photo = open_photo(path)
    assert (photo.profile, photo.xmp) == (PROFILE, XMP)
    with Image.open(photo.path) as image:
        assert image.info["dpi"] == pytest.approx((300, 300), abs=0.01)
        assert image.getexif()[270] == "Old harbour"


def test_exif_and_xmp_of_a_jpeg_xl(tmp_path):
    path = jxl(tmp_path / "a.jxl", GRAY)
    head = b"\0\0\0\x0cJXL \r\n\x87\n" + box(b"ftyp", b"jxl \0\0\0\0jxl ")
    about = box(b"Exif", bytes(4) + EXIF.tobytes()[6:]) + box(b"xml ", XMP)
    content = path.read_bytes()
    stream = content if content[:2] == b"\xff\x0a" else content[content.index(b"jxlc") + 4 :]
    path.write_bytes(head + about + box(b"jxlc", stream))
    photo = open_photo(path)
    assert photo.xmp == XMP
    with Image.open(photo.path) as image:
        assert image.getexif()[270] == "Old harbour"


def test_brightness_of_a_jpeg_xl_of_linear_light(tmp_path, colorizer):
    """imagecodecs says so of all that has 16 bits."""
    path = jxl(tmp_path / "a.jxl", DEEP)
    photo = open_photo(path)
    with Image.open(photo.path) as image:
        assert (np.asarray(image) == DEEP).all()
        said = ImageCms.ImageCmsProfile(io.BytesIO(image.info["icc_profile"]))
    srgb = ImageCms.createProfile("sRGB")
    shown = ImageCms.profileToProfile(Image.fromarray(GRAY), said, srgb, outputMode="RGB")
    light = GRAY / 255
    curve = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    apart = np.abs(np.asarray(shown)[..., 1] - 255 * curve)
    assert apart[GRAY > 30].max() <= 2  # below, lcms is coarse in 8 bits
    rgb = colored(path, colorizer)
    assert np.abs(luma(rgb) - GRAY).max() <= 1
    with Image.open(tmp_path / "a-color.png") as image:
        assert icc.color_space(image.info["icc_profile"]) == "rgb"


def test_a_jpeg_xl_of_srgb_has_no_profile(tmp_path):
    assert open_photo(jxl(tmp_path / "a.jxl", GRAY)).profile is None


def test_a_lossy_jpeg_xl_with_a_profile(tmp_path):
    """Decoders make linear light of it, of 8 bits: far too dark, were it taken for sRGB."""
    pytest.importorskip("imagecodecs", reason="needs the extra formats")
    (tmp_path / "a.jxl").write_bytes(base64.b64decode(GAMMA_2_2))
    with pytest.raises(PhotographError, match="its brightness would not be right; save it as PNG"):
        open_photo(tmp_path / "a.jxl")


@pytest.mark.parametrize(
    ("module", "head", "what"),
    [
        ("pi_heif", b"\0\0\0\x18ftypheic" + bytes(80), "is a HEIC, and what reads these"),
        ("imagecodecs", b"\0\0\0\x0cjP  \r\n\x87\n\xff\x4f\xff\x51" + bytes(80), "is a JPEG 2000,"),
        ("imagecodecs", b"\xff\x0a" + bytes(80), "is a JPEG XL, and"),
    ],
)
def test_what_to_install_is_said(tmp_path, monkeypatch, module, head, what):
    monkeypatch.setitem(sys.modules, module, None)
    (tmp_path / "a").write_bytes(head)
    with pytest.raises(PhotographError, match=what) as said:
        open_photo(tmp_path / "a")
    assert str(said.value).endswith("pip install 'colorear[formats]'")


@pytest.mark.parametrize("write", [jp2, jxl])
def test_damage_is_named(tmp_path, write):
    path = write(tmp_path / "a.bin", GRAY)
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises(PhotographError, match=r"a\.bin' is damaged or cut short"):
        open_photo(path)


def test_a_cut_avif(tmp_path):
    Image.fromarray(GRAY).save(tmp_path / "a.avif")
    (tmp_path / "a.avif").write_bytes((tmp_path / "a.avif").read_bytes()[:1500])
    with pytest.raises(PhotographError, match=r"a\.avif' is damaged or cut short"):
        open_photo(tmp_path / "a.avif")


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_a_jpeg_that_lacks_only_its_end_marker(tmp_path, colorizer, mode):
    path = tmp_path / "a.jpg"
    Image.fromarray(GRAY).convert(mode).save(path, quality=85, exif=EXIF)
    whole = path.read_bytes()
    path.write_bytes(whole[:-2])
    assert open_photo(path).path.read_bytes() == whole
    colored(path, colorizer, ".jpg")
    path.write_bytes(whole[:-1])  # half of the marker is there
    colorizer.colorize(path, tmp_path / "b.jpg")
    assert verify(path, tmp_path / "b.jpg").identical_dct


@pytest.mark.parametrize("options", [{"progressive": True}, {"quality": 90}])
def test_a_jpeg_that_lacks_more_is_damaged(tmp_path, options):
    path = tmp_path / "a.jpg"
    Image.fromarray(GRAY).save(path, **options)
    whole = path.read_bytes()
    for missing in (2, 40, 1000) if "progressive" in options else (40, 1000):
        path.write_bytes(whole[:-missing])
        with pytest.raises(PhotographError, match="damaged or cut short"):
            open_photo(path)


def test_nothing_is_left_of_what_was_converted(tmp_path):
    Image.fromarray(GRAY).save(tmp_path / "a.avif")
    photo = open_photo(tmp_path / "a.avif")
    made = photo.path
    assert made.exists()
    del photo
    assert not made.parent.exists()


def test_they_are_found_in_folders(tmp_path):
    folder = tmp_path / "attic"
    folder.mkdir()
    (tmp_path / "out").mkdir()
    Image.fromarray(GRAY).save(folder / "a.avif")
    (folder / "b.heic").write_text("dear diary")
    found = discover([folder], tmp_path / "out")
    assert [Path(item.target).name for item in found.items] == ["a-color.png"]
    assert [Path(each.source).name for each in found.failed] == ["b.heic"]


@pytest.mark.parametrize("kind", ["avif", "heic"])
def test_ten_bits_are_spread_over_sixteen(tmp_path, colorizer, kind):
    """White stays white, and so does each of 1024 levels what it was."""
    levels = np.tile(np.arange(1024, dtype=np.uint16), (64, 1))
    path = tmp_path / f"a.{kind}"
    if kind == "avif":
        codecs = pytest.importorskip("imagecodecs", reason="needs the extra formats")
        path.write_bytes(codecs.avif_encode(levels, bitspersample=10, level=100))
    else:
        pytest.importorskip("pi_heif", reason="needs the extra formats")
        writer = pytest.importorskip("pillow_heif", reason="needs pillow-heif, which writes HEIC")
        content = np.ascontiguousarray(levels << 6).tobytes()
        writer.from_bytes(mode="I;16", size=(1024, 64), data=content).save(path, quality=-1)
    photo = open_photo(path)
    values = pyvips.Image.new_from_file(str(photo.path)).numpy().reshape(64, 1024, -1)[..., 0]
    assert photo.bits == 16
    assert values.max() == 65535
    assert set(np.unique(values)) <= set(np.rint(np.arange(1024) * (65535 / 1023)).astype(int))
    assert np.abs(values.astype(float) - np.arange(1024) * (65535 / 1023)).mean() < 64
    rgb = colored(path, colorizer)
    assert rgb.shape[2] == 3


def told(content: bytes, primaries: int, transfer: int) -> bytes:
    """The same file, which tells other colors by numbers."""
    at = content.index(b"colrnclx") + 8
    return content[:at] + struct.pack(">HH", primaries, transfer) + content[at + 4 :]


def avif(path: Path, primaries: int, transfer: int, pixels: np.ndarray, **how) -> Path:
    made = io.BytesIO()
    Image.fromarray(pixels).save(made, "AVIF", quality=100, **how)
    path.write_bytes(told(made.getvalue(), primaries, transfer))
    return path


@pytest.mark.parametrize(
    ("transfer", "levels"),  # that Chromium 156 shows 20, 50, 100 and 200 as
    [
        (1, (20, 50, 100, 200)),
        (2, (20, 50, 100, 200)),
        (13, (20, 50, 100, 200)),
        (4, (12, 46, 100, 201)),
        (8, (79, 122, 168, 229)),
    ],
)
def test_brightness_of_an_avif_whose_curve_is_told_by_a_number(tmp_path, transfer, levels):
    gray = np.tile(np.repeat(np.array([20, 50, 100, 200], np.uint8), 16), (32, 1))
    photo = open_photo(avif(tmp_path / "a.avif", 1, transfer, gray))
    seen = icc.converted(pixels_of(photo), source=photo.colored_profile, target=None)
    assert np.abs(seen[:, 16, 8::16] * 255 - levels).max() <= 1.5


def pixels_of(photo) -> np.ndarray:
    with Image.open(photo.path) as image:
        return np.asarray(image.convert("RGB")).transpose(2, 0, 1) / np.float32(255)


def test_primaries_of_an_avif(tmp_path, colorizer):
    path = avif(tmp_path / "a.avif", 12, 13, GRAY)
    photo = open_photo(path)
    assert photo.profile == icc.profile_of(
        icc.Colors(primaries=((0.68, 0.32), (0.265, 0.69), (0.15, 0.06)))
    )
    colored(path, colorizer)
    with Image.open(tmp_path / "a-color.png") as image:
        assert image.info["icc_profile"] == photo.profile


@pytest.mark.parametrize("transfer", [16, 18])
def test_an_avif_of_hdr(tmp_path, transfer):
    with pytest.raises(PhotographError, match=r"is of HDR \(PQ or HLG\), and its brightness"):
        open_photo(avif(tmp_path / "a.avif", 9, transfer, GRAY))


def test_a_profile_goes_before_the_numbers(tmp_path):
    made = io.BytesIO()
    Image.fromarray(GRAY).save(made, "AVIF", icc_profile=PROFILE)
    (tmp_path / "a.avif").write_bytes(told(made.getvalue(), 9, 16))
    assert open_photo(tmp_path / "a.avif").profile == PROFILE


@pytest.mark.parametrize("bits", [8, 10])
def test_numbers_of_a_heic(tmp_path, bits):
    path = tmp_path / "a.heic"
    writer = pytest.importorskip("pillow_heif", reason="needs pillow-heif, which writes HEIC")
    mode, pixels = ("L", GRAY) if bits == 8 else ("I;16", DEEP)
    file = writer.from_bytes(
        mode=mode, size=(300, 200), data=np.ascontiguousarray(pixels).tobytes()
    )
    numbers = {"color_primaries": 12, "transfer_characteristics": 8}
    file.save(path, quality=90, save_nclx_profile=True, **numbers)
    photo = open_photo(path)
    assert photo.bits == (8 if bits == 8 else 16)
    assert photo.profile == icc.profile_of(icc.Colors(is_gray=True, curve="linear"))
    path.write_bytes(told(path.read_bytes(), 9, 18))
    with pytest.raises(PhotographError, match="is of HDR"):
        open_photo(path)
