"""TIFFs of CMYK, of packed samples, and with tiles for each channel; made by tifffile."""

import io
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import ImageCms

from colorear import Colorizer, verify
from colorear.errors import PhotographError
from colorear.photo import sniffing
from colorear.photo.photograph import open_photo
from photo.test_jpeg_conversion import DEEP, GRAY, INKS, SRGB, inks, luma, through

EIGHT = np.asarray(GRAY)
TAGS = {
    "description": "Old harbour",
    "resolution": (600, 600),
    "extratags": [(33723, 7, 8, b"\x1c\x02\x78\0\3abc", True), (65000, "H", 2, (7, 9), True)],
    "metadata": None,
}


@pytest.fixture(scope="module")
def colorizer(known_network) -> Colorizer:
    return Colorizer(known_network, threads=1)


def packed(path: Path, bits: int, samples: int = 1, **options) -> Path:
    values = (DEEP >> 4).astype(np.uint16) * (2**bits - 1) // 255
    pixels = values if samples == 1 else np.repeat(values[..., None], samples, 2)
    how = {"photometric": "minisblack" if samples == 1 else "rgb"} | TAGS | options
    tifffile.imwrite(path, pixels, bitspersample=bits, **how)
    return path


def tiles(path: Path, pixels: np.ndarray, **options) -> Path:
    planes = np.repeat(pixels[None], 3, 0)
    how = {"photometric": "rgb", "planarconfig": "separate", "tile": (64, 48)} | TAGS | options
    tifffile.imwrite(path, planes, **how)
    return path


def colored(path: Path, colorizer: Colorizer) -> np.ndarray:
    """The pixels of the file in color, whose promise is kept, as are its tags."""
    made = colorizer.colorize(path)
    found = verify(path, made.output)
    assert (found.ok, found.changed) == (True, ())
    with tifffile.TiffFile(made.output) as file:
        (page,) = file.pages
        assert page.description == "Old harbour"
        assert page.tags[282].value == (600, 1)
        assert bytes(page.tags[33723].value)[5:8] == b"abc"
        assert page.tags[65000].value == (7, 9)
        rgb = page.asarray()
    assert np.ptp(rgb.astype(int), axis=2).max() > 0.05 * rgb.max()
    return rgb


@pytest.mark.parametrize("bits", [9, 10, 12, 14])
@pytest.mark.parametrize("samples", [1, 3])
def test_packed_samples_become_sixteen_bits(tmp_path, colorizer, bits, samples):
    path = packed(tmp_path / "a.tif", bits, samples, rowsperstrip=30)
    rgb = colored(path, colorizer)
    values = tifffile.imread(path).reshape(*EIGHT.shape, samples)[..., 0]
    assert rgb.dtype == np.uint16
    assert np.abs(luma(rgb) - np.rint(values * (65535 / (2**bits - 1)))).max() <= 1


def test_packed_samples_of_an_odd_width_and_of_white_that_is_0(tmp_path, colorizer):
    values = np.ascontiguousarray((DEEP >> 2)[:, :33])
    how = {"photometric": "miniswhite"} | TAGS  # in Motorola's order tifffile packs other bytes
    tifffile.imwrite(tmp_path / "a.tif", values, bitspersample=10, **how)
    rgb = colored(tmp_path / "a.tif", colorizer)
    assert np.abs(luma(rgb) - (1023 - values) * (65535 / 1023)).max() <= 1.5


@pytest.mark.parametrize(
    "options",
    [{}, {"compression": "lzw", "predictor": True}, {"bigtiff": True}, {"byteorder": ">"}],
)
@pytest.mark.parametrize("pixels", [EIGHT, DEEP * 16, EIGHT.astype(np.float32) / 255])
def test_tiles_of_one_channel_each(tmp_path, colorizer, pixels, options):
    path = tiles(tmp_path / "a.tif", pixels, **options)
    rgb = colored(path, colorizer)
    assert rgb.dtype == pixels.dtype
    off = np.abs(luma(rgb) - pixels.astype(float)).max()
    assert off <= (2**-24 if pixels.dtype == np.float32 else 1)


