"""What the first bits of a JPEG XL's codestream tell of its samples: their depth, and their colors.

Decoders give samples of 10 or 12 bits in words of 16, some spread over these and some as they are,
and imagecodecs tells nothing of colors. The fields' names and codes are those of ISO/IEC 18181-1,
annexes D and E (libjxl's `image_metadata.h` and `color_encoding_internal.h`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from colorear.photo.icc import Colors, Curve

__all__ = ["Header", "read_header"]

_SIGNATURE = b"\xff\x0a"
_HEAD = 8192  # bytes: more than all fields take, but names of extra channels
_SIZES = ((9, 1), (13, 1), (18, 1), (30, 1))  # bits, and what is added to them
_PREVIEW_BLOCKS = ((0, 16), (0, 32), (5, 1), (9, 33))
_PREVIEW_PIXELS = ((6, 1), (8, 65), (10, 321), (12, 1345))
_TICKS = ((0, 100), (0, 1000), (10, 1), (30, 1))  # of an animation, for a second
_TICK_PARTS = ((0, 1), (0, 1001), (8, 1), (10, 1))
_LOOPS = ((0, 0), (3, 0), (16, 0), (32, 0))
_DEPTHS = ((0, 8), (0, 10), (0, 12), (6, 1))
_FLOAT_DEPTHS = ((0, 32), (0, 16), (0, 24), (6, 1))
_CODES = ((0, 0), (0, 1), (4, 2), (6, 18))  # of whatever is one of several
_EXTRA_CHANNELS = ((0, 0), (0, 1), (4, 2), (12, 1))
_SHIFTS = ((0, 0), (0, 3), (0, 4), (3, 1))
_NAMES = ((0, 0), (4, 0), (5, 16), (10, 48))
_FILTER_CHANNELS = ((0, 1), (2, 0), (4, 3), (8, 19))
_PLACES = ((19, 0), (19, 524_288), (20, 1_048_576), (21, 2_097_152))  # in millionths
_ALPHA, _SPOT, _FILTER = 0, 2, 5
_GRAY, _XYB = 1, 2
_CUSTOM = 2
_SRGB = Colors()
_WHITES = {1: _SRGB.white, 10: (1 / 3, 1 / 3), 11: (0.314, 0.351)}
_PRIMARIES = {
    1: _SRGB.primaries,
    9: ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046)),
    11: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),
}
_CURVES: dict[int, Curve] = {1: "BT.709", 8: "linear", 13: "sRGB", 17: 2.6}


@dataclass(frozen=True)
class Header:
    """What is told of the samples."""

    depth: int = 8
    """The bits of a sample of whole numbers, 1 to 64; 0 of floats, or of what is no codestream."""
    is_lossy: bool = True
    """Whether they are coded as XYB, and so decoded into `colors`, or into linear light."""
    colors: Colors | Literal["profile", "other"] = _SRGB
    """What values mean; "profile" where an ICC profile says it, "other" for HDR and the like."""


class _Bits:
    """Numbers out of a stream of bits, of which the lowest of a byte is the first."""

    def __init__(self, content: bytes) -> None:
        self._left = int.from_bytes(content, "little")

    def number(self, count: int) -> int:
        value = self._left & ((1 << count) - 1)
        self._left >>= count
        return value

    def coded(self, ways: Sequence[tuple[int, int]]) -> int:
        """A number of one of four lengths (`U32`)."""
        bits, offset = ways[self.number(2)]
        return self.number(bits) + offset

    def place(self) -> tuple[float, float]:
        """Of a color in the plane of x and y (`Customxy`)."""
        x, y = ((n >> 1) ^ -(n & 1) for n in (self.coded(_PLACES), self.coded(_PLACES)))
        return x / 1e6, y / 1e6


def read_header(codestream: bytes) -> Header:
    """Of a file's codestream, or its beginning.

    Parameters
    ----------
    codestream
        What is none gives the depth 0.
    """
    if codestream[:2] != _SIGNATURE:
        return Header(depth=0)
    bits = _Bits(codestream[2:_HEAD])
    _pass_size(bits)
    if bits.number(1):  # all of what follows is as usual
        return Header()
    if bits.number(1):
        bits.number(3)  # orientation
        if bits.number(1):
            _pass_size(bits)  # at which it is meant to be shown
        if bits.number(1):
            _pass_preview(bits)
        if bits.number(1):
            for ways in (_TICKS, _TICK_PARTS, _LOOPS):
                bits.coded(ways)
            bits.number(1)
    depth = _depth(bits)
    bits.number(1)  # whether 16 bits are enough to work with
    for _ in range(bits.coded(_EXTRA_CHANNELS)):
        _pass_extra_channel(bits)
    return replace(_colors(bits), depth=depth)


def _depth(bits: _Bits) -> int:
    if not bits.number(1):
        return bits.coded(_DEPTHS)
    bits.coded(_FLOAT_DEPTHS)
    bits.number(4)  # the exponent's
    return 0


def _colors(bits: _Bits) -> Header:
    """Whether they are coded as XYB, and what they are (`ColourEncoding`)."""
    is_lossy = bool(bits.number(1))
    if bits.number(1):
        return Header(is_lossy=is_lossy)
    has_profile = bits.number(1)
    space = bits.coded(_CODES)
    if has_profile:
        return Header(is_lossy=is_lossy, colors="profile")
    if space >= _XYB:
        return Header(is_lossy=is_lossy, colors="other")
    code = bits.coded(_CODES)
    white = bits.place() if code == _CUSTOM else _WHITES.get(code)
    code = 1 if space == _GRAY else bits.coded(_CODES)
    own = code == _CUSTOM
    primaries = (bits.place(), bits.place(), bits.place()) if own else _PRIMARIES.get(code)
    curve: Curve | None
    if bits.number(1):
        power = bits.number(24)
        curve = 1e7 / power if power else None
    else:
        curve = _CURVES.get(bits.coded(_CODES))
    if white is None or primaries is None or curve is None:
        return Header(is_lossy=is_lossy, colors="other")
    colors = Colors(is_gray=space == _GRAY, white=white, primaries=primaries, curve=curve)
    return Header(is_lossy=is_lossy, colors=colors)


def _pass_extra_channel(bits: _Bits) -> None:
    if bits.number(1):
        return
    kind = bits.coded(_CODES)
    _depth(bits)
    bits.coded(_SHIFTS)
    bits.number(8 * bits.coded(_NAMES))
    if kind == _ALPHA:
        bits.number(1)  # whether colors were multiplied by it
    elif kind == _SPOT:
        bits.number(4 * 16)
    elif kind == _FILTER:
        bits.coded(_FILTER_CHANNELS)


def _pass_size(bits: _Bits) -> None:
    """Of the picture, whose width may be a ratio of its height."""
    in_blocks = bits.number(1)
    for is_width in (False, True):
        if is_width and bits.number(3):
            return
        if in_blocks:
            bits.number(5)
        else:
            bits.coded(_SIZES)


def _pass_preview(bits: _Bits) -> None:
    ways = _PREVIEW_BLOCKS if bits.number(1) else _PREVIEW_PIXELS
    for is_width in (False, True):
        if is_width and bits.number(3):
            return
        bits.coded(ways)
