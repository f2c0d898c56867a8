"""The promise, checked on a pair of films: is the luma of every frame what it was?"""

from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

import numpy as np

from colorear.errors import VideoError, translated
from colorear.photo.provenance import Provenance
from colorear.video import ffmpeg
from colorear.video.film import Film
from colorear.video.joining import mark_in

__all__ = ["VideoPromise", "is_film", "verify"]

_LOSSLESS = {"ffv1", "rawvideo", "huffyuv", "ffvhuff", "utvideo", "magicyuv", "png"}


@dataclass(frozen=True)
class VideoPromise:
    """What became of a film's luma, and what is said of its color."""

    frames: int
    """Of the original."""
    frames_colored: int
    identical_luma: bool
    """Whether every frame is there, with the same luma."""
    max_luma_difference: int
    """In levels of the original's bit depth, over all frames that both have."""
    psnr: float | None
    """Of the luma over all frames, in dB; None where it is identical."""
    lossless: bool
    """Whether the colored film's codec keeps what it is given, so that the promise can be held."""
    provenance: Provenance | None = None

    @property
    def ok(self) -> bool:
        """Whether the promise is kept, as far as the codec can keep it: no frame is missing, and
        the luma is identical if the codec is lossless."""
        complete = self.frames == self.frames_colored
        return complete and (self.identical_luma or not self.lossless)


def is_film(path: str | Path) -> bool:
    """Whether a file holds moving pictures rather than a photograph."""
    head = b""
    with translated(VideoError, f"'{path}'"), Path(path).open("rb") as file:
        head = file.read(16)
    # Matroska and WebM, MP4 and MOV (but for HEIF and AVIF), AVI, MPEG's streams, NUT, Flash, WMV
    brand = head[8:12]
    still = brand in {b"heic", b"heix", b"mif1", b"avif", b"msf1"}
    return (
        head.startswith((b"\x1aE\xdf\xa3", b"nut/multimedia", b"FLV", b"0&\xb2u", b"\0\0\1\xba"))
        or (head[4:8] in {b"ftyp", b"moov", b"mdat", b"wide", b"free"} and not still)
        or (head[:4] == b"RIFF" and brand == b"AVI ")
        or (head[:1] == b"G" and len(head) == 16 and Path(path).suffix.lower() in _STREAMS)
    )


_STREAMS = {".ts", ".m2ts", ".mts"}


def verify(original: str | Path, colored: str | Path) -> VideoPromise:
    """Compare the luma of a film, frame by frame, with that of its colored version.

    Raises VideoError where one cannot be read or their sizes or depths differ.
    """
    ffmpeg.require()
    before, after = Film(original), Film(colored)
    sizes = [(film.facts.width, film.facts.height) for film in (before, after)]
    bits = [film.facts.layout.bits for film in (before, after)]
    if sizes[0] != sizes[1] or bits[0] != bits[1]:
        raise VideoError(
            f"'{original}' has {sizes[0][0]} x {sizes[0][1]} pixels of {bits[0]} bits and "
            f"'{colored}' {sizes[1][0]} x {sizes[1][1]} of {bits[1]}, but equal ones are needed; "
            "compare a film with its own colored version"
        )
    counts, worst, squares = [0, 0], 0, 0.0
    for pair in zip_longest(before.pictures(), after.pictures()):
        counts = [count + (one is not None) for count, one in zip(counts, pair, strict=True)]
        if None not in pair:
            apart = np.subtract(pair[0].luma, pair[1].luma, dtype=np.int32)
            worst = max(worst, int(np.abs(apart).max()))
            squares += float(np.mean(np.square(apart, dtype=np.float64)))
    mean = squares / max(1, min(counts))
    peak = (1 << bits[0]) - 1
    return VideoPromise(
        frames=counts[0],
        frames_colored=counts[1],
        identical_luma=counts[0] == counts[1] and worst == 0,
        max_luma_difference=worst,
        psnr=float(10 * np.log10(peak**2 / mean)) if mean else None,
        lossless=after.facts.codec in _LOSSLESS,
        provenance=mark_in(after.facts.metadata),
    )
