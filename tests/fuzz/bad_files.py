"""Bad files by kind, made as they are needed, and the sentence that each kind gets.

A kind makes any number of files from a generator of random numbers, all different where it has more
than one.
"""

import io
import json
import os
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import imagecodecs
import numpy as np
import pyvips
import tifffile
from PIL import Image
from PIL.PngImagePlugin import PngInfo

import networks
from colorear.batch.journal import FILE, Journal

__all__ = ["KINDS", "Kind"]

Random = np.random.Generator
ROOT = Path(__file__).parents[2]
DAMAGED = "damaged or cut short|with damaged coefficients"


@dataclass(frozen=True)
class Kind:
    """One kind of bad file."""

    door: str
    """Who reads it: photograph, hints, card, recipe, journal or network."""
    says: str
    """What is in the sentence."""
    suffixes: tuple[str, ...]
    make: Callable[[Random, Path], bytes | None]
    """Its content; None where it is no file, which is then there."""

    def place(self, random: Random, folder: Path) -> Path:
        """Make one of them in a folder of its own."""
        suffix = str(random.choice(self.suffixes))
        names = {"journal": FILE, "card": "acuarela.json"}
        path = folder / names.get(self.door, f"it{suffix}")
        content = self.make(random, path)
        if content is not None:
            path.write_bytes(content)
        return path


def pixels(random: Random, bands: int = 1, bits: int = 8, least: int = 12) -> np.ndarray:
    height, width = random.integers(least, 40, 2)
    shape = (height, width) if bands == 1 else (height, width, bands)
    return random.integers(0, 2**bits, shape, np.uint8 if bits == 8 else np.uint16)


def saved(random: Random, form: str, bands: int = 1, bits: int = 8, **options: object) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels(random, bands, bits)).save(file, form, **options)
    return file.getvalue()


def as_mode(random: Random, mode: str, form: str, **options: object) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels(random, 3)).convert(mode).save(file, form, **options)
    return file.getvalue()


def several(random: Random, form: str, bands: int = 1) -> bytes:
    """Of several frames of one size."""
    first = pixels(random, bands)
    others = [Image.fromarray(255 - first)] * int(random.integers(1, 4))
    file = io.BytesIO()
    Image.fromarray(first).save(file, form, save_all=True, append_images=others)
    return file.getvalue()


def cut(content: bytes, random: Random, after: int = 0, spare: int = 12) -> bytes:
    """Its beginning, at least `after` bytes, less `spare` at the end, and more."""
    return content[: int(random.integers(after, len(content) - spare))]


def in_pixels(content: bytes, marker: bytes) -> int:
    """Where its pixels begin."""
    return content.index(marker) + len(marker) + 8


def cut_png(random: Random) -> bytes:
    content = saved(random, "png", int(random.choice([1, 3])))
    return cut(content, random, in_pixels(content, b"IDAT"), 40)


def cut_jpeg(random: Random, **options: object) -> bytes:
    content = saved(random, "jpeg", int(random.choice([1, 3])), **options)
    return cut(content, random, in_pixels(content, b"\xff\xda"), 30)


def cut_tiff(random: Random) -> bytes:
    content = saved(random, "tiff", compression=str(random.choice(["raw", "tiff_lzw"])))
    (directory,) = struct.unpack("<I", content[4:8])
    is_last = directory > 8  # libtiff writes it after the pixels, Pillow by itself before them
    return cut(content, random, 9, len(content) - directory if is_last else 1)


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + zlib.crc32(kind + content).to_bytes(4)


def promising(random: Random, width: int, height: int) -> bytes:
    """A PNG whose header promises more than there is."""
    content = saved(random, "png")
    head = struct.pack(">II", width, height) + content[24:29]
    return content[:8] + chunk(b"IHDR", head) + content[33:]


def wrong_sum(random: Random) -> bytes:
    content = bytearray(saved(random, "png"))
    at = content.index(b"IDAT")
    (size,) = struct.unpack(">I", content[at - 4 : at])
    content[at + 4 + size] ^= int(random.integers(1, 256))
    return bytes(content)


def changed(content: bytes, marker: bytes, offset: int, new: bytes) -> bytes:
    at = content.index(marker) + offset
    return content[:at] + new + content[at + len(new) :]


