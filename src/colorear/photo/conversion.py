"""Photographs in formats that cannot hold their luma unchanged in color, as PNG, JPEG or TIFF.

AVIF is read by libvips, HEIC by pi-heif, JPEG 2000 and JPEG XL by imagecodecs (extra: formats);
JPEGs and TIFFs of other colors or depths have modules of their own. What comes out has the same
pixels, 8 bits or 16, and the EXIF data, XMP, ICC profile and resolution of the original. A JPEG XL
that holds a JPEG becomes that JPEG, bit for bit.

Clauses are those of ISO/IEC 15444-1 (JPEG 2000), 18181-2 (JPEG XL) and 23008-12 (HEIF).
"""

import os
import shutil
import struct
import tempfile
import weakref
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pyvips

from colorear.errors import PhotographError
from colorear.photo import icc, jpeg, jpeg_dct
from colorear.photo.boxes import boxes, color_codes
from colorear.photo.cicp import UNSPECIFIED, VIDEO, profile_of_codes
from colorear.photo.decoded import Decoded, as_image, by_codec, damaged, lacking, told, write_png
from colorear.photo.jpeg_conversion import jpeg_of_12_bits, jpeg_of_cmyk, jpeg_of_rgb
from colorear.photo.jpeg_xl_header import Header, read_header
from colorear.photo.sniffing import HEAD, Kind, holds_jpeg, kind_in, read_at, reading
from colorear.photo.tiff_conversion import coding_of, convert_page

__all__ = ["Converted", "converted"]

_UUIDS = {  # of boxes of JPEG 2000
    bytes.fromhex("be7acfcb97a942e89c71999491e3afac"): "xmp",  # XMP specification, part 3
    b"JpgTiffExif->JP2": "exif",
}
_SAME_COLORS = (16, 17)  # enumerated color spaces: sRGB and gray (15444-1, I.5.3.3)
_DEEPEST = 38  # bits of a sample (15444-1, A.5.1)
_ORIENTATION = 274
_MOST_CHANNELS = 4  # of what is taken; frames come first, if there are several
_JXL = b"\xff\x0a"  # what a codestream of JPEG XL begins with
_JPEG, _END = b"\xff\xd8\xff", b"\xff\xd9"  # SOI and the next marker, EOI: T.81, B.1.1.3


class Converted:
    """A file that is there as long as this is."""

    def __init__(self, convert: Callable[[Path], Path]) -> None:
        """`convert` makes it in the folder that it is given, and tells where it is."""
        folder = tempfile.mkdtemp(prefix="colorear-")
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        self.path = convert(Path(folder))


def converted(path: Path, page: int = 0) -> Converted | None:
    """What is in another format or coding, as PNG, JPEG or TIFF; None if it is read as it is.

    A JPEG that lacks its end marker alone becomes one that has it.

    Parameters
    ----------
    page
        Of a TIFF: which one, as libvips counts; the file that it becomes has that page alone.

    Raises
    ------
    PhotographError
        Where the file is damaged, or holds what no PNG can, or what reads it is not installed.
    """
    with reading(path), path.open("rb") as file:
        head = file.read(HEAD)
        if kind := kind_in(head, partial(read_at, file.fileno())):
            return Converted(partial(_converted, path, kind))
        if head[:2] in (b"II", b"MM"):
            coding = coding_of(path, page)
            return Converted(partial(convert_page, path, page, coding)) if coding else None
        if head[:3] == _JPEG and file.seek(-2, os.SEEK_END) and file.read() != _END:
            file.seek(0)
            return Converted(partial(_ended, path)) if _lacks_end(file.read(), path) else None
    return None


def _converted(path: Path, kind: Kind, folder: Path) -> Path:
    with reading(path):
        content = path.read_bytes()
    if holds_jpeg(kind, content):
        target = folder / f"{path.stem}.jpg"
        target.write_bytes(by_codec(path, kind, "jpegxl_decode_jpeg", content))
        return target
    target = folder / f"{path.stem}.png"
    write_png(_READERS[kind](path, content), target, path)
    return target


def _ended(path: Path, folder: Path) -> Path:
    target = folder / f"{path.stem}.jpg"
    with reading(path):
        target.write_bytes(path.read_bytes() + _END)
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


def _avif(path: Path, content: bytes) -> Decoded:
    with reading(path):
        image = pyvips.Image.heifload(os.fsencode(path), fail_on="error", unlimited=True)
        depth = image.get("bits-per-sample") if image.get_typeof("bits-per-sample") else 8
        return Decoded(
            as_image(path, image.numpy() >> _shift(image.format == "ushort", depth), depth),
            _upright(told(image, "exif-data").removeprefix(b"Exif\0\0")),
            told(image, "xmp-data"),
            told(image, "icc-profile-data") or _nclx(path, content, image.bands < 3),
        )


