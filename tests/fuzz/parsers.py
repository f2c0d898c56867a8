"""Everything that reads bytes of strangers, each as a function of these bytes.

A parser takes them, or refuses them by an error of colorear's; nothing else may come out of it.
What it takes it must have understood: where that can be told, it is checked here too.
"""

import asyncio
import io
import json
import re
import shutil
import sqlite3
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import imagecodecs
import numpy as np
import tifffile
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from colorear.batch.journal import FILE, Journal
from colorear.errors import (
    BatchError,
    ColorearError,
    HintError,
    ModelError,
    PhotographError,
    RecipeError,
)
from colorear.hints import parse_hints
from colorear.inference.pages import save_pages
from colorear.inference.verify import verify
from colorear.models.card import read_card
from colorear.photo import icc, jpeg, png, tiff, tiff_kinds, webp, xmp
from colorear.photo.pages import open_pages
from colorear.photo.photograph import Photo, lightness
from colorear.photo.provenance import Provenance
from colorear.photo.saving import save
from colorear.photo.sniffing import Stamp
from colorear.server.problems import ProblemError
from colorear.server.settings import Settings
from colorear.server.uploads import receive, receive_json
from colorear.training.recipe_file import read_recipe
from photo.test_icc import PROFILES

__all__ = ["PARSERS", "Parser", "colored"]

ROOT = Path(__file__).parents[2]
MARK = Provenance("0.1.0", "made", "7ab61f9d", "00ff" * 16)
PROPERTIES = {"{urn:colorear:provenance:1.0/}Version": "0.1.0", "{urn:x}Of": "the\nattic"}
BOUNDARY = b"between"


@dataclass(frozen=True)
class Parser:
    """One of them."""

    take: Callable[[bytes], None]
    seeds: Callable[[], list[bytes]]
    """Content that it takes, from which what is tried is made."""
    refusal: type[Exception]
    """What it may raise."""
    is_costly: bool = False
    """Whether whole photographs are colored."""


def tinted(luma: np.ndarray, _top: int) -> np.ndarray:
    """Chroma of some rows that stays within the gamut."""
    room = luma * (1 - luma)
    return np.stack((room * 0.3, room * -0.4))


@contextmanager
def folder() -> Iterator[Path]:
    """A folder for one case, in memory where the system has such a place."""
    memory = Path("/dev/shm")
    parent = memory if memory.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="fuzz-", dir=parent) as name:
        yield Path(name)


def colored(content: bytes, name: str) -> None:
    """Color a photograph file of this content as a whole; what comes out keeps the promise.

    Pages of which was said that they are left out are all that may be missing.
    """
    with folder() as place:
        source, target = place / name, place / f"made-{name}"
        source.write_bytes(content)
        try:
            pages, said = open_pages(source)
            if sum(photo.width * photo.height for photo in pages) > 1_000_000:
                return  # headers may promise anything; what becomes of it has tests of its own
            target = target.with_suffix(pages[0].suffix)
            lightness(pages[0], 8, 8)
            if len(pages) == 1:
                save(pages[0], target, lambda *_: tinted, MARK)
            else:
                said += save_pages(pages, target, _write_page)
        except PhotographError:
            assert not target.exists()
            raise
        found = verify(source, target)
        lost = [each for each in found.changed if re.fullmatch(r"(missing|damaged) page \d+", each)]
        assert len(lost) == len(said)
        assert replace(found, changed=tuple(each for each in found.changed if each not in lost)).ok


def _write_page(photo: Photo, path: Path, *, big: bool) -> None:
    save(photo, path, lambda *_: tinted, MARK, big=big)


def _jpeg(content: bytes) -> None:
    taken = jpeg.read(content, "it")
    parts = [b"".join(jpeg.written(taken.segments)), bytes(taken.trailer)]
    again = jpeg.read(b"".join(parts), "it")
    assert again.segments == taken.segments
    marked = xmp.in_jpeg(taken, PROPERTIES)
    assert xmp.values(xmp.of_jpeg(marked), PROPERTIES) == PROPERTIES


def _png(content: bytes) -> None:
    with folder() as place:
        original, made = place / "a.png", place / "b.png"
        original.write_bytes(content)
        made.write_bytes(_pngs()[0])
        profile = png.profile(original)
        png.graft(original, made, place / "c.png", b"<x/>", profile)
        assert np.array_equal(_opened(place / "c.png"), _opened(made))


def _opened(path: Path) -> np.ndarray:
    """What Pillow reads, which refuses a PNG's chunks with wrong check sums."""
    return np.asarray(Image.open(io.BytesIO(path.read_bytes())))


def _tiff(content: bytes) -> None:
    with folder() as place:
        original, made = place / "a.tif", place / "b.tif"
        original.write_bytes(content)
        tiff_kinds.pages(original)
        made.write_bytes(_tiffs()[0])
        tiff.graft(original, made)
        assert {tag.number for tag in tiff.tags(made)} >= {256, 257, 273}


