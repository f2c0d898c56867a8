"""TIFFs of several pages: each colored, whatever the others are."""

import struct
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import tifffile
from PIL import Image
from skimage.data import astronaut
from typer.testing import CliRunner

import networks
from colorear import Colorizer, verify
from colorear.cli import app
from colorear.errors import ExitCode, PhotographError, SigningError
from colorear.photo import tiff_kinds
from colorear.photo.photograph import open_photo
from colorear.photo.provenance import read

GRAY = np.asarray(Image.fromarray(astronaut()).convert("L"))
PAGES = (GRAY[:120, :200], GRAY[100:250, :90].astype(np.uint16) * 257, GRAY[::4, ::4])
"""Of different sizes and depths."""


@pytest.fixture(scope="module")
def colorizer(known_network) -> Colorizer:
    return Colorizer(known_network, threads=1)


def album(path: Path, pages=PAGES, **options) -> Path:
    """Each page with a caption, a resolution and a number of its own."""
    with tifffile.TiffWriter(path, **options) as writer:
        for number, page in enumerate(pages):
            writer.write(
                page,
                photometric="minisblack",
                compression="zlib",
                description=f"page {number}",
                resolution=(300 + number, 300 + number),
                subfiletype=2,
                extratags=[(297, "H", 2, (number, len(pages)), True)],
                metadata=None,
            )
    return path


PEAK = """
import resource, sys
from colorear import Colorizer
Colorizer(sys.argv[1], threads=1).colorize(sys.argv[2])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
"""What prints the most memory that was used, in kilobytes (on Linux)."""


def told(path: Path) -> list[tuple[object, ...]]:
    """What tifffile reads of each page's tags."""
    with tifffile.TiffFile(path) as file:
        return [
            tuple(page.tags[name].value for name in (254, 270, 282, 297)) for page in file.pages
        ]


@pytest.mark.parametrize("options", [{}, {"bigtiff": True}, {"byteorder": ">"}])
def test_every_page_is_colored_and_keeps_its_tags(tmp_path, colorizer, options):
    path = album(tmp_path / "album.tif", **options)
    made = colorizer.colorize(path, tmp_path / "color.tif")
    assert made.left_out == ()
    assert made.megapixels == sum(page.size for page in PAGES) / 1e6
    assert told(tmp_path / "color.tif") == told(path)
    with tifffile.TiffFile(tmp_path / "color.tif") as file:
        assert [page.shape for page in file.pages] == [(*page.shape, 3) for page in PAGES]
        for page, gray in zip(file.pages, PAGES, strict=True):
            rgb = page.asarray().astype(float)
            assert np.ptp(rgb, axis=2).max() > 10
            luma = rgb @ (0.299, 0.587, 0.114)
            assert np.abs(luma - gray).max() <= 1
    for number in range(3):
        assert read(open_photo(tmp_path / "color.tif", number).xmp).network == "known"
    assert verify(path, tmp_path / "color.tif").ok
    with Image.open(tmp_path / "color.tif") as image:
        assert image.n_frames == 3
    assert sorted(each.name for each in tmp_path.iterdir()) == ["album.tif", "color.tif"]


def test_a_first_page_that_is_a_negative_is_told(tmp_path):
    (tmp_path / "bright.onnx").write_bytes(networks.contract(negative=True))
    bright = Colorizer(tmp_path / "bright.onnx", threads=1)
    pages = PAGES[0] // 4 + 190, PAGES[0] // 4
    first = bright.colorize(album(tmp_path / "first.tif", pages))
    other = bright.colorize(album(tmp_path / "other.tif", pages[::-1]))
    assert (first.appearance, other.appearance) == ("negative", "gray")


def test_smaller_copies_are_no_pages(tmp_path, colorizer):
    path = tmp_path / "a.tif"
    with tifffile.TiffWriter(path) as writer:
        for page in (GRAY, 255 - GRAY):
            writer.write(page, photometric="minisblack")
            writer.write(page[::2, ::2], photometric="minisblack", subfiletype=1)
    colorizer.colorize(path, tmp_path / "b.tif")
    with tifffile.TiffFile(tmp_path / "b.tif") as file:
        assert [page.shape for page in file.pages] == [(512, 512, 3)] * 2
    assert verify(path, tmp_path / "b.tif").ok


def broken(path: Path, number: int) -> Path:
    """The album with nonsense in the place of one page's pixels."""
    album(path)
    with tifffile.TiffFile(path) as file:
        page = file.pages[number]
        start, size = page.dataoffsets[0], page.databytecounts[0]
    content = bytearray(path.read_bytes())
    content[start : start + size] = bytes(size)
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_broken_page_is_named_and_the_others_are_colored(tmp_path, colorizer, number):
    path = broken(tmp_path / "album.tif", number)
    made = colorizer.colorize(path, tmp_path / "color.tif")
    (said,) = made.left_out
    assert said.startswith(f"page {number + 1} is left out: '{path}' is damaged or cut short")
    expected = [about for place, about in enumerate(told(path)) if place != number]
    assert told(tmp_path / "color.tif") == expected
    found = verify(path, tmp_path / "color.tif")
    assert found.changed == (f"damaged page {number + 1}",)
    assert found.max_luma_difference <= 1