def frame(random: Random, offset: int, new: bytes, bands: int = 1) -> bytes:
    """A JPEG with another frame header."""
    return changed(saved(random, "jpeg", bands, subsampling=0), b"\xff\xc0", offset, new)


def rgb_jpeg(random: Random) -> bytes:
    """As Adobe's programs write them without a transform."""
    content = saved(random, "jpeg", 3, subsampling=0)
    adobe = b"\xff\xee\0\x0eAdobe\0\x64\0\0\0\0\0"
    start = content.index(b"\xff\xdb")
    return content[:2] + adobe + content[start:]


def odd_sampling(random: Random) -> bytes:
    """Cb and Cr that are not sampled alike."""
    factors = int(random.choice([0x11, 0x21, 0x12]))
    content = saved(random, "jpeg", 3, subsampling=0)
    content = changed(content, b"\xff\xc0", 11, b"\x22")
    content = changed(content, b"\xff\xc0", 14, bytes([factors]))
    return changed(content, b"\xff\xc0", 17, b"\x22")


def many_segments(random: Random) -> bytes:
    content = saved(random, "jpeg")
    return content[:2] + b"\xff\xe5\0\2" * int(random.integers(10_001, 12_000)) + content[2:]


def many_chunks(random: Random) -> bytes:
    content = saved(random, "png")
    return content[:33] + chunk(b"teSt", b"") * int(random.integers(10_001, 12_000)) + content[33:]


def directory(*entries: tuple[int, int, int, int], following: int = 0) -> bytes:
    body = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return struct.pack("<H", len(entries)) + body + struct.pack("<I", following)


def gray_tiff(random: Random, *more: tuple[int, int, int, int], **tags: int) -> bytes:
    """A TIFF of one strip, with more tags."""
    width, height = (int(side) for side in random.integers(4, 20, 2))
    told = {256: width, 257: height, 258: 8, 259: 1, 262: 1, 273: 8, 277: 1, 278: height}
    told |= {279: width * height} | {int(name[1:]): value for name, value in tags.items()}
    size = width * height + width * height % 2
    plain = [(tag, 4, 1, value) for tag, value in sorted(told.items())]
    return struct.pack("<2sHI", b"II", 42, 8 + size) + bytes(size) + directory(*plain, *more)


def tiles_of_planes(random: Random) -> bytes:
    """Tiles that hold one channel each, and which are not all there."""
    file = io.BytesIO()
    planes = np.ascontiguousarray(pixels(random, 3, int(random.choice([8, 16]))).transpose(2, 0, 1))
    how = {"photometric": "rgb", "planarconfig": "separate", "tile": (16, 16)}
    tifffile.imwrite(file, planes, metadata=None, **how)
    content = file.getvalue()
    return content[: -int(random.integers(1, 200))]


def packed(random: Random) -> bytes:
    """Samples of 12 bits side by side, not all of them."""
    file = io.BytesIO()
    values = pixels(random, 1, 16) >> 4
    tifffile.imwrite(file, values, photometric="minisblack", bitspersample=12, metadata=None)
    content = file.getvalue()
    return content[: -int(random.integers(1, 100))]


def twelve_bits(random: Random) -> bytes:
    """A JPEG of 12 bits, cut short."""
    values = pixels(random, 1, 16) >> 4
    content: bytes = imagecodecs.jpeg8_encode(values, bitspersample=12, level=90)
    return cut(content, random, in_pixels(content, b"\xff\xda"), 2)


def upon_one_another(random: Random) -> bytes:
    many, long = int(random.integers(200, 400)), int(random.integers(20_000, 60_000))
    texts = [(65000 + i, 2, long, 8) for i in range(many)]
    return gray_tiff(random, *texts) + b"x" * long


def many_tags(random: Random) -> bytes:
    many = int(random.integers(1_001, 4_000))
    return gray_tiff(random, *[(20_000 + i, 3, 1, i) for i in range(many)])


def large_xmp(random: Random) -> bytes:
    text = PngInfo()
    many = int(random.integers(251_000, 300_000))
    text.add_itxt("XML:com.adobe.xmp", "<x>" + "<y/>" * 2 * many + "</x>", zip=True)
    return saved(random, "png", pnginfo=text)


