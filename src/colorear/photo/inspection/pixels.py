"""Pixels as another decoder than libvips reads them: Pillow."""

import io
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from colorear.color import LUMA
from colorear.photo.sniffing import Format

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["MOST_PIXELS", "Pixels", "decoded", "largest_differences"]

MOST_PIXELS = 100_000_000
"""Larger pictures are not decoded by Pillow, which needs them whole in memory."""

_ROWS = 256  # that are compared at a time
_DEPTHS = {"I;16": 257.0, "I;16B": 257.0, "I;16L": 257.0, "I": 257.0}
_COLORS = {"RGB": 3, "RGBA": 3, "RGBX": 3, "RGBa": 3}
_WHITE_IS_ZERO, _PHOTOMETRIC = 0, 262  # TIFF 6.0, section 4
_ASSOCIATED, _EXTRA_SAMPLES = (1,), 338  # section 18
_CRITICAL = {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"}


class Pixels(NamedTuple):
    """A picture as Pillow gives it."""

    levels: NDArray[np.generic]
    """(h, w) or (h, w, bands)."""
    depth: float
    """How many of its levels are one of 255."""
    has_alpha: bool
    """Whether the last band is alpha."""
    multiplied: bool
    """Whether colors are multiplied by alpha in the file, which Pillow undoes."""


def decoded(path: Path, form: Format, page: int = 0) -> Pixels | None:
    """The pixels of a PNG, WebP or page of a TIFF; None of a kind that Pillow does not know.

    Raises
    ------
    OSError
        Where it is damaged.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of metadata, which is compared elsewhere
        try:
            image = _opened(path, form)
            image.seek(page)
            image.load()
            if (
                form == "png"
                and "transparency" in image.info
                and not _tells_transparency(image, path)
            ):
                return None
        except (SyntaxError, NotImplementedError, ValueError, KeyError):
            return None
        inverted = image.mode in _DEPTHS and form == "tiff" and _is_negative(image)
        if image.mode in ("1", "P", "PA"):
            transparent = image.mode == "PA" or "transparency" in image.info
            image = image.convert("RGBA" if transparent else "RGB" if image.mode != "1" else "L")
        elif "transparency" in image.info and image.mode in ("L", "RGB"):
            image = image.convert("LA" if image.mode == "L" else "RGBA")
        levels = np.asarray(image)
    if "transparency" in image.info and image.mode == "I;16":
        return Pixels(_with_alpha(levels, image.info["transparency"]), 257.0, True, False)
    if image.mode not in ("L", "LA", *_DEPTHS, *_COLORS):
        return None
    depth = _DEPTHS.get(image.mode, 1.0)
    if inverted:
        levels = 65535 - levels
    has_alpha = image.mode in ("LA", "RGBA", "RGBX", "RGBa")
    tags = getattr(image, "tag_v2", {})
    multiplied = has_alpha and form == "tiff" and tags.get(_EXTRA_SAMPLES) == _ASSOCIATED
    return Pixels(levels, depth, has_alpha, multiplied)


def largest_differences(before: Pixels, after: Pixels) -> tuple[float, float]:
    """The largest difference of rounded luma and of alpha, in levels of 255.

    A picture without alpha is opaque. Where either has 16 bits, of which Pillow gives 8 in color,
    or colors multiplied by alpha, luma may seem to differ by one level more.
    """
    luma = alpha = 0.0
    for top in range(0, len(before.levels), _ROWS):
        one, other = (_rows(picture, top) for picture in (before, after))
        luma = max(luma, float(np.abs(one[0] - other[0]).max()))
        alpha = max(alpha, float(np.abs(one[1] - other[1]).max()))
    return luma, alpha


def _rows(picture: Pixels, top: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    levels, depth, has_alpha, multiplied = picture
    rows = levels[top : top + _ROWS].astype(float) / depth
    rows = rows[..., None] if rows.ndim == 2 else rows
    opaque = rows[..., :-1] if has_alpha else rows
    luma = opaque @ np.array(LUMA) if opaque.shape[2] == 3 else opaque[..., 0]
    alpha = rows[..., -1] if has_alpha else np.full(luma.shape, 255.0)
    luma = luma * alpha / 255 if multiplied else luma
    return np.rint(luma) if depth == 1 else luma, alpha


def _opened(path: Path, form: Format) -> "Image":
    """By the format's own class: whoever opens by the first bytes refuses large pictures."""
    from PIL import PngImagePlugin, TiffImagePlugin, WebPImagePlugin

    content = path.read_bytes()
    if form == "png":  # without texts, of which Pillow takes no large ones
        return PngImagePlugin.PngImageFile(io.BytesIO(_critical(content)))
    kinds = {"tiff": TiffImagePlugin.TiffImageFile, "webp": WebPImagePlugin.WebPImageFile}
    return kinds[form](io.BytesIO(content))


def _critical(content: bytes) -> bytes:
    kept, at = [content[:8]], 8
    while at + 8 <= len(content):
        size = int.from_bytes(content[at : at + 4], "big") + 12
        if content[at + 4 : at + 8] in _CRITICAL:
            kept.append(content[at : at + size])
        at += size
    return b"".join(kept)


def _tells_transparency(image: "Image", path: Path) -> bool:
    """Have it tell which level is transparent as it tells levels; whether it can.

    Pillow spreads grays of 2 and 4 bits over 8, and cuts colors of 16 bits down, but not that one.
    """
    with path.open("rb") as file:
        depth, color = file.read(26)[24:]  # W3C PNG, 11.2.1
    if color == 0 and depth in (2, 4):
        image.info["transparency"] *= 255 // (2**depth - 1)
    return color != 2 or depth == 8


def _with_alpha(levels: NDArray[Any], transparent: int) -> NDArray[Any]:
    """Gray of 16 bits with the alpha that one of its levels stands for."""
    return np.stack([levels, np.where(levels == transparent, 0, 65535)], -1)


def _is_negative(image: "Image") -> bool:
    """Whether white is zero, which Pillow leaves as it is in 16 bits."""
    tags = getattr(image, "tag_v2", {})
    return bool(tags.get(_PHOTOMETRIC) == _WHITE_IS_ZERO)
