import io
import re
import resource
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
import pyvips
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps
from PIL.PngImagePlugin import PngInfo
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from colorear import color
from colorear.errors import PhotographError
from colorear.photo import icc, raster
from colorear.photo.photograph import as_stored, lightness, luma, open_photo, to_device, upright
from colorear.photo.provenance import Provenance, read
from colorear.photo.saving import save as save_marked
from colorear.photo.sniffing import SUFFIXES
from photo.test_icc import PROFILES

MARK = Provenance("0.1.0", "acuarela", "7ab61f9d", "00ff" * 16)
XMP = (
    b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>"
    b"<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>"
    b"<rdf:Description xmlns:xmp='http://ns.adobe.com/xap/1.0/' xmp:Label='the attic'/>"
    b"</rdf:RDF></x:xmpmeta>"
)
EXIF = Image.Exif()
EXIF[0x010E], EXIF[0x0110], EXIF[0x0112] = "grandmother", "Leica", 6  # text, camera, orientation


def reopened(path) -> Image.Image:
    """What Pillow makes of a file, which it does not keep open."""
    return Image.open(io.BytesIO(Path(path).read_bytes()))


def save(photo, target, chroma):
    save_marked(photo, target, lambda *_: chroma, MARK)


def vivid(luma: np.ndarray, top: int) -> np.ndarray:
    """Colour that changes from place to place and stays within the gamut."""
    room = luma * (1 - luma)
    rows, columns = np.indices(luma.shape)
    red, blue = np.sin(np.deg2rad(columns * 40 + 50)), np.sin(np.deg2rad((top + rows) * 50 + 40))
    return np.stack((room * blue * 0.4, room * red * 0.5)).astype(np.float32)


def along(luma: np.ndarray, _: int) -> np.ndarray:
    """Colour that follows the luma."""
    return np.stack((luma * 0.4 - 0.2, 0.2 - luma * 0.4))


def one_color(cb: float, cr: float):
    return lambda luma, _: np.full((2, *luma.shape), [[[cb]], [[cr]]], np.float32)


def write(path, pixels: np.ndarray, form: str, **options) -> None:
    """A file made by Pillow, or by libvips where Pillow cannot: 16-bit colour."""
    if pixels.dtype == np.uint8 or pixels.ndim == 2:
        lossless = {"lossless": True} if form == "webp" else {}
        Image.fromarray(pixels).save(path, form, **lossless, **options)
        return
    kinds = {2: "grey16", 3: "rgb16", 4: "rgb16"}
    image = pyvips.Image.new_from_array(pixels, interpretation=kinds[pixels.shape[2]])
    getattr(image, f"{form}save")(str(path))


def pixels_of(path) -> np.ndarray:
    """(h, w, bands) by libvips, and checked by Pillow where it can read them: up to 8 bits."""
    image = pyvips.Image.new_from_file(str(path))
    stored = image.numpy().reshape(image.height, image.width, image.bands)
    if stored.dtype == np.uint8:
        decoded = np.asarray(reopened(path)).reshape(stored.shape)
        assert np.array_equal(stored, decoded)
    return stored


def luma_levels(pixels: np.ndarray) -> np.ndarray:
    """Rounded luma, in levels, of grey, grey + alpha, RGB or RGBA."""
    if pixels.ndim == 2:
        pixels = pixels[..., None]
    if pixels.shape[2] < 3:
        return pixels[..., 0].astype(int)
    return np.round(pixels[..., :3].astype(float) @ [0.299, 0.587, 0.114]).astype(int)


def photograph(height: int, width: int, bands: int, bits: int, seed: int = 0) -> np.ndarray:
    shape = (height, width) if bands == 1 else (height, width, bands)
    kind = np.uint8 if bits == 8 else np.uint16
    return np.random.default_rng(seed).integers(0, 2**bits, shape, kind)


FORMATS = [
    (form, bands, bits)
    for form in ("png", "tiff", "webp")
    for bands in (1, 2, 3, 4)
    for bits in (8, 16)
    if not (form == "webp" and (bits == 16 or bands < 3))
]


