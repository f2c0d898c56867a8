"""The finished film: coded pictures, sound and subtitles of the source, and what it says of itself.

Sound and subtitles are copied packet by packet, as far as the container takes them.
"""

import heapq
import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from colorear.errors import VideoError, translated
from colorear.photo.provenance import SOURCE_TYPE, Provenance
from colorear.video.carrying import Span, add_streams, carry_chapters, describe, packets_of
from colorear.video.encoder import add_stream
from colorear.video.encoding import Encoding
from colorear.video.facts import film_stream
from colorear.video.scheduling import scheduling_kept

if TYPE_CHECKING:
    from av.packet import Packet
    from av.stream import Stream

__all__ = ["join", "mark_in", "sentence"]

_OF_FILES = {"major_brand", "minor_version", "compatible_brands", "encoder"}
_MARK = re.compile(
    r"The colou?r is synthetic \((?P<type>\S+)\): colorear (?P<version>\S*), "
    r"network (?P<network>\S*) (?P<network_version>\S*), sha256 (?P<sha256>[0-9a-f]*)"
)


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
        own = film_stream(source)
        left = describe(stream, own, encoding.container)
        copied, not_copied = add_streams(source, file, own)
        left += not_copied
        silent = encoding.container in ("matroska", "webm") and encoding.codec == "av1"
        if silent and facts.aspect != 1:
            left.append(f"the shape of its pixels ({facts.aspect}), which AV1 cannot tell here")
        file.metadata.update(_metadata(source.metadata, mark))
        begin = facts.start + Fraction(span.start).limit_denominator(1_000_000)
        end = facts.start + Fraction(span.end) if span.end is not None else None
        carry_chapters(source, file, begin, end)
        with scheduling_kept():
            file.start_encoding()
        shift = begin if not span.whole or _has_odd_start(facts.start) else Fraction(0)
        pictures = _pictures(segments, times, stream, facts.time_base, shift)
        others = packets_of(source, copied, begin if not span.whole else None, end, shift)
        for _, packet in heapq.merge(pictures, others, key=lambda pair: pair[0]):
            file.mux(packet)
    return left


def _has_odd_start(start: Fraction) -> bool:
    """Whether a film's clock starts where others would wait, as broadcasts' clocks do."""
    return start < 0 or start > 1


def _metadata(source: dict[str, str], mark: Provenance) -> dict[str, str]:
    """The source's, with the mark in its comment in place of an older one."""
    kept = {key: text for key, text in source.items() if key.lower() not in _OF_FILES}
    key = next((key for key in kept if key.lower() == "comment"), "comment")
    said = _MARK.sub("", kept.get(key, "")).strip()
    return kept | {key: f"{said} {sentence(mark)}".strip()}


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
