"""How many bits the samples of a JPEG XL have, from the first bits of its codestream.

Decoders give samples of 10 or 12 bits in words of 16, some spread over these and some as they are.
The field's names and codes are those of ISO/IEC 18181-1, annex D (libjxl's `image_metadata.h`).
"""

from collections.abc import Sequence

__all__ = ["depth_of_jpeg_xl"]

_SIGNATURE = b"\xff\x0a"
_HEAD = 64  # bytes: more than all fields before the depth take
_SIZES = ((9, 1), (13, 1), (18, 1), (30, 1))  # bits, and what is added to them
_PREVIEW_BLOCKS = ((0, 16), (0, 32), (5, 1), (9, 33))
_PREVIEW_PIXELS = ((6, 1), (8, 65), (10, 321), (12, 1345))
_TICKS = ((0, 100), (0, 1000), (10, 1), (30, 1))  # of an animation, for a second
_TICK_PARTS = ((0, 1), (0, 1001), (8, 1), (10, 1))
_LOOPS = ((0, 0), (3, 0), (16, 0), (32, 0))
_DEPTHS = ((0, 8), (0, 10), (0, 12), (6, 1))
_DEFAULT = 8


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


def depth_of_jpeg_xl(codestream: bytes) -> int:
    """The bits of a sample of whole numbers, 1 to 64; 0 of floating-point ones, or of what is none.

    Parameters
    ----------
    codestream
        That of the file, or its beginning.
    """
    if codestream[:2] != _SIGNATURE:
        return 0
    bits = _Bits(codestream[2:_HEAD])
    _pass_size(bits)
    if bits.number(1):  # all of what follows is as usual
        return _DEFAULT
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
    return 0 if bits.number(1) else bits.coded(_DEPTHS)


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
