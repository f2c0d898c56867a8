"""A film file: what it is, and its frames one after the other, as planes of luma.

What is damaged is told with its time, and what can be decoded is given all the same.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from colorear.errors import VideoError, translated
from colorear.video import ffmpeg
from colorear.video.luma import Layout, layout_of, luma_of

if TYPE_CHECKING:
    from av import VideoFrame
    from av.container import InputContainer
    from av.packet import Packet
    from av.video.stream import VideoStream

__all__ = ["Facts", "Film", "Picture", "Report", "read_facts"]

_SHORT = 0.5  # seconds that a film may end before its header says without being called cut short
_IDENTITY = (65536, 0, 0, 0, 65536, 0, 0, 0, 1 << 30)  # a display matrix that turns nothing
_TRANSPARENT = {"ya8", "rgba", "bgra", "argb", "abgr", "gbrap", "yuva420p", "yuva444p", "yuva422p"}
_PROBED = 1000  # packets that may pass before the first frame


class Picture(NamedTuple):
    """One frame."""

    time: int
    """When it is shown, in units of the film's `time_base`."""
    luma: NDArray[Any]
    """`(h, w)` uint8 or uint16: its own values, as the file has them."""
    duration: int
    """In the same units; 0 where the file does not tell."""


@dataclass(frozen=True)
class Facts:
    """What a film is."""

    path: Path
    container: str
    """FFmpeg's names for the format, separated by commas."""
    codec: str
    """FFmpeg's name for the format of the pictures, such as `h264`."""
    layout: Layout
    width: int
    height: int
    rotation: int
    """By how many degrees, counter-clockwise, its pictures are turned to be seen upright."""
    matrix: tuple[int, ...] | None
    """That and mirroring as containers say it; None where nothing is turned."""
    aspect: Fraction
    """Width of a pixel by its height."""
    time_base: Fraction
    """Seconds."""
    rate: Fraction
    """Pictures a second, on average."""
    start: Fraction
    """Seconds: when the first stream begins, by the file's own clock."""
    seconds: float
    """How long it is, as the file says; 0 where it does not."""
    field_order: int
    """FFmpeg's number: 2 and 4 have the top field first, 3 and 5 the bottom one, else it is
    progressive."""
    primaries: int
    transfer: int
    metadata: dict[str, str] = field(default_factory=dict)
    lost: tuple[str, ...] = ()
    """What its pictures have that the colored ones do not, in words."""

    @property
    def interlaced(self) -> bool:
        """Whether each frame is two pictures, of every second row."""
        return self.field_order >= 2

    @property
    def shown(self) -> tuple[int, int]:
        """Height and width as it is seen: upright, of square pixels."""
        width = max(1, round(self.width * self.aspect))
        return (width, self.height) if self.rotation % 180 else (self.height, width)


@dataclass
class Report:
    """What was wrong with a film."""

    damaged: list[tuple[float, str]] = field(default_factory=list)
    """Seconds from its start, and what FFmpeg says, one for each damaged packet."""
    ends_early: tuple[float, float] | None = None
    """Where it ends and where its header says that it does, in seconds from its start."""


