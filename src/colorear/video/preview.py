"""A contact sheet: one colored picture of each shot, to choose and correct before a long run."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from colorear import color
from colorear.errors import UsageError, VideoError
from colorear.hints import Hint
from colorear.models import Network
from colorear.video.chroma import ChromaPlanes, small_luma
from colorear.video.coloring import Look
from colorear.video.film import Film, Picture
from colorear.video.job import writing
from colorear.video.options import VideoOptions
from colorear.video.shots import cut_between
from colorear.video.steady import Frame

__all__ = ["ShotPreview", "check_sheet", "shot_previews", "write_sheet"]

_SUFFIXES = (".png", ".jpg", ".jpeg")
_WIDTH = 320  # pixels of a picture on the sheet
_ACROSS = 4
_LABEL = 24  # pixels below each
_MOST = 400  # shots on a sheet


class ShotPreview(NamedTuple):
    """One shot."""

    start: float
    """Seconds from the film's start."""
    time: float
    """Likewise, of the picture: the `time` of a hint in it."""
    srgb: NDArray[np.uint8]
    """`(h, w, 3)`: a picture of its second half, upright."""


def check_sheet(path: Path) -> None:
    """Raise UsageError unless a contact sheet can be written under that name."""
    if path.suffix.lower() not in _SUFFIXES:
        raise UsageError(
            f"'{path}' ends in {path.suffix or 'nothing'}, but a preview is a picture: "
            f"one of {', '.join(_SUFFIXES)} is needed"
        )


def shot_previews(
    film: Film,
    network: Network,
    options: VideoOptions,
    told: Mapping[int, tuple[Hint, ...]],
    progress: Callable[[int], None] = lambda _: None,
) -> Iterator[ShotPreview]:
    """Each shot of a film, as soon as it is over.

    `told` are the hints of pictures by their times; `progress` is told how many frames were seen.
    """
    look = Look(film.facts, network, options.vividness)
    start = film.time(options.start) if options.start > 0 else None
    end = film.time(options.end) if options.end is not None else None
    before: NDArray[np.uint8] | None = None
    kept: Picture | None = None
    begins, length = 0, 0
    for number, picture in enumerate(film.pictures(start, end), 1):
        luma = look.small(picture)
        if before is not None and cut_between(before, luma):
            if kept is not None:
                yield _preview(film, look, begins, kept, told)
            kept, length = None, 0
        before = luma
        length += 1
        if kept is None:
            begins = picture.time
        if length & (length - 1) == 0:  # so the last one that is kept is of the second half
            kept = picture
        progress(number)
    if kept is not None:
        yield _preview(film, look, begins, kept, told)


def write_sheet(previews: list[ShotPreview], target: Path, *, overwrite: bool) -> None:
    """Write the contact sheet of at most 400 shots; the rest of them is left out.

    Raises VideoError.
    """
    import cv2

    previews = previews[:_MOST]
    if not previews:
        raise VideoError(f"'{target}' is not written: there is no picture to put on it")
    tall = max(shot.srgb.shape[0] for shot in previews) + _LABEL
    wide = max(shot.srgb.shape[1] for shot in previews)
    rows = -(-len(previews) // _ACROSS)
    across = min(_ACROSS, len(previews))
    sheet: Any = np.full((rows * (tall + 8) + 8, across * (wide + 8) + 8, 3), 24, np.uint8)
    for number, shot in enumerate(previews):
        top = 8 + number // _ACROSS * (tall + 8)
        left = 8 + number % _ACROSS * (wide + 8)
        height, width = shot.srgb.shape[:2]
        sheet[top : top + height, left : left + width] = shot.srgb
        label = f"{number + 1}   {_clock(shot.start)}   time {shot.time:.2f}"
        place = (left + 2, top + height + _LABEL - 8)
        cv2.putText(
            sheet, label, place, cv2.FONT_HERSHEY_SIMPLEX, 0.45, (230, 230, 230), 1, cv2.LINE_AA
        )
    good, content = cv2.imencode(target.suffix.lower(), cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR))
    if not good:
        raise VideoError(f"'{target}' cannot be made; name a .png")
    with writing(target, overwrite=overwrite) as part:
        part.write_bytes(content.tobytes())


def _clock(seconds: float) -> str:
    """Hours, minutes and seconds.

    >>> _clock(3725.25)
    '1:02:05.2'
    """
    tenths = int(seconds * 10)
    return f"{tenths // 36000}:{tenths // 600 % 60:02}:{tenths // 10 % 60:02}.{tenths % 10}"


def _preview(
    film: Film,
    look: Look,
    begins: int,
    picture: Picture,
    told: Mapping[int, tuple[Hint, ...]],
) -> ShotPreview:
    import cv2

    facts = film.facts
    shown_height, shown_width = facts.shown
    height = max(1, round(shown_height * _WIDTH / shown_width))
    size = (_WIDTH, height) if facts.rotation % 180 else (height, _WIDTH)  # as it lies
    values: Any = picture.luma
    luma = cv2.resize(values, size[::-1], interpolation=cv2.INTER_AREA)
    planes = ChromaPlanes(facts.layout, *size, (1, 1))
    frame = Frame(look.small(picture), None, None, told.get(picture.time, ()))
    chroma = planes.units(luma, look.colors(frame).transpose(2, 0, 1))
    units = small_luma(luma, facts.layout, *size)
    ycc = np.stack((units, *chroma))
    srgb = np.clip(color.ycc_to_srgb(ycc, facts.layout.weights), 0, 1)
    upright = np.rot90(
        np.rint(255 * srgb).astype(np.uint8).transpose(1, 2, 0), facts.rotation // 90
    )
    times = film.seconds(begins), film.seconds(picture.time)
    return ShotPreview(*times, np.ascontiguousarray(upright))