def _heic(path: Path, content: bytes) -> Decoded:
    try:
        import pi_heif
    except ImportError:
        raise lacking(path, "HEIC") from None
    try:
        file = pi_heif.open_heif(content, convert_hdr_to_8bit=False)
        pixels = np.array(file)  # whose own memory goes with the file
    except (ValueError, RuntimeError, SyntaxError, OSError, EOFError) as error:
        raise damaged(path, error) from error
    about = file.info
    depth = about.get("bit_depth", 8)
    image = as_image(path, pixels >> _shift(pixels.dtype == np.uint16, depth), depth)
    return Decoded(
        image,
        _upright((about.get("exif") or b"").removeprefix(b"Exif\0\0")),
        about.get("xmp") or b"",
        about.get("icc_profile") or _nclx(path, content, image.bands < 3),
    )


def _nclx(path: Path, content: bytes, is_gray: bool) -> bytes:
    """The ICC profile of colors that are told by numbers; empty for sRGB.

    The curve of video counts as sRGB, as browsers show it: encoders that were made for films, and
    telephones, put it on pictures of sRGB.
    """
    primaries, transfer = color_codes(content)
    transfer = UNSPECIFIED if transfer in VIDEO else transfer
    return profile_of_codes(path, primaries, transfer, is_gray=is_gray) or b""


def _shift(deep: bool, depth: int) -> int:
    """How many bits below its samples libheif leaves at 0 in words of 16, `deep` ones."""
    return 16 - depth if deep and depth < 16 else 0


def _jpeg_xl(path: Path, content: bytes) -> Decoded:
    pixels = by_codec(path, "JPEG XL", "jpegxl_decode", content)
    if pixels.ndim > 3 or (pixels.ndim == 3 and pixels.shape[2] > _MOST_CHANNELS):
        raise PhotographError(
            f"'{path}' has several frames, but one picture is needed; "
            "save the one you want as a file of its own"
        )
    parts = [inner for kind, inner in boxes(content) if kind in (b"jxlc", b"jxlp")] or [content]
    start = parts[0] if parts[0][:2] == _JXL else parts[0][4:]  # a part's number before it
    header = read_header(start)
    picture = Decoded(as_image(path, pixels, header.depth), profile=_profile(path, header))
    for kind, inner in boxes(content):
        if kind == b"Exif":  # 18181-2, 9.4: a place first, from which the TIFF begins
            picture.exif = _upright(inner[4 + int.from_bytes(inner[:4], "big") :])
        elif kind == b"xml ":
            picture.xmp = inner
    return picture


def _profile(path: Path, header: Header) -> bytes:
    """The ICC profile of what was decoded; empty for sRGB, and where its own cannot be read."""
    colors = header.colors
    if colors == "other" or (colors == "profile" and header.is_lossy):  # then it is linear light
        raise PhotographError(
            f"'{path}' is a JPEG XL of HDR, or lossy with an ICC profile, and its brightness would "
            "not be right; save it as PNG or TIFF"
        )
    if colors == "profile" or replace(colors, is_gray=False) == icc.Colors():
        return b""
    try:
        return icc.profile_of(colors)
    except ValueError as error:
        raise damaged(path, error) from error


def _jpeg_2000(path: Path, content: bytes) -> Decoded:
    at = content.find(b"\xff\x4f\xff\x51")  # where the codestream begins: A.5.1
    size = content[at + 40 : at + 44] if at >= 0 else b""
    depth = size[2] if len(size) > 2 else 0
    if depth & 0x80 or not depth < _DEEPEST:
        raise PhotographError(
            f"'{path}' is a JPEG 2000 of signed samples, or damaged; save it as TIFF of 16 bits"
        )
    pixels = by_codec(path, "JPEG 2000", "jpeg2k_decode", content)
    picture = Decoded(as_image(path, pixels, depth + 1))
    for kind, inner in boxes(content):
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


_READERS: Mapping[Kind, Callable[[Path, bytes], Decoded]] = {
    "12-bit JPEG": jpeg_of_12_bits,
    "AVIF": _avif,
    "CMYK JPEG": jpeg_of_cmyk,
    "HEIC": _heic,
    "JPEG 2000": _jpeg_2000,
    "JPEG XL": _jpeg_xl,
    "RGB JPEG": jpeg_of_rgb,
}


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
