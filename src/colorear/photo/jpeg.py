"""A JPEG file taken apart into segments and scans, and chroma put beside its luma.

No coefficient is decoded here. In ITU-T T.81 a scan of one component is laid out alike whether or
not the frame has other components (A.2.2), so the scans of a gray file, as they are, are the luma
scans of a file in color, and two chroma components follow in scans of their own.
`jpeg_dct.interleaved` makes of that a file whose scans are in the usual order.

Clauses below are those of ITU-T T.81 (09/92).
"""

import re
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from colorear.errors import PhotographError

__all__ = [
    "CHROMA_QUALITY",
    "Component",
    "Factors",
    "Jpeg",
    "Segment",
    "about_color",
    "chroma_beside",
    "read",
    "written",
]

CHROMA_QUALITY = 90
"""The IJG quality of the chroma planes, whatever that of the luma.

Blocks show when neighbouring blocks round a slow gradient differently, so the steps of the lowest
frequencies decide. At 90 they are 2 or 3 in the table of K.1: half a step of DC (an eighth of which
is the level of the whole block) is 0.2 levels, of the first AC 0.2 to 0.3, less than the rounding
to 8 bits. A border on a slow gradient then jumps by 0.35 levels on average, at 80 by up to 1. The
file grows by a fifth.
"""

Factors = tuple[int, int]
"""How many luma samples lie across and down one chroma sample."""

_MOST_SEGMENTS = 10_000  # a hundred times as many as files have; each costs memory
_SOI, _EOI, _SOS, _DQT, _DHT, _DRI, _COM = 0xD8, 0xD9, 0xDA, 0xDB, 0xC4, 0xDD, 0xFE  # table B.1
_APP0, _APP2, _APP14, _APP15 = 0xE0, 0xE2, 0xEE, 0xEF
_SOF_SEQUENTIAL, _SOF_PROGRESSIVE = (0xC0, 0xC1), 0xC2
# the end of entropy-coded data: a marker that is no stuffed zero and no restart (B.1.1.5)
_MARKER = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")
_ICC_LABEL = b"ICC_PROFILE\0"  # ICC.1:2022 annex B.4: then number of this chunk, count of chunks
_ICC_CHUNK = 65519
_USUAL_CODE = bytes((0, 0, 1, 5, 1, 1, 1, 1, 1, 1, *bytes(7), *range(12)))  # table K.3
_ADOBE_GRAY_OR_RGB, _ADOBE_YCC = 0, 1  # ITU-T T.872, 6.5.3


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
    def factors(self) -> Factors | None:
        """How chroma is sampled; None for a gray file."""
        if len(self.components) == 1:
            return None
        luma, chroma = self.components[:2]
        return luma.across // chroma.across, luma.down // chroma.down

    @property
    def has_usual_codes(self) -> bool:
        """Whether its Huffman codes are those of annex K.3, and were not made for the picture."""
        return any(_USUAL_CODE in s.payload for s in self.segments if s.marker == _DHT)

    @property
    def restart_interval(self) -> int:
        """How many MCUs lie between two restart markers in the last scan (B.2.4.4); 0: none."""
        intervals = [s.payload for s in self.segments if s.marker == _DRI and len(s.payload) == 2]
        return int.from_bytes(intervals[-1], "big") if intervals else 0