def lab_tiff(random: Random) -> bytes:
    image = pyvips.Image.new_from_array(pixels(random, 3), interpretation="srgb")
    made: bytes = image.colourspace("lab").tiffsave_buffer()
    return made


def pdf(random: Random) -> bytes:
    return saved(random, "pdf", 3)


def words(random: Random, least: int = 3) -> bytes:
    known = ["dear", "diary", "grandmother", "attic", "1931", "señora", "\n", "{", "<p>"]
    return " ".join(random.choice(known, int(random.integers(least, 60)))).encode()


def noise(random: Random) -> bytes:
    """No format's beginning."""
    return b"\1" + random.bytes(int(random.integers(20, 500)))


def mixed_brand(random: Random) -> bytes:
    brand = random.choice([b"heic", b"avif", b"mif1", b"isom", b"qt  "])
    return b"\0\0\0\x18ftyp" + bytes(brand) + random.bytes(40)


def folder(_: Random, path: Path) -> None:
    path.mkdir()


def loop(_: Random, path: Path) -> None:
    path.symlink_to(path.name)


def pipe(_: Random, path: Path) -> None:
    os.mkfifo(path)


def missing(_: Random, path: Path) -> None:
    assert not path.exists()


HINT = {"x": 0.5, "y": 0.5, "color": "teal", "radius": 0.1}


def hints(random: Random, **wrong: object) -> bytes:
    many = int(random.integers(0, 4))
    return json.dumps([HINT] * many + [HINT | wrong]).encode()


def far(random: Random) -> float:
    return float(random.choice([-1, 1])) * float(random.uniform(1.01, 1e6))


CARD = json.loads((ROOT / "src/colorear/models/acuarela.json").read_bytes())


def card(random: Random, *, without: bool = False, **wrong: object) -> bytes:
    made = CARD | wrong
    if without:
        required = ["name", "version", "kind", "sha256", "bytes", "stride", "size", "license"]
        del made[str(random.choice(required))]
    return json.dumps(made).encode()


def deep(random: Random, opening: str = "[", closing: str = "]") -> bytes:
    many = int(random.integers(20_000, 100_000))
    return (opening * many + closing * many).encode()


RECIPE = (ROOT / "recipes/slides-plain-deep.toml").read_bytes()


def recipe(random: Random, line: str) -> bytes:
    """A good one with one more line."""
    return line.format(number=int(random.integers(100))).encode() + b"\n" + RECIPE


def journal(path: Path) -> bytes:
    made = Journal(path.parent)
    made.begin([(f"{i}.jpg", f"/in/{i}.jpg") for i in range(50)], "by one")
    made.close()
    return path.read_bytes()


def newer_journal(random: Random, path: Path) -> bytes:
    version = int(random.integers(3, 2**31))
    return changed(journal(path), b"SQLite format 3\0", 60, struct.pack(">I", version))


def short_journal(random: Random, path: Path) -> bytes:
    content = journal(path)
    return content[: int(random.integers(500, 4096))]


def network(random: Random, **options: object) -> bytes:
    return networks.contract(int(random.choice([2, 4, 8])), **options)


def photograph(says: str, make: Callable[[Random], bytes], *suffixes: str) -> Kind:
    return Kind("photograph", says, suffixes or (".jpg", ".png"), lambda r, _: make(r))


def other(door: str, says: str, make: Callable[[Random], bytes]) -> Kind:
    suffixes = {"hints": ".json", "recipe": ".toml", "network": ".onnx"}
    return Kind(door, says, (suffixes.get(door, ""),), lambda r, _: make(r))


