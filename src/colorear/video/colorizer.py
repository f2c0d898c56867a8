"""The one way from a film to the same film in color."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from colorear import models
from colorear.errors import UsageError, VideoError, translated
from colorear.photo.atomic_write import replacing
from colorear.photo.provenance import Provenance
from colorear.photo.sniffing import stamp
from colorear.version import __version__
from colorear.video import ffmpeg
from colorear.video.chroma import ChromaPlanes
from colorear.video.coloring import Colored, Memory, color_pictures
from colorear.video.encoder import CONTAINERS, Encoder, Encoding, choose
from colorear.video.film import Film
from colorear.video.job import Job, Segment
from colorear.video.joining import Span, join
from colorear.video.options import VideoOptions

if TYPE_CHECKING:
    from colorear.models import Network

__all__ = ["ColorizedVideo", "VideoColorizer", "beside", "colorize"]

_SEGMENT = 240  # frames of a segment, at most; a stop costs no more work than that
_SHORTEST = 24  # frames below which a shot shares its segment with the next one

Progress = Callable[[int, int], None]
"""Told how many pictures are done, and how many there are, about; 0 where nobody knows."""


@dataclass(frozen=True)
class ColorizedVideo:
    """What was done for one film."""

    source: str
    output: str
    frames: int
    shots: tuple[float, ...]
    """Seconds at which each begins."""
    seconds: float
    """That it took, in this run."""
    model: str
    codec: str
    lossless: bool
    """Whether the luma in the file is that of the source, frame by frame."""
    left_out: tuple[str, ...] = ()
    """What of the source is not in it, in words."""
    damaged: tuple[tuple[float, str], ...] = ()
    """Seconds, and what is wrong there in the source."""
    ends_early: tuple[float, float] | None = None
    """Where the source ends and where it says that it does, in seconds; None if it is whole."""
    resumed: int = 0
    """So many of the frames were done by an earlier run."""


@dataclass
class _Run:
    """What is known of a film while it is being colored."""

    film: Film
    encoding: Encoding
    options: VideoOptions
    progress: Progress
    segments: list[Segment] = field(default_factory=list)
    done: int = 0

    @property
    def total(self) -> int:
        """Pictures, about."""
        facts, options = self.film.facts, self.options
        end = facts.seconds if options.end is None else min(options.end, facts.seconds)
        return max(0, round((end - options.start) * float(facts.rate)))


class VideoColorizer:
    """A network, loaded once, that puts color into films.

    `model` is a name of `colorear models` or the path of an .onnx file; `threads` limits the
    processor cores that the network uses. It needs the extra `video`. Raises ModelError, and
    MissingExtraError.
    """

    def __init__(self, model: str | Path = "acuarela", *, threads: int | None = None) -> None:
        ffmpeg.require()
        self.network: Network = models.load(model, threads=threads)

    @property
    def mark(self) -> Provenance:
        """What every film that it colors says of the color."""
        card = self.network.card
        return Provenance(__version__, card.name, card.version, card.sha256)

    def colorize(
        self,
        source: str | Path,
        target: str | Path | None = None,
        options: VideoOptions | None = None,
        *,
        overwrite: bool = False,
        progress: Progress | None = None,
    ) -> ColorizedVideo:
        """Write the film `source`, in color, to `target`; without one beside `source`.

        The luma of every frame goes into the encoder as it is; sound, subtitles, titles and
        chapters are carried over. Its comment says that the color is synthetic. A run that was
        stopped goes on where it was when it is given again. What is damaged is told in the answer,
        and the rest is colored. Raises VideoError, and UsageError where that cannot be had of this
        film; the file is in its place whole or not at all.
        """
        started = time.perf_counter()
        options = options or VideoOptions()
        film = Film(source)
        path = Path(target) if target else beside(source)
        _check_target(path, film.facts.path, overwrite=overwrite)
        encoding = choose(film.facts, path, options.codec, options.quality)
        run = _Run(film, encoding, options, progress or (lambda *_: None))
        with Job(path, self._key(run)) as job:
            run.segments = [*job.segments()]
            run.done = resumed = sum(len(segment.times) for segment in run.segments)
            run.progress(run.done, run.total)
            self._color(run, job)
            left_out = self._join(run, job, path)
            job.remove()
        facts = film.facts
        return ColorizedVideo(
            source=str(source),
            output=str(path),
            frames=run.done,
            shots=tuple(
                round(film.seconds(begin), 3) for part in run.segments for begin in part.shots
            ),
            seconds=time.perf_counter() - started,
            model=self.network.card.name,
            codec=encoding.codec,
            lossless=encoding.lossless,
            left_out=(*facts.lost, *left_out),
            damaged=tuple(place for part in run.segments for place in part.damaged),
            ends_early=film.report.ends_early,
            resumed=resumed,
        )

    def _key(self, run: _Run) -> str:
        """All that decides what the segments are."""
        import av

        path = run.film.facts.path
        with translated(VideoError, f"'{path}'"):
            there = stamp(path)
        encoding = run.encoding
        parts = (
            str(path.absolute()),
            there,
            self.network.card.sha256,
            run.options,
            (encoding.codec, encoding.quality, encoding.format),
            (__version__, av.__version__),
        )
        return msgspec.json.encode(parts).decode()

    def _color(self, run: _Run, job: Job) -> None:
        """Make the segments that are not there yet."""
        film, options = run.film, run.options
        start = film.time(options.start) if options.start > 0 else None
        end = film.time(options.end) if options.end is not None else None
        memory = None
        if run.segments:
            start = run.segments[-1].times[-1] + 1
            state = run.segments[-1].state
            memory = Memory.unpacked(state) if state else None
        found = color_pictures(
            film.pictures(start, end),
            film.facts,
            self.network,
            vividness=options.vividness,
            steady=options.steady,
            memory=memory,
        )
        writer = _SegmentWriter(run, job)
        try:
            for colored in found:
                writer.add(colored)
                run.done += 1
                run.progress(run.done, run.total)
            writer.finish()
        finally:
            writer.abandon()
        if not run.segments:
            raise VideoError(
                f"'{film.facts.path}' has no picture between {options.start:g} and "
                f"{'its end' if options.end is None else f'{options.end:g}'} seconds; it is "
                f"{film.facts.seconds:.1f} seconds long"
            )

    def _join(self, run: _Run, job: Job, path: Path) -> list[str]:
        paths = [job.path(number) for number in range(len(run.segments))]
        times = [one for segment in run.segments for one in segment.times]
        span = Span(run.options.start, run.options.end)
        with translated(VideoError, f"'{path}'", "written"), replacing(path) as part:
            return join(paths, times, part, run.encoding, self.mark, span)


class _SegmentWriter:
    """Puts colored pictures into one segment after the other."""

    def __init__(self, run: _Run, job: Job) -> None:
        facts = run.film.facts
        self._run, self._job = run, job
        self._chroma = ChromaPlanes(
            facts.layout, facts.height, facts.width, run.encoding.subsampling
        )
        self._encoder: Encoder | None = None
        self._segment = Segment([], [], [])
        self._heard = 0  # how many damaged places are in segments already

    def add(self, colored: Colored) -> None:
        """Encode one picture."""
        if colored.cut and len(self._segment.times) >= _SHORTEST:
            self.finish()
        with translated(VideoError, self._name, "written"):
            if self._encoder is None:
                path = self._job.path(len(self._run.segments))
                self._encoder = Encoder(path, self._run.encoding)
            time_, luma, duration = colored.picture
            if colored.cut:
                self._segment.shots.append(time_)
            self._segment.times.append(time_)
            self._encoder(time_, duration, luma, self._chroma(luma, colored.ab))
        if colored.memory is not None:
            self._segment = self._segment._replace(state=colored.memory.packed())
            if len(self._segment.times) >= _SEGMENT - 47:  # a whole stretch more would be too many
                self.finish()

    def finish(self) -> None:
        """End a segment, and note that it is whole."""
        if self._encoder is None:
            return
        with translated(VideoError, self._name, "written"):
            self._encoder.close()
        self._encoder = None
        places = self._run.film.report.damaged
        segment = self._segment._replace(damaged=places[self._heard :])
        self._heard = len(places)
        self._job.add(len(self._run.segments), segment)
        self._run.segments.append(segment)
        self._segment = Segment([], [], [])

    def abandon(self) -> None:
        """Leave off an unfinished segment, if there is one."""
        if self._encoder is not None:
            self._encoder.abandon()

    @property
    def _name(self) -> str:
        return f"the film in '{self._job.folder}'"


def beside(source: str | Path) -> Path:
    """Where the colored film goes: `<stem>-color<ending>` beside it, `.mkv` where the container of
    the source does not keep the time of every frame."""
    path = Path(source)
    ending = path.suffix if path.suffix.lower() in CONTAINERS else ".mkv"
    return path.with_name(f"{path.stem}-color{ending}")


def colorize(
    source: str | Path,
    target: str | Path | None = None,
    options: VideoOptions | None = None,
    *,
    model: str | Path = "acuarela",
    overwrite: bool = False,
) -> ColorizedVideo:
    """Write one film in color; for many, make one `VideoColorizer` and keep it."""
    return VideoColorizer(model).colorize(source, target, options, overwrite=overwrite)


def _check_target(target: Path, source: Path, *, overwrite: bool) -> None:
    """Refuse to write over the film itself, or without leave over another file."""
    with translated(VideoError, f"'{target}'", "written"):
        there = target.exists()
        itself = there and target.samefile(source)
        home = target.parent.is_dir()
    if not home:
        raise VideoError(
            f"'{target}' cannot be written: there is no folder '{target.parent}'; make it first"
        )
    if itself:
        raise UsageError(f"'{target}' is the film itself, which is never replaced; name another")
    if there and not overwrite:
        raise VideoError(
            f"'{target}' exists already; allow to overwrite it (--overwrite) or name another"
        )
