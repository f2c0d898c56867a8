"""What a WebP tells about itself, put byte for byte beside new pixels.

libvips rewrites the EXIF data, or makes some up, and drops chunks that it does not know. The layout
is that of RFC 9649.
"""

import io
import shutil
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from colorear.errors import PhotographError

__all__ = ["chunks", "graft"]

_MOST = 10_000  # of a picture that does not move
_PIXELS = {b"VP8 ", b"VP8L", b"ALPH"}
_NOT_COPIED = {*_PIXELS, b"VP8X", b"ICCP", b"XMP ", b"ANIM", b"ANMF"}
_PROFILE, _ALPHA, _EXIF, _XMP = 0x20, 0x10, 0x08, 0x04  # flags of VP8X: 2.7.1
_SIGNATURE = 0x2F  # of VP8L, before width, height and whether there is alpha: 3.4


class Chunk(NamedTuple):
    """Where the content of a chunk lies in its file."""

    kind: bytes
    start: int
    size: int


def chunks(file: BinaryIO) -> Iterator[Chunk]:
    """The chunks in their order; one that is cut short, and what follows, is none.

    Raises
    ------
    PhotographError
        Where there are more than any program writes.
    """
    file.seek(0)
    _, length, _ = struct.unpack("<4sI4s", file.read(12).ljust(12, b"\0"))
    end = min(length + 8, file.seek(0, io.SEEK_END))
    at = 12
    for _ in range(_MOST):
        file.seek(at)
        kind, size = struct.unpack("<4sI", file.read(8).ljust(8, b"\0"))
        at += 8
        if at + size > end or at > end:
            return
        yield Chunk(kind, at, size)
        at += size + size % 2
    raise PhotographError(
        f"'{file.name}' is a WebP of so many chunks that no program has written it; "
        "save it anew with a program that opens it"
    )


def graft(original: Path, pixels: Path, target: Path, xmp: bytes, profile: bytes | None) -> None:
    """Write `target`: the lossless pixels of one WebP, everything else of the original.

    But the XMP packet and the ICC profile, of which `xmp` and `profile` take the place.
    """
    with original.open("rb") as about, pixels.open("rb") as made, target.open("xb") as file:
        picture = next(chunk for chunk in chunks(made) if chunk.kind == b"VP8L")
        kept = [chunk for chunk in chunks(about) if chunk.kind not in _NOT_COPIED]
        exif = [chunk for chunk in kept if chunk.kind == b"EXIF"][:1]
        file.write(bytes(12))
        made.seek(picture.start)
        file.write(_packed(b"VP8X", _extended(made.read(5), bool(profile), bool(exif))))
        if profile:
            file.write(_packed(b"ICCP", profile))
        _copy(made, picture, file)
        for chunk in exif:
            _copy(about, chunk, file)
        file.write(_packed(b"XMP ", xmp))
        for chunk in kept:
            if chunk.kind != b"EXIF":
                _copy(about, chunk, file)
        size = file.tell()
        about.seek(4)
        about.seek(int.from_bytes(about.read(4), "little") + 8)
        shutil.copyfileobj(about, file)  # what follows the picture
        file.seek(0)
        file.write(struct.pack("<4sI4s", b"RIFF", size - 8, b"WEBP"))


def _extended(head: bytes, profile: bool, exif: bool) -> bytes:
    """The content of VP8X for the picture whose VP8L begins so."""
    if head[0] != _SIGNATURE:
        raise ValueError("not the picture of a lossless WebP")
    bits = int.from_bytes(head[1:], "little")
    flags = _XMP | _PROFILE * profile | _EXIF * exif | _ALPHA * (bits >> 28 & 1)
    width, height = bits & 0x3FFF, bits >> 14 & 0x3FFF  # each less one, as in VP8X
    return struct.pack("<I", flags) + width.to_bytes(3, "little") + height.to_bytes(3, "little")


def _copy(source: BinaryIO, chunk: Chunk, target: BinaryIO) -> None:
    source.seek(chunk.start)
    target.write(_packed(chunk.kind, source.read(chunk.size)))


def _packed(kind: bytes, content: bytes) -> bytes:
    """A chunk, of even length (2.3)."""
    return kind + struct.pack("<I", len(content)) + content + bytes(len(content) % 2)
