"""JPEGs of CMYK, of RGB and of 12 bits, colored as PNG; made by Pillow and imagecodecs."""

import io
import subprocess
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
from colorear.photo.photograph import open_photo
from colorear.photo.sniffing import HEAD, format_of

GRAY = Image.fromarray(astronaut()).convert("L").crop((0, 0, 300, 200))
DEEP = np.asarray(GRAY).astype(np.uint16) * 16 + 7
SRGB = ImageCms.createProfile("sRGB")
INKS = bytes(pyvips.Operation.call("profile_load", "cmyk"))  # one that comes with libvips
EXIF = Image.Exif()
EXIF[270] = "Old harbour"
EXIF[274] = 6


@pytest.fixture(scope="module")
def colorizer(known_network) -> Colorizer:
    return Colorizer(known_network, threads=1)


def through(image: Image.Image, source, target, modes: tuple[str, str]) -> Image.Image:
    """By Little CMS as Pillow has it, as colorear does it by libvips."""
    flags = ImageCms.Flags.BLACKPOINTCOMPENSATION
    how = (ImageCms.Intent.RELATIVE_COLORIMETRIC, flags)
    return ImageCms.applyTransform(
        image, ImageCms.buildTransform(source, target, *modes, how[0], how[1])
    )


def inks(image: Image.Image = GRAY) -> Image.Image:
    profile = ImageCms.ImageCmsProfile(io.BytesIO(INKS))
    return through(image.convert("RGB"), SRGB, profile, ("RGB", "CMYK"))


def luma(image: np.ndarray) -> np.ndarray:
    return image[..., :3].astype(float) @ (0.299, 0.587, 0.114)


def test_cmyk_goes_through_its_profile(tmp_path, colorizer):
    path = tmp_path / "a.jpg"
    inks().save(path, quality=98, icc_profile=INKS, exif=EXIF, dpi=(300, 300))
    made = colorizer.colorize(path)
    assert made.output == str(tmp_path / "a-color.png")
    assert verify(path, made.output).ok
    profile = ImageCms.ImageCmsProfile(io.BytesIO(INKS))
    with Image.open(path) as image:
        seen = np.asarray(through(image, profile, SRGB, ("CMYK", "RGB")))
    assert np.corrcoef(luma(seen).ravel(), np.ravel(GRAY))[0, 1] > 0.99  # so it is no negative
    with Image.open(made.output) as image:
        assert np.abs(luma(np.asarray(image)) - luma(seen)).max() <= 3
        assert np.ptp(np.asarray(image).astype(int), axis=2).max() > 10
        assert dict(image.getexif()) == dict(EXIF)
        assert image.info["dpi"] == pytest.approx((300, 300), abs=0.01)
        assert (
            ImageCms.ImageCmsProfile(io.BytesIO(image.info["icc_profile"])).profile.xcolor_space
            == "RGB "
        )


@pytest.mark.parametrize("profile", [b"", INKS[:5000], INKS[:128] + bytes(900), b"junk"])
def test_cmyk_without_a_profile_that_can_be_used_is_refused(tmp_path, profile):
    for name in ("a.jpg", "a.tif"):
        inks().save(tmp_path / name, icc_profile=profile)
        with pytest.raises(PhotographError, match="is in CMYK without an ICC profile for it, so"):
            open_photo(tmp_path / name)


def test_rgb_stays_as_it_is(tmp_path, colorizer):
    path = tmp_path / "a.jpg"
    GRAY.convert("RGB").save(path, keep_rgb=True, quality=90, exif=EXIF)
    made = colorizer.colorize(path)
    assert (made.output, verify(path, made.output).ok) == (str(tmp_path / "a-color.png"), True)
    with Image.open(path) as before, Image.open(made.output) as after:
        off = luma(np.asarray(after)) - luma(np.asarray(before))
        assert np.abs(off).max() <= 1
        assert dict(after.getexif()) == dict(EXIF)


@pytest.mark.parametrize("bands", [1, 3])
def test_twelve_bits_are_spread_over_sixteen(tmp_path, colorizer, bands):
    codecs = pytest.importorskip("imagecodecs", reason="needs the extra formats")
    pixels = DEEP if bands == 1 else np.repeat(DEEP[..., None], 3, 2)
    content = codecs.jpeg8_encode(pixels, bitspersample=12, level=95)
    (tmp_path / "a.jpg").write_bytes(content)
    made = colorizer.colorize(tmp_path / "a.jpg")
    assert verify(tmp_path / "a.jpg", made.output).ok
    rgb = pyvips.Image.new_from_file(made.output).numpy()
    assert (Path(made.output).name, rgb.dtype) == ("a-color.png", np.uint16)
    decoded = codecs.jpeg8_decode(content).reshape(200, 300, bands) @ np.full(bands, 1 / bands)
    assert np.abs(luma(rgb) * 4095 / 65535 - decoded).max() <= 1


def test_twelve_bits_that_are_cut_short_or_lie(tmp_path):
    codecs = pytest.importorskip("imagecodecs", reason="needs the extra formats")
    content = codecs.jpeg8_encode(DEEP, bitspersample=12, level=95)
    at = content.index(b"\xff\xc1") + 5
    for wrong in (
        content[: len(content) // 2],
        content[:-2],
        content[:at] + bytes((60, 0, 60, 0)) + content[at + 4 :],
    ):
        (tmp_path / "a.jpg").write_bytes(wrong)
        with pytest.raises(PhotographError, match="damaged or cut short"):
            open_photo(tmp_path / "a.jpg")


def test_what_is_said_without_the_extra(tmp_path):
    codecs = pytest.importorskip("imagecodecs", reason="needs the extra formats")
    (tmp_path / "a.jpg").write_bytes(codecs.jpeg8_encode(DEEP, bitspersample=12, level=95))
    code = (
        "import sys; sys.modules['imagecodecs'] = None\n"
        "from colorear.photo.photograph import open_photo\n"
        "open_photo(sys.argv[1])"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "a.jpg")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "is a 12-bit JPEG, and what reads these is not installed" in done.stderr


def test_names_are_right_however_much_comes_before_the_frame(tmp_path):
    """The profile of this one alone is longer than what is read of each file."""
    for name in ("in", "out"):
        (tmp_path / name).mkdir()
    inks().save(tmp_path / "in/inks.jpg", icc_profile=INKS)
    GRAY.save(tmp_path / "in/plain.jpg", icc_profile=INKS)
    assert (tmp_path / "in/inks.jpg").read_bytes().index(b"\xff\xc0") > HEAD
    found = discover([tmp_path / "in"], tmp_path / "out")
    names = sorted(Path(item.target).name for item in found.items)
    assert names == ["inks-color.png", "plain-color.jpg"]
    assert format_of(tmp_path / "in/inks.jpg") == "png"
