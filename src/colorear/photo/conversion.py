"""Photographs in formats that cannot hold their luma unchanged in color, as PNG or JPEG.

AVIF is read by libvips, HEIC by pi-heif, JPEG 2000 and JPEG XL by imagecodecs (extra: formats).
What comes out has the same pixels, 8 bits or 16, and the EXIF data, XMP, ICC profile and resolution
of the original. A JPEG XL that holds a JPEG becomes that JPEG, bit for bit.

Clauses are those of ISO/IEC 15444-1 (JPEG 2000), 18181-2 (JPEG XL) and 23008-12 (HEIF).
"""

import os
import shutil
import struct
import tempfile
import weakref
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyvips
from numpy.typing import NDArray

from colorear.errors import PhotographError
from colorear.photo import jpeg, jpeg_dct, png
from colorear.photo.sniffing import HEAD, PIXEL_LIMIT, Kind, kind_in, reading

__all__ = ["Converted", "converted"]

_UUIDS = {  # of boxes of JPEG 2000
    bytes.fromhex("be7acfcb97a942e89c71999491e3afac"): "xmp",  # XMP specification, part 3
    b"JpgTiffExif->JP2": "exif",
}
_SAME_COLORS = (16, 17)  # enumerated color spaces: sRGB and gray (15444-1, I.5.3.3)
_DEEPEST = 38  # bits of a sample (15444-1, A.5.1)
_ORIENTATION = 274
_JPEG, _END = b"\xff\xd8\xff", b"\xff\xd9"  # SOI and the next marker, EOI: T.81, B.1.1.3


@dataclass
class _Picture:
    """What was read."""

    image: pyvips.Image
    exif: bytes = b""
    """As a TIFF."""
    xmp: bytes = b""
    profile: bytes = b""
    resolution: tuple[float, float] = (0, 0)
    """Pixels for each meter, across and down; 0 where it is not told."""


class Converted:
    """A file that is there as long as this is."""

    def __init__(self, path: Path) -> None:
        folder = tempfile.mkdtemp(prefix="colorear-")
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        self.path = _converted(path, Path(folder))


def converted(path: Path) -> Converted | None:
    """What is in another format, as a PNG or JPEG; None if it is read as it is.

    A JPEG that lacks its end marker alone becomes one that has it.

    Raises
    ------
    PhotographError
        Where the file is damaged, or holds what no PNG can, or what reads it is not installed.
    """
    with reading(path), path.open("rb") as file:
        head = file.read(HEAD)
        if kind_in(head):
            return Converted(path)
        if head[:3] == _JPEG and file.seek(-2, os.SEEK_END) and file.read() != _END:
            file.seek(0)
            return Converted(path) if _lacks_end(file.read(), path) else None
    return None


def _converted(path: Path, folder: Path) -> Path:
    with reading(path):
        content = path.read_bytes()
    kind = kind_in(content[:HEAD])
    if kind is None:
        target = folder / f"{path.stem}.jpg"
        target.write_bytes(content + _END)
        return target
    if kind == "JPEG XL" and b"jbrd" in content[:HEAD]:
        target = folder / f"{path.stem}.jpg"
        target.write_bytes(_decoded(path, "jpegxl_decode_jpeg", content))
        return target
    target = folder / f"{path.stem}.png"
    _write(_READERS[kind](path, content), target, path)
    return target


def _lacks_end(content: bytes, path: Path) -> bool:
    """Whether a JPEG of one scan, all of it there, lacks its end marker and nothing else."""
    try:
        jpeg.read(content, str(path))
    except PhotographError:
        try:
            taken = jpeg.read(content + _END, str(path))
            jpeg_dct.luma_key(taken)  # which fails where a scan is not whole
        except PhotographError:
            return False
        return not taken.progressive  # where nothing tells of scans that are missing
    return False


def _write(picture: _Picture, target: Path, path: Path) -> None:
    image = picture.image
    if image.width * image.height > PIXEL_LIMIT or image.bands > 4:
        raise PhotographError(
            f"'{path}' has {image.width} x {image.height} pixels in {image.bands} channels, but at "
            f"most {PIXEL_LIMIT:,} in 4 are taken; save it as a smaller PNG or TIFF"
        )
    gray, deep = image.bands < 3, image.format == "ushort"
    kinds = {(True, False): "b-w", (True, True): "grey16", (False, False): "srgb"}
    image = image.copy(interpretation=kinds.get((gray, deep), "rgb16"))
    across, down = picture.resolution
    bare = target.with_suffix(".bare")
    with reading(path):
        image.pngsave(os.fsencode(bare), keep="none", bitdepth=16 if deep else 8)
    told = {
        b"iCCP": picture.profile and png.named_profile(picture.profile),
        b"pHYs": across and struct.pack(">IIB", round(across), round(down), 1),
        b"eXIf": picture.exif,
        b"iTXt": picture.xmp and png.XMP + bytes(4) + picture.xmp,
    }
    png.add(bare, target, {kind: content for kind, content in told.items() if content})
    bare.unlink()


def _avif(path: Path, _: bytes) -> _Picture:
    with reading(path):
        image = pyvips.Image.heifload(os.fsencode(path), fail_on="error", unlimited=True)
        return _Picture(
            image.copy_memory(),
            _upright(_field(image, "exif-data").removeprefix(b"Exif\0\0")),
            _field(image, "xmp-data"),
            _field(image, "icc-profile-data"),
        )