EXTRA = r"install them with: pip install 'colorear\[formats\]'"
NEEDED = "but a JPEG, PNG, TIFF or WebP photograph is needed"
INKS = "is in CMYK without an ICC profile for it"
FRAMES = "has several frames, but one picture is needed"
ANY = (".jpg", ".png", ".tif", ".webp", ".JPEG")
KINDS = {
    "text": photograph(f"is not an image, {NEEDED}", words, *ANY),
    "noise": photograph(f"is not an image, {NEEDED}", noise, *ANY),
    "empty": photograph(f"is empty, {NEEDED}", lambda _: b"", *ANY),
    "svg": photograph(f"is not an image, {NEEDED}", lambda r: b"<svg>" + words(r) + b"</svg>"),
    "zip": photograph(f"is a zip file, {NEEDED}", lambda r: b"PK\3\4" + r.bytes(50)),
    "gif": photograph(f"is a GIF, {NEEDED}", lambda r: saved(r, "gif"), ".gif", ".jpg"),
    "moving gif": photograph(f"is a GIF, {NEEDED}", lambda r: several(r, "gif"), ".gif"),
    "bmp": photograph(f"is a BMP, {NEEDED}", lambda r: saved(r, "bmp"), ".bmp", ".png"),
    "pdf": photograph(f"is a PDF, {NEEDED}", pdf, ".pdf", ".jpg"),
    "photoshop": photograph(f"is a Photoshop file, {NEEDED}", lambda r: b"8BPS" + r.bytes(90)),
    "jpeg 2000": photograph(
        f"{DAMAGED}|{EXTRA}|of signed samples, or damaged",
        lambda r: b"\0\0\0\x0cjP  " + r.bytes(90),
        ".jp2",
        ".jpg",
    ),
    "jpeg xl": photograph(f"{DAMAGED}|{EXTRA}", lambda r: b"\xff\x0a" + r.bytes(90), ".jxl"),
    "telephone": photograph(
        f"is (a film|a film, or a file like one), {NEEDED}|{DAMAGED}|{EXTRA}", mixed_brand, ".heic"
    ),
    "cut jpeg": photograph(DAMAGED, cut_jpeg, ".jpg"),
    "cut progressive jpeg": photograph(DAMAGED, lambda r: cut_jpeg(r, progressive=True), ".jpg"),
    "cut jpeg header": photograph(
        DAMAGED, lambda r: saved(r, "jpeg")[: int(r.integers(4, 150))], ".jpg"
    ),
    "cut png": photograph(DAMAGED, cut_png, ".png"),
    "cut png header": photograph(
        DAMAGED, lambda r: saved(r, "png")[: int(r.integers(8, 33))], ".png"
    ),
    "cut tiff": photograph(DAMAGED, cut_tiff, ".tif"),
    "tiff without directory": photograph(
        DAMAGED, lambda r: b"II*\0" + struct.pack("<I", int(r.integers(9, 2**31))), ".tif"
    ),
    "cut webp": photograph(
        DAMAGED, lambda r: cut(saved(r, "webp", 3, lossless=True), r, 30, 20), ".webp"
    ),
    "png with wrong sum": photograph(DAMAGED, wrong_sum, ".png"),
    "png of more rows": photograph(
        DAMAGED, lambda r: promising(r, 30, int(r.integers(5_000, 40_000))), ".png"
    ),
    "png bomb": photograph(
        "but at most 1,000,000,000 are taken",
        lambda r: promising(r, *(int(side) for side in r.integers(40_000, 900_000, 2))),
        ".png",
    ),
    "jpeg bomb": photograph(
        "but at most 1,000,000,000 are taken",
        lambda r: frame(r, 5, struct.pack(">HH", *r.integers(32_000, 65_500, 2))),
        ".jpg",
    ),
    "tiff bomb": photograph(
        "but at most 1,000,000,000 are taken",
        lambda r: gray_tiff(r, **dict.fromkeys(("t256", "t257"), int(r.integers(40_000, 90_000)))),
        ".tif",
    ),
    "moving png": photograph(FRAMES, lambda r: several(r, "png"), ".png"),
    "moving webp": photograph(FRAMES, lambda r: several(r, "webp", 3), ".webp"),
    "cmyk jpeg": photograph(INKS, lambda r: as_mode(r, "CMYK", "jpeg"), ".jpg"),
    "cmyk tiff": photograph(INKS, lambda r: as_mode(r, "CMYK", "tiff"), ".tif"),
    "lab tiff": photograph("holds LAB values", lab_tiff, ".tif"),
    "float tiff": photograph(
        "holds floating-point numbers from", lambda r: as_mode(r, "F", "tiff"), ".tif"
    ),
    "32-bit tiff": photograph(
        "of the type int, but whole numbers", lambda r: as_mode(r, "I", "tiff"), ".tif"
    ),
    "cut tiles of planes": photograph(DAMAGED, tiles_of_planes, ".tif"),
    "cut packed tiff": photograph(DAMAGED, packed, ".tif"),
    "cut 12-bit jpeg": photograph(DAMAGED, twelve_bits, ".jpg"),
    "10-bit jpeg": photograph(
        "is a JPEG of 10 bits, but one of 8", lambda r: frame(r, 4, b"\x0a"), ".jpg"
    ),
    "rare jpeg": photograph(
        "is a JPEG of a rare kind",
        lambda r: frame(r, 1, bytes([int(r.choice([0xC3, 0xC5, 0xC7, 0xC9, 0xCB, 0xCF]))])),
        ".jpg",
    ),
    "cut rgb jpeg": photograph(
        DAMAGED, lambda r: cut(c := rgb_jpeg(r), r, in_pixels(c, b"\xff\xda"), 30), ".jpg"
    ),
    "odd sampling": photograph("with an odd chroma sampling", odd_sampling, ".jpg"),
    "many segments": photograph("is a JPEG of more than 10,000 segments", many_segments, ".jpg"),
    "many chunks": photograph("is a PNG of so many chunks", many_chunks, ".png"),
    "tags upon one another": photograph("whose tags lie upon one anot", upon_one_another, ".tif"),
    "many tags": photograph("is a TIFF of so many tags that no", many_tags, ".tif"),
    "large xmp": photograph("has XMP metadata that is too large", large_xmp, ".png"),
    "folder": Kind("photograph", "is a folder; name a photograph in it", ANY, folder),
    "loop": Kind("photograph", "cannot be read: Too many levels of symbolic links", ANY, loop),
    "pipe": Kind("photograph", "is a pipe or a device, but a file is needed", ANY, pipe),
    "missing": Kind("photograph", "does not exist; check the name", ANY, missing),
    "hints that are words": other("hints", "holds no hints", words),
    "hints in a deep list": other("hints", "holds no hints", deep),
    "hints of another kind": other("hints", "holds no hints", lambda r: hints(r, x="left")),
    "hints outside": other("hints", "lies outside the photograph", lambda r: hints(r, y=far(r))),
    "hints of no color": other(
        "hints", "is no color that CSS knows", lambda r: hints(r, color=words(r).decode())
    ),
    "hints of no radius": other("hints", "has the radius", lambda r: hints(r, radius=far(r))),
    "card that is words": other("card", "is not a card that colorear can use", words),
    "deep card": other("card", "is not a card that colorear can use", deep),
    "old card": other(
        "card",
        "is not a card that colorear can use: Object contains unknown field `how`",
        lambda r: card(r, how=int(r.integers(9))),
    ),
    "card with a gap": other("card", "missing required field", lambda r: card(r, without=True)),
    "card of another": other(
        "card", "expected 'acuarela' as its file", lambda r: card(r, name=f"n{r.integers(1000)}")
    ),
    "recipe that is words": other("recipe", "is not TOML", lambda r: b"dear diary " + words(r)),
    "recipe in other letters": other("recipe", "is not TOML", lambda r: b"\xff" + words(r)),
    "deep recipe": other("recipe", "lists within lists without end", lambda r: b"x = " + deep(r)),
    "recipe with more": other(
        "recipe", "there is no such key", lambda r: recipe(r, "dear{number} = 1")
    ),
    "recipe out of range": other(
        "recipe",
        "epochs: ",
        lambda r: RECIPE.replace(b"epochs = ", b"epochs = -%d" % r.integers(1, 99), 1),
    ),
    "journal that is words": other(
        "journal", "cannot be used .* delete it", lambda r: words(r, 30) * 30
    ),
    "newer journal": Kind("journal", "written by a newer colorear", ("",), newer_journal),
    "short journal": Kind("journal", "cannot be used .* delete it", ("",), short_journal),
    "network of words": other("network", "cannot be loaded as an ONNX network", words),
    "cut network": other(
        "network",
        "cannot be loaded as an ONNX network",
        lambda r: cut(network(r), r, 10, 60),
    ),
    "network of three": other(
        "network", r"expected \(1, 2, h, w\)", lambda r: network(r, channels=3)
    ),
}
