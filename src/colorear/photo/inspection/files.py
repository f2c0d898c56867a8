"""JPEG, PNG, TIFF and WebP files taken apart: what they hold besides pixels."""

import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from colorear.photo.inspection.contents import Contents, damaged
from colorear.photo.inspection.exif import add_exif, add_tags, read_tags
from colorear.photo.sniffing import Format

__all__ = ["read_contents"]

_STANDALONE = re.compile(rb"\xff+([^\x00\xd0-\xd7\xff])")  # a marker that ends coded data
_SOF = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_XMP, _EXTENDED = b"http://ns.adobe.com/xap/1.0/\0", b"http://ns.adobe.com/xmp/extension/\0"
_PNG_XMP = b"XML:com.adobe.xmp\0"
# of pixels, or put in by whoever signs
_PNG_LEFT_OUT = {b"IDAT", b"IEND", b"tRNS", b"sBIT", b"hIST", b"sPLT", b"caBX"}
_PNG_LEFT_OUT |= {b"acTL", b"fcTL", b"fdAT"}  # of frames, of which a picture that is taken has one
_PNG_TEXTS = (b"iTXt", b"tEXt", b"zTXt")
_PNG_NAMES = {
    b"pHYs": "resolution",
    b"tEXt": "texts",
    b"zTXt": "texts",
    b"iTXt": "texts",
}
_GRAY = (0, 4)
_LARGEST = 16_000_000  # bytes that a compressed text or profile may have


def read_contents(path: Path, form: Format, *, whole: bool, page: int = 0) -> Contents:
    """Everything in a file besides its pixels.

    Parameters
    ----------
    whole
        Whether anything that is cut short is an error, and not just left out.
    page
        Of a TIFF: which one, counted from 0.

    Raises
    ------
    PhotographError
        Where it cannot be taken apart.
    """
    contents, name = Contents(), str(path)
    if form == "tiff":
        with path.open("rb") as file:
            add_tags(contents, read_tags(file, page))
    elif form == "jpeg":
        _add_jpeg(contents, path.read_bytes(), name)
    elif form == "png":
        _add_png(contents, path.read_bytes(), name, whole=whole)
    else:
        _add_webp(contents, path.read_bytes(), name, whole=whole)
    return contents


def _segments(content: bytes, name: str) -> Iterator[tuple[int, bytes, int]]:
    """Marker, parameters and place of each segment of a JPEG, of the end too (T.81, B.1.1)."""
    at = 2
    while found := _STANDALONE.search(content, at):
        marker, at = found[1][0], found.end()
        if marker == 0xD9:
            yield marker, b"", at
            return
        size = int.from_bytes(content[at : at + 2], "big")
        yield marker, content[at + 2 : at + size], found.start()
        at += size
    raise damaged(name, "its end is missing")


def _add_jpeg(contents: Contents, content: bytes, name: str) -> None:
    profile: list[bytes] = []
    extension: list[bytes] = []
    colors: list[int] = []
    components = 0
    for marker, payload, place in _segments(content, name):
        if marker == 0xE1:
            _add_app1(contents, payload, extension)
        elif marker == 0xE2 and payload[:12] == b"ICC_PROFILE\0":
            profile.append(payload[12:])
        elif marker == 0xE2 and payload[:4] == b"MPF\0":  # offsets count from behind its label
            contents.add("further pictures", _further(content[place + 8 :]))
        elif marker == 0xEE and payload[:5] == b"Adobe" and len(payload) > 11:
            colors.append(payload[11])
        elif marker == 0xD9:
            contents.add("what follows the picture", content[place:])
        elif marker in _SOF:
            components = payload[5] if len(payload) > 5 else 0
        else:
            _add_segment(contents, marker, payload)
    if components == 3 and (len(set(colors)) > 1 or {*colors} - {1}):
        contents.transforms = colors
    contents.profile = b"".join(chunk[2:] for chunk in sorted(profile)) or None
    contents.xmp += [chunk[40:] for chunk in sorted(extension, key=lambda chunk: chunk[36:40])]


def _add_app1(contents: Contents, payload: bytes, extension: list[bytes]) -> None:
    if payload[:6] == b"Exif\0\0":
        add_exif(contents, payload)
    elif payload.startswith(_XMP):
        contents.xmp.append(payload[len(_XMP) :])
    elif payload.startswith(_EXTENDED):
        extension.append(payload[len(_EXTENDED) :])
    else:
        contents.add("APP1", payload)


def _add_segment(contents: Contents, marker: int, payload: bytes) -> None:
    if marker == 0xE0 and payload[:5] == b"JFIF\0":
        contents.add("resolution", payload[7:12])
        contents.add("JFIF", payload)
    elif 0xE0 <= marker <= 0xEF and marker != 0xEB:  # there whoever signs puts the signature
        contents.add("IPTC" if marker == 0xED else f"APP{marker - 0xE0}", payload)
    elif marker == 0xFE:
        contents.add("comments", payload)


