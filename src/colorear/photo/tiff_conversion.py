"""Pages of TIFFs that libvips does not read, or not as gray or RGB, as TIFFs of 8 or 16 bits.

CMYK goes through its profile; luma with chroma of full size, which libvips takes for RGB, and
CIELAB by their formulas. Tiles that hold one channel each are read as so many gray pictures,
and samples of 9 to 15 bits that lie side by side as a picture of their bytes: the page gets another
directory, in a copy of the file, that says so. So libtiff undoes every compression that it knows.

Clauses are those of TIFF 6.0.
"""

import os
import shutil
import struct
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
import pyvips

from colorear.photo.cmyk import as_srgb
from colorear.photo.decoded import damaged
from colorear.photo.sniffing import check_size, opened, reading
from colorear.photo.tiff import Reader, Tag, graft
from colorear.photo.tiff_colors import rgb_of_ycbcr, srgb_of_lab
from colorear.photo.tiff_pages import numbers, set_pages

__all__ = ["Coding", "coding_of", "convert_page"]

Coding = Literal["CMYK", "YCbCr", "Lab", "channels in tiles", "packed"]

_WIDTH, _HEIGHT, _BITS, _PHOTOMETRIC, _SAMPLES, _PLANAR, _FORMAT = 256, 257, 258, 262, 277, 284, 339
_COMPRESSION, _STRIPS, _TILES, _PREDICTOR, _INK_SET = 259, 273, 324, 317, 332
_PLACES = {_STRIPS: 279, _TILES: 325}  # of pixels, and how large they are
_XMP, _PROFILE = 700, 34675
_CODING = (256, 257, 258, 259, 262, 266, 273, 277, 278, 279, 284, 317, 322, 323, 324, 325, 339, 347)
_READ = {*_CODING, 332, 529, 530, 532, 700, 34675}
_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _SEPARATED = 0, 1, 2, 5  # section 8
_YCBCR, _CIELAB, _ICCLAB = 6, 8, 9  # sections 21, 23
_COEFFICIENTS, _SUBSAMPLING, _REFERENCE, _FRACTION = 529, 530, 532, 5
_FLOATS = 3  # SampleFormat, which for a* and b* may be 2, signed: section 19
_LOSSLESS = (1, 5, 8, 32773, 32946, 34925, 50000)  # Compression of bytes alone
_SEPARATE = 2  # PlanarConfiguration: each channel by itself
_MOST = 1 << 20  # samples that are unpacked at a time
_LARGE = 100_000_000  # pixels, from which on a BigTIFF is needed
_PART = "part-"  # how files begin that are needed for a while


class _Page(NamedTuple):
    """A page, as its directory has it."""

    tags: dict[int, Tag]
    order: str

    def first(self, number: int, default: int) -> int:
        """The first number of a tag."""
        found = _numbers(self, number)
        return found[0] if found else default


def coding_of(path: Path, page: int) -> Coding | None:
    """Which of them a page is; None for all others."""
    about = _read(path, page)
    photometric, samples = about.first(_PHOTOMETRIC, -1), about.first(_SAMPLES, 1)
    if photometric == _SEPARATED:
        return "CMYK" if about.first(_INK_SET, 1) == 1 else None
    if photometric in (_YCBCR, _CIELAB, _ICCLAB):
        return _coding_of_colors(about, samples, is_lab=photometric != _YCBCR)
    if photometric not in (_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB):
        return None
    if samples > 4:
        return None
    separate = samples > 1 and about.first(_PLANAR, 1) == _SEPARATE
    if separate and _TILES in about.tags:
        return "channels in tiles"
    plain = about.first(_FORMAT, 1) == 1 and about.first(_PREDICTOR, 1) == 1
    depths = _numbers(about, _BITS)
    packed = len(set(depths)) == 1 and 8 < depths[0] < 16
    return "packed" if packed and plain and not separate and _STRIPS in about.tags else None


