"""Colored pictures into segments: files of a job, each noted as soon as it is whole."""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import takewhile

from colorear.errors import VideoError, translated
from colorear.video.chroma import ChromaPlanes
from colorear.video.coloring import STRETCH, Colored
from colorear.video.encoder import Encoder
from colorear.video.encoding import Encoding
from colorear.video.film import Film
from colorear.video.job import Job, Segment
from colorear.video.options import VideoOptions

__all__ = ["Progress", "Run", "SegmentWriter"]

_LONGEST = 240  # frames of a segment, at most: a stop costs no more work than that
_SHORTEST = 24  # frames below which a shot shares its segment with the next one

Progress = Callable[[int, int], None]
"""Told how many pictures are done, and how many there are, about; 0 where nobody knows."""


@dataclass
class Run:
    """What is known of a film while it is being colored."""

    film: Film
    encoding: Encoding
    options: VideoOptions
    progress: Progress
    segments: list[Segment] = field(default_factory=list)
    done: int = 0

    @property
    def in_color(self) -> bool:
        """Whether the film has color already, as far as it has been read."""
        return any(segment.in_color for segment in self.segments)

    @property
    def total(self) -> int:
        """Pictures, about."""
        return self.film.count(self.options.start, self.options.end)


class SegmentWriter:
    """Puts colored pictures into one segment after the other."""

    def __init__(self, run: Run, job: Job) -> None:
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
            self._encoder(time_, duration, luma, self._chroma(luma, colored.ab, colored.luma))
        if colored.memory is not None:
            self._segment = self._segment._replace(state=colored.memory.packed())
            if (
                len(self._segment.times) > _LONGEST - STRETCH
            ):  # a whole stretch more would be too many
                self.finish()

    def finish(self, *, at_end: bool = False) -> None:
        """End a segment, and note that it is whole; with the last one all that was damaged."""
        if self._encoder is None:
            return
        with translated(VideoError, self._name, "written"):
            self._encoder.close()
        self._encoder = None
        film = self._run.film
        ends = float("inf") if at_end else film.seconds(self._segment.times[-1])
        # frames that wait for their colors were read, and will be read again by another run
        places = [*takewhile(lambda place: place[0] <= ends, film.report.damaged[self._heard :])]
        segment = self._segment._replace(damaged=places, in_color=film.report.in_color)
        self._heard += len(places)
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