@pytest.mark.parametrize(("form", "bands", "bits"), FORMATS)
@settings(max_examples=6)
@given(height=st.integers(1, 40), width=st.integers(1, 40), seed=st.integers(0, 99))
def test_luma_stays_within_one_level(tmp_path_factory, form, bands, bits, height, width, seed):
    folder = tmp_path_factory.mktemp("luma")
    source, target = folder / f"old{SUFFIXES[form][0]}", folder / f"new{SUFFIXES[form][0]}"
    before = photograph(height, width, bands, bits, seed)
    write(source, before, form)
    photo = open_photo(source)
    assert (photo.format, photo.width, photo.height, photo.bits) == (form, width, height, bits)
    save(photo, target, vivid)
    before, after = pixels_of(source), pixels_of(target)
    assert after.dtype == before.dtype
    assert after.shape == (height, width, 4 if bands in (2, 4) else 3)
    assert np.abs(luma_levels(after) - luma_levels(before)).max() <= 1
    if bands in (2, 4):
        assert np.array_equal(after[..., 3], before[..., -1])
    if height * width > 50:
        assert np.ptp(after[..., :3].astype(int), axis=2).max() > 0.05 * 2**bits  # is coloured


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_no_chroma_leaves_every_gray_as_it_was(tmp_path, suffix, bits):
    kind = np.uint8 if bits == 8 else np.uint16
    grays = np.arange(2**bits).astype(kind).reshape(2 ** (bits // 2), -1)
    Image.fromarray(grays).save(tmp_path / f"old{suffix}")
    same = save_gray(open_photo(tmp_path / f"old{suffix}"), tmp_path / f"new{suffix}")
    assert np.array_equal(pixels_of(same.path), np.dstack([grays] * 3))


def test_colors_are_those_asked_for(tmp_path):
    gray = np.tile(np.linspace(60, 190, 64).astype(np.uint8), (48, 1))
    for suffix in (".png", ".tif", ".webp", ".jpg"):
        source, target = tmp_path / f"old{suffix}", tmp_path / f"new{suffix}"
        Image.fromarray(gray).convert("RGB" if suffix == ".webp" else "L").save(source)
        save(open_photo(source), target, one_color(0.1, -0.15))
        decoded = np.asarray(reopened(target)).astype(float).transpose(2, 0, 1) / 255
        chroma = color.srgb_to_ycc(decoded)[1:]
        expected = np.array([0.1, -0.15]).reshape(2, 1, 1)
        assert np.abs(chroma - expected).max() < 4 / 255


@pytest.mark.parametrize("width", [65, 72, 79, 81, 193])  # around the borders of blocks
@pytest.mark.parametrize("sampling", ["grey", "4:4:4", "4:2:2", "4:2:0"])
def test_the_chroma_of_a_jpeg_fits_its_size(tmp_path, sampling, width):
    gray = (np.add.outer(np.arange(width + 16), np.arange(width)) // 3 + 60).astype(np.uint8)
    options = {} if sampling == "grey" else {"subsampling": sampling}
    picture = Image.fromarray(gray if sampling == "grey" else np.dstack([gray] * 3))
    picture.save(tmp_path / "old.jpg", quality=95, **options)
    photo = open_photo(tmp_path / "old.jpg")
    save(photo, tmp_path / "new.jpg", along)
    decoded = np.asarray(reopened(tmp_path / "new.jpg")).astype(float).transpose(2, 0, 1) / 255
    expected = np.stack((gray, -gray.astype(float))) / 255 * 0.4 + [[[-0.2]], [[0.2]]]
    assert np.abs(color.srgb_to_ycc(decoded)[1:] - expected).max() < 4 / 255


def metadata(path) -> dict[str, object]:
    image = reopened(path)
    exif = image.getexif()
    return {
        "description": exif.get(0x010E),
        "camera": exif.get(0x0110),
        "orientation": exif.get(0x0112),
        "label": re.findall(r"xmp:Label=.(.*?)['\"]", str(image.info["xmp"])),
        "mark": read(image.info["xmp"]),
        "icc": image.info.get("icc_profile"),
        "dpi": tuple(round(float(n)) for n in image.info.get("dpi", ())),
    }


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif", ".webp"])
@pytest.mark.parametrize("bands", [1, 3])
def test_everything_else_is_kept(tmp_path, suffix, bands):
    profile = icc.rgb_from_gray(PROFILES["gamma 2.2"])
    source, target = tmp_path / f"old{suffix}", tmp_path / f"new{suffix}"
    options = {} if suffix == ".webp" else {"dpi": (300, 300)}
    if suffix == ".png":
        info = PngInfo()
        info.add_itxt("XML:com.adobe.xmp", XMP.decode())
        options["pnginfo"] = info
    elif suffix == ".tif":
        options["tiffinfo"] = ImageFileDirectory_v2()
        options["tiffinfo"].tagtype[700] = 1
        options["tiffinfo"].update({**EXIF, 700: XMP})
    else:
        options["xmp"] = XMP
    picture = Image.fromarray(photograph(20, 30, bands, 8))
    picture.save(source, exif=EXIF, icc_profile=profile, **options)
    photo = open_photo(source)
    assert photo.orientation == 6
    if (suffix, bands) != (".png", 1):  # libpng ignores an RGB profile in a grey PNG, as viewers do
        assert photo.profile == photo.colored_profile == profile
    assert (photo.width, photo.height) == (30, 20)
    save(photo, target, vivid)
    before, after = metadata(source), metadata(target)
    if (suffix, bands) == (".png", 1):
        assert before.pop("icc") == profile
        assert after.pop("icc") is None
    assert (before.pop("mark"), after.pop("mark")) == (None, MARK)
    assert (before["description"], before["label"]) == ("grandmother", ["the attic"])
    assert before["camera"] == "Leica"
    assert before == after


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif"])
def test_a_gray_profile_becomes_rgb(tmp_path, suffix):
    source, target = tmp_path / f"old{suffix}", tmp_path / f"new{suffix}"
    Image.fromarray(photograph(20, 30, 1, 8)).save(source, icc_profile=PROFILES["dot gain"])
    photo = open_photo(source)
    save(photo, target, vivid)
    assert photo.profile == PROFILES["dot gain"]
    kept = reopened(target).info["icc_profile"]
    assert kept == photo.colored_profile == icc.rgb_from_gray(PROFILES["dot gain"])
    assert not np.array_equal(lightness(photo, 8, 8), lightness_without_profile(photo, tmp_path))
    same = save_gray(photo, tmp_path / f"grey{suffix}")
    np.testing.assert_allclose(lightness(same, 20, 30), lightness(photo, 20, 30), atol=0.5)


def lightness_without_profile(photo, folder):
    path = folder / f"bare{photo.suffix}"
    reopened(photo.path).save(path, icc_profile=None)
    return lightness(open_photo(path), 8, 8)


def save_gray(photo, target):
    save(photo, target, one_color(0, 0))
    return open_photo(target)


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif"])
def test_a_gray_profile_that_cannot_be_read_is_left_out(tmp_path, suffix):
    source, target = tmp_path / f"old{suffix}", tmp_path / f"new{suffix}"
    broken = PROFILES["gamma 2.2"].replace(b"kTRC", b"xTRC")
    Image.fromarray(photograph(20, 30, 1, 8)).save(source, icc_profile=broken)
    photo = open_photo(source)
    if photo.profile is None:
        pytest.skip("the decoder itself drops such a profile")
    save(photo, target, vivid)
    assert "icc_profile" not in reopened(target).info
    np.testing.assert_allclose(
        lightness(photo, 8, 8),
        lightness_without_profile(photo, tmp_path),
        atol=1.5 if suffix == ".jpg" else 1e-3,  # Pillow encodes the JPEG anew
    )


def test_to_device_undoes_the_profile(tmp_path):
    source = tmp_path / "old.png"
    Image.fromarray(photograph(20, 30, 1, 8)).save(source, icc_profile=PROFILES["dot gain"])
    photo = open_photo(source)
    srgb = np.random.default_rng(0).uniform(0.1, 0.9, (3, 5, 6)).astype(np.float32)
    device = to_device(photo, srgb)
    assert device.shape == srgb.shape
    assert np.abs(device - srgb).max() > 0.05
    back = icc.converted(device, source=photo.colored_profile, target=None)
    np.testing.assert_allclose(back, srgb, atol=6e-3)


def test_to_device_without_profile_is_the_identity(tmp_path):
    Image.fromarray(photograph(20, 30, 1, 8)).save(tmp_path / "old.png")
    srgb = np.zeros((3, 2, 2), np.float32)
    assert to_device(open_photo(tmp_path / "old.png"), srgb) is srgb


@pytest.mark.parametrize("orientation", range(1, 9))
def test_upright_is_what_pillow_does(orientation):
    stored = np.arange(12, dtype=np.uint8).reshape(3, 4)
    image = Image.fromarray(stored)
    exif = Image.Exif()
    exif[0x0112] = orientation
    buffer = io.BytesIO()
    image.save(buffer, "PNG", exif=exif)
    turned = np.asarray(ImageOps.exif_transpose(Image.open(buffer)))
    assert np.array_equal(upright(stored[None], orientation)[0], turned)


@given(st.integers(1, 8), st.integers(1, 5), st.integers(1, 5))
def test_as_stored_undoes_upright(orientation, height, width):
    planes = np.arange(2 * height * width).reshape(2, height, width)
    assert np.array_equal(as_stored(upright(planes, orientation), orientation), planes)


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif", ".webp"])
def test_lightness(tmp_path, free_pictures, suffix):
    truth = free_pictures["china"]  # 427 x 640
    gray = np.asarray(Image.fromarray(truth).convert("L"))
    source = tmp_path / f"old{suffix}"
    Image.fromarray(gray).save(source, quality=95)
    photo = open_photo(source)
    seen = lightness(photo, 48, 72)
    assert seen.shape == (48, 72)
    assert seen.dtype == np.float32
    expected = np.asarray(Image.fromarray(gray).resize((72, 48), Image.Resampling.BOX)) / 255
    assert np.abs(seen - color.luma_to_lightness(expected)).mean() < 2


def test_extremes_stay_in_range(tmp_path):
    checks = np.kron(np.indices((20, 20)).sum(0) % 2, np.ones((7, 7))).astype(np.uint8) * 255
    Image.fromarray(checks).save(tmp_path / "checks.png")
    photo = open_photo(tmp_path / "checks.png")
    for size in ((33, 300), (9, 9)):
        assert lightness(photo, *size).min() >= 0
        assert lightness(photo, *size).max() <= 100 + 1e-4


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif", ".webp"])
@pytest.mark.parametrize(("width", "height"), [(1, 1), (1, 9000), (9000, 1)])
def test_odd_shapes(tmp_path, suffix, width, height):
    source, target = tmp_path / f"old{suffix}", tmp_path / f"new{suffix}"
    Image.new("L", (width, height), 90).save(source)
    photo = open_photo(source)
    assert lightness(photo, 32, 64).shape == (32, 64)
    save(photo, target, vivid)
    assert reopened(target).size == (width, height)


def test_one_bit_and_palette_pictures(tmp_path):
    pixels = photograph(20, 30, 1, 8)
    for name, picture in (
        ("bit.png", Image.fromarray(pixels).convert("1")),
        ("bit.tif", Image.fromarray(pixels).convert("1")),
        ("palette.png", Image.fromarray(photograph(20, 30, 3, 8)).quantize(16)),
    ):
        picture.save(tmp_path / name)
        photo = open_photo(tmp_path / name)
        assert photo.bits == 8
        save(photo, tmp_path / f"new-{name}", vivid)
        before = np.asarray(picture.convert("RGB"))
        after = np.asarray(reopened(tmp_path / f"new-{name}"))
        assert np.abs(luma_levels(after) - luma_levels(before)).max() <= 1


def test_a_wrong_suffix(tmp_path):
    Image.fromarray(photograph(20, 30, 1, 8)).save(tmp_path / "old.jpg", "PNG")
    photo = open_photo(tmp_path / "old.jpg")
    assert photo.format == "png"
    assert photo.suffix == ".png"
    with pytest.raises(PhotographError, match=r"would be a PNG file, as .* ends in \.png"):
        save(photo, tmp_path / "new.jpg", vivid)
    Image.fromarray(photograph(20, 30, 1, 8)).save(tmp_path / "OLD.JPEG")
    assert open_photo(tmp_path / "OLD.JPEG").suffix == ".JPEG"


def test_luma_is_a_stream_of_the_whole_picture(tmp_path):
    pixels = photograph(20, 30, 3, 8)
    Image.fromarray(pixels).save(tmp_path / "old.png")
    stream = luma(open_photo(tmp_path / "old.png")).numpy()
    np.testing.assert_allclose(stream * 255, pixels @ [0.299, 0.587, 0.114], atol=1e-4)


def test_a_photograph_may_replace_itself(tmp_path):
    for suffix in (".jpg", ".png"):
        path = tmp_path / f"old{suffix}"
        Image.fromarray(photograph(20, 30, 1, 8)).save(path)
        save(open_photo(path), path, vivid)
        assert reopened(path).mode == "RGB"


def refused(path, says: str) -> None:
    """Opening or saving it ends in one sentence, with nothing left behind."""
    target = path.parent / "out" / f"new{path.suffix}"
    target.parent.mkdir(exist_ok=True)
    with pytest.raises(PhotographError, match=says) as caught:
        save(open_photo(path), target, vivid)
    assert "\n" not in str(caught.value)
    assert path.name in str(caught.value) or target.name in str(caught.value)
    assert not list(target.parent.iterdir())


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif", ".webp"])
@pytest.mark.parametrize("part", [0.02, 0.5, 0.97])
def test_truncated_files(tmp_path, capfd, suffix, part):
    path = tmp_path / f"old{suffix}"
    Image.fromarray(photograph(200, 300, 1, 8)).save(path)
    content = path.read_bytes()
    path.write_bytes(content[: int(part * len(content))])
    refused(path, "damaged or cut short|cannot be made")
    assert capfd.readouterr() == ("", "")


def test_kinds_that_are_refused(tmp_path):
    gray, rgb = photograph(20, 30, 1, 8), photograph(20, 30, 3, 8)
    Image.fromarray(rgb).convert("CMYK").save(tmp_path / "cmyk.tif")
    refused(tmp_path / "cmyk.tif", "is in CMYK without an ICC profile for it")
    Image.fromarray(gray.astype(np.int32)).save(tmp_path / "int.tif")
    refused(tmp_path / "int.tif", "type int, but whole numbers from 0 on")
    for name in ("moving.webp", "moving.png"):
        more = [Image.fromarray(255 - gray)]
        Image.fromarray(gray).save(tmp_path / name, save_all=True, append_images=more)
        refused(tmp_path / name, "several frames")
    pyvips.Image.new_from_array(rgb).colourspace("lab").tiffsave(str(tmp_path / "lab.tif"))
    refused(tmp_path / "lab.tif", "LAB values")
    (tmp_path / "folder.jpg").mkdir()
    refused(tmp_path / "folder.jpg", "is a folder")
    refused(tmp_path / "missing.jpg", "does not exist")


def test_a_decompression_bomb(tmp_path):
    path = tmp_path / "bomb.png"
    Image.fromarray(photograph(2, 2, 1, 8)).save(path)
    content = bytearray(path.read_bytes())
    content[16:24] = struct.pack(">II", 400_000, 400_000)
    content[29:33] = struct.pack(">I", zlib.crc32(content[12:29]))
    path.write_bytes(content)
    refused(path, "400000 x 400000 pixels, but at most 1,000,000,000")


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif", ".webp"])
def test_no_room_for_the_colored_file(tmp_path, suffix):
    path = tmp_path / f"old{suffix}"
    Image.fromarray(photograph(200, 300, 1, 8)).save(path)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5000, hard))
    try:
        refused(path, "cannot be written: File too large|cannot be made .* the disk has room")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("form", ["png", "tiff", "webp"])
def test_a_file_is_read_in_strips_of_any_height(tmp_path, monkeypatch, form):
    source, pixels = tmp_path / f"old.{form}", photograph(600, 64, 3, 8)
    write(source, pixels, form)
    save(open_photo(source), tmp_path / f"whole.{form}", vivid)
    monkeypatch.setattr(raster, "_READ", 37 * pixels.shape[1])
    save(open_photo(source), tmp_path / f"strips.{form}", vivid)
    whole, strips = ((tmp_path / f"{name}.{form}").read_bytes() for name in ("whole", "strips"))
    assert whole == strips


def test_an_error_in_the_colors_leaves_nothing(tmp_path):
    for suffix in (".jpg", ".png"):
        Image.fromarray(photograph(20, 30, 1, 8)).save(tmp_path / f"old{suffix}")
        with pytest.raises(ZeroDivisionError):
            save(open_photo(tmp_path / f"old{suffix}"), tmp_path / f"new{suffix}", lambda *_: 1 / 0)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["old.jpg", "old.png"]
