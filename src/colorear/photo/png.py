"""What a PNG tells about itself, put byte for byte beside new pixels.

libvips knows some of the ancillary chunks; here all are copied that stay true (W3C PNG, third
edition, clause 11.3), those that tell of colors in the form that RGB has, and what follows the end.
"""

import os
import shutil
import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO, NamedTuple

from colorear.errors import PhotographError
from colorear.photo import icc
from colorear.photo.cicp import profile_of_codes

__all__ = ["SIGNATURE", "XMP", "add", "chunks", "graft", "is_animated", "named_profile", "profile"]

SIGNATURE = b"\x89PNG\r\n\x1a\n"
XMP = b"XML:com.adobe.xmp\0"
"""What the chunk of a packet begins with: Adobe's XMP specification, part 3, 1.1.5."""
_TEXTS = (b"iTXt", b"tEXt", b"zTXt")  # only the first is right for XMP; libvips writes the last
_OF_PIXELS = {b"IHDR", b"IDAT", b"IEND"}
_MOST_PIXEL_CHUNKS = 1_000_000  # those of libpng have 8,192 bytes
_MOST_OTHERS = 10_000
_LARGEST_PROFILE = 16_000_000  # bytes; those of printers have some 2 million
# their content depends on the color type or palette, which change, or on frames
_NOT_COPIED = {b"tRNS", b"hIST", b"sPLT", b"acTL", b"fcTL", b"fdAT"}
_OF_COLORS = {b"cICP", b"iCCP", b"sRGB", b"gAMA", b"cHRM"}
_UNIT = 100_000  # of gAMA and cHRM
_PLACES = ">8I"  # x and y of white, red, green and blue
_GAMMA_OF_SRGB, _SAME_GAMMA = 45_455, 0.05  # what libpng counts as no other (png.h)
_LEAST_GAMMA, _MOST_GAMMA = 10_000, 1_000_000  # that anybody means
_GRAY, _PALETTE, _ALPHA = (0, 4), 3, 4  # color types: 11.2.1
_DEFLATE = b"\0"  # the one method of compression: 11.3.2.3


class Chunk(NamedTuple):
    """Where a chunk lies in its file, with its length, type and check sum."""

    kind: bytes
    start: int
    size: int


class _Header(NamedTuple):
    """IHDR: 11.2.1."""

    width: int
    height: int
    depth: int
    color: int
    compression: int
    filter: int
    interlace: int


def chunks(file: BinaryIO) -> Iterator[Chunk]:
    """The chunks in their order, up to the end of the picture or of the file.

    One that is cut short by the end of the file is none: it may promise two gigabytes.

    Raises
    ------
    PhotographError
        Where there are more than any program writes.
    """
    at, end = len(SIGNATURE), file.seek(0, os.SEEK_END)
    left = {True: _MOST_PIXEL_CHUNKS, False: _MOST_OTHERS}
    while file.seek(at) and len(head := file.read(8)) == 8:
        left[head[4:] == b"IDAT"] -= 1
        if min(left.values()) < 0:
            raise PhotographError(
                f"'{file.name}' is a PNG of so many chunks that no program has written it; "
                "save it anew with a program that opens it"
            )
        size = int.from_bytes(head[:4], "big") + 12
        if at + size > end:
            return
        yield Chunk(head[4:], at, size)
        if head[4:] == b"IEND":
            return
        at += size


def is_animated(file: BinaryIO) -> bool:
    """Whether it has frames besides the picture (W3C PNG, third edition, 11.3.6)."""
    kinds = {chunk.kind: chunk for chunk in chunks(file)}
    if b"acTL" not in kinds:  # then nobody shows others
        return False
    about = _content(file, kinds[b"acTL"]) or b""
    return about[:4] != b"\0\0\0\1" or b"fdAT" in kinds


