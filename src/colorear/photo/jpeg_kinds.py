"""JPEGs whose luma cannot be kept as it is coded: of CMYK, of RGB, of 12 bits.

Clauses are those of ITU-T T.81.
"""

from collections.abc import Callable
from typing import Literal

__all__ = ["JpegKind", "Read", "kind_of_jpeg"]

JpegKind = Literal["CMYK JPEG", "RGB JPEG", "12-bit JPEG"]
Read = Callable[[int, int], bytes]
"""What gives so many bytes of a file from a place on, or fewer where it ends."""

_FRAMES = (0xC0, 0xC1, 0xC2)  # Huffman-coded, table B.1; others are refused
_APP0, _APP14, _SOS, _EOI = 0xE0, 0xEE, 0xDA, 0xD9
_MOST = 1000  # segments before the frame, of which photographs have some twenty


def kind_of_jpeg(read: Read) -> JpegKind | None:
    """Which of them a JPEG is; None for all others, and where its frame is not found."""
    at, has_jfif, transform = 2, False, -1
    for _ in range(_MOST):
        head = read(at, 32)
        while head[:2] == b"\xff\xff":  # fill bytes, B.1.1.2
            at, head = at + 1, head[1:]
        if len(head) < 4 or head[0] != 0xFF or head[1] in (_SOS, _EOI):
            return None
        marker, size = head[1], int.from_bytes(head[2:4], "big")
        if marker in _FRAMES:
            return _kind_of_frame(head[4:], has_jfif=has_jfif, transform=transform)
        has_jfif |= marker == _APP0 and head[4:9] == b"JFIF\0"
        if marker == _APP14 and head[4:9] == b"Adobe" and len(head) > 15:
            transform = head[15]
        at += 2 + size
    return None


def _kind_of_frame(frame: bytes, *, has_jfif: bool, transform: int) -> JpegKind | None:
    """By its header (B.2.2), and as libjpeg decides what three components are (jdapimin.c)."""
    precision, count, names = frame[:1], frame[5:6], frame[6:15:3]
    if precision == b"\x0c":
        return "12-bit JPEG"
    if precision != b"\x08":
        return None
    if count == b"\4":
        return "CMYK JPEG"
    is_rgb = transform == 0 if transform >= 0 else names == b"RGB"
    return "RGB JPEG" if count == b"\3" and is_rgb and not has_jfif else None
