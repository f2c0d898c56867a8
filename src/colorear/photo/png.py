"""What a PNG tells about itself, put byte for byte beside new pixels.

libvips knows some of the ancillary chunks; here all are copied that stay true (W3C PNG, third
edition, clause 11.3).
"""

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from colorear.errors import PhotographError

__all__ = ["SIGNATURE", "chunks", "graft"]

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_XMP = b"XML:com.adobe.xmp\0"  # Adobe's XMP specification, part 3, 1.1.5
_TEXTS = (b"iTXt", b"tEXt", b"zTXt")  # only the first is right for XMP; libvips writes the last
_OF_PIXELS = {b"IHDR", b"iCCP", b"IDAT", b"IEND"}
_MOST_PIXEL_CHUNKS = 1_000_000  # those of libpng have 8,192 bytes
_MOST_OTHERS = 10_000
# their content depends on the color type or palette, which change, or on frames
_NOT_COPIED = {b"tRNS", b"bKGD", b"sBIT", b"hIST", b"sPLT", b"iCCP", b"acTL", b"fcTL", b"fdAT"}


class Chunk(NamedTuple):
    """Where a chunk lies in its file, with its length, type and check sum."""

    kind: bytes
    start: int
    size: int


def chunks(file: BinaryIO) -> Iterator[Chunk]:
    """The chunks in their order, up to the end of the picture or of the file.

    Raises
    ------
    PhotographError
        Where there are more than any program writes.
    """
    at = len(SIGNATURE)
    left = {True: _MOST_PIXEL_CHUNKS, False: _MOST_OTHERS}
    while file.seek(at) and len(head := file.read(8)) == 8:
        left[head[4:] == b"IDAT"] -= 1
        if min(left.values()) < 0:
            raise PhotographError(
                f"'{file.name}' is a PNG of so many chunks that no program has written it; "
                "save it anew with a program that opens it"
            )
        size = int.from_bytes(head[:4], "big") + 12
        yield Chunk(head[4:], at, size)
        if head[4:] == b"IEND":
            return
        at += size


def graft(original: Path, pixels: Path, target: Path, xmp: bytes) -> None:
    """Write `target`: the pixels and ICC profile of one PNG, everything else of the original.

    But the XMP packet, of which `xmp` takes the place.
    """
    with original.open("rb") as about, pixels.open("rb") as made, target.open("xb") as file:
        before, after = _ancillary(about)
        file.write(SIGNATURE)
        for chunk in chunks(made):
            if chunk.kind == b"IEND":
                _copy(about, after, file)
            if chunk.kind in _OF_PIXELS:
                _copy(made, [chunk], file)
            if chunk.kind == b"IHDR":
                file.write(_text(xmp))
                _copy(about, before, file)


def _ancillary(file: BinaryIO) -> tuple[list[Chunk], list[Chunk]]:
    """The chunks to copy that come before the pixels, and those after (clause 5.6)."""
    before: list[Chunk] = []
    after: list[Chunk] = []
    place = before
    for chunk in chunks(file):
        if chunk.kind == b"IDAT":
            place = after
        elif chunk.kind[0] & 32 and chunk.kind not in _NOT_COPIED:  # 5.4: lower case is ancillary
            file.seek(chunk.start + 8)
            if chunk.kind not in _TEXTS or file.read(len(_XMP)) != _XMP:
                place.append(chunk)
    return before, after


def _text(xmp: bytes) -> bytes:
    """The chunk of an XMP packet: text in no language, not compressed (clause 11.3.3.4)."""
    content = b"iTXt" + _XMP + bytes(4) + xmp
    return struct.pack(">I", len(content) - 4) + content + struct.pack(">I", zlib.crc32(content))


def _copy(source: BinaryIO, which: list[Chunk], target: BinaryIO) -> None:
    for chunk in which:  # none is larger than memory: writers split the pixels into small ones
        source.seek(chunk.start)
        target.write(source.read(chunk.size))
