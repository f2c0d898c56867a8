"""Chroma put beside the luma of a JPEG, whose coded bytes are not touched.

A grayscale JPEG already holds the luma scans that the coloured file needs: in ITU-T T.81 a scan of
one component is laid out alike whether or not the frame has other components (A.2.2). So its scans
are copied as they are and two chroma components follow in scans of their own. No luma coefficient
is decoded on the way; progressive grayscale files stay progressive and restart markers stay.

A JPEG that already has chroma interleaves it with the luma; `jpeg_dct.without_chroma` takes it
out first.

Clauses below are those of ITU-T T.81 (09/92).
"""

import re
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from colorear.errors import PhotographError

__all__ = ["CHROMA_QUALITY", "Component", "Jpeg", "Segment", "chroma_beside", "read", "written"]

CHROMA_QUALITY = 90
"""The IJG quality of the chroma planes, whatever that of the luma.

Blocks show when neighbouring blocks round a slow gradient differently, so the steps of the lowest
frequencies decide. At 90 they are 2 or 3 in the table of K.1: half a step of DC (an eighth of which
is the level of the whole block) is 0.2 levels, of the first AC 0.2 to 0.3, less than the rounding
to 8 bits. A border on a slow gradient then jumps by 0.35 levels on average, at 80 by up to 1. The
file grows by a fifth.
"""

_SOI, _EOI, _SOS, _DQT, _DHT, _DRI, _COM = 0xD8, 0xD9, 0xDA, 0xDB, 0xC4, 0xDD, 0xFE  # table B.1
_APP0, _APP2, _APP14, _APP15 = 0xE0, 0xE2, 0xEE, 0xEF
_SOF_SEQUENTIAL, _SOF_PROGRESSIVE = (0xC0, 0xC1), 0xC2
# the end of entropy-coded data: a marker that is no stuffed zero and no restart (B.1.1.5)
_MARKER = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")
_ICC_LABEL = b"ICC_PROFILE\0"  # ICC.1:2022 annex B.4: then number of this chunk, count of chunks
_ICC_CHUNK = 65519


class Segment(NamedTuple):
    """A marker, its parameters, and the entropy-coded data where it starts a scan."""

    marker: int
    payload: bytes
    scan: bytes | memoryview = b""


class Component(NamedTuple):
    """One component as the frame header describes it (B.2.2)."""

    identifier: int
    across: int
    down: int
    table: int