def read(content: bytes, name: str) -> Jpeg:
    """Take a file apart, down to its scans.

    The work is linear in the size of the file, and each segment is read once.

    Parameters
    ----------
    name
        For the sentences of errors.

    Raises
    ------
    PhotographError
        Where the file is damaged, or its luma cannot be kept as it is.
    """
    segments, trailer = _segments(content, name)
    try:
        frame = next(segment for segment in segments if _is_frame(segment))
        precision, height, width, count = struct.unpack_from(">BHHB", frame.payload)
        components = tuple(
            Component(i, factors >> 4, factors & 15, table)
            for i, factors, table in struct.iter_unpack("BBB", frame.payload[6 : 6 + 3 * count])
        )
    except (StopIteration, struct.error):
        raise _damaged(name) from None
    if frame.marker not in (*_SOF_SEQUENTIAL, _SOF_PROGRESSIVE):
        raise PhotographError(
            f"'{name}' is a JPEG of a rare kind (lossless, arithmetic-coded or hierarchical), but "
            "a Huffman-coded one is needed; save it as PNG or TIFF first"
        )
    if precision != 8:
        raise PhotographError(
            f"'{name}' is a JPEG of {precision} bits, but one of 8 bits is needed; "
            "save it as TIFF of 16 bits first"
        )
    progressive = frame.marker == _SOF_PROGRESSIVE
    jpeg = Jpeg(name, width, height, progressive, components, tuple(segments), trailer)
    if problem := _no_luma(jpeg):
        raise PhotographError(f"'{name}' {problem}")
    return jpeg


def chroma_beside(jpeg: Jpeg, cb: bytes, cr: bytes, factors: Factors) -> Iterator[Segment]:
    """The coded segments of a file in color, in separate scans.

    Parameters
    ----------
    jpeg
        Of one component: `jpeg_dct.without_chroma` makes one.
    cb, cr
        Gray JPEGs of the size of the chroma, that share one quantization table, are progressive if
        `jpeg` is, and have its restart interval or none.
    factors
        How they are sampled.
    """
    planes = [read(plane, "chroma") for plane in (cb, cr)]
    slot = 0 if jpeg.components[0].table else 1  # of the chroma's quantization table
    chroma_table = Segment(_DQT, bytes([slot]) + _first_table(planes[0]))
    started = False
    for segment in jpeg.coded:
        if segment.marker == _SOS:
            if not started:
                yield chroma_table
            started = True
            yield _scan(segment, component=1)
        elif _is_frame(segment):
            yield Segment(segment.marker, _frame_of_three(jpeg, segment, factors, slot))
        else:
            yield segment
    if jpeg.restart_interval and not planes[0].restart_interval:
        yield Segment(_DRI, b"\0\0")
    for component, plane in enumerate(planes, start=2):
        for segment in plane.segments:
            if segment.marker == _SOS:
                yield _scan(segment, component=component)
            elif segment.marker == _DHT:  # B.2.4.2: it replaces the one before, for what follows
                yield segment


def about_color(jpeg: Jpeg, profile: bytes | None = None) -> Iterator[Segment]:
    """The APPn and COM segments for the file in color: all, but that Adobe's name YCbCr.

    Parameters
    ----------
    profile
        Takes the place of the ICC profile; None keeps it and b"" leaves it out.
    """
    replaced = False
    for segment in jpeg.about:
        if _is_adobe(segment):
            yield Segment(_APP14, segment.payload[:11] + bytes([_ADOBE_YCC]) + segment.payload[12:])
        elif profile is None or not _is_profile(segment):
            yield segment
        elif not replaced:
            replaced = True
            yield from _profile_segments(profile)


def written(segments: Iterable[Segment]) -> Iterator[bytes | memoryview]:
    """A file of these segments, in pieces."""
    yield bytes((0xFF, _SOI))
    for marker, payload, scan in segments:
        yield struct.pack(">BBH", 0xFF, marker, len(payload) + 2) + payload  # B.1.1.4
        yield scan
    yield bytes((0xFF, _EOI))


def _segments(content: bytes, name: str) -> tuple[list[Segment], memoryview]:
    """The segments up to the end of the picture, and what follows it."""
    view, at = memoryview(content), 2
    found: list[Segment] = []
    while match := _MARKER.search(content, at):
        marker, at = content[match.end() - 1], match.end()
        if marker == _EOI:
            return found, view[at:]
        if len(found) == _MOST_SEGMENTS:
            raise PhotographError(
                f"'{name}' is a JPEG of more than {_MOST_SEGMENTS:,} segments, which no program "
                "writes; save it anew as an ordinary JPEG"
            )
        if at + 2 > len(content):
            break
        length = int.from_bytes(content[at : at + 2], "big")
        payload, at = content[at + 2 : at + length], at + length
        scan = view[:0]
        if marker == _SOS:
            following = _MARKER.search(content, at)
            if not following:
                break
            scan, at = view[at : following.start()], following.start()
        found.append(Segment(marker, payload, scan))
    raise _damaged(name)