def test_channels_are_told_apart(tmp_path):
    planes = np.stack([EIGHT, 255 - EIGHT, EIGHT[::-1]])
    how = {"photometric": "rgb", "planarconfig": "separate", "tile": (32, 32)}
    tifffile.imwrite(tmp_path / "a.tif", planes, **how)
    photo = open_photo(tmp_path / "a.tif")
    seen = tifffile.imread(photo.path)
    assert np.array_equal(seen, planes.transpose(1, 2, 0))


def cmyk(path: Path, **options) -> Path:
    how = {"photometric": "separated", "iccprofile": INKS} | TAGS | options
    tifffile.imwrite(path, np.asarray(inks()), **how)
    return path


def test_cmyk_goes_through_its_profile(tmp_path, colorizer):
    path = cmyk(tmp_path / "a.tif")
    rgb = colored(path, colorizer)
    profile = ImageCms.ImageCmsProfile(io.BytesIO(INKS))
    seen = np.asarray(through(inks(), profile, SRGB, ("CMYK", "RGB")))
    assert np.corrcoef(luma(seen).ravel(), EIGHT.ravel())[0, 1] > 0.99
    assert np.abs(luma(rgb) - luma(seen)).max() <= 3


def test_verify_names_what_is_lost_on_the_way(tmp_path, colorizer):
    path = cmyk(tmp_path / "a.tif")
    colorizer.colorize(path)
    content = (tmp_path / "a-color.tif").read_bytes()
    (tmp_path / "b.tif").write_bytes(content.replace(b"Old harbour", b"New harbour"))
    assert verify(path, tmp_path / "b.tif").changed == ("TIFF tag 270",)
    other = tmp_path / "other.tif"
    wide = ImageCms.ImageCmsProfile(ImageCms.createProfile("XYZ")).tobytes()
    with tifffile.TiffFile(tmp_path / "a-color.tif") as file:
        pixels, packet = file.pages[0].asarray(), file.pages[0].tags[700].value
    extra = {**TAGS, "extratags": [*TAGS["extratags"], (700, 1, len(packet), packet, True)]}
    tifffile.imwrite(other, pixels, photometric="rgb", iccprofile=wide, **extra)
    assert "ICC profile" in verify(path, other).changed


def test_pages_of_all_kinds_in_one_file(tmp_path, colorizer):
    path = tmp_path / "a.tif"
    with tifffile.TiffWriter(path) as writer:
        writer.write(EIGHT, photometric="minisblack", description="plain", metadata=None)
        writer.write(
            DEEP, photometric="minisblack", bitspersample=12, description="packed", metadata=None
        )
        writer.write(np.asarray(inks()), photometric="separated", description="bare", metadata=None)
        how = {"photometric": "separated", "iccprofile": INKS, "metadata": None}
        writer.write(np.asarray(inks()), description="inks", **how)
    made = colorizer.colorize(path)
    (said,) = made.left_out
    assert said.startswith("page 3 is left out: ")
    assert "is in CMYK without an ICC profile" in said
    with tifffile.TiffFile(made.output) as file:
        assert [page.description for page in file.pages] == ["plain", "packed", "inks"]
        assert [page.dtype for page in file.pages] == [np.uint8, np.uint16, np.uint8]
    assert verify(path, made.output).max_luma_difference <= 1


@pytest.mark.parametrize("make", [lambda p: packed(p, 12), lambda p: tiles(p, DEEP), cmyk])
@pytest.mark.parametrize("part", [0.2, 0.5, 0.97])
def test_what_is_cut_short_is_said_to_be(tmp_path, make, part):
    path = make(tmp_path / "a.tif")
    with tifffile.TiffFile(path) as file:
        page = file.pages[0]
        start, end = page.dataoffsets[0], page.dataoffsets[-1] + page.databytecounts[-1]
    content = path.read_bytes()
    path.write_bytes(content[: start + int(part * (end - start))])
    with pytest.raises(PhotographError, match="damaged or cut short"):
        open_photo(path)


def test_too_many_pixels_are_refused_before_they_are_read(tmp_path, monkeypatch):
    monkeypatch.setattr(sniffing, "PIXEL_LIMIT", 1000)
    for make in (lambda p: packed(p, 12), lambda p: tiles(p, DEEP), cmyk):
        path = make(tmp_path / "a.tif")
        with pytest.raises(PhotographError, match="300 x 200 pixels, but at most 1,000 are taken"):
            open_photo(path)
