"""TIFFs of luma and chroma and of CIELAB, made by tifffile, beside OpenCV and Little CMS."""

import io
from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms

from colorear import verify
from colorear.color import LUMA
from colorear.errors import PhotographError
from colorear.photo.photograph import open_photo, pixels
from photo.test_tiff_conversion import colorizer  # noqa: F401 - a fixture

HEIGHT, WIDTH = 60, 84
Y, X = np.mgrid[:HEIGHT, :WIDTH]
WAVES = [np.sin(X / 17) * np.cos(Y / 23), np.sin(X / 30 + Y / 41), np.cos(X / 37 - Y / 29)]
LIGHT = np.uint8(128 + 60 * WAVES[0])
CHROMA = [np.uint8(128 + 24 * wave) for wave in WAVES[1:]]
COEFFICIENTS = {"601": (299, 587, 114), "709": (213, 715, 72)}  # of 1000
FULL = (0, 1, 255, 1, 128, 1, 255, 1, 128, 1, 255, 1)
LIMITED = (16, 1, 235, 1, 128, 1, 240, 1, 128, 1, 240, 1)
"""What Rec. 601 has for video, as fractions."""


def ycbcr(path: Path, name: str = "601", reference=FULL, **options) -> Path:
    fractions = [number for n in COEFFICIENTS[name] for number in (n, 1000)]
    tags = [(529, 5, 3, tuple(fractions), True), (532, 5, 6, reference, True)]
    planes = np.stack([LIGHT, *CHROMA], -1)
    if options.get("planarconfig") == "separate":
        planes = planes.transpose(2, 0, 1)
    how = {"photometric": "ycbcr", "subsampling": (1, 1), "extratags": tags, "metadata": None}
    tifffile.imwrite(path, planes, **how | options)
    return path


def seen(path: Path) -> np.ndarray:
    photo = open_photo(path)
    return tifffile.imread(photo.path)


@pytest.mark.parametrize("name", COEFFICIENTS)
@pytest.mark.parametrize(("reference", "near"), [(FULL, 1), (LIMITED, 3)])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"compression": "lzw", "byteorder": ">"},
        {"tile": (32, 48), "compression": "zlib"},
        {"planarconfig": "separate", "rowsperstrip": 7},
        {"bigtiff": True},
    ],
)
def test_luma_and_chroma_are_what_opencv_sees(tmp_path, name, reference, near, options):
    path = ycbcr(tmp_path / "a.tif", name, reference, **options)
    expected = cv2.imread(str(path))[..., ::-1]  # by libtiff, which rounds on the way
    assert np.abs(seen(path).astype(int) - expected).max() <= near


@pytest.mark.parametrize("subsampling", [(1, 1), (2, 2), (2, 1)])
def test_luma_and_chroma_as_jpeg_are_left_to_libvips(tmp_path, subsampling):
    how = {"photometric": "ycbcr", "subsampling": subsampling, "compression": "jpeg"}
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, np.stack([LIGHT, *CHROMA], -1), metadata=None, **how)
    photo = open_photo(path)
    assert photo.kept is None
    expected = cv2.imread(str(path))[..., ::-1]
    assert np.abs(pixels(photo).numpy().astype(int) - expected).max() <= 3


def test_a_colored_copy_keeps_the_luma_that_was_stored(tmp_path, colorizer):  # noqa: F811
    planes = [Image.fromarray(plane) for plane in (LIGHT, *CHROMA)]
    Image.merge("YCbCr", planes).save(tmp_path / "a.tif", compression="tiff_lzw")
    made = colorizer.colorize(tmp_path / "a.tif")
    rgb = tifffile.imread(made.output)
    assert np.abs(rgb @ np.array(LUMA) - LIGHT).max() <= 1
    assert np.ptp(rgb.astype(int), axis=2).max() > 20
    found = verify(tmp_path / "a.tif", made.output)
    assert (found.ok, found.changed) == (True, ())
    with tifffile.TiffFile(made.output) as file:
        assert not {529, 530, 531, 532} & {tag.code for tag in file.pages[0].tags}


def test_alpha_beside_luma_and_chroma_stays(tmp_path):
    planes = np.stack([LIGHT, *CHROMA, LIGHT[::-1]], -1)
    how = {"photometric": "ycbcr", "subsampling": (1, 1), "extrasamples": ["unassalpha"]}
    tifffile.imwrite(tmp_path / "a.tif", planes, metadata=None, **how)
    assert np.array_equal(seen(tmp_path / "a.tif")[..., 3], LIGHT[::-1])


@pytest.mark.parametrize("white", [0, 16])
def test_numbers_that_make_no_colors_are_refused(tmp_path, white):
    path = ycbcr(tmp_path / "a.tif", reference=(white, 1, white, 1, *LIMITED[4:]))
    with pytest.raises(PhotographError, match="reference black and white make no colors"):
        open_photo(path)