def _damaged(name: str) -> PhotographError:
    return PhotographError(
        f"'{name}' is a JPEG that is damaged or cut short; use an intact copy of it"
    )


def _no_luma(jpeg: Jpeg) -> str | None:
    """Why it has no luma component that could be kept, in words that follow its name."""
    if len(jpeg.components) == 1:
        return None
    if len(jpeg.components) != 3:
        return (
            "is a CMYK JPEG, but a grayscale or color (YCbCr) one is needed; "
            "convert it to RGB or grayscale first"
        )
    if _is_rgb(jpeg):
        return "is a JPEG coded as RGB, which has no luma to keep; save it as PNG or TIFF first"
    if not _divides(*jpeg.components):
        return (
            "is a JPEG with an odd chroma sampling, which few programs can read; "
            "save it as an ordinary JPEG or as PNG first"
        )
    return None


def _is_rgb(jpeg: Jpeg) -> bool:
    """Whether three components are R, G and B, as libjpeg decides it (jdapimin.c)."""
    if any(s.marker == _APP0 and s.payload[:5] == b"JFIF\0" for s in jpeg.segments):
        return False
    adobe = [segment.payload[11] for segment in jpeg.segments if _is_adobe(segment)]
    if adobe:
        return adobe[-1] == _ADOBE_GRAY_OR_RGB
    return bytes(component.identifier for component in jpeg.components) == b"RGB"


def _divides(luma: Component, cb: Component, cr: Component) -> bool:
    """Whether each chroma sample lies upon whole luma samples."""
    if cb[1:3] != cr[1:3] or not cb.across * cb.down:
        return False
    return luma.across % cb.across == 0 and luma.down % cb.down == 0


def _is_frame(segment: Segment) -> bool:
    return 0xC0 <= segment.marker <= 0xCF and segment.marker not in (_DHT, 0xC8, 0xCC)


def _is_about(segment: Segment) -> bool:
    """Whether it tells about the picture (APPn, COM) and is not part of its coding."""
    return _APP0 <= segment.marker <= _APP15 or segment.marker == _COM


def _is_adobe(segment: Segment) -> bool:
    return (
        segment.marker == _APP14 and segment.payload[:5] == b"Adobe" and len(segment.payload) >= 12
    )


def _is_profile(segment: Segment) -> bool:
    return segment.marker == _APP2 and segment.payload.startswith(_ICC_LABEL)


def _profile_segments(profile: bytes) -> Iterator[Segment]:
    chunks = [profile[at : at + _ICC_CHUNK] for at in range(0, len(profile), _ICC_CHUNK)]
    for number, chunk in enumerate(chunks, start=1):
        yield Segment(_APP2, _ICC_LABEL + bytes((number, len(chunks))) + chunk)


def _frame_of_three(jpeg: Jpeg, frame: Segment, factors: Factors, slot: int) -> bytes:
    """The frame header with chroma (B.2.2), its components numbered as JFIF wants it: 1, 2, 3."""
    across, down = factors
    luma = bytes((1, across << 4 | down, jpeg.components[0].table))
    return frame.payload[:5] + b"\3" + luma + bytes((2, 0x11, slot, 3, 0x11, slot))


def _scan(segment: Segment, *, component: int) -> Segment:
    """A scan of one component (B.2.3), given its new number."""
    return Segment(_SOS, bytes((1, component)) + segment.payload[2:], segment.scan)


def _first_table(plane: Jpeg) -> bytes:
    """The one 8-bit quantization table of a plane, in the order of the file (B.2.4.1)."""
    return next(s.payload[1:65] for s in plane.segments if s.marker == _DQT)
