"""One of many training photographs: recognized by its name, read whole, or refused."""

from pathlib import Path, PurePath
from typing import Any

import cv2
import numpy as np
import pyvips
import simplejpeg
from numpy.typing import NDArray

from colorear.errors import DataError

__all__ = [
    "BYTE_LIMIT",
    "PIXEL_LIMIT",
    "SUFFIXES",
    "UnusableError",
    "check_size",
    "decode",
    "is_photograph",
    "read_file",
]

SUFFIXES = {".jpg", ".jpeg", ".png", ".tif", ".tiff", ".webp"}
"""How the names of photographs end, in lower case."""

BYTE_LIMIT = 256 * 2**20
"""A larger file is no training photograph; in a zip file it may be a decompression bomb."""

PIXEL_LIMIT = 200_000_000
"""Likewise of pixels: so many take 600 MB."""

_JPEG = b"\xff\xd8"  # the marker SOI: ITU-T T.81, table B.1


class UnusableError(DataError):
    """One file of many cannot be used; `source` names it, `reason` says why."""

    def __init__(self, source: str, reason: str) -> None:
        super().__init__(f"{source}: {reason}")
        self.source, self.reason = source, reason


def is_photograph(inside: PurePath) -> bool:
    """By its name, within what is searched; hidden ones are none."""
    hidden = any(part.startswith(".") or part == "__MACOSX" for part in inside.parts)
    return not hidden and inside.suffix.lower() in SUFFIXES


def read_file(path: Path, name: str) -> bytes:
    """The bytes of a file, which errors call `name`.

    Raises
    ------
    UnusableError
        It cannot be read, or is too large.
    """
    try:
        if not path.is_file():
            raise UnusableError(name, "is not a file")
        check_size(path.stat().st_size, name)
        return path.read_bytes()
    except OSError as error:
        raise UnusableError(name, f"cannot be read ({error.strerror})") from error


def check_size(size: int, name: str) -> None:
    """Raise UnusableError for more bytes than a photograph has."""
    if size > BYTE_LIMIT:
        raise UnusableError(name, f"has {size:,} bytes, more than {BYTE_LIMIT:,}")


def decode(content: bytes, name: str, *, gray: bool = False) -> NDArray[np.uint8]:
    """Decode a photograph, unless a part of it is missing or damaged.

    libvips checks that, since OpenCV fills what is missing of a file with gray; of a JPEG, where
    both also take what libjpeg makes of damaged parts, simplejpeg does.

    Parameters
    ----------
    content
        The bytes of the file.
    name
        What errors call it.
    gray
        Whether gray is wanted instead of sRGB.

    Returns
    -------
    pixels
        (h,w,3) sRGB bytes or (h,w) gray ones, upright.

    Raises
    ------
    UnusableError
        It is empty, damaged, cut short, too large or not a picture.
    """
    if not content:
        raise UnusableError(name, "is empty")
    pyvips.cache_set_max(0)  # it would keep whole pictures alive after their use
    try:
        image = pyvips.Image.new_from_buffer(content, "", access="sequential", fail_on="error")
        if image.width * image.height > PIXEL_LIMIT:
            raise UnusableError(
                name, f"has {image.width} x {image.height} pixels, more than {PIXEL_LIMIT:,}"
            )
        if content.startswith(_JPEG):
            _refuse_mended(content)
        else:
            image.avg()  # reads it to its end
        picture = _decoded_gray(content) if gray else _decoded(content, cv2.IMREAD_COLOR_RGB)
    except (pyvips.Error, cv2.error, ValueError):  # simplejpeg's
        picture = None
    if picture is None:
        raise UnusableError(name, "is not a picture, or is damaged or cut short")
    return picture.astype(np.uint8, copy=False)


def _decoded(content: bytes, flag: int) -> NDArray[Any] | None:
    return cv2.imdecode(np.frombuffer(content, np.uint8), flag)


def _decoded_gray(content: bytes) -> NDArray[Any] | None:
    """A JPEG's own luma, else that of its colors, or its grays."""
    if content.startswith(_JPEG):
        return _decoded(content, cv2.IMREAD_GRAYSCALE)
    # of a PNG with sRGB or gAMA, IMREAD_GRAYSCALE would have libpng add up linear light
    picture = _decoded(content, cv2.IMREAD_COLOR)
    return None if picture is None else cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)


def _refuse_mended(jpeg: bytes) -> None:
    """Raise ValueError where libjpeg would go on with a warning."""
    *_, space, _ = simplejpeg.decode_jpeg_header(jpeg)
    simplejpeg.decode_jpeg(jpeg, "CMYK" if space in ("CMYK", "YCCK") else "GRAY")
