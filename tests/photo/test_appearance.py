"""What photographs look like: free ones in color, and what is made of them."""

from collections.abc import Callable

import numpy as np
import pytest
import pyvips
from PIL import Image

from colorear.errors import PhotographError
from colorear.photo.appearance import (
    APPEARANCES,
    LEFT_ALONE,
    REASONS,
    _rings,
    appearance_of,
    tones_of,
)
from colorear.photo.photograph import decode_coarse, open_photo
from colorear.photo.provenance import Provenance, merged

NAMES = ("astronaut", "chelsea", "china", "coffee", "flower", "rocket")


@pytest.fixture
def seen(tmp_path) -> Callable[..., str]:
    """What is told of an array that was saved in a file with that ending."""

    def seen(pixels: np.ndarray, ending: str = ".jpg", **how) -> str:
        path = tmp_path / f"photograph{ending}"
        Image.fromarray(pixels).save(path, **how)
        return appearance_of(open_photo(path))

    return seen


def gray(picture: np.ndarray) -> np.ndarray:
    return np.asarray(Image.fromarray(picture).convert("L"))


def toned(picture: np.ndarray, powers: tuple[float, float, float]) -> np.ndarray:
    """A print whose red, green and blue are powers of one gray."""
    part = gray(picture)[..., None] / 255
    return np.rint(255 * part ** np.array(powers)).astype(np.uint8)


SEPIA, CYANOTYPE, SELENIUM = (0.7, 1.0, 1.5), (1.9, 1.1, 0.7), (0.95, 1.05, 0.9)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("ending", [".jpg", ".png", ".tif", ".webp"])
def test_photographs_in_color(free_pictures, seen, name, ending):
    assert seen(free_pictures[name], ending) == "color"


@pytest.mark.parametrize("name", NAMES)
def test_gray_and_toned_ones(free_pictures, seen, name):
    picture = free_pictures[name]
    assert seen(gray(picture)) == "gray"
    assert seen(np.repeat(gray(picture)[..., None], 3, 2)) == "gray"
    for powers in (SEPIA, CYANOTYPE, SELENIUM):
        assert seen(toned(picture, powers), quality=70) == "toned"


def test_stains_and_noise_are_no_color(free_pictures, seen):
    picture = toned(free_pictures["china"], SEPIA) / 255
    height, width = picture.shape[:2]
    y, x = np.mgrid[:height, :width]
    stain = 0.5 + 0.5 * np.sin(4 * x / width) * np.cos(5 * y / height)
    noise = np.random.default_rng(0).normal(0, 0.02, picture.shape)
    stained = picture ** (1 + stain[..., None] * (-0.1, 0, 0.25)) + noise
    assert seen((255 * stained.clip(0, 1)).astype(np.uint8)) == "toned"


def test_what_lies_at_the_edge_does_not_decide(free_pictures, seen):
    print_ = toned(free_pictures["china"], SEPIA)
    print_[:20] = (0, 140, 40)  # an album's page
    print_[-30:, :200] = (200, 20, 20)  # a ruler
    assert seen(print_) == "toned"


def test_sixteen_bits_and_a_turned_one(free_pictures, tmp_path):
    for name, picture in (("color", free_pictures["coffee"]), ("toned", None)):
        values = toned(free_pictures["coffee"], SEPIA) if picture is None else picture
        image = pyvips.Image.new_from_array(values.astype(np.uint16) * 257)
        image = image.copy(interpretation="rgb16")
        image.tiffsave(str(tmp_path / f"{name}.tif"))
        assert appearance_of(open_photo(tmp_path / f"{name}.tif")) == name


def test_text_and_drawings(free_pictures, seen):
    picture = Image.fromarray(gray(free_pictures["china"]))
    assert seen(np.asarray(picture.convert("1")), ".png") == "bilevel"  # dithered
    line = np.asarray(picture.point(lambda level: 255 * (level > 120)))
    assert seen(line, ".png") == "bilevel"
    assert seen(line, ".jpg", quality=90) == "bilevel"


@pytest.mark.parametrize(("period", "angle"), [(3, 45), (4, 45), (6, 30), (8, 15), (10, 45)])
def test_halftones(free_pictures, seen, period, angle):
    levels = gray(free_pictures["china"]) / 255
    y, x = np.mgrid[: levels.shape[0], : levels.shape[1]]
    turn = np.deg2rad(angle)
    across, down = (x * np.cos(turn) + y * np.sin(turn), y * np.cos(turn) - x * np.sin(turn))
    screen = sum(np.cos(2 * np.pi * wave / period) for wave in (across, down)) / 4 + 0.5
    dots = Image.fromarray((255 * (levels > 0.02 + 0.96 * screen)).astype(np.uint8))
    scanned = dots.resize((dots.width * 2 // 3, dots.height * 2 // 3), Image.Resampling.LANCZOS)
    if period > 3:
        assert seen(np.asarray(scanned), quality=85) == "halftone"
    soft = pyvips.Image.new_from_array(np.asarray(dots)).gaussblur(0.25 * period).numpy()
    assert seen(soft, quality=85) == "halftone"


def test_what_colorear_colored(free_pictures, tmp_path):
    image = pyvips.Image.new_from_array(gray(free_pictures["coffee"]))
    mark = Provenance("0.1.0", "acuarela", "1", "00ff")
    image.set_type(pyvips.GValue.blob_type, "xmp-data", merged(None, mark))
    image.pngsave(str(tmp_path / "a.png"))
    assert appearance_of(open_photo(tmp_path / "a.png")) == "colored"


def test_a_picture_that_is_decoded_already(free_pictures, tmp_path):
    Image.fromarray(free_pictures["china"]).save(tmp_path / "a.jpg")
    photo = open_photo(tmp_path / "a.jpg")
    assert appearance_of(photo, coarse=decode_coarse(photo)) == "color"


@pytest.mark.parametrize("size", [(1, 1), (1, 500), (3, 7), (255, 300), (5000, 2)])
def test_sizes_that_tell_little(seen, size):
    noise = np.random.default_rng(0).integers(0, 256, size, np.uint8)
    assert seen(noise, ".png") == "gray"


def test_what_is_kept_for_a_size_is_not_kept_for_all(seen):
    """A server sees photographs of all sizes: for those of 256 to 512 pixels it would be 158 MB."""
    noise = np.random.default_rng(1).integers(60, 200, (288, 288), np.uint8)
    for size in range(256, 288, 2):
        seen(noise[:size])
    kept = _rings.cache_info()
    assert kept.misses >= 16
    assert kept.currsize <= 4


def test_a_damaged_one_is_named(free_pictures, tmp_path):
    path = tmp_path / "cut.png"
    Image.fromarray(gray(free_pictures["china"])).save(path)
    path.write_bytes(path.read_bytes()[:20_000])
    with pytest.raises(PhotographError, match=r"cut\.png' is damaged or cut short"):
        appearance_of(open_photo(path))


def test_every_reason_is_of_an_appearance():
    assert LEFT_ALONE < set(REASONS) < set(APPEARANCES)


def test_arrays():
    ramp = np.linspace(0, 1, 64 * 64, dtype=np.float32).reshape(64, 64)
    assert tones_of(np.stack([ramp] * 3)) == "gray"
    assert tones_of(np.stack([ramp**0.7, ramp, ramp**1.5])) == "toned"
    assert tones_of(np.stack([ramp, ramp.T, ramp[::-1]])) == "color"
