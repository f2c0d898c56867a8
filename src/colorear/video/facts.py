"""What a film file is: its pictures' layout, size, times and turns, and what it says of itself."""

from contextlib import suppress
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import islice, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from colorear.errors import VideoError, translated
from colorear.video import ffmpeg
from colorear.video.luma import Layout, layout_of

if TYPE_CHECKING:
    from av import VideoFrame
    from av.container import InputContainer
    from av.video.stream import VideoStream

__all__ = ["Facts", "film_stream", "open_film", "read_facts"]

_IDENTITY = (65536, 0, 0, 0, 65536, 0, 0, 0, 1 << 30)  # a display matrix that turns nothing
_TRANSPARENT = {"ya8", "rgba", "bgra", "argb", "abgr", "gbrap", "yuva420p", "yuva444p", "yuva422p"}
_PROBED = 1000  # packets that may pass before the first frame
_ORDERED = 32  # packets whose times tell whether they are those of showing


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
    counted: bool = False
    """Whether the file tells in which order pictures are decoded and not when they are shown, as
    AVI and MXF do: their times are then counted, by `rate`."""
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


def read_facts(path: Path) -> Facts:
    """What the film in a file is. Raises VideoError."""
    with (
        translated(VideoError, f"'{path}'"),
        ffmpeg.captured(),
        open_film(path) as file,
    ):
        stream = film_stream(file)
        frame = _first_frame(file, stream)
        if frame is None:
            raise VideoError(
                f"'{path}' has no picture that can be decoded; use an intact copy of it"
            )
        context = stream.codec_context
        order = context.field_order
        if order < 2 and frame.interlaced_frame:
            order = 2 if _top_first(frame) else 3
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
            counted=_tells_decoding_only(path) if context.has_b_frames else False,
            metadata=dict(file.metadata),
            lost=("transparency",) if frame.format.name in _TRANSPARENT else (),
        )


def open_film(path: Path) -> "InputContainer":
    """The file as FFmpeg opens it. Raises VideoError, and what FFmpeg raises."""
    import av

    if path.is_dir():
        raise VideoError(f"'{path}' is a folder; name a film in it")
    if not path.exists():
        raise VideoError(f"'{path}' does not exist; check the name")
    # a local file, whatever its name looks like
    return av.open(f"file:{path}", metadata_errors="replace")


def film_stream(file: "InputContainer") -> "VideoStream":
    """Which of the video streams is the film: not a picture of its cover. Raises VideoError."""
    from av.stream import Disposition

    is_still = file.format.name == "image2" or file.format.name.endswith("_pipe")  # png_pipe ...
    for stream in () if is_still else file.streams.video:
        if not stream.disposition & Disposition.attached_pic and stream.codec_context is not None:
            return stream
    kinds = ", ".join(sorted({stream.type for stream in file.streams})) or "nothing"
    if is_still:
        kinds = "a still picture"
    raise VideoError(
        f"'{file.name.removeprefix('file:')}' has no moving pictures (it holds {kinds}); "
        "name a film"
    )


def _first_frame(file: "InputContainer", stream: "VideoStream") -> "VideoFrame | None":
    from av.error import FFmpegError

    for packet in islice(file.demux(stream), _PROBED):
        with suppress(FFmpegError):  # a damaged beginning
            for frame in packet.decode():
                return frame
    return None


def _top_first(frame: "VideoFrame") -> bool:
    """Whether the upper field of an interlaced frame is shown first, which PyAV does not tell."""
    import av

    graph = av.filter.Graph()
    steps = [
        graph.add_buffer(
            width=frame.width,
            height=frame.height,
            format=av.VideoFormat(frame.format.name),
            time_base=frame.time_base or Fraction(1, 25),
        ),
        graph.add("separatefields"),
        graph.add("buffersink"),
    ]
    for here, there in pairwise(steps):
        here.link_to(there)
    graph.configure()
    graph.push(frame)
    field: Any = graph.pull()  # the one that is shown first
    frame_rows, first = (np.frombuffer(bytes(f.planes[0]), np.uint8) for f in (frame, field))
    rows = frame_rows.reshape(-1, frame.planes[0].line_size)[: frame.height]
    lines = first.reshape(-1, field.planes[0].line_size)[: frame.height // 2]
    wide = min(rows.shape[1], lines.shape[1], frame.planes[0].width)
    upper = rows[0::2][: len(lines), :wide]
    return np.array_equal(upper, lines[: len(upper), :wide])


def _tells_decoding_only(path: Path) -> bool:
    """Whether frames come out of the decoder with times that run back and forth."""
    from av.error import FFmpegError

    with open_film(path) as file:
        stream = film_stream(file)
        packets = [*islice(file.demux(stream), _ORDERED)]
        if not _grow([packet.pts for packet in packets if packet.size]):
            return False  # they are those of showing, which is not the order of the packets
        shown = []
        with suppress(FFmpegError):
            for packet in packets:
                shown += [frame.pts for frame in packet.decode()]
    return not _grow(shown)


def _grow(times: list[int | None]) -> bool:
    known = [time for time in times if time is not None]
    return len(known) == len(times) and known == sorted(known)


def _matrix(frame: "VideoFrame") -> tuple[int, ...] | None:
    from av.sidedata.sidedata import Type

    kinds: Any = frame.side_data  # which gives its values, not their names, when it is iterated
    data = next((each for each in kinds if each.type == Type.DISPLAYMATRIX), None)
    if data is None:
        return None
    matrix = tuple(int(value) for value in np.frombuffer(bytes(data), "<i4"))
    return None if matrix == _IDENTITY else matrix
