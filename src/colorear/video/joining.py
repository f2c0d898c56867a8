"""The finished film: coded pictures, sound and subtitles of the source, and what it says of itself.

Sound and subtitles are copied packet by packet, as far as the container takes them.
"""

import heapq
import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from colorear.errors import VideoError, translated
from colorear.photo.provenance import SOURCE_TYPE, Provenance
from colorear.video.encoder import add_stream
from colorear.video.encoding import Encoding
from colorear.video.scheduling import scheduling_kept

if TYPE_CHECKING:
    from av.container import InputContainer, OutputContainer
    from av.container.core import Chapter
    from av.packet import Packet
    from av.stream import Stream

__all__ = ["Span", "join", "mark_in", "sentence"]

_OF_OTHERS = {"encoder", "duration", "handler_name", "vendor_id", "creation_time", "name"}
_OF_FILES = {"major_brand", "minor_version", "compatible_brands", "encoder"}
_STATISTICS = re.compile(r"(bps|duration|number_of_|_statistics).*", re.IGNORECASE)
_MARK = re.compile(
    r"The colou?r is synthetic \((?P<type>\S+)\): colorear (?P<version>\S*), "
    r"network (?P<network>\S*) (?P<network_version>\S*), sha256 (?P<sha256>[0-9a-f]*)"
)


@dataclass(frozen=True)
class Span:
    """Which part of a film is wanted, in seconds from its start."""

    start: float = 0.0
    end: float | None = None

    @property
    def whole(self) -> bool:
        """Whether it is all of it."""
        return self.start <= 0 and self.end is None


def sentence(mark: Provenance) -> str:
    """What the comment of a film says of its color, for people and for `mark_in`.

    >>> mark_in({"COMMENT": sentence(Provenance("0.1", "acuarela", "7a", "00ff"))}).network
    'acuarela'
    """
    return (
        f"The color is synthetic ({SOURCE_TYPE}): colorear {mark.version}, network {mark.network} "
        f"{mark.network_version}, sha256 {mark.sha256}"
    )


def mark_in(metadata: dict[str, str]) -> Provenance | None:
    """What a film's metadata says that made its color; None if it does not say so."""
    comment = next((text for key, text in metadata.items() if key.lower() == "comment"), "")
    found = _MARK.search(comment)
    if found is None or found["type"] != SOURCE_TYPE:
        return None
    fields = ("version", "network", "network_version", "sha256")
    return Provenance(*(found[field] for field in fields))


def join(
    segments: Sequence[Path],
    times: Sequence[int],
    target: Path,
    encoding: Encoding,
    mark: Provenance,
    span: Span,
) -> list[str]:
    """Write the film to `target`, and say in words what of the source it leaves out.

    `segments` are files of `Encoder`, in order; `times` are those of all their pictures, in the
    film's units and order.
    """
    import av

    facts = encoding.facts
    with (
        translated(VideoError, f"'{target}'", "written"),
        av.open(f"file:{facts.path}", metadata_errors="replace") as source,
        av.open(f"file:{target}", "w", format=encoding.container) as file,
    ):
        stream = add_stream(file, encoding)
        own = next(s for s in source.streams.video if s.codec_context is not None)
        _describe(stream, own)
        copied, left = _added(source, file, own)
        silent = encoding.container in ("matroska", "webm") and encoding.codec == "av1"
        if silent and facts.aspect != 1:
            left.append(f"the shape of its pixels ({facts.aspect}), which AV1 cannot tell here")
        file.metadata.update(_metadata(source.metadata, mark))
        begin = facts.start + Fraction(span.start).limit_denominator(1_000_000)
        end = facts.start + Fraction(span.end) if span.end is not None else None
        _carry_chapters(source, file, begin, end)
        with scheduling_kept():
            file.start_encoding()
        shift = begin if not span.whole or _has_odd_start(facts.start) else Fraction(0)
        pictures = _pictures(segments, times, stream, facts.time_base, shift)
        others = _others(source, copied, begin if not span.whole else None, end, shift)
        for _, packet in heapq.merge(pictures, others, key=lambda pair: pair[0]):
            file.mux(packet)
    return left


def _has_odd_start(start: Fraction) -> bool:
    """Whether a film's clock starts where others would wait, as broadcasts' clocks do."""
    return start < 0 or start > 1


def _describe(stream: "Stream", template: "Stream") -> None:
    """What a template does not carry: language, title and disposition."""
    for key, text in template.metadata.items():
        if key.lower() not in _OF_OTHERS and not _STATISTICS.fullmatch(key):
            stream.metadata[key] = text
    stream.disposition = template.disposition