class Film:
    """The frames of a film, in the order in which they are shown.

    Raises VideoError where the file cannot be opened or has no pictures.
    """

    def __init__(self, path: str | Path) -> None:
        self.facts = read_facts(Path(path))
        self.report = Report()

    def pictures(self, start: int | None = None, end: int | None = None) -> Iterator[Picture]:
        """Those from time `start` on and before `end`, in the film's units; `report` is filled.

        One that does not tell its time comes after the one before it by the average rate.
        """
        last = None
        for seek in (False,) if start is None else (True, False):
            with translated(VideoError, f"'{self.facts.path}'"), _opened(self.facts.path) as file:
                stream = file.streams.video[_first(file)]
                stream.thread_count = 1  # what is said belongs to the packet that went in
                if seek and not _sought(file, stream, start or 0):
                    continue
                found = self._decoded(file, stream, start)
                first = next(found, None)
                if seek and (first is None or first.time > (start or 0)):
                    continue  # its index leads astray: read it from its beginning
                for picture in chain(() if first is None else (first,), found):
                    if end is not None and picture.time >= end:
                        return
                    last = picture
                    if start is None or picture.time >= start:
                        yield picture
            break
        self._check_end(last)

    def seconds(self, time: int) -> float:
        """From its start, of a time in its own units."""
        return float(time * self.facts.time_base - self.facts.start)

    def time(self, seconds: float) -> int:
        """The reverse, rounded up."""
        exact = (Fraction(seconds).limit_denominator(1_000_000) + self.facts.start) / (
            self.facts.time_base
        )
        return -int(-exact // 1)

    def _decoded(
        self, file: "InputContainer", stream: "VideoStream", start: int | None
    ) -> Iterator[Picture]:
        step = max(1, round(1 / (self.facts.rate * self.facts.time_base)))
        expected, goes_on = None, True
        packets = file.demux(stream)
        while goes_on:
            at, frames, wrong, goes_on = _next_frames(packets, stream)
            at = expected if at is None else at
            if wrong and (start is None or at is None or at >= start):
                self.report.damaged.append((self.seconds(at) if at is not None else 0.0, wrong))
            for frame in frames:
                time = frame.pts if frame.pts is not None else expected or 0
                if expected is not None and time + step < expected:
                    continue  # time does not go back: a remnant of a damaged place
                expected = time + (frame.duration or step)
                yield Picture(time, luma_of(frame, self.facts.layout), frame.duration or 0)

    def _check_end(self, last: Picture | None) -> None:
        if last is None or not self.facts.seconds:
            return
        ends = self.seconds(last.time) + float(1 / self.facts.rate)
        if ends < self.facts.seconds - max(_SHORT, 2 / float(self.facts.rate)):
            self.report.ends_early = ends, self.facts.seconds


def read_facts(path: Path) -> Facts:
    """What the film in a file is. Raises VideoError."""
    with (
        translated(VideoError, f"'{path}'"),
        ffmpeg.captured(),
        _opened(path) as file,
    ):
        number = _first(file)
        stream = file.streams.video[number]
        frame = _first_frame(file, stream)
        if frame is None:
            raise VideoError(
                f"'{path}' has no picture that can be decoded; use an intact copy of it"
            )
        context = stream.codec_context
        order = context.field_order
        if order < 2 and frame.interlaced_frame:
            order = 2
        matrix = _matrix(frame)
        return Facts(
            path=path,
            container=file.format.name,
            codec=context.codec.canonical_name,
            layout=layout_of(frame, context.codec.canonical_name),
            width=frame.width,
            height=frame.height,
            rotation=frame.rotation % 360 if matrix else 0,
            matrix=matrix,
            aspect=stream.sample_aspect_ratio or Fraction(1),
            time_base=stream.time_base or Fraction(1, 1000),
            rate=stream.average_rate or stream.guessed_rate or Fraction(25),
            start=Fraction(file.start_time or 0, 1_000_000),
            seconds=(file.duration or 0) / 1_000_000,
            field_order=order if order >= 2 else 1,
            primaries=frame.color_primaries,
            transfer=frame.color_trc,
            metadata=dict(file.metadata),
            lost=("transparency",) if frame.format.name in _TRANSPARENT else (),
        )


def _opened(path: Path) -> "InputContainer":
    import av

    if path.is_dir():
        raise VideoError(f"'{path}' is a folder; name a film in it")
    if not path.exists():
        raise VideoError(f"'{path}' does not exist; check the name")
    # a local file, whatever its name looks like
    return av.open(f"file:{path}", metadata_errors="replace")


def _first(file: "InputContainer") -> int:
    """Which of the video streams is the film: not a picture of its cover."""
    from av.stream import Disposition

    for number, stream in enumerate(file.streams.video):
        if not stream.disposition & Disposition.attached_pic and stream.codec_context is not None:
            return number
    kinds = ", ".join(sorted({stream.type for stream in file.streams})) or "nothing"
    raise VideoError(
        f"'{file.name.removeprefix('file:')}' has no moving pictures (it holds {kinds}); "
        "name a film"
    )


def _sought(file: "InputContainer", stream: "VideoStream", start: int) -> bool:
    from av.error import FFmpegError

    try:
        file.seek(start, stream=stream)
    except FFmpegError:
        return False
    return True


def _next_frames(
    packets: "Iterator[Packet[VideoStream]]", stream: "VideoStream"
) -> "tuple[int | None, list[VideoFrame], str, bool]":
    """Time of the next packet, its frames, what was wrong with it, and whether more come."""
    from av.error import FFmpegError

    packet, wrong, goes_on = None, "", True
    frames: list[VideoFrame] = []
    with ffmpeg.captured() as said:
        try:
            packet = next(packets, None)
            if packet is not None:
                frames = packet.decode()
        except FFmpegError as error:
            wrong = error.strerror or type(error).__name__
            if packet is None:  # the file cannot be read on; what the decoder holds is still good
                with suppress(FFmpegError):
                    frames = stream.decode(None)
    goes_on = packet is not None
    if packet is not None and packet.is_corrupt:
        wrong = wrong or "the container says that it is corrupt"
    if any(frame.is_corrupt for frame in frames):
        wrong = wrong or "the decoder says that it is corrupt"
    if said:
        wrong = said[0][2].strip().rstrip(".")
    return (packet.pts if packet is not None else None), frames, wrong, goes_on


def _first_frame(file: "InputContainer", stream: "VideoStream") -> "VideoFrame | None":
    from av.error import FFmpegError

    for packet in islice(file.demux(stream), _PROBED):
        with suppress(FFmpegError):  # a damaged beginning
            for frame in packet.decode():
                return frame
    return None


def _matrix(frame: "VideoFrame") -> tuple[int, ...] | None:
    from av.sidedata.sidedata import Type

    side: Any = frame.side_data  # whose type stub knows only one kind
    if Type.DISPLAYMATRIX not in [data.type for data in side.values()]:
        return None
    data = side[Type.DISPLAYMATRIX]
    matrix = tuple(int(value) for value in np.frombuffer(bytes(data), "<i4"))
    return None if matrix == _IDENTITY else matrix