def test_fractions_over_0_are_passed_over(tmp_path):
    path = ycbcr(tmp_path / "a.tif", reference=(0, 0, 255, 1, *FULL[4:]))
    assert np.array_equal(seen(path), seen(ycbcr(tmp_path / "b.tif")))


def lab(
    path: Path, rgb: np.ndarray, photometric: str, bits: int, sign: str = "u", **options
) -> Path:
    """sRGB as L*a*b* under D50, by the formulas of CIE 15 and the primaries of IEC 61966-2-1."""
    light = np.where(rgb <= 10.31, rgb / 255 / 12.92, ((rgb / 255 + 0.055) / 1.055) ** 2.4)
    to_d50 = np.array(
        [
            [0.4360747, 0.3850649, 0.1430804],
            [0.2225045, 0.7168786, 0.0606169],
            [0.0139322, 0.0971045, 0.7141733],
        ]
    )
    xyz = light @ to_d50.T / to_d50.sum(1)
    f = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    step, whole = (1, 255) if bits == 8 else (256, 65535)
    middle, top = (0, whole) if photometric == "cielab" else (128 * step, whole - whole % step)
    planes = [
        (116 * f[..., 1] - 16) * top / 100,
        500 * (f[..., 0] - f[..., 1]) * step + middle,
        200 * (f[..., 1] - f[..., 2]) * step + middle,
    ]
    stored = np.rint(np.stack(planes, -1)).astype(np.int64).astype(f"{sign}{bits // 8}")
    tifffile.imwrite(path, stored, photometric=photometric, metadata=None, **options)
    return path


COLORS = np.random.default_rng(0).integers(20, 236, (16, 24, 3))
GRAYS = np.arange(256)[None, :, None].repeat(4, 0).repeat(3, 2)


@pytest.mark.parametrize("photometric", ["cielab", "icclab"])
@pytest.mark.parametrize("options", [{}, {"byteorder": ">", "compression": "zlib"}, {"sign": "i"}])
def test_lab_of_16_bits_is_what_it_was_made_of(tmp_path, photometric, options):
    path = lab(tmp_path / "a.tif", COLORS, photometric, 16, **options)
    assert np.abs(seen(path) / 257 - COLORS).max() < 0.2


@pytest.mark.parametrize("photometric", ["cielab", "icclab"])
def test_lab_of_8_bits_has_the_grays_that_it_was_made_of(tmp_path, photometric):
    path = lab(tmp_path / "a.tif", GRAYS, photometric, 8)
    assert np.abs(seen(path).astype(int) - GRAYS).max() <= 1


def test_lab_is_what_little_cms_makes_of_it(tmp_path):
    path = lab(tmp_path / "a.tif", COLORS, "cielab", 8)
    about, srgb = ImageCms.createProfile("LAB", 5000), ImageCms.createProfile("sRGB")
    exactly = ImageCms.Flags.NOOPTIMIZE
    how = {"outputMode": "RGB", "flags": exactly}
    expected = np.asarray(ImageCms.profileToProfile(Image.open(path), about, srgb, **how))
    assert np.abs(seen(path).astype(int) - expected).max() <= 1


@pytest.mark.parametrize("photometric", ["cielab", "icclab"])
@pytest.mark.parametrize("bits", [8, 16])
def test_a_lab_photograph_is_colored(tmp_path, colorizer, photometric, bits):  # noqa: F811
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB", 5000)).tobytes()
    gray = np.repeat(LIGHT[..., None], 3, 2).astype(int)
    options = {"iccprofile": profile} if bits == 8 else {}
    path = lab(tmp_path / "a.tif", gray, photometric, bits, **options)
    made = colorizer.colorize(path)
    assert verify(path, made.output).ok
    with Image.open(made.output) as image:
        assert "icc_profile" not in image.info
    rgb = tifffile.imread(made.output) / (257 if bits == 16 else 1)
    assert np.abs(rgb @ np.array(LUMA) - LIGHT).max() <= 1.5


def test_lab_with_more_channels_is_refused_in_plain_words(tmp_path):
    planes = np.stack([LIGHT] * 4, -1)
    tifffile.imwrite(tmp_path / "a.tif", planes, photometric="cielab", metadata=None)
    with pytest.raises(PhotographError, match="holds LABS values in 4 channels"):
        open_photo(tmp_path / "a.tif")


@pytest.mark.parametrize("make", [ycbcr, lambda path: lab(path, GRAYS, "cielab", 8)])
@pytest.mark.parametrize("part", [0.3, 0.9])
def test_what_is_cut_short_is_said_to_be(tmp_path, make, part):
    content = io.BytesIO(make(tmp_path / "a.tif").read_bytes())
    with tifffile.TiffFile(content) as file:
        page = file.pages[0]
        end = page.dataoffsets[0] + int(part * page.databytecounts[0])
    (tmp_path / "a.tif").write_bytes(content.getvalue()[:end])
    with pytest.raises(PhotographError, match="damaged or cut short"):
        open_photo(tmp_path / "a.tif")
