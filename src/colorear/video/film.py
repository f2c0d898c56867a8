"""The frames of a film one after the other, as planes of luma.

What is damaged is told with its time, and what can be decoded is given all the same.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from numpy.typing import NDArray

from colorear.errors import VideoError, translated
from colorear.video import ffmpeg
from colorear.video.facts import film_stream, open_film, read_facts
from colorear.video.luma import has_color, luma_of

if TYPE_CHECKING:
    from av import VideoFrame
    from av.container import InputContainer
    from av.packet import Packet
    from av.video.stream import VideoStream

__all__ = ["Film", "Picture", "Report"]

_LOOKED_AT = 12  # frames from one that is looked at for color to the next
_SHORT = 0.5  # seconds that a film may end before its header says without being called cut short


class Picture(NamedTuple):
    """One frame."""

    time: int
    """When it is shown, in units of the film's `time_base`."""
    luma: NDArray[Any]
    """`(h, w)` uint8 or uint16: its own values, as the file has them."""
    duration: int
    """In the same units; 0 where the file does not tell."""


@dataclass
class Report:
    """What was wrong with a film."""

    damaged: list[tuple[float, str]] = field(default_factory=list)
    """Seconds from its start, and what FFmpeg says, one for each damaged packet."""
    ends_early: tuple[float, float] | None = None
    """Where it ends and where its header says that it does, in seconds from its start."""
    in_color: bool = False
    """Whether a picture has color already."""


class Film:
    """The frames of a film, in the order in which they are shown.

    Raises VideoError where the file cannot be opened or has no pictures.
    """

    def __init__(self, path: str | Path) -> None:
        self.facts = read_facts(Path(path))
        self.report = Report()

    def pictures(self, start: int | None = None, end: int | None = None) -> Iterator[Picture]:
        """Those from time `start` on and before `end`, in the film's units; `report` is filled.

        One that does not tell its time comes after the one before it by the average rate, and so
        do all where the file tells but when they are decoded.
        """
        last = None
        for seek in (False,) if start is None or self.facts.counted else (True, False):
            with translated(VideoError, f"'{self.facts.path}'"), open_film(self.facts.path) as file:
                stream = film_stream(file)
                stream.thread_count = 1  # what is said belongs to the packet that went in
                if seek and not _sought(file, stream, start or 0):
                    continue
                found = self._decoded(file, stream, start)
                first = next(found, None)
                if seek and (first is None or first.time > (start or 0)):
                    self.report.damaged.clear()
                    continue  # its index leads astray: read it from its beginning
                for picture in chain(() if first is None else (first,), found):
                    if end is not None and picture.time >= end:
                        return
                    last = picture
                    if start is None or picture.time >= start:
                        yield picture
            break
        self._check_end(last)

    def count(self, start: float, end: float | None) -> int:
        """About how many pictures are between two times, in seconds; 0 where nobody knows."""
        last = self.facts.seconds if end is None else min(end, self.facts.seconds)
        return max(0, round((last - start) * float(self.facts.rate)))

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
        exact = 1 / (self.facts.rate * self.facts.time_base)
        step = max(1, round(exact))
        last, expected, goes_on, number = None, None, True, 0
        first = round(self.facts.start / self.facts.time_base)
        packets = file.demux(stream)
        while goes_on:
            at, frames, wrong, goes_on = _next_frames(packets, stream)
            at = expected if at is None else at
            if wrong and (start is None or at is None or at >= start):
                self.report.damaged.append((self.seconds(at) if at is not None else 0.0, wrong))
            for frame in frames:
                time = frame.pts if frame.pts is not None else expected or 0
                if self.facts.counted:
                    time = first + round(number * exact)
                if number % _LOOKED_AT == 0 and not self.report.in_color:
                    self.report.in_color = has_color(frame, self.facts.layout)
                number += 1
                if last is not None and time <= last:
                    time = last + 1  # encoders and players want time to go on
                last, expected = time, time + (frame.duration or step)
                yield Picture(time, luma_of(frame, self.facts.layout), frame.duration or 0)

    def _check_end(self, last: Picture | None) -> None:
        if last is None or not self.facts.seconds:
            return
        ends = self.seconds(last.time) + float(1 / self.facts.rate)
        if ends < self.facts.seconds - max(_SHORT, 2 / float(self.facts.rate)):
            self.report.ends_early = ends, self.facts.seconds


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
