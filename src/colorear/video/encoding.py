"""Which encoder a film gets, with which settings, for which container."""

from dataclasses import dataclass
from pathlib import Path

from colorear.errors import UsageError
from colorear.video.facts import Facts
from colorear.video.options import Codec

__all__ = ["CONTAINERS", "Encoding", "choose"]

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