def _coding_of_colors(about: _Page, samples: int, *, is_lab: bool) -> Coding | None:
    """What is left to libvips is chroma of another size, and what has a codec for colors."""
    whole = set(_numbers(about, _BITS)) in ({8}, {16}) and _FLOATS not in _numbers(about, _FORMAT)
    if not whole or about.first(_COMPRESSION, 1) not in _LOSSLESS:
        return None
    if is_lab:
        return "Lab" if samples == 3 else None
    full = _numbers(about, _SUBSAMPLING) == [1, 1]
    return "YCbCr" if full and samples in (3, 4) else None


def convert_page(path: Path, page: int, coding: Coding, folder: Path) -> Path:
    """Write a page to a file of its own in the folder, with all its tags; tell where.

    Raises
    ------
    PhotographError
        Where it is damaged, or CMYK without a profile.
    """
    target = folder / f"{path.stem}.tif"
    about = _read(path, page)
    check_size(about.first(_WIDTH, 0), about.first(_HEIGHT, 0), path)
    with reading(path):
        if coding == "CMYK":
            image = as_srgb(opened(path, "tiff", page=page), path)
        else:
            _check_places(about, path)
            image = _READERS[coding](path, about, folder)
            for name, number in (("xmp-data", _XMP), ("icc-profile-data", _PROFILE)):
                is_of_lab = coding == "Lab" and number == _PROFILE  # not of the sRGB that it became
                if number in about.tags and not is_of_lab:
                    image.set_type(pyvips.GValue.blob_type, name, about.tags[number].content)
        image.tiffsave(os.fsencode(target), bigtiff=image.width * image.height > _LARGE)
    graft(path, target, page)
    for other in folder.glob(f"{_PART}*"):
        other.unlink()
    return target


def _read(path: Path, page: int) -> _Page:
    with path.open("rb") as file, suppress(struct.error):
        reader = Reader(file, path)
        found = {tag.number: tag for tag in reader.directory(reader.place(page), only=_READ)}
        return _Page(found, reader.layout.order)
    return _Page({}, "<")


def _check_places(about: _Page, path: Path) -> None:
    """Refuse pixels beyond the end: in a copy of the file there would be something."""
    places = _TILES if _TILES in about.tags else _STRIPS
    starts, sizes = (_numbers(about, number) for number in (places, _PLACES[places]))
    ends = map(sum, zip(starts, sizes, strict=False))
    if not starts or len(starts) != len(sizes) or max(ends) > path.stat().st_size:
        raise damaged(path, ValueError("its pixels go beyond its end"))


def _numbers(about: _Page, number: int) -> list[int]:
    return numbers(about.tags[number], about.order) if number in about.tags else []


def _joined(path: Path, about: _Page, folder: Path) -> pyvips.Image:
    """The channels, each of which is a page of a copy of the file."""
    samples = about.first(_SAMPLES, 1)
    is_rgb = about.first(_PHOTOMETRIC, 1) == _RGB
    plain = {
        _SAMPLES: 1,
        _PLANAR: 1,
        _BITS: about.first(_BITS, 1),
        _FORMAT: about.first(_FORMAT, 1),
    }
    tiles = {number: _numbers(about, number) for number in (_TILES, _PLACES[_TILES])}
    count = len(tiles[_TILES]) // samples
    pages = []
    for channel in range(samples):
        own = slice(channel * count, (channel + 1) * count)
        color = about.first(_PHOTOMETRIC, 1) if not is_rgb and channel == 0 else _BLACK_IS_ZERO
        changed = {number: _tag(number, [n], about) for number, n in plain.items()}
        changed[_PHOTOMETRIC] = _tag(_PHOTOMETRIC, [color], about)
        changed |= {number: _tag(number, all_[own], about) for number, all_ in tiles.items()}
        pages.append(_coding(about) | changed)
    copy = folder / f"{_PART}tiles.tif"
    shutil.copyfile(path, copy)
    set_pages(copy, (page.values() for page in pages))
    first, *others = (opened(copy, "tiff", page=channel) for channel in range(samples))
    deep = first.format != "uchar"
    kind = ("rgb16" if deep else "srgb") if is_rgb else ("grey16" if deep else "b-w")
    return first.bandjoin(others).copy(interpretation=kind)


