"""Which encoder, with which settings, and frames put into it plane by plane."""

import itertools
import os
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from colorear.errors import UsageError
from colorear.video.film import Facts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from av import Packet, VideoFrame
    from av.container import OutputContainer
    from av.video.stream import VideoStream

__all__ = ["CONTAINERS", "Codec", "Encoder", "Encoding", "add_stream", "choose"]

Codec = Literal["h264", "h265", "av1", "ffv1"]

CONTAINERS: dict[str, str] = {
    ".mkv": "matroska",
    ".mp4": "mp4",
    ".m4v": "mp4",
    ".mov": "mov",
    ".webm": "webm",
    ".nut": "nut",
}
"""Endings of names, and FFmpeg's containers for them: those that keep the time of each frame."""


@dataclass(frozen=True)
class _Kind:
    library: str
    """FFmpeg's name of the encoder."""
    bits: tuple[int, ...]
    usual: int
    """Quality without a wish: its constant rate factor."""
    worst: int
    subsamplings: tuple[tuple[int, int], ...]
    odd_sizes: bool
    """Whether halved chroma may belong to an odd number of luma pixels."""
    interlaced: bool
    containers: tuple[str, ...]


_ALL = ((2, 2), (2, 1), (1, 1))
_MP4 = ("mp4", "mov", "matroska", "nut")
_KINDS: dict[Codec, _Kind] = {
    "h264": _Kind("libx264", (8, 10), 17, 51, _ALL, False, True, _MP4),
    "h265": _Kind("libx265", (8, 10, 12), 19, 51, _ALL, False, False, _MP4),
    "av1": _Kind("libsvtav1", (8, 10), 24, 63, _ALL[:1], False, False, ("webm", *_MP4)),
    "ffv1": _Kind(
        "ffv1",
        (8, 9, 10, 12, 14, 16),
        0,
        0,
        (*_ALL, (1, 2), (4, 1), (4, 4)),
        True,
        True,
        ("matroska", "mp4", "nut"),
    ),
}
_NAMES: dict[str, Codec] = {"h264": "h264", "hevc": "h265", "av1": "av1", "ffv1": "ffv1"}
_PLANES = {(2, 2): "420", (2, 1): "422", (1, 1): "444", (1, 2): "440", (4, 1): "411", (4, 4): "410"}
_RATES = 120  # frames a second beyond which a film's rate is taken for that of its clock


@dataclass(frozen=True)
class Encoding:
    """How a film is encoded."""

    codec: Codec
    quality: int
    """The encoder's constant rate factor: the smaller the better; 0 is lossless but for AV1."""
    container: str
    """FFmpeg's name of it."""
    format: str
    """FFmpeg's name of the pixel format."""
    subsampling: tuple[int, int]
    facts: Facts

    @property
    def lossless(self) -> bool:
        """Whether what is decoded equals what went in."""
        return self.codec == "ffv1" or (self.quality == 0 and self.codec in ("h264", "h265"))

    @property
    def library(self) -> str:
        """FFmpeg's name of the encoder."""
        return _KINDS[self.codec].library


def choose(facts: Facts, target: Path, codec: Codec | None, quality: int | None) -> Encoding:
    """The encoding for a film and the file that it goes to.

    Without a `codec` it is the film's own where that is one of the four, else H.264, or FFV1 where
    a value has too many bits for it. Raises UsageError where it cannot be had.
    """
    container = CONTAINERS.get(target.suffix.lower())
    if container is None:
        raise UsageError(
            f"'{target}' ends in {target.suffix or 'nothing'}, but one of "
            f"{', '.join(CONTAINERS)} is needed, which keep the time of every frame"
        )
    name = codec or _usual(facts, container)
    kind = _KINDS[name]
    _check(facts, name, container, quality)
    bits = facts.layout.bits
    subsampling = facts.layout.subsampling
    if subsampling not in kind.subsamplings:
        subsampling = kind.subsamplings[0]
    odd = facts.width % subsampling[0] or facts.height % subsampling[1]
    if odd and not kind.odd_sizes:
        if (1, 1) not in kind.subsamplings:
            raise UsageError(
                f"'{facts.path}' has {facts.width} x {facts.height} pixels, but {name} takes even "
                "numbers of them only; choose another --codec"
            )
        subsampling = (1, 1)
    return Encoding(
        codec=name,
        quality=kind.usual if quality is None else quality,
        container=container,
        format=f"yuv{_PLANES[subsampling]}p" + ("" if bits == 8 else f"{bits}le"),
        subsampling=subsampling,
        facts=facts,
    )


def _usual(facts: Facts, container: str) -> Codec:
    own = _NAMES.get(facts.codec)
    wanted: list[Codec] = [*([own] if own else []), "h264", "av1", "h265", "ffv1"]
    for name in wanted:
        kind = _KINDS[name]
        fits = facts.layout.bits in kind.bits and (kind.interlaced or not facts.interlaced)
        if fits and container in kind.containers:
            return name
    return wanted[0]  # of which `_check` says why it cannot be


def _check(facts: Facts, codec: Codec, container: str, quality: int | None) -> None:
    import av

    kind = _KINDS[codec]
    if kind.library not in av.codecs_available:
        raise UsageError(
            f"this PyAV has no encoder for {codec} ({kind.library}); install PyAV's own wheel "
            "(pip install --force-reinstall av), or choose another --codec"
        )
    if container not in kind.containers:
        raise UsageError(
            f"{codec} does not go into a file of the kind {container}; "
            f"name one of the kind {', '.join(kind.containers)}, or choose another --codec"
        )
    if facts.layout.bits not in kind.bits:
        raise UsageError(
            f"'{facts.path}' has {facts.layout.bits} bits a value, but {codec} takes "
            f"{', '.join(map(str, kind.bits))}; choose another --codec (ffv1 takes all)"
        )
    if facts.interlaced and not kind.interlaced:
        raise UsageError(
            f"'{facts.path}' is interlaced, which {codec} cannot keep; "
            "choose --codec h264 or ffv1, or deinterlace it first"
        )
    if quality is not None and not 0 <= quality <= kind.worst:
        raise UsageError(
            f"a quality of {quality} came, but for {codec} one from 0 (the best) to {kind.worst} "
            "is needed"
        )


