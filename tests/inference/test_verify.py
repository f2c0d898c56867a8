import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from colorear.errors import PhotographError
from colorear.inference.verify import Verification, verify
from colorear.photo.photograph import open_photo
from colorear.photo.provenance import Provenance
from colorear.photo.saving import save

MARK = Provenance("0.1.0", "acuarela", "7ab61f9d", "00ff" * 16)


def reopened(path) -> Image.Image:
    """What Pillow makes of a file, which it does not keep open."""
    return Image.open(io.BytesIO(Path(path).read_bytes()))


@pytest.fixture
def grey(free_pictures) -> np.ndarray:
    return free_pictures["coffee"][:99, :150, 1]


def tinted(*_):
    return lambda luma, _: luma * (1 - luma) * np.array([0.3, -0.4], np.float32)[:, None, None]


def pair(folder, grey, suffix, **options):
    source, target = folder / f"old{suffix}", folder / f"new{suffix}"
    Image.fromarray(grey).save(source, **options)
    save(open_photo(source), target, tinted, MARK)
    return source, target


@pytest.mark.parametrize("progressive", [False, True])
def test_jpeg(tmp_path, grey, progressive):
    source, target = pair(tmp_path, grey, ".jpg", progressive=progressive)
    assert verify(source, target) == Verification(True, 0, MARK)
    assert verify(source, target).ok


@pytest.mark.parametrize("suffix", [".png", ".tif", ".webp"])
def test_other_formats(tmp_path, grey, suffix):
    options = {"lossless": True} if suffix == ".webp" else {}
    promise = verify(*pair(tmp_path, grey, suffix, **options))
    assert promise.identical_dct is None
    assert promise.max_luma_difference <= 1
    assert promise.provenance == MARK
    assert promise.ok


def test_a_mark_decides_nothing(tmp_path, grey):
    source, target = pair(tmp_path, grey, ".png")
    reopened(target).save(tmp_path / "bare.png")
    bare = verify(source, tmp_path / "bare.png")
    assert (bare.provenance, bare.ok) == (None, True)
    save(open_photo(target), tmp_path / "dark.png", tinted, MARK)
    Image.fromarray(grey // 2).save(source)
    dark = verify(source, tmp_path / "dark.png")
    assert (dark.provenance, dark.ok) == (MARK, False)


def test_a_recompressed_jpeg_breaks_it(tmp_path, grey):
    source, target = pair(tmp_path, grey, ".jpg", quality=90)
    reopened(target).save(target, quality=80)
    promise = verify(source, target)
    assert promise.identical_dct is False
    assert promise.max_luma_difference > 1
    assert not promise.ok


def test_one_coefficient_or_table_entry_breaks_it(tmp_path, grey):
    source, target = pair(tmp_path, grey, ".jpg", quality=90)
    content = bytearray(target.read_bytes())
    content[content.index(b"\xff\xdb") + 5] += 1  # the luma table's DC entry
    target.write_bytes(content)
    assert verify(source, target).identical_dct is False


def test_a_jpeg_made_png_is_not_the_same(tmp_path, grey):
    source, target = pair(tmp_path, grey, ".jpg")
    reopened(target).save(tmp_path / "new.png")
    promise = verify(source, tmp_path / "new.png")
    assert promise.identical_dct is False
    assert not promise.ok


@pytest.mark.parametrize(
    ("change", "difference", "ok"), [(0, 0, True), (1, 1, True), (3, 3, False)]
)
@pytest.mark.parametrize("bits", [8, 16])
def test_differences_are_in_levels(tmp_path, change, difference, ok, bits):
    kind = np.uint8 if bits == 8 else np.uint16
    before = np.full((20, 30), 100, kind)
    after = before.copy()
    after[7, 11] += kind(change)
    Image.fromarray(before).save(tmp_path / "old.png")
    Image.fromarray(after).save(tmp_path / "new.png")
    promise = verify(tmp_path / "old.png", tmp_path / "new.png")
    assert promise == Verification(None, difference)
    assert promise.ok is ok


def test_what_cannot_be_compared(tmp_path, grey):
    source, target = pair(tmp_path, grey, ".png")
    reopened(target).crop((0, 0, 10, 10)).save(tmp_path / "small.png")
    with pytest.raises(PhotographError, match=r"150 x 99 pixels and '.*' 10 x 10, but equal sizes"):
        verify(source, tmp_path / "small.png")
    with pytest.raises(PhotographError, match=r"missing\.png' does not exist"):
        verify(source, tmp_path / "missing.png")


@pytest.mark.parametrize("damaged", ["old", "new"])
@pytest.mark.parametrize("suffix", [".png", ".jpg"])
def test_the_damaged_one_is_named(tmp_path, grey, damaged, suffix):
    paths = pair(tmp_path, grey, suffix)
    path = tmp_path / f"{damaged}{suffix}"
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(PhotographError, match=f"{damaged}{suffix}' is .*damaged"):
        verify(*paths)