def _added(
    source: "InputContainer", file: "OutputContainer", own: "Stream"
) -> tuple[dict[int, "Stream"], list[str]]:
    """Streams for what is copied, by their number in the source, and what is left out."""
    copied: dict[int, Stream] = {}
    left = []
    for stream in source.streams:
        if stream.index == own.index:
            continue
        why = ""
        if stream.type == "attachment" and file.format.name == "matroska":
            file.add_stream_from_template(stream)
            continue
        if stream.type in ("audio", "subtitle") and stream.codec_context is not None:
            try:
                copied[stream.index] = _copy_of(stream, file)
                continue
            except ValueError:  # the container does not take it
                why = f", which {file.format.name} does not take"
        if stream.type == "data" and source.chapters() and stream.codec_context is None:
            continue  # the titles of chapters, which are carried as such
        name = stream.codec_context.name if stream.codec_context is not None else "unknown"
        left.append(f"stream {stream.index} ({stream.type}, {name}){why}")
    return copied, left


def _copy_of(stream: "Stream", file: "OutputContainer") -> "Stream":
    there = file.add_stream_from_template(stream, opaque=True)
    _describe(there, stream)
    context: Any = stream.codec_context
    if stream.type == "audio" and context.layout.name.endswith("channels"):
        # PCM in Matroska counts its channels but does not name them, as MP4 wants it
        usual = {1: "mono", 2: "stereo", 6: "5.1", 8: "7.1"}.get(context.layout.nb_channels)
        if usual:
            copy: Any = there.codec_context
            copy.layout = usual
    return there


def _metadata(source: dict[str, str], mark: Provenance) -> dict[str, str]:
    """The source's, with the mark in its comment in place of an older one."""
    kept = {key: text for key, text in source.items() if key.lower() not in _OF_FILES}
    key = next((key for key in kept if key.lower() == "comment"), "comment")
    said = _MARK.sub("", kept.get(key, "")).strip()
    return kept | {key: f"{said} {sentence(mark)}".strip()}


def _carry_chapters(
    source: "InputContainer", file: "OutputContainer", begin: Fraction, end: Fraction | None
) -> None:
    kept: list[Chapter] = []
    for chapter in source.chapters():
        base = chapter["time_base"] or Fraction(1, 1000)
        first, last = (Fraction(chapter[key]) * base for key in ("start", "end"))
        last = min(last, end) if end is not None else last
        first = max(first, begin)
        if first < last:
            there = chapter.copy()
            there["start"], there["end"] = (round((time - begin) / base) for time in (first, last))
            kept.append(there)
    if kept:
        file.set_chapters(kept)


def _pictures(
    segments: Iterable[Path],
    times: Sequence[int],
    stream: "Stream",
    base: Fraction,
    shift: Fraction,
) -> Iterator[tuple[Fraction, "Packet[Any]"]]:
    """All packets of the segments as one stream, with decoding times that always grow.

    Each segment's encoder counted from its own first picture; so the times to decode are set
    anew: the k-th packet is decoded when the picture `delay` places before it is shown.
    """
    import av

    delay = max((_reordering(path) for path in segments), default=0)
    step = min((b - a for a, b in itertools.pairwise(times)), default=1)
    moved = round(shift / base)
    following = dict(itertools.pairwise(times))
    number = 0
    for path in segments:
        with ExitStack() as left:
            file = left.enter_context(av.open(f"file:{path}"))
            inner: Any = file.streams.video[0]
            for packet in file.demux(inner):
                if not packet.size:
                    continue
                time = round(Fraction(packet.pts or 0) * (inner.time_base / base))
                early = number - delay
                decoded = times[early] if early >= 0 else times[0] + early * step
                packet.stream = stream
                packet.time_base = base
                packet.pts, packet.dts = time - moved, decoded - moved
                packet.duration = following.get(time, time + (packet.duration or step)) - time
                number += 1
                yield Fraction(packet.dts) * base, packet


def _reordering(path: Path) -> int:
    """By how many pictures an encoder ran ahead of those that are shown."""
    import av

    with av.open(f"file:{path}") as file:
        shown = [packet.pts or 0 for packet in file.demux(video=0) if packet.size]
    ranks = {time: rank for rank, time in enumerate(sorted(shown))}
    return max((place - ranks[time] for place, time in enumerate(shown)), default=0)


def _others(
    source: "InputContainer",
    copied: dict[int, "Stream"],
    begin: Fraction | None,
    end: Fraction | None,
    shift: Fraction,
) -> Iterator[tuple[Fraction, "Packet[Any]"]]:
    """The packets of sound and subtitles that belong to what is wanted."""
    from av.error import FFmpegError

    if not copied:
        return
    streams = [source.streams[number] for number in copied]
    packets = source.demux(*streams)
    while True:
        try:
            packet = next(packets, None)
        except FFmpegError:  # cut short: what came before stays
            return
        if packet is None:
            return
        if packet.dts is None or not packet.size:
            continue
        base = packet.time_base
        time = Fraction(packet.dts) * base
        if end is not None and time >= end:
            continue
        if begin is not None and time + Fraction(packet.duration or 0) * base <= begin:
            continue
        moved = round(shift / base)
        packet.stream = copied[packet.stream_index]
        packet.pts = packet.pts - moved if packet.pts is not None else None
        packet.dts -= moved
        yield time - shift, packet
