"""Luma out of decoded frames, untouched: planes are copied row by row, nothing is rescaled.

FFmpeg's scaler takes a grey frame for one of full range, whatever its tag says, and squeezes it
into 16 to 235 on the way to Y'CbCr. So it sees luma nowhere here, but for formats that interleave
or colour their samples, where it only takes them apart.
"""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from colorear import color

if TYPE_CHECKING:
    from av import VideoFrame

__all__ = [
    "MATRICES",
    "Layout",
    "Weights",
    "has_color",
    "layout_of",
    "levels",
    "luma_of",
    "unit_luma",
]

Weights = tuple[float, float, float]
"""Of R, G and B in the luma."""

MATRICES: dict[int, Weights] = {
    1: (0.2126, 0.7152, 0.0722),  # ITU-R BT.709-6
    4: (0.30, 0.59, 0.11),  # FCC
    5: color.LUMA,  # ITU-R BT.470 System B, G
    6: color.LUMA,  # SMPTE 170M
    7: (0.212, 0.701, 0.087),  # SMPTE 240M
    9: (0.2627, 0.6780, 0.0593),  # ITU-R BT.2020-2, non-constant luminance
}
"""By the numbers of ITU-T H.273, table 4, which FFmpeg uses."""

_PLANAR = re.compile(r"gray(9le|10le|12le|14le|16le)?|yuva?j?4\d\dp(9le|10le|12le|14le|16le)?")
_SEMIPLANAR = {"nv12", "nv21", "nv16", "nv24", "nv42"}
_HD = 720  # lines from which a film that does not tell its matrix has that of BT.709
_NEUTRAL = 3  # levels of 255 by which gray may be off: encoders are not exact
_SOME = 0.01  # of the places that must be further off
_LIMITED_IF_SILENT = {"h264", "hevc", "av1", "vp8", "vp9", "mpeg1video", "mpeg2video", "mpeg4"}
"""Their specifications say that what does not tell its range is limited, grey or not."""


@dataclass(frozen=True)
class Layout:
    """How the samples of a film lie, and what they mean."""

    format: str
    """FFmpeg's name of the pixel format that its decoder gives."""
    planar: str
    """The same, or the one with luma in a plane of its own to which it is taken apart."""
    bits: int
    full_range: bool
    """Whether black is 0 and white the largest number; else 16 and 235 of 255, and likewise."""
    matrix: int
    """A key of `MATRICES`: that of the file, or the usual one of its size."""
    subsampling: tuple[int, int]
    """Luma pixels per chroma pixel, across and down."""

    @property
    def rgb(self) -> bool:
        """Whether the decoder gives no luma at all, but R, G and B."""
        return self.planar.startswith("gbrp")

    @property
    def weights(self) -> Weights:
        """Of R, G and B in its luma."""
        return MATRICES[self.matrix]


def layout_of(frame: "VideoFrame", codec: str) -> Layout:
    """How the frames of a film lie whose first one this is, decoded of that codec."""
    name = frame.format.name
    planar = _planar(frame)
    rgb = planar.startswith("gbrp")
    limited = frame.color_range == 1 or (
        frame.color_range != 2
        and "j" not in name
        and not rgb
        and (not planar.startswith("gray") or codec in _LIMITED_IF_SILENT)
    )
    usual = 1 if frame.height >= _HD or frame.width >= _HD * 16 // 9 else 6
    return Layout(
        format=name,
        planar=planar,
        bits=_bits(planar),
        full_range=rgb or not limited,
        matrix=frame.colorspace if frame.colorspace in MATRICES else usual,
        subsampling=_subsampling(planar),
    )


def luma_of(frame: "VideoFrame", layout: Layout) -> NDArray[Any]:
    """Its luma `(h, w)`, uint8 or uint16, a copy."""
    if frame.format.name != layout.planar:
        frame = frame.reformat(format=layout.planar)
    if not layout.rgb:
        return _plane(frame, 0)
    green, blue, red = (_plane(frame, number) for number in range(3))
    if np.array_equal(red, green) and np.array_equal(green, blue):
        return green
    mixed = sum(
        np.float32(weight) * plane
        for weight, plane in zip(layout.weights, (red, green, blue), strict=True)
    )
    return np.rint(mixed).astype(green.dtype)


def has_color(frame: "VideoFrame", layout: Layout) -> bool:
    """Whether a frame has color that is seen; monochrome H.264 has planes of it, all gray."""
    name = frame.format.name
    if layout.rgb or name != layout.planar:
        small = frame.reformat(format="rgb24").to_ndarray()[::4, ::4].astype(np.int16)
        return bool((np.ptp(small, axis=2) > _NEUTRAL).mean() > _SOME)
    if name.startswith("gray"):
        return False
    middle, most = 1 << (layout.bits - 1), _NEUTRAL << (layout.bits - 8)
    planes = (1,) if name in _SEMIPLANAR else (1, 2)
    apart = [np.abs(_plane(frame, number)[::2].astype(np.int32) - middle) for number in planes]
    return any(bool((plane > most).mean() > _SOME) for plane in apart)


def unit_luma(layout: Layout) -> tuple[float, float]:
    """Scale and offset that take its luma values to 0 (black) to 1 (white)."""
    black, white = levels(layout.bits, full_range=layout.full_range)
    return 1 / (white - black), -black / (white - black)


def levels(bits: int, *, full_range: bool) -> tuple[int, int]:
    """The values of black and white.

    >>> levels(10, full_range=False)
    (64, 940)
    """
    more = bits - 8
    return (0, (1 << bits) - 1) if full_range else (16 << more, 235 << more)


def _plane(frame: "VideoFrame", number: int) -> NDArray[Any]:
    plane = frame.planes[number]
    wide = frame.format.components[0].bits > 8
    values = np.frombuffer(memoryview(plane), "<u2" if wide else "u1")
    stride = plane.line_size // values.itemsize
    rows = values[: plane.height * stride].reshape(plane.height, stride)
    return np.ascontiguousarray(rows[:, : plane.width])


def _planar(frame: "VideoFrame") -> str:
    """The format with a plane of luma, or planes of R, G and B, and the same values."""
    pixel = frame.format
    if _PLANAR.fullmatch(pixel.name) or pixel.name in _SEMIPLANAR:
        return str(pixel.name)
    deep = max(component.bits for component in pixel.components)
    if pixel.is_rgb or pixel.has_palette:
        return "gbrp" if deep <= 8 else "gbrp16le"
    if len(pixel.components) <= 2:  # with alpha, of the other byte order, or one bit deep
        return "gray" if deep <= 8 else f"gray{deep}le"
    across = pixel.width // max(1, pixel.chroma_width())
    down = pixel.height // max(1, pixel.chroma_height())
    kind = {(1, 1): "444", (2, 1): "422", (4, 1): "411"}.get((across, down), "420")
    return f"yuv{kind}p" + ("" if deep <= 8 else f"{deep}le")


def _bits(planar: str) -> int:
    found = re.search(r"(9|10|12|14|16)le$", planar)
    return int(found[1]) if found else 8


def _subsampling(planar: str) -> tuple[int, int]:
    kinds = {"444": (1, 1), "440": (1, 2), "422": (2, 1), "411": (4, 1), "410": (4, 4)}
    kinds |= {"nv24": (1, 1), "nv42": (1, 1), "nv16": (2, 1)}
    return next((ratio for kind, ratio in kinds.items() if kind in planar), (2, 2))