def profile(path: Path) -> bytes | None:
    """The ICC profile of the file, or one that says what its chunks tell of its colors by numbers.

    None for sRGB, or where the file has one for other values than its own. libpng passes over some
    that other programs show pictures by.

    Raises
    ------
    PhotographError
        Where it is of HDR.
    """
    told: dict[bytes, bytes] = {}
    with path.open("rb") as file:
        header = None
        for chunk in chunks(file):
            if chunk.kind == b"IDAT":
                break
            if chunk.kind == b"IHDR":
                header = _header(file, chunk)
            elif chunk.kind in _OF_COLORS and (content := _content(file, chunk)):
                told[chunk.kind] = content
    coded = told.get(b"cICP", b"")
    by_codes = profile_of_codes(path, *coded[:2]) if len(coded) == 4 else None
    if header and b"iCCP" in told:
        found = _unpacked(told[b"iCCP"])[1]
        space = "grey" if header.color in _GRAY else "rgb"
        return found if found and icc.color_space(found) == space else None
    return by_codes if coded or b"sRGB" in told else _by_gamma(told)


def graft(original: Path, pixels: Path, target: Path, xmp: bytes, profile: bytes | None) -> None:
    """Write `target`: the pixels of one PNG, everything else of the original.

    But the XMP packet, of which `xmp` takes the place, and an ICC profile that is not `profile`. A
    damaged chunk, which no program reads, is left out.
    """
    with original.open("rb") as about, pixels.open("rb") as made, target.open("xb") as file:
        before, after, trailer = _ancillary(about, profile)
        file.write(SIGNATURE)
        for chunk in chunks(made):
            if chunk.kind == b"IEND":
                file.writelines(after)
            if chunk.kind in _OF_PIXELS:
                made.seek(chunk.start)  # none is larger than memory: libvips makes small ones
                file.write(made.read(chunk.size))
            if chunk.kind == b"IHDR":
                file.write(_packed(b"iTXt", XMP + bytes(4) + xmp))
                file.writelines(before)
        about.seek(trailer)
        shutil.copyfileobj(about, file)


def add(pixels: Path, target: Path, told: Mapping[bytes, bytes]) -> None:
    """Write `target`: a PNG that libvips made of pixels alone, and these chunks."""
    with pixels.open("rb") as made, target.open("xb") as file:
        file.write(SIGNATURE)
        for chunk in chunks(made):
            if chunk.kind in _OF_PIXELS:  # libvips makes up a resolution
                made.seek(chunk.start)
                file.write(made.read(chunk.size))
            if chunk.kind == b"IHDR":
                file.writelines(_packed(kind, content) for kind, content in told.items())


def named_profile(profile: bytes) -> bytes:
    """The content of the chunk of an ICC profile (11.3.2.3)."""
    return b"ICC profile" + bytes(1) + _DEFLATE + zlib.compress(profile)


def _by_gamma(told: Mapping[bytes, bytes]) -> bytes | None:
    """A profile of what gAMA tells, and cHRM with it (11.3.2.1 and 11.3.2.2); None for sRGB.

    As in Skia, and so in Chromium: primaries alone are passed over.
    """
    gamma, places = int.from_bytes(told.get(b"gAMA", b""), "big"), told.get(b"cHRM", b"")
    if not _LEAST_GAMMA < gamma < _MOST_GAMMA:
        return None
    colors = icc.Colors()
    if abs(gamma / _GAMMA_OF_SRGB - 1) > _SAME_GAMMA:
        colors = replace(colors, curve=_UNIT / gamma)
    if len(places) == struct.calcsize(_PLACES):
        numbers = [number / _UNIT for number in struct.unpack(_PLACES, places)]
        white, red, green, blue = zip(numbers[::2], numbers[1::2], strict=True)
        colors = replace(colors, white=white, primaries=(red, green, blue))
    try:
        return None if colors == icc.Colors() else icc.profile_of(colors)
    except ValueError:  # which viewers pass over
        return None