@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize(("kept", "cut"), [(2, -5), (2, 30), (1, -2), (1, 25), (2, 1)])
def test_pages_before_the_place_where_a_file_is_cut(tmp_path, colorizer, kept, cut, big):
    """Cut somewhat before or within the directory of the page after those that are kept."""
    path = tmp_path / "album.tif"
    Image.fromarray(PAGES[0]).save(  # libtiff puts directories behind the pixels
        path,
        save_all=True,
        append_images=[Image.fromarray(GRAY[:90, :80]), Image.fromarray(GRAY[:70, :60])],
        compression="tiff_lzw",
        big_tiff=big,
    )
    with tifffile.TiffFile(path) as file:
        place = file.pages[kept].offset
    path.write_bytes(path.read_bytes()[: place + cut])
    made = colorizer.colorize(path, tmp_path / "color.tif")
    (said,) = made.left_out
    assert said.startswith(
        f"page {kept + 1} is left out: '{path}' is damaged or cut short (it ends"
    )
    with tifffile.TiffFile(tmp_path / "color.tif") as file:
        assert len(file.pages) == kept
        luma = file.pages[0].asarray() @ (0.299, 0.587, 0.114)
        assert np.abs(luma - PAGES[0]).max() <= 1
    found = verify(path, tmp_path / "color.tif")
    assert found.changed == (f"missing page {kept + 1}",)
    assert found.max_luma_difference <= 1


def test_cut_within_the_first_directory_nothing_is_left(tmp_path, colorizer):
    path = album(tmp_path / "album.tif")
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(PhotographError, match="damaged or cut short"):
        colorizer.colorize(path, tmp_path / "color.tif")
    assert [each.name for each in tmp_path.iterdir()] == ["album.tif"]


def test_a_page_of_a_kind_that_is_not_taken(tmp_path, colorizer):
    path = tmp_path / "a.tif"
    with tifffile.TiffWriter(path) as writer:
        writer.write(np.full((20, 30), 7, np.float32), photometric="minisblack")
        writer.write(GRAY, photometric="minisblack")
    made = colorizer.colorize(path, tmp_path / "b.tif")
    assert "page 1 is left out" in made.left_out[0]
    assert "floating-point numbers from 7 to 7" in made.left_out[0]
    assert verify(path, tmp_path / "b.tif").changed == ("missing page 1",)


def test_if_none_is_whole_nothing_is_written(tmp_path, colorizer):
    path = album(tmp_path / "album.tif")
    with tifffile.TiffFile(path) as file:
        places = [(page.dataoffsets[0], page.databytecounts[0]) for page in file.pages]
    content = bytearray(path.read_bytes())
    for start, size in places:
        content[start : start + size] = bytes(size)
    path.write_bytes(content)
    with pytest.raises(PhotographError, match=r"page 1 is left out: .* is damaged or cut short"):
        colorizer.colorize(path, tmp_path / "color.tif")
    assert [each.name for each in tmp_path.iterdir()] == ["album.tif"]


def test_one_changed_page_breaks_the_promise(tmp_path, colorizer):
    path = album(tmp_path / "album.tif")
    colorizer.colorize(path, tmp_path / "color.tif")
    content = (tmp_path / "color.tif").read_bytes()
    (tmp_path / "color.tif").write_bytes(content.replace(b"page 2", b"page 9"))
    found = verify(path, tmp_path / "color.tif")
    assert found.changed == ("TIFF tag 270 of page 3",)
    assert not found.ok
    album(tmp_path / "fewer.tif", PAGES[:2])
    with pytest.raises(PhotographError, match=r"has 2 whole pages and '.*' 3, but equal numbers"):
        verify(tmp_path / "fewer.tif", tmp_path / "color.tif")


def test_no_more_than_one_page_is_in_memory(tmp_path, known_network):
    """Twelve pages of 4 megapixels, 12 MB each in color, beside two of them."""
    page = np.tile(GRAY, (4, 4))
    command = [sys.executable, "-c", PEAK, known_network]
    peaks = []
    for count in (2, 12):
        album(tmp_path / f"{count}.tif", [page] * count)
        done = subprocess.run(
            [*command, tmp_path / f"{count}.tif"], capture_output=True, check=True, text=True
        )
        peaks.append(int(done.stdout))
    assert peaks[1] - peaks[0] < 40_000


def test_pages_are_not_signed(tmp_path, known_network):
    """The manifest would be a page without a size, for which libvips does not open the file."""
    path = album(tmp_path / "album.tif")
    signed = Colorizer(known_network, threads=1, signer=SimpleNamespace())
    with pytest.raises(SigningError, match="has several pages, and signed it would"):
        signed.colorize(path, tmp_path / "color.tif")
    assert [each.name for each in tmp_path.iterdir()] == ["album.tif"]


def test_the_command_names_the_page_and_fails(tmp_path, known_network):
    path = broken(tmp_path / "album.tif", 1)
    words = ["colorize", str(path), "--model", str(known_network)]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == ExitCode.FAILED
    assert "error: page 2 is left out: " in done.stderr
    assert tiff_kinds.pages(tmp_path / "album-color.tif") == (0, 1)


def test_pages_that_are_too_many(tmp_path, monkeypatch):
    monkeypatch.setattr(tiff_kinds, "_MOST_PAGES", 2)
    with pytest.raises(PhotographError, match="has more than 2 pages"):
        tiff_kinds.pages(album(tmp_path / "a.tif"))


def test_a_chain_of_a_million_directories_ends(tmp_path):
    """Each leads to the next: no more are looked at than are taken."""
    count = 20_000
    entry = struct.pack("<HHHII", 1, 257, 4, 1, 9)
    content = b"II*\0\x08\0\0\0"
    content += b"".join(entry + struct.pack("<I", 8 + 18 * n) for n in range(1, count + 1))
    (tmp_path / "a.tif").write_bytes(content)
    with pytest.raises(PhotographError, match="has more than 5,000 pages"):
        tiff_kinds.pages(tmp_path / "a.tif")