def _heic(path: Path, content: bytes) -> _Picture:
    try:
        import pi_heif
    except ImportError:
        raise _lacking(path, "HEIC") from None
    try:
        file = pi_heif.open_heif(content, convert_hdr_to_8bit=False)
        pixels = np.array(file)  # whose own memory goes with the file
    except (ValueError, RuntimeError, SyntaxError, OSError, EOFError) as error:
        raise _damaged(path, error) from error
    about = file.info
    return _Picture(
        _image(path, pixels),
        _upright((about.get("exif") or b"").removeprefix(b"Exif\0\0")),
        about.get("xmp") or b"",
        about.get("icc_profile") or b"",
    )


def _jpeg_xl(path: Path, content: bytes) -> _Picture:
    picture = _Picture(_image(path, _decoded(path, "jpegxl_decode", content)))
    for kind, inner in _boxes(content):
        if kind == b"Exif":  # 18181-2, 9.4: a place first, from which the TIFF begins
            picture.exif = _upright(inner[4 + int.from_bytes(inner[:4], "big") :])
        elif kind == b"xml ":
            picture.xmp = inner
    return picture


def _jpeg_2000(path: Path, content: bytes) -> _Picture:
    at = content.find(b"\xff\x4f\xff\x51")  # where the codestream begins: A.5.1
    size = content[at + 40 : at + 44] if at >= 0 else b""
    depth = size[2] if len(size) > 2 else 0
    if depth & 0x80 or not depth < _DEEPEST:
        raise PhotographError(
            f"'{path}' is a JPEG 2000 of signed samples, or damaged; save it as TIFF of 16 bits"
        )
    pixels = _decoded(path, "jpeg2k_decode", content)
    picture = _Picture(_image(path, pixels, depth + 1))
    for kind, inner in _boxes(content):
        if kind == b"colr" and inner[:1] == b"\2":
            picture.profile = inner[3:]
        elif kind == b"colr" and int.from_bytes(inner[3:7], "big") not in _SAME_COLORS:
            raise PhotographError(
                f"'{path}' is a JPEG 2000 of other colors than gray and sRGB; save it as TIFF in "
                "one of these"
            )
        elif kind in (b"resc", b"resd"):  # I.5.3.7: down comes first
            down, over, across, under, *powers = struct.unpack(">HHHHbb", inner[:10])
            down, across = down / (over or 1), across / (under or 1)
            picture.resolution = (across * 10.0 ** powers[1], down * 10.0 ** powers[0])
        elif kind == b"uuid" and (name := _UUIDS.get(inner[:16])):
            setattr(picture, name, inner[16:])
    return picture


_READERS: Mapping[Kind, Callable[[Path, bytes], _Picture]] = {
    "AVIF": _avif,
    "HEIC": _heic,
    "JPEG 2000": _jpeg_2000,
    "JPEG XL": _jpeg_xl,
}


def _decoded(path: Path, decoder: str, content: bytes) -> Any:
    """What a decoder of imagecodecs gives."""
    try:
        import imagecodecs
    except ImportError:
        raise _lacking(path, "JPEG XL" if "xl" in decoder else "JPEG 2000") from None
    try:
        return getattr(imagecodecs, decoder)(content)
    except (RuntimeError, ValueError, OverflowError, MemoryError) as error:
        raise _damaged(path, error) from error


def _image(path: Path, pixels: NDArray[Any], depth: int = 0) -> pyvips.Image:
    """Of 8 or 16 bits; samples of another depth are spread over them."""
    most = 8 * pixels.dtype.itemsize
    if pixels.dtype not in (np.uint8, np.uint16):
        raise PhotographError(
            f"'{path}' has samples of the type {pixels.dtype}, but whole numbers of 8 or 16 bits "
            "are needed; save it as TIFF of 16 bits"
        )
    if depth and depth != most:
        scale = (2**most - 1) / (2**depth - 1)
        pixels = np.rint(pixels * scale).astype(pixels.dtype)
    return pyvips.Image.new_from_array(np.ascontiguousarray(pixels))


def _upright(exif: bytes) -> bytes:
    """With an orientation of 1: decoders turn the picture by boxes of the file (HEIF, 6.5.10)."""
    order = "<" if exif[:2] == b"II" else ">"
    content = bytearray(exif)
    try:
        (at,) = struct.unpack_from(f"{order}I", exif, 4)
        (count,) = struct.unpack_from(f"{order}H", exif, at)
        for place in range(at + 2, at + 2 + 12 * count, 12):
            if struct.unpack_from(f"{order}H", exif, place) == (_ORIENTATION,):
                struct.pack_into(f"{order}H", content, place + 8, 1)
    except struct.error:
        return exif
    return bytes(content)


def _boxes(content: bytes, start: int = 0, end: int | None = None) -> Iterator[tuple[bytes, bytes]]:
    """The boxes of a file, those in the headers of JPEG 2000 too (15444-1, I.4)."""
    at, end = start, len(content) if end is None else end
    while at + 8 <= end:
        size, head = int.from_bytes(content[at : at + 4], "big"), 8
        kind = content[at + 4 : at + 8]
        if size == 1:
            size, head = int.from_bytes(content[at + 8 : at + 16], "big"), 16
        stop = at + size if size else end
        if stop > end or stop < at + head:
            return
        if kind in (b"jp2h", b"res "):
            yield from _boxes(content, at + head, stop)
        else:
            yield kind, content[at + head : stop]
        at = stop


def _field(image: pyvips.Image, name: str) -> bytes:
    return bytes(image.get(name)) if image.get_typeof(name) else b""


def _lacking(path: Path, kind: Kind) -> PhotographError:
    return PhotographError(
        f"'{path}' is a {kind}, and what reads these is not installed; install it with: "
        "pip install 'colorear[formats]'"
    )


def _damaged(path: Path, error: Exception) -> PhotographError:
    said = " ".join(str(error).split())[:200]
    return PhotographError(
        f"'{path}' is damaged or cut short ({said or type(error).__name__}); use an intact copy of "
        "it"
    )