def _unpacked(path: Path, about: _Page, folder: Path) -> pyvips.Image:
    """The samples, spread over 16 bits, of a picture of the bytes of the rows."""
    width, samples, bits = (about.first(n, 1) for n in (_WIDTH, _SAMPLES, _BITS))
    changed = {_WIDTH: -(-width * samples * bits // 8), _BITS: 8, _SAMPLES: 1}
    changed |= {_PHOTOMETRIC: _BLACK_IS_ZERO, _PLANAR: 1}
    page = _coding(about) | {n: _tag(n, [value], about) for n, value in changed.items()}
    copy, rows = (folder / f"{_PART}{name}" for name in ("packed.tif", "rows"))
    shutil.copyfile(path, copy)
    set_pages(copy, [page.values()])
    packed = opened(copy, "tiff")
    most = 2**bits - 1
    levels = np.rint(np.arange(most + 1) * (65535 / most)).astype(np.uint16)
    if about.first(_PHOTOMETRIC, 1) == _WHITE_IS_ZERO:
        levels = levels[::-1]
    powers = 1 << np.arange(bits - 1, -1, -1, dtype=np.uint16)
    step = max(1, _MOST // (width * samples))
    region = pyvips.Region.new(packed)
    with rows.open("xb") as file:
        for top in range(0, packed.height, step):
            count = min(step, packed.height - top)
            content = region.fetch(0, top, packed.width, count)
            strip = np.frombuffer(content, np.uint8).reshape(count, packed.width)
            each = np.unpackbits(strip, axis=1)[:, : width * samples * bits]
            values = each.reshape(count, width * samples, bits) @ powers
            file.write(levels[values].data)
    kind = "rgb16" if about.first(_PHOTOMETRIC, 1) == _RGB else "grey16"
    size = width, packed.height, samples
    return pyvips.Image.rawload(os.fsencode(rows), *size, format="ushort", interpretation=kind)


def _of_luma(path: Path, about: _Page, folder: Path) -> pyvips.Image:
    coefficients, reference = (_fractions(about, n) for n in (_COEFFICIENTS, _REFERENCE))
    try:
        return rgb_of_ycbcr(
            _stored(path, about, folder),
            coefficients if len(coefficients) == 3 else None,
            reference if len(reference) == 6 else None,
        )
    except ValueError as error:
        raise damaged(path, error) from error


def _of_lab(path: Path, about: _Page, folder: Path) -> pyvips.Image:
    is_icc = about.first(_PHOTOMETRIC, _CIELAB) == _ICCLAB
    return srgb_of_lab(_stored(path, about, folder), is_icc=is_icc)


def _stored(path: Path, about: _Page, folder: Path) -> pyvips.Image:
    """The channels as they lie in the file, of a copy that calls them RGB."""
    copy = folder / f"{_PART}stored.tif"
    shutil.copyfile(path, copy)
    changed = {_PHOTOMETRIC: _RGB, _FORMAT: 1}
    page = _coding(about) | {n: _tag(n, [value], about) for n, value in changed.items()}
    set_pages(copy, [page.values()])
    return opened(copy, "tiff")


_READERS: Mapping[Coding, Callable[[Path, _Page, Path], pyvips.Image]] = {
    "YCbCr": _of_luma,
    "Lab": _of_lab,
    "channels in tiles": _joined,
    "packed": _unpacked,
}


def _fractions(about: _Page, number: int) -> list[float]:
    """Of a tag, RATIONAL; none where it has others, or one over 0."""
    tag = about.tags.get(number)
    if tag is None or tag.kind != _FRACTION or not isinstance(tag.content, bytes):
        return []
    above, below = np.frombuffer(tag.content, f"{about.order}u4").reshape(-1, 2).T.astype(float)
    return [float(n) for n in above / below] if below.all() else []


def _coding(about: _Page) -> dict[int, Tag]:
    return {number: about.tags[number] for number in _CODING if number in about.tags}


def _tag(number: int, values: list[int], about: _Page) -> Tag:
    content = np.array(values, f"{about.order}u4").tobytes()
    return Tag(number, 4, len(values), content)  # LONG, which is read for SHORT