@dataclass(frozen=True)
class Jpeg:
    """A JPEG file taken apart."""

    name: str
    width: int
    height: int
    progressive: bool
    components: tuple[Component, ...]
    segments: tuple[Segment, ...]
    trailer: bytes | memoryview
    """What follows the picture: nothing, or something of the maker's."""

    @property
    def about(self) -> tuple[Segment, ...]:
        """The segments that tell about the picture and are not part of its coding: APPn, COM."""
        return tuple(s for s in self.segments if _is_about(s))

    @property
    def coded(self) -> tuple[Segment, ...]:
        """All other segments."""
        return tuple(s for s in self.segments if not _is_about(s))

    @property
    def chroma_factors(self) -> tuple[int, int]:
        """How many luma samples lie across and down one chroma sample; 2, 2 for grayscale."""
        if len(self.components) == 1:
            return 2, 2
        luma, chroma = self.components[:2]
        return luma.across // chroma.across, luma.down // chroma.down

    @property
    def chroma_size(self) -> tuple[int, int]:
        """Width and height of the chroma planes (A.1.1)."""
        across, down = self.chroma_factors
        return -(-self.width // across), -(-self.height // down)


def read(content: bytes, name: str) -> Jpeg:
    """Take a file apart, down to its scans; `name` is for the sentences of errors.

    Raises PhotographError where the file is damaged, or its luma cannot be kept as it is.
    """
    try:
        segments, trailer = _segments(content)
        frame = next(segment for segment in segments if _is_frame(segment))
        precision, height, width, count = struct.unpack_from(">BHHB", frame.payload)
        components = tuple(
            Component(i, factors >> 4, factors & 15, table)
            for i, factors, table in struct.iter_unpack("BBB", frame.payload[6 : 6 + 3 * count])
        )
    except (IndexError, StopIteration, struct.error):
        raise PhotographError(
            f"'{name}' is a JPEG that is damaged or cut short; use an intact copy of it"
        ) from None
    if precision != 8 or frame.marker not in (*_SOF_SEQUENTIAL, _SOF_PROGRESSIVE):
        raise PhotographError(
            f"'{name}' is a JPEG of a rare kind (12-bit, lossless, arithmetic-coded or "
            "hierarchical), but an 8-bit Huffman-coded one is needed; save it as PNG or TIFF first"
        )
    progressive = frame.marker == _SOF_PROGRESSIVE
    jpeg = Jpeg(name, width, height, progressive, components, tuple(segments), trailer)
    _check_components(jpeg)
    return jpeg


def chroma_beside(
    jpeg: Jpeg, cb: bytes, cr: bytes, profile: bytes | None = None
) -> Iterator[bytes | memoryview]:
    """The coloured file, in pieces, from what `jpeg_dct.without_chroma` gives and two gray JPEGs.

    These are Cb and Cr; they must be of `chroma_size`, share one quantisation table, and be
    progressive if `jpeg` is.
    `profile` replaces the ICC profile; None keeps it and b"" leaves it out. All other APPn and COM
    segments are copied, but that an Adobe one names YCbCr.
    """
    planes = [read(plane, "chroma") for plane in (cb, cr)]
    slot = 0 if jpeg.components[0].table else 1  # of the chroma's quantisation table
    yield from written(_about_colour(jpeg, profile), end=False)
    started = False
    for segment in jpeg.coded:
        if segment.marker == _SOS:
            if not started:
                yield _bytes(_DQT, bytes([slot]) + _table(planes[0]))
            started = True
            yield from _scan(segment, component=1)
        elif _is_frame(segment):
            yield _bytes(segment.marker, _frame_of_three(jpeg, segment, slot))
        else:
            yield _bytes(*segment[:2])
    yield _bytes(_DRI, b"\0\0")  # the planes have no restart markers (B.2.4.4)
    for component, plane in enumerate(planes, start=2):
        for segment in plane.segments:
            if segment.marker == _SOS:
                yield from _scan(segment, component=component)
            elif segment.marker == _DHT:  # B.2.4.2: it replaces the one before, for what follows
                yield _bytes(*segment[:2])
    yield bytes((0xFF, _EOI)) + jpeg.trailer


def written(segments: Iterable[Segment], *, end: bool = True) -> Iterator[bytes | memoryview]:
    """A file of these segments, in pieces; without its end marker where more is to follow."""
    yield bytes((0xFF, _SOI))
    for segment in segments:
        yield _bytes(segment.marker, segment.payload)
        yield segment.scan
    if end:
        yield bytes((0xFF, _EOI))


def _segments(content: bytes) -> tuple[list[Segment], memoryview]:
    """The segments up to the end of the picture, and what follows it; IndexError if cut short."""
    view, at = memoryview(content), 2
    found: list[Segment] = []
    while match := _MARKER.search(content, at):
        marker, at = content[match.end() - 1], match.end()
        if marker == _EOI:
            return found, view[at:]
        (length,) = struct.unpack_from(">H", content, at)
        payload, at = content[at + 2 : at + length], at + length
        scan = view[:0]
        if marker == _SOS:
            following = _MARKER.search(content, at)
            if not following:
                break
            scan, at = view[at : following.start()], following.start()
        found.append(Segment(marker, payload, scan))
    raise IndexError(at)


def _check_components(jpeg: Jpeg) -> None:
    """Refuse what has no luma component, as libjpeg decides it (jdapimin.c), or an odd sampling."""
    count = len(jpeg.components)
    if count == 1:
        return
    if count != 3:
        raise PhotographError(
            f"'{jpeg.name}' is a CMYK JPEG, but a grayscale or colour (YCbCr) one is needed; "
            "convert it to RGB or grayscale first"
        )
    identifiers = bytes(component.identifier for component in jpeg.components)
    adobe = next((s.payload for s in jpeg.segments if _is_adobe(s)), None)
    if not any(s.marker == _APP0 and s.payload[:5] == b"JFIF\0" for s in jpeg.segments) and (
        adobe[11] == 0 if adobe else identifiers == b"RGB"
    ):
        raise PhotographError(
            f"'{jpeg.name}' is a JPEG coded as RGB, which has no luma to keep; "
            "save it as PNG or TIFF first"
        )
    luma, cb, cr = jpeg.components
    if (
        cb[1:3] != cr[1:3]
        or not cb.across * cb.down
        or luma.across % cb.across
        or luma.down % cb.down
    ):
        raise PhotographError(
            f"'{jpeg.name}' is a JPEG with an odd chroma sampling, which few programs can read; "
            "save it as an ordinary JPEG or as PNG first"
        )


def _is_frame(segment: Segment) -> bool:
    return 0xC0 <= segment.marker <= 0xCF and segment.marker not in (_DHT, 0xC8, 0xCC)


def _is_about(segment: Segment) -> bool:
    """Whether it tells about the picture (APPn, COM) and is not part of its coding."""
    return _APP0 <= segment.marker <= _APP15 or segment.marker == _COM


def _is_adobe(segment: Segment) -> bool:
    return (
        segment.marker == _APP14 and segment.payload[:5] == b"Adobe" and len(segment.payload) >= 12
    )


def _about_colour(jpeg: Jpeg, profile: bytes | None) -> Iterator[Segment]:
    """The APPn and COM segments of the coloured file."""
    about = jpeg.about
    is_profile = [s.marker == _APP2 and s.payload.startswith(_ICC_LABEL) for s in about]
    for i, segment in enumerate(about):
        if _is_adobe(segment):  # its last byte is 0 for grey and 1 for YCbCr (T.872, 6.5.3)
            yield Segment(_APP14, segment.payload[:11] + b"\1" + segment.payload[12:])
        elif profile is None or not is_profile[i]:
            yield segment
        elif not any(is_profile[:i]):
            chunks = [profile[at : at + _ICC_CHUNK] for at in range(0, len(profile), _ICC_CHUNK)]
            for number, chunk in enumerate(chunks, start=1):
                yield Segment(_APP2, _ICC_LABEL + bytes((number, len(chunks))) + chunk)


def _frame_of_three(jpeg: Jpeg, frame: Segment, slot: int) -> bytes:
    """The frame header with chroma (B.2.2), its components numbered as JFIF wants it: 1, 2, 3."""
    table = jpeg.components[0].table
    across, down = jpeg.chroma_factors
    luma = bytes((1, across << 4 | down, table))
    return frame.payload[:5] + b"\3" + luma + bytes((2, 0x11, slot, 3, 0x11, slot))


def _scan(segment: Segment, *, component: int) -> Iterator[bytes | memoryview]:
    """A scan of one component (B.2.3), given its new number."""
    yield _bytes(_SOS, bytes((1, component)) + segment.payload[2:])
    yield segment.scan


def _table(plane: Jpeg) -> bytes:
    """The one 8-bit quantisation table of a plane, in the order of the file (B.2.4.1)."""
    return next(s.payload[1:65] for s in plane.segments if s.marker == _DQT)


def _bytes(marker: int, payload: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(payload) + 2) + payload
