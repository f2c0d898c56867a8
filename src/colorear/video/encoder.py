"""Frames put into an encoder plane by plane, and the streams that hold what comes out."""

import os
from contextlib import suppress
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from colorear.video.encoding import Encoding
from colorear.video.scheduling import scheduling_kept

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from av import Packet, VideoFrame
    from av.container import OutputContainer
    from av.video.stream import VideoStream

__all__ = ["Encoder", "add_stream"]

_SLICED = 16  # pixels of a side from which FFV1 takes it in slices
_RATES = 120  # frames a second beyond which a film's rate is taken for that of its clock


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
            facts = encoding.facts  # else it is not opened
            fits = facts.width % 2 == 0 and min(facts.width, facts.height) >= _SLICED
            sliced = {"slices": "4"} if fits else {}
            return {"level": "3", "slicecrc": "1"} | sliced


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
        with scheduling_kept():
            self._file.start_encoding()
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
        """Close it as it is; what cannot be written any more, as on a full disk, is left."""
        from av.error import FFmpegError

        with suppress(FFmpegError):
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
    for here, there in pairwise(steps):
        here.link_to(there)
    graph.configure()

    def shaped(frame: "VideoFrame") -> "Iterator[VideoFrame]":
        graph.push(frame)
        found: Any = graph.pull()
        found.pict_type = 0
        yield found

    return shaped
