"""A picture that was decoded, with what its file tells besides, and such a picture as a PNG."""

import os
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyvips
from numpy.typing import NDArray

from colorear.errors import PhotographError
from colorear.photo import png
from colorear.photo.sniffing import PIXEL_LIMIT, Kind, reading

__all__ = ["Decoded", "as_image", "by_codec", "damaged", "lacking", "told", "write_png"]


@dataclass
class Decoded:
    """What was read."""

    image: pyvips.Image
    exif: bytes = b""
    """As a TIFF."""
    xmp: bytes = b""
    profile: bytes = b""
    resolution: tuple[float, float] = (0, 0)
    """Pixels for each meter, across and down; 0 where it is not told."""


def write_png(picture: Decoded, target: Path, path: Path) -> None:
    """Write it to `target`; `path` is the file that it came from, for the sentences of errors."""
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
    chunks = {
        b"iCCP": picture.profile and png.named_profile(picture.profile),
        b"pHYs": across and struct.pack(">IIB", round(across), round(down), 1),
        b"eXIf": picture.exif,
        b"iTXt": picture.xmp and png.XMP + bytes(4) + picture.xmp,
    }
    png.add(bare, target, {kind: content for kind, content in chunks.items() if content})
    bare.unlink()


def by_codec(path: Path, kind: Kind, decoder: str, content: bytes) -> Any:
    """What a decoder of imagecodecs gives."""
    try:
        import imagecodecs
    except ImportError:
        raise lacking(path, kind) from None
    try:
        return getattr(imagecodecs, decoder)(content)
    except (RuntimeError, ValueError, OverflowError, MemoryError) as error:
        raise damaged(path, error) from error


def as_image(path: Path, pixels: NDArray[Any], depth: int = 0) -> pyvips.Image:
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


def told(image: pyvips.Image, name: str) -> bytes:
    """What libvips has read besides pixels, under its name for it."""
    return bytes(image.get(name)) if image.get_typeof(name) else b""


def lacking(path: Path, kind: Kind) -> PhotographError:
    """The error for what needs packages that are not installed."""
    return PhotographError(
        f"'{path}' is a {kind}, and what reads these is not installed; install it with: "
        "pip install 'colorear[formats]'"
    )


def damaged(path: Path, error: Exception) -> PhotographError:
    """The error for what a decoder does not take."""
    said = " ".join(str(error).split())[:200]
    return PhotographError(
        f"'{path}' is damaged or cut short ({said or type(error).__name__}); use an intact copy of "
        "it"
    )
