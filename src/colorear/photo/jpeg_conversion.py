"""JPEGs without a luma of 8 bits that could be kept as it is coded, decoded: CMYK, RGB, 12 bits.

Their EXIF data, XMP, ICC profile and resolution come along; IPTC and comments have no place in a
PNG. 12 bits are read by imagecodecs (extra: formats), all others by libvips.
"""

import os
from pathlib import Path

import numpy as np
import pyvips

from colorear.errors import PhotographError
from colorear.photo.cmyk import as_srgb
from colorear.photo.decoded import Decoded, as_image, by_codec, damaged, told
from colorear.photo.sniffing import check_size, reading

__all__ = ["jpeg_of_12_bits", "jpeg_of_cmyk", "jpeg_of_rgb"]

_END = b"\xff\xd9"
_MOST_PIXELS = 512  # that a byte can code: one bit each for DC and for the end of a block of 64


def jpeg_of_rgb(path: Path, _: bytes) -> Decoded:
    """R, G and B coded as such."""
    with reading(path):
        image = _opened(path)
        check_size(image.width, image.height, path)
        return _with_all(image, image.copy_memory(), told(image, "icc-profile-data"))


def jpeg_of_cmyk(path: Path, _: bytes) -> Decoded:
    """Four inks, taken to sRGB."""
    with reading(path):
        image = _opened(path)
        check_size(image.width, image.height, path)
        shown = as_srgb(image, path).copy_memory()
        return _with_all(image, shown, told(shown, "icc-profile-data"))


def jpeg_of_12_bits(path: Path, content: bytes) -> Decoded:
    """Gray or RGB, spread over 16 bits."""
    with reading(path):
        image = _opened(path)  # its header alone
    check_size(image.width, image.height, path)
    count = image.width * image.height
    if content.rfind(_END) < 0 or count > _MOST_PIXELS * len(content):  # which it would not tell
        raise damaged(path, ValueError("its end is missing"))
    values = by_codec(path, "12-bit JPEG", "jpeg8_decode", content)
    if values.ndim == 3 and values.shape[2] != 3:
        raise PhotographError(
            f"'{path}' is a 12-bit JPEG in CMYK, but gray or RGB is needed; convert it to TIFF of "
            "16 bits in one of these"
        )
    pixels = as_image(path, np.asarray(values), 12)
    return _with_all(image, pixels, told(image, "icc-profile-data"))


def _opened(path: Path) -> pyvips.Image:
    return pyvips.Image.jpegload(os.fsencode(path), fail_on="error", revalidate=True)


def _with_all(image: pyvips.Image, pixels: pyvips.Image, profile: bytes) -> Decoded:
    known = image.get_typeof("resolution-unit")
    return Decoded(
        pixels,
        told(image, "exif-data").removeprefix(b"Exif\0\0"),
        told(image, "xmp-data"),
        profile,
        (image.xres * 1000, image.yres * 1000) if known else (0, 0),
    )