def _ancillary(file: BinaryIO, profile: bytes | None) -> tuple[list[bytes], list[bytes], int]:
    """The chunks that come before the pixels, those after (clause 5.6), and where the end is."""
    before: list[bytes] = []
    after: list[bytes] = []
    place, palette, end = before, b"", file.seek(0, os.SEEK_END)
    header = _Header(0, 0, 8, 2, 0, 0, 0)
    for chunk in chunks(file):
        if chunk.kind == b"IEND":
            end = chunk.start + chunk.size
        if chunk.kind == b"IDAT":
            place = after
            continue
        content = _content(file, chunk)
        if content is None:
            continue
        if chunk.kind == b"IHDR":
            header = _header(file, chunk)
        elif chunk.kind == b"PLTE":
            palette = content
        elif kept := _kept(chunk.kind, content, header, palette, profile):
            place.append(_packed(chunk.kind, kept))
    return before, after, end


def _kept(
    kind: bytes, content: bytes, header: _Header, palette: bytes, profile: bytes | None
) -> bytes:
    """What a chunk says of the picture in RGB; nothing if nothing."""
    if not kind[0] & 32 or kind in _NOT_COPIED:  # 5.4: lower case is ancillary
        return b""
    if kind == b"bKGD":
        return _background(content, header, palette)
    if kind == b"sBIT":
        return _significant(content, header)
    if kind == b"iCCP":
        return _with_profile(content, profile, header)
    return b"" if kind in _TEXTS and content.startswith(XMP) else content


def _background(content: bytes, header: _Header, palette: bytes) -> bytes:
    """Three samples of 16 bits, in the depth of the new file (11.3.4.1)."""
    if header.color == _PALETTE:
        rgb = palette[3 * content[0] :][:3] if content else b""  # damaged ones are empty
        return struct.pack(">3H", *rgb) if len(rgb) == 3 else b""
    if header.color in _GRAY and len(content) == 2:
        level = int.from_bytes(content, "big")
        scale = 255 // (2**header.depth - 1) if header.depth < 8 else 1
        return struct.pack(">3H", *[min(level * scale, 65535)] * 3)
    return content


def _significant(content: bytes, header: _Header) -> bytes:
    """All bits of all samples, if that is what it says: fewer are no longer true (11.3.2.6)."""
    depth = 16 if header.depth == 16 else 8
    if set(content) != {depth}:
        return b""
    return bytes([depth] * (4 if header.color & _ALPHA else 3))


def _with_profile(content: bytes, profile: bytes | None, header: _Header) -> bytes:
    """The ICC profile, under the name that it had: as it was if it is still that one."""
    name, old = _unpacked(content)
    if profile is None:  # what nobody showed the picture by, and might now that it is RGB
        return b"" if header.color in _GRAY else content
    return content if profile == old else name + bytes(1) + _DEFLATE + zlib.compress(profile)


def _unpacked(content: bytes) -> tuple[bytes, bytes]:
    """Name and content of an ICC profile (11.3.2.3); empty where it is damaged."""
    name, _, packed = content.partition(b"\0")
    try:
        found = zlib.decompressobj().decompress(packed[1:], _LARGEST_PROFILE)
    except zlib.error:
        return name, b""
    size = int.from_bytes(found[:4], "big")
    return name, found[:size] if size <= len(found) else b""


def _header(file: BinaryIO, chunk: Chunk) -> _Header:
    file.seek(chunk.start + 8)
    return _Header(*struct.unpack(">IIBBBBB", file.read(13)))


def _content(file: BinaryIO, chunk: Chunk) -> bytes | None:
    """None where its sum is wrong."""
    file.seek(chunk.start + 4)
    whole = file.read(chunk.size - 4)
    content, checked = whole[:-4], zlib.crc32(whole[:-4]).to_bytes(4, "big")
    return content[4:] if whole[-4:] == checked else None


def _packed(kind: bytes, content: bytes) -> bytes:
    """A chunk (5.3)."""
    summed = kind + content
    return struct.pack(">I", len(content)) + summed + struct.pack(">I", zlib.crc32(summed))