def _webp(content: bytes) -> None:
    with folder() as place:
        original, made = place / "a.webp", place / "b.webp"
        original.write_bytes(content)
        made.write_bytes(_webps()[0])
        webp.graft(original, made, place / "c.webp", b"<x/>", PROFILE)
        assert np.array_equal(_opened(place / "c.webp"), _opened(made))


def _xmp(content: bytes) -> None:
    xmp.values(content, PROPERTIES)
    merged = xmp.merged(content, PROPERTIES)
    assert xmp.values(merged, PROPERTIES) == PROPERTIES


def _icc(content: bytes) -> None:
    if icc.color_space(content) == "grey":
        made = icc.rgb_from_gray(content)
        assert icc.color_space(made) == "rgb"
    planes = np.full((3, 2, 2), 0.5, np.float32)
    for source, target in ((content, None), (None, content)):
        assert icc.converted(planes, source=source, target=target).shape == planes.shape


def _card(content: bytes) -> None:
    with folder() as place:
        (place / "acuarela.json").write_bytes(content)
        assert read_card(place / "acuarela.json").name == "acuarela"


def _recipe(content: bytes) -> None:
    with folder() as place:
        (place / "a.toml").write_bytes(content)
        read_recipe(place / "a.toml")


def _journal(content: bytes) -> None:
    with folder() as place:
        (place / FILE).write_bytes(content)
        journal = Journal(place)
        try:
            for target in ("a.jpg", "b.jpg"):
                journal.entry(target)
            journal.begin([("a.jpg", "/in/a.jpg"), ("c.jpg", "/in/c.jpg")], "by two")
            journal.finish("a.jpg", Stamp(1, 2), "abc", Stamp(3, 4))
            journal.undo("c.jpg")
            entry = journal.entry("a.jpg")
            assert entry is not None
            assert entry.output == Stamp(3, 4)
        finally:
            journal.close()


def _form(content: bytes) -> None:
    """Cut into pieces, as it comes over a line."""
    head = {"content-type": f"multipart/form-data; boundary={BOUNDARY.decode()}"}
    with folder() as place:
        upload = asyncio.run(receive(head, _pieces(content), place, Settings()))
        assert upload.photograph.is_file()
        assert "/" not in upload.name
        assert [path.name for path in place.iterdir()] == [upload.photograph.name]


def _json(content: bytes) -> None:
    head = {"content-type": "application/json"}
    taken = asyncio.run(receive_json(head, _pieces(content), 10_000, 60))
    assert isinstance(taken, dict)


async def _pieces(content: bytes) -> AsyncIterator[bytes]:
    for at in range(0, len(content), 100):
        yield content[at : at + 100]


def pixels(bands: int = 1, bits: int = 8, side: int = 9) -> np.ndarray:
    shape = (side, side + 4) if bands == 1 else (side, side + 4, bands)
    kind = np.uint8 if bits == 8 else np.uint16
    return np.random.default_rng(bands).integers(0, 2**bits, shape, kind)


def _saved(form: str, bands: int = 1, bits: int = 8, **options: object) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels(bands, bits)).save(file, form, **options)
    return file.getvalue()


def _of_palette() -> bytes:
    """A PNG with a palette, and what is told of its colors."""
    about, file = PngInfo(), io.BytesIO()
    about.add(b"bKGD", b"\3")
    about.add(b"sBIT", bytes([8, 8, 8]))
    Image.fromarray(pixels(3)).quantize(8).save(file, "png", pnginfo=about)
    return file.getvalue()


def _exif() -> Image.Exif:
    exif = Image.Exif()
    exif[0x010E], exif[0x0112] = "grandmother", 6
    exif.get_ifd(0x8769)[0x9003] = "1931:05:01 10:00:00"
    return exif


PACKET = xmp.merged(None, {"{http://ns.adobe.com/xap/1.0/}Label": "the attic"})
PROFILE = PROFILES["gamma 2.2"]


@cache
def _jpegs() -> list[bytes]:
    return [
        _saved("jpeg"),
        _saved("jpeg", 3, subsampling=2, exif=_exif(), comment=b"dear diary"),
        _saved("jpeg", progressive=True, icc_profile=PROFILE),
        _saved("jpeg", 3, subsampling=0, xmp=PACKET),
    ]


@cache
def _pngs() -> list[bytes]:
    text = PngInfo()
    text.add_text("Title", "grandmother")
    text.add_itxt("XML:com.adobe.xmp", PACKET.decode())
    return [
        _saved("png"),
        _saved("png", 4, pnginfo=text, icc_profile=None, dpi=(300, 300)),
        _saved("png", bits=16, icc_profile=PROFILE),
        _of_palette(),
    ]


@cache
def _converted_tiffs() -> list[bytes]:
    """Of packed samples, with tiles for each channel, of 32 bits."""
    ramp = np.add.outer(np.arange(24, dtype=np.uint16), np.arange(32, dtype=np.uint16)) * 18
    ways = (
        (ramp, {"bitspersample": 10}),
        (np.repeat(ramp[None], 3, 0), {"planarconfig": "separate", "tile": (16, 16)}),
        ((ramp / 1023).astype(np.float32), {}),
        (ramp.astype(np.uint32) << 22, {"byteorder": ">"}),
    )
    found = []
    for pixels, options in ways:
        file = io.BytesIO()
        photometric = "rgb" if pixels.ndim == 3 else "minisblack"
        tifffile.imwrite(file, pixels, photometric=photometric, metadata=None, **options)
        found.append(file.getvalue())
    return found