def add_stream(file: "OutputContainer", encoding: Encoding) -> "VideoStream":
    """A new stream for what `Encoder` makes, with all that the container says of the pictures."""
    from av.codec.context import Flags

    facts = encoding.facts
    rate = facts.rate if 0 < facts.rate <= _RATES else Fraction(25)
    stream: Any = file.add_stream(encoding.library, rate=rate)
    context = stream.codec_context
    context.width, context.height = facts.width, facts.height
    context.pix_fmt = encoding.format
    context.time_base = facts.time_base
    context.sample_aspect_ratio = facts.aspect
    context.color_range = 2 if facts.layout.full_range else 1
    context.colorspace = facts.layout.matrix
    context.color_primaries = facts.primaries
    context.color_trc = facts.transfer
    context.thread_count = 0
    options = _options(encoding)
    if facts.interlaced:
        context.field_order = facts.field_order
        if encoding.codec == "h264":
            context.flags |= Flags.interlaced_dct | Flags.interlaced_me
            top = facts.field_order in (2, 4)
            options["x264-params"] = f"{'tff' if top else 'bff'}=1:weightp=0"
    stream.options = options
    if facts.matrix:
        stream.set_display_matrix(facts.matrix)
    added: VideoStream = stream
    return added


def _options(encoding: Encoding) -> dict[str, str]:
    quality = str(encoding.quality)
    match encoding.codec:
        case "h264":
            return {"preset": "medium"} | ({"qp": "0"} if encoding.lossless else {"crf": quality})
        case "h265":
            lossless = ":lossless=1" if encoding.lossless else ""
            # its info lines would go to standard error, past FFmpeg's log
            return {"preset": "medium", "crf": quality, "x265-params": f"log-level=none{lossless}"}
        case "av1":
            os.environ.setdefault("SVT_LOG", "1")  # likewise: errors only
            return {"preset": "8", "crf": quality}
        case "ffv1":
            return {"level": "3", "slicecrc": "1", "slices": "4"}


class Encoder:
    """Encodes pictures into a file of their own, `path`, whose packets are joined later.

    The file is NUT, which keeps every time and every byte as the encoder gives them.
    """

    def __init__(self, path: Path, encoding: Encoding) -> None:
        import av

        self._encoding = encoding
        self._file = av.open(
            f"file:{path}", "w", format="nut", options={"avoid_negative_ts": "disabled"}
        )
        self._stream = add_stream(self._file, encoding)
        self._shaped = _shaper(encoding)

    def __call__(self, time: int, duration: int, luma: NDArray[Any], chroma: NDArray[Any]) -> None:
        """Encode one: `(h, w)` and `(2, h', w')`, at a time of the film's own clock."""
        import av

        facts = self._encoding.facts
        frame = av.VideoFrame(facts.width, facts.height, self._encoding.format)
        for number, plane in enumerate((luma, *chroma)):
            _fill(frame, number, plane)
        frame.pts, frame.time_base, frame.duration = time, facts.time_base, duration
        frame.color_range = 2 if facts.layout.full_range else 1
        frame.colorspace = facts.layout.matrix
        for shaped in self._shaped(frame):
            self._mux(self._stream.encode(shaped))

    def close(self) -> None:
        """Finish the file."""
        self._mux(self._stream.encode(None))
        self._file.close()

    def abandon(self) -> None:
        """Close it as it is."""
        self._file.close()

    def _mux(self, packets: "list[Packet[Any]]") -> None:
        for packet in packets:
            self._file.mux(packet)


def _fill(frame: "VideoFrame", number: int, values: NDArray[Any]) -> None:
    """Copy a plane row by row: FFmpeg's rows are longer than the picture is wide."""
    plane = frame.planes[number]
    there = np.frombuffer(memoryview(plane), values.dtype)
    stride = plane.line_size // values.itemsize
    height, width = values.shape
    there[: height * stride].reshape(height, stride)[:, :width] = values


def _shaper(encoding: Encoding) -> "Callable[[VideoFrame], Iterator[VideoFrame]]":
    """Gives frames what PyAV has no name for: the shape of a pixel, and which field is first.

    FFV1 takes both from the frame, and Matroska gets the shape of a pixel from nowhere else.
    """
    import av

    facts = encoding.facts
    if encoding.codec != "ffv1" or (facts.aspect == 1 and not facts.interlaced):
        return lambda frame: iter((frame,))
    graph = av.filter.Graph()
    steps = [
        graph.add_buffer(
            width=facts.width,
            height=facts.height,
            format=av.VideoFormat(encoding.format),
            time_base=facts.time_base,
        ),
        graph.add("setsar", f"{facts.aspect.numerator}/{facts.aspect.denominator}"),
    ]
    if facts.interlaced:
        steps.append(graph.add("setfield", "tff" if facts.field_order in (2, 4) else "bff"))
    steps.append(graph.add("buffersink"))
    for here, there in itertools.pairwise(steps):
        here.link_to(there)
    graph.configure()

    def shaped(frame: "VideoFrame") -> "Iterator[VideoFrame]":
        graph.push(frame)
        found: Any = graph.pull()
        found.pict_type = 0
        yield found

    return shaped
