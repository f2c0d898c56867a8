"""TIFFs of 32 bits a channel: colored where it is clear what black and white are."""

import struct
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image
from skimage.data import astronaut

from colorear import Colorizer, verify
from colorear.errors import PhotographError
from colorear.photo.photograph import open_photo

GRAY = np.asarray(Image.fromarray(astronaut()).convert("L"))[:160, :240] / 255
GRAY = np.clip(GRAY + np.random.default_rng(0).normal(0, 0.01, GRAY.shape), 0, 1)
FLOATS = GRAY.astype(np.float32)
WHOLE = np.rint(GRAY * (2**32 - 1)).astype(np.uint32)


@pytest.fixture(scope="module")
def colorizer(known_network) -> Colorizer:
    return Colorizer(known_network, threads=1)


def written(path: Path, pixels: np.ndarray, **options) -> Path:
    how = {"photometric": "minisblack" if pixels.shape[-1] in (2, 240) else "rgb"} | options
    tifffile.imwrite(path, pixels, metadata=None, **how)
    return path


def rgb(gray: np.ndarray) -> np.ndarray:
    return np.repeat(gray[..., None], 3, 2)


ALPHA = {"extrasamples": ["unassalpha"], "planarconfig": "contig"}
KINDS = {
    "floats": (FLOATS, {}),
    "floats, compressed": (FLOATS, {"compression": "zlib", "predictor": True}),
    "floats in three channels": (rgb(FLOATS), {}),
    "floats with alpha": (np.stack([FLOATS, FLOATS[::-1]], 2), ALPHA),
    "half floats": (GRAY.astype(np.float16), {}),
    "whole": (WHOLE, {}),
    "whole, in tiles": (WHOLE, {"tile": (64, 64)}),
    "whole, white is 0": (WHOLE, {"photometric": "miniswhite"}),
    "whole in three channels": (rgb(WHOLE), {"byteorder": ">"}),
}


@pytest.mark.parametrize(("pixels", "options"), KINDS.values(), ids=KINDS)
def test_luma_is_kept_as_exactly_as_it_is_coded(tmp_path, colorizer, pixels, options):
    path = written(tmp_path / "a.tif", pixels, **options)
    colorizer.colorize(path)
    with tifffile.TiffFile(tmp_path / "a-color.tif") as file:
        (page,) = file.pages
        made = page.asarray()
    floating = pixels.dtype.kind == "f"
    assert made.dtype == (np.float32 if floating else np.uint32)
    assert np.ptp(made[..., :3].astype(float), axis=2).max() > 0.05 * made.max()
    before = pixels[..., 0] if pixels.ndim == 3 else pixels
    before = 2**32 - 1 - before if options.get("photometric") == "miniswhite" else before
    off = np.abs(made[..., :3].astype(float) @ (0.299, 0.587, 0.114) - before.astype(float))
    assert off.max() <= (2**-24 if floating else 1)
    assert 0 <= made.min() <= made.max() <= (1 if floating else 2**32 - 1)
    if pixels.shape[-1] == 2:
        assert np.array_equal(made[..., 3], pixels[..., 1])
    found = verify(path, tmp_path / "a-color.tif")
    assert (found.ok, found.changed, found.max_luma_difference <= 1) == (True, (), True)


def test_verify_sees_one_changed_value(tmp_path, colorizer):
    path = written(tmp_path / "a.tif", FLOATS)
    colorizer.colorize(path)
    with tifffile.TiffFile(tmp_path / "a-color.tif", mode="r+b") as file:
        made = file.pages[0].asarray()
    made[50, 60] += np.float32(1e-5)
    written(tmp_path / "b.tif", made)
    assert not verify(path, tmp_path / "b.tif").ok


def test_extremes_stay_black_and_white(tmp_path, colorizer):
    for pixels in (FLOATS, WHOLE):
        extreme = (pixels > pixels.mean()).astype(pixels.dtype) * pixels.dtype.type(pixels.max())
        path = written(tmp_path / "a.tif", extreme)
        colorizer.colorize(path, overwrite=True)
        made = tifffile.imread(tmp_path / "a-color.tif")
        assert (made[extreme == 0] == 0).all()
        assert verify(path, tmp_path / "a-color.tif").ok


def test_what_they_mean_may_not_be_clear(tmp_path):
    nan = FLOATS.copy()
    nan[3, 4] = np.nan
    alpha = {"extrasamples": ["assocalpha"], "planarconfig": "contig"}
    for pixels, options, says in (
        (FLOATS / FLOATS.max() * 255, {}, "numbers from 0 to 255, but 0 for black to 1 for white"),
        (FLOATS - np.float32(0.5), {}, "floating-point numbers from -0.5 to 0.4"),
        (nan, {}, "floating-point numbers that are infinite or none at all"),
        (WHOLE >> 20, {}, r"whole numbers of 32 bits of 40\d\d at the most, of 4294967295 for"),
        (np.stack([FLOATS, FLOATS], 2), alpha, "that are multiplied by alpha"),
        (FLOATS, {"photometric": "miniswhite"}, "of which 0 is white, but 0 for black is needed"),
        ((GRAY * 32767).astype(np.int16), {}, "of the type short, but whole numbers from 0 on"),
    ):
        path = written(tmp_path / "a.tif", pixels, **options)
        with pytest.raises(PhotographError, match=says):
            open_photo(path)


def test_a_damaged_one_is_said_to_be(tmp_path):
    path = written(tmp_path / "a.tif", FLOATS, compression="zlib")
    content = bytearray(path.read_bytes())
    with tifffile.TiffFile(path) as file:
        struct.pack_into("<Q", content, file.pages[0].dataoffsets[0], 0)
    path.write_bytes(content)
    with pytest.raises(PhotographError, match="damaged or cut short"):
        open_photo(path)