@cache
def _converted_jpegs() -> list[bytes]:
    """Coded as RGB, and of 12 bits."""
    ramp = np.add.outer(np.arange(24, dtype=np.uint16), np.arange(32, dtype=np.uint16))
    file = io.BytesIO()
    image = Image.fromarray(ramp.astype(np.uint8)).convert("RGB")
    image.save(file, "jpeg", keep_rgb=True)
    return [file.getvalue(), imagecodecs.jpeg8_encode(ramp * 70, bitspersample=12, level=90)]


@cache
def _tiffs() -> list[bytes]:
    return [
        _saved("tiff"),
        _saved("tiff", 3, compression="tiff_lzw", exif=_exif()),
        _saved("tiff", bits=16, icc_profile=PROFILE),
        _saved("tiff", big_tiff=True, description="grandmother"),
        _saved("tiff", save_all=True, append_images=[Image.fromarray(pixels(3))]),
    ]


@cache
def _webps() -> list[bytes]:
    return [
        _saved("webp", 3, lossless=True),
        _saved("webp", 4, exif=_exif(), xmp=PACKET, quality=70),
    ]


@cache
def _packets() -> list[bytes]:
    own = xmp.merged(PACKET, PROPERTIES)
    short = b"<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'/>"
    return [PACKET, own, short, "<a xmlns='urn:x'>ñ</a>".encode("utf-16")]


@cache
def _journals() -> list[bytes]:
    with folder() as place:
        journal = Journal(place)
        journal.begin([("a.jpg", "/in/a.jpg"), ("b.jpg", "/in/b.jpg")], "by one")
        journal.finish("a.jpg", Stamp(1, 2), "abc", Stamp(3, 4))
        journal.close()
        flat = place / "flat.sqlite"
        shutil.copy(place / FILE, flat)
        connection = sqlite3.connect(flat)
        connection.execute("PRAGMA journal_mode = delete")
        connection.close()
        return [(place / FILE).read_bytes(), flat.read_bytes()]


def _forms() -> list[bytes]:
    def part(name: bytes, content: bytes, more: bytes = b"") -> bytes:
        head = b'Content-Disposition: form-data; name="' + name + b'"' + more
        return b"--" + BOUNDARY + b"\r\n" + head + b"\r\n\r\n" + content + b"\r\n"

    photograph = part(b"photograph", _jpegs()[0], b'; filename="a.jpg"\r\nContent-Type: image/jpeg')
    end = b"--" + BOUNDARY + b"--\r\n"
    return [photograph + end, part(b"vividness", b"1.5") + photograph + part(b"hints", b"[]") + end]


def _cards() -> list[bytes]:
    return [(ROOT / "src/colorear/models/acuarela.json").read_bytes()[:3000], b'{"name": "a"}']


def _recipes() -> list[bytes]:
    return [path.read_bytes() for path in sorted((ROOT / "recipes").glob("*.toml"))]


HINTS = json.dumps([{"x": 0.3, "y": 0.6, "color": "#8a2b2b", "radius": 0.1}]).encode()

PARSERS = {
    "jpeg": Parser(_jpeg, _jpegs, PhotographError),
    "png": Parser(_png, _pngs, PhotographError),
    "tiff": Parser(_tiff, _tiffs, PhotographError),
    "webp": Parser(_webp, _webps, PhotographError),
    "xmp": Parser(_xmp, _packets, PhotographError),
    "icc": Parser(_icc, lambda: list(PROFILES.values()), ValueError),
    "hints": Parser(
        lambda content: _ignored(parse_hints(content, "it")),
        lambda: [HINTS, b'[{"x": 1, "y": 0, "colour": "teal"}]'],
        HintError,
    ),
    "card": Parser(_card, _cards, ModelError),
    "recipe": Parser(_recipe, _recipes, RecipeError),
    "journal": Parser(_journal, _journals, BatchError),
    "form": Parser(_form, _forms, ProblemError),
    "json": Parser(_json, lambda: [b'{"x": 0.5, "hints": [[1, 2]]}'], ProblemError),
    "jpeg file": Parser(lambda c: colored(c, "a.jpg"), _jpegs, ColorearError, is_costly=True),
    "png file": Parser(lambda c: colored(c, "a.png"), _pngs, ColorearError, is_costly=True),
    "tiff file": Parser(lambda c: colored(c, "a.tif"), _tiffs, ColorearError, is_costly=True),
    "webp file": Parser(lambda c: colored(c, "a.webp"), _webps, ColorearError, is_costly=True),
    "converted tiff": Parser(
        lambda c: colored(c, "a.tif"), _converted_tiffs, ColorearError, is_costly=True
    ),
    "converted jpeg": Parser(
        lambda c: colored(c, "a.jpg"), _converted_jpegs, ColorearError, is_costly=True
    ),
}


def _ignored(_: object) -> None:
    """What was made of it may be anything."""
