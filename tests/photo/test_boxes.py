"""Where AVIF and HEIC tell the colors of their main picture, of those that they hold."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from colorear.photo.boxes import boxes, color_codes


def box(kind: bytes, *inner: bytes) -> bytes:
    return struct.pack(">I", 8 + sum(map(len, inner))) + kind + b"".join(inner)


def nclx(primaries: int, transfer: int) -> bytes:
    return box(b"colr", b"nclx", struct.pack(">HHHB", primaries, transfer, 6, 128))


def heif(wide: bool, large: bool, main: int = 3) -> bytes:
    """Item 2 is HDR, item 3 linear P3."""
    number, place = ("I" if large else "H"), ("H" if wide else "B")
    essential = 0x8000 if wide else 0x80
    told = b"".join(
        struct.pack(f">{number}B2{place}", item, 2, 1, colors | essential)
        for item, colors in ((2, 2), (3, 3))
    )
    return box(b"ftyp", b"avif") + box(
        b"meta",
        bytes(4),
        box(b"pitm", bytes(4), struct.pack(">H", main)),
        box(
            b"iprp",
            box(b"ipco", box(b"ispe", bytes(12)), nclx(9, 16), nclx(12, 8)),
            box(b"ipma", bytes([large, 0, 0, wide]), struct.pack(">I", 2), told),
        ),
    )


@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize("large", [False, True])
def test_those_of_the_main_picture(wide, large):
    assert color_codes(heif(wide, large)) == (12, 8)
    assert color_codes(heif(wide, large, main=2)) == (9, 16)
    assert color_codes(heif(wide, large, main=7)) == (2, 2)


def test_nothing_told():
    assert color_codes(b"") == (2, 2)
    assert color_codes(box(b"ftyp", b"avif")) == (2, 2)


@given(st.binary(max_size=40), st.integers(0, 180))
def test_damage_is_nothing_told(noise, at):
    content = bytearray(heif(wide=False, large=False))
    content[at : at + len(noise)] = noise
    assert len(color_codes(bytes(content))) == 2
    list(boxes(bytes(content)))
