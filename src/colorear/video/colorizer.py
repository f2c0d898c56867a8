"""The one way from a film to the same film in color."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from colorear import models
from colorear.errors import ModelError, VideoError, translated
from colorear.hints import Unreachable
from colorear.models.onnx_session import cores
from colorear.photo.provenance import Provenance
from colorear.photo.sniffing import stamp
from colorear.version import __version__
from colorear.video import ffmpeg
from colorear.video.carrying import Span
from colorear.video.coloring import Look, Memory, color_pictures
from colorear.video.encoding import CONTAINERS, choose
from colorear.video.film import Film
from colorear.video.hint_tracks import Told, follow_hints
from colorear.video.job import Job, check_target, writing
from colorear.video.joining import join, mark_in
from colorear.video.options import VideoOptions
from colorear.video.preview import ShotPreview, check_sheet, shot_previews, write_sheet
from colorear.video.segments import Progress, Run, SegmentWriter

if TYPE_CHECKING:
    from colorear.models import Network

__all__ = ["ColorizedVideo", "Preview", "VideoColorizer", "beside", "colorize"]


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
    unreachable: tuple[Unreachable, ...] = ()
    """The hints whose colors do not exist at the lightness of their places."""


@dataclass(frozen=True)
class Preview:
    """A contact sheet that was written."""

    source: str
    output: str
    shots: tuple[float, ...]
    """Seconds at which each begins."""
    times: tuple[float, ...]
    """Likewise, of the pictures: the `time` of a hint in each."""


_MOST_THREADS = 8  # each needs memory for a frame of its own
_COLOR = ("the color that it had",)


class VideoColorizer:
    """A network, loaded once, that puts color into films.

    `model` is a name of `colorear models` or the path of an .onnx file; `threads` limits the
    processor cores that the network uses, which are eight at most without it. It needs the extra
    `video`. Raises ModelError, and MissingExtraError.
    """

    def __init__(self, model: str | Path = "acuarela", *, threads: int | None = None) -> None:
        ffmpeg.require()
        # several frames at once, each by one thread: threads of one frame wait for one another
        self._threads = min(threads or _MOST_THREADS, cores())
        self.network: Network = models.load(model, threads=1)

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
        recolor: bool = False,
        progress: Progress | None = None,
    ) -> ColorizedVideo:
        """Write the film `source`, in color, to `target`; without one beside `source`.

        The luma of every frame goes into the encoder as it is; sound, subtitles, titles and
        chapters are carried over. Its comment says that the color is synthetic. A run that was
        stopped goes on where it was when it is given again. What is damaged is told in the answer,
        and the rest is colored. What colorear itself colored is refused without `recolor`. Raises
        VideoError, and UsageError where that cannot be had of this film; the file is in its place
        whole or not at all.
        """
        started = time.perf_counter()
        options = options or VideoOptions()
        film = Film(source)
        path = Path(target) if target else beside(source)
        check_target(path, film.facts.path, overwrite=overwrite)
        mark = mark_in(film.facts.metadata)
        if mark is not None and not recolor:
            raise VideoError(
                f"'{source}' was colored by colorear {mark.version}; allow to color it anew "
                "(--recolor), or name the film that it was made of"
            )
        encoding = choose(film.facts, path, options.codec, options.quality)
        run = Run(film, encoding, options, progress or (lambda *_: None))
        told = self._follow(film, options)
        with Job(path, self._key(run)) as job:
            run.segments = [*job.segments()]
            run.done = resumed = sum(len(segment.times) for segment in run.segments)
            run.progress(run.done, run.total)
            self._color(run, job, told)
            left_out = self._join(run, job, path, overwrite=overwrite)
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
            left_out=(*facts.lost, *_COLOR[: run.in_color], *left_out),
            damaged=tuple(place for part in run.segments for place in part.damaged),
            ends_early=film.report.ends_early,
            resumed=resumed,
            unreachable=tuple(told.unreachable),
        )

    def preview(
        self,
        source: str | Path,
        target: str | Path | None = None,
        options: VideoOptions | None = None,
        *,
        overwrite: bool = False,
        progress: Progress | None = None,
    ) -> Preview:
        """Write a picture with a colored frame of each shot to `target`, a .png or .jpg.

        Each is labeled with the time at which its shot begins, and its own. Without `target` it
        lies beside `source`. Nothing else is made. Raises as `colorize` does.
        """
        name = Path(source)
        path = Path(target) if target else name.with_name(f"{name.stem}-shots.png")
        check_sheet(path)
        check_target(path, Film(source).facts.path, overwrite=overwrite)
        shots = self.shots(source, options, progress=progress)
        write_sheet(shots, path, overwrite=overwrite)
        return Preview(
            str(source),
            str(path),
            tuple(round(shot.start, 3) for shot in shots),
            tuple(round(shot.time, 3) for shot in shots),
        )

    def shots(
        self,
        source: str | Path,
        options: VideoOptions | None = None,
        *,
        progress: Progress | None = None,
    ) -> list[ShotPreview]:
        """A colored picture of each shot of a film. Raises as `colorize` does."""
        options, film = options or VideoOptions(), Film(source)
        total = film.count(options.start, options.end)
        tell = progress or (lambda *_: None)
        told = self._follow(film, options).at
        return [*shot_previews(film, self.network, options, told, lambda seen: tell(seen, total))]

    def _follow(self, film: Film, options: VideoOptions) -> Told:
        """The hints, in each of the pictures where they can be seen."""
        if options.hints and not self.network.card.hints:
            raise ModelError(
                f"{self.network.card.name} takes no hints; choose a network that does "
                "(colorear models)"
            )
        if not options.hints:
            return Told()
        look = Look(film.facts, self.network, options.vividness)
        start, end = _span(film, options)
        again = Film(film.facts.path)  # what is damaged is told by the reading that colors
        return follow_hints(again, look, options.hints, start, end)

    def _key(self, run: Run) -> str:
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

    def _color(self, run: Run, job: Job, told: Told) -> None:
        """Make the segments that are not there yet."""
        film, options = run.film, run.options
        start, end = _span(film, options)
        memory = None
        if run.segments:
            start = run.segments[-1].times[-1] + 1
            state = run.segments[-1].state
            with job.usable("read"):
                memory = Memory.unpacked(state) if state else None
        found = color_pictures(
            film.pictures(start, end),
            film.facts,
            self.network,
            vividness=options.vividness,
            steady=options.steady,
            memory=memory,
            told=told.at,
            threads=self._threads,
        )
        writer = SegmentWriter(run, job)
        try:
            for colored in found:
                writer.add(colored)
                run.done += 1
                run.progress(run.done, run.total)
            writer.finish(at_end=True)
        finally:
            writer.abandon()
        if not run.segments:
            raise VideoError(
                f"'{film.facts.path}' has no picture between {options.start:g} and "
                f"{'its end' if options.end is None else f'{options.end:g}'} seconds; it is "
                f"{film.facts.seconds:.1f} seconds long"
            )

    def _join(self, run: Run, job: Job, path: Path, *, overwrite: bool) -> list[str]:
        paths = [job.path(number) for number in range(len(run.segments))]
        times = [one for segment in run.segments for one in segment.times]
        span = Span(run.options.start, run.options.end)
        with writing(path, overwrite=overwrite) as part:
            return join(paths, times, part, run.encoding, self.mark, span)


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


def _span(film: Film, options: VideoOptions) -> tuple[int | None, int | None]:
    """The part that is wanted, in the film's own units."""
    start = film.time(options.start) if options.start > 0 else None
    return start, film.time(options.end) if options.end is not None else None