def _further(index: bytes) -> list[bytes]:
    """The further pictures that the index of a JPEG leads to, as far as they can be apart."""
    order: Literal["little", "big"] = "little" if index[:2] == b"II" else "big"

    def number(at: int, size: int = 4) -> int:
        return int.from_bytes(index[at : at + size], order)

    found: list[bytes] = []
    directory = number(4)
    for entry in range(directory + 2, directory + 2 + 12 * number(directory, 2), 12):
        if number(entry, 2) == 0xB002 and entry < 65536:
            start, size = number(entry + 8), min(number(entry + 4), 65536)
            for at in range(start, start + size, 16):
                place, length = number(at + 8), number(at + 4)
                if place and sum(map(len, found)) + length <= len(index):
                    found.append(index[place : place + length])
    return found


def _add_png(contents: Contents, content: bytes, name: str, *, whole: bool) -> None:
    depth, color, palette = 8, 2, b""
    for kind, inner in _chunks(content, name, whole=whole):
        if kind == b"IHDR":
            depth, color = inner[8], inner[9]
        elif kind == b"PLTE":
            palette = inner
        elif kind == b"iCCP":
            _add_png_profile(contents, inner, color)
        elif kind == b"eXIf":
            add_exif(contents, inner)
        elif kind == b"bKGD":
            contents.add("background", _rgb(inner, depth, color, palette))
        elif _is_png_xmp(kind, inner):
            contents.xmp = contents.xmp or [_text(kind, inner[len(_PNG_XMP) :])]  # the first counts
        elif not kind:
            contents.add("what follows the picture", inner)
        elif kind not in _PNG_LEFT_OUT:
            contents.add(_PNG_NAMES.get(kind, f"chunk {kind.decode('latin-1')}"), inner)


def _chunks(content: bytes, name: str, *, whole: bool) -> Iterator[tuple[bytes, bytes]]:
    """Type and content of each chunk that is not damaged (W3C PNG, 5.3); without a type the rest.

    XMP comes damaged too: libvips reads it whatever its sum, and so it is kept.

    Raises PhotographError where all must be `whole`, and one is not.
    """
    at, kind = 8, b""
    while kind != b"IEND":
        size = int.from_bytes(content[at : at + 4], "big")
        kind, inner = content[at + 4 : at + 8], content[at + 8 : at + 8 + size]
        total = content[at + 8 + size : at + 12 + size]
        at += 12 + size
        is_whole = len(total) == 4 and zlib.crc32(kind + inner) == int.from_bytes(total, "big")
        if is_whole or (len(total) == 4 and not whole and _is_png_xmp(kind, inner)):
            yield kind, inner
        elif whole:
            raise damaged(name, f"its chunk {kind.decode('latin-1') or 'IEND'} is not whole")
        elif len(total) < 4:
            return
    if content[at:]:
        yield b"", content[at:]


def _is_png_xmp(kind: bytes, content: bytes) -> bool:
    return kind in _PNG_TEXTS and content.startswith(_PNG_XMP)


def _add_png_profile(contents: Contents, content: bytes, color: int) -> None:
    name, _, packed = content.partition(b"\0")
    try:
        profile = zlib.decompressobj().decompress(packed[1:], _LARGEST)
    except zlib.error:
        return
    contents.profile = profile
    contents.profile_counts = profile[16:20] == (b"GRAY" if color in _GRAY else b"RGB ")
    if contents.profile_counts or color not in _GRAY:
        contents.add("name of the profile", name)


def _rgb(content: bytes, depth: int, color: int, palette: bytes) -> tuple[int, ...]:
    """A background as RGB of at least 8 bits (W3C PNG, 11.3.4.1)."""
    if color == 3:
        return tuple(palette[3 * content[0] : 3 * content[0] + 3]) if content else ()
    levels = [int.from_bytes(content[i : i + 2], "big") for i in range(0, len(content), 2)]
    if color in _GRAY:
        return tuple(levels[:1] * 3) if depth >= 8 else (levels[0] * 255 // (2**depth - 1),) * 3
    return tuple(levels)


def _text(kind: bytes, content: bytes) -> bytes:
    """What a chunk of text holds after its keyword (W3C PNG, 11.3.3)."""
    compressed, text = kind == b"zTXt", content[kind == b"zTXt" :]
    if kind == b"iTXt":
        compressed, text = content[:1] == b"\1", content[2:].split(b"\0", 2)[-1]
    if not compressed:
        return text
    try:
        return zlib.decompressobj().decompress(text, _LARGEST)
    except zlib.error:
        return b""


def _add_webp(contents: Contents, content: bytes, name: str, *, whole: bool) -> None:
    end = int.from_bytes(content[4:8], "little") + 8
    if whole and end > len(content):
        raise damaged(name, "its end is missing")
    at = 12
    while at + 8 <= min(end, len(content)):
        kind, size = content[at : at + 4], int.from_bytes(content[at + 4 : at + 8], "little")
        inner = content[at + 8 : at + 8 + size]
        at += 8 + size + size % 2
        if len(inner) < size:
            if whole:
                raise damaged(name, f"its chunk {kind.decode('latin-1')} is not whole")
        elif kind == b"ICCP":
            contents.profile = inner
        elif kind == b"EXIF":
            add_exif(contents, inner)
        elif kind == b"XMP ":
            contents.xmp.append(inner)
        elif kind not in (b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"C2PA"):
            contents.add(f"chunk {kind.decode('latin-1').strip()}", inner)
    if content[end:]:
        contents.add("what follows the picture", content[end:])
