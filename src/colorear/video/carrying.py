"""What of a film is not its pictures: sound, subtitles, languages, titles, chapters, carried over.

Sound and subtitles are copied packet by packet, as far as the container takes them.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from av.container import InputContainer, OutputContainer
    from av.container.core import Chapter
    from av.packet import Packet
    from av.stream import Stream

__all__ = ["Span", "add_streams", "carry_chapters", "describe", "packets_of"]

_OF_OTHERS = {"encoder", "duration", "handler_name", "vendor_id", "creation_time", "name"}
_STATISTICS = re.compile(r"(bps|duration|number_of_|_statistics).*", re.IGNORECASE)
_IN_MOV = (
    "alb ara arm baq bul bur cat ces chi dan dut eng est fin fra geo ger gre heb hin hun ice ind "
    "ita jpn kor lat lav lit mac may mlt nor per pol por ron rus slk slv spa sve tha tib tur ukr "
    "urd vie wel"
)
"""Languages that FFmpeg writes into a MOV file, as it spells them: others it leaves out unsaid."""
_SPELLED = {
    "deu": "ger",
    "fre": "fra",
    "nld": "dut",
    "cze": "ces",
    "ell": "gre",
    "fas": "per",
    "zho": "chi",
    "isl": "ice",
    "sqi": "alb",
    "hye": "arm",
    "eus": "baq",
    "mya": "bur",
    "kat": "geo",
    "mkd": "mac",
    "msa": "may",
    "rum": "ron",
    "slo": "slk",
    "bod": "tib",
    "cym": "wel",
    "swe": "sve",
}
"""Other spellings of them: ISO 639-2 has two of some languages."""


@dataclass(frozen=True)
class Span:
    """Which part of a film is wanted, in seconds from its start."""

    start: float = 0.0
    end: float | None = None

    @property
    def whole(self) -> bool:
        """Whether it is all of it."""
        return self.start <= 0 and self.end is None


def describe(stream: "Stream", template: "Stream", container: str) -> list[str]:
    """What a template does not carry: language, title and disposition; what is lost, in words."""
    lost = []
    for key, text in template.metadata.items():
        if key.lower() in _OF_OTHERS or _STATISTICS.fullmatch(key):
            continue
        value = text
        if container == "mov" and key == "language":
            value = _SPELLED.get(text, text)
            if value not in _IN_MOV.split() and value != "und":
                lost.append(
                    f"the language of stream {template.index} ({text}), which mov has no code for"
                )
        stream.metadata[key] = value
    stream.disposition = template.disposition
    return lost


def add_streams(
    source: "InputContainer", file: "OutputContainer", own: "Stream"
) -> tuple[dict[int, "Stream"], list[str]]:
    """Streams for what is copied, by their number in the source, and what is left out."""
    copied: dict[int, Stream] = {}
    left: list[str] = []
    for stream in source.streams:
        if stream.index == own.index:
            continue
        why = ""
        if stream.type == "attachment" and file.format.name == "matroska":
            file.add_stream_from_template(stream)
            continue
        if stream.type in ("audio", "subtitle") and stream.codec_context is not None:
            try:
                there = _copy_of(stream, file)
                copied[stream.index] = there
                left += describe(there, stream, file.format.name)
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
    context: Any = stream.codec_context
    if stream.type == "audio" and context.layout.name.endswith("channels"):
        # PCM in Matroska counts its channels but does not name them, as MP4 wants it
        usual = {1: "mono", 2: "stereo", 6: "5.1", 8: "7.1"}.get(context.layout.nb_channels)
        if usual:
            copy: Any = there.codec_context
            copy.layout = usual
    return there


def carry_chapters(
    source: "InputContainer", file: "OutputContainer", begin: Fraction, end: Fraction | None
) -> None:
    """The chapters, cut to what is wanted: from `begin` to `end`, in seconds of its clock."""
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


def packets_of(
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
        whole = packet if begin is None or time >= begin else _cut(packet, round(begin / base))
        if whole is None:
            continue
        moved = round(shift / base)
        whole.stream = copied[packet.stream_index]
        whole.pts = whole.pts - moved if whole.pts is not None else None
        whole.dts = (whole.dts or 0) - moved
        yield Fraction(whole.dts) * base, whole


def _cut(packet: "Packet[Any]", begin: int) -> "Packet[Any] | None":
    """What of a packet that starts before `begin`, in its own units, lies after; None if nothing.

    Of a compressed one of sound no part can be had: with it left out, up to 0.1 seconds begin
    silent, and the pictures begin at 0.
    """
    import av

    if packet.pts is None or not packet.duration or packet.pts + packet.duration <= begin:
        return None
    early = begin - packet.pts
    context: Any = packet.stream.codec_context
    if packet.stream.type == "subtitle":
        packet.duration -= early
    elif context.name.startswith("pcm_"):
        bits = re.search(r"\d+", context.name)  # none in pcm_alaw and pcm_mulaw, which have 8
        block = int(bits[0] if bits else 8) // 8 * context.layout.nb_channels
        content = bytes(packet)
        gone = round(Fraction(early, packet.duration) * (len(content) // block)) * block
        rest = av.Packet(content[gone:])
        rest.time_base, rest.duration = packet.time_base, packet.duration - early
        packet = rest
    else:
        return None
    packet.pts = packet.dts = begin
    return packet
