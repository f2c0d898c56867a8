"""What a worker does for the page of films: functions that run in another process."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import msgspec

from colorear.errors import VideoError
from colorear.hints import TimedHint
from colorear.server.ui.previews import jpeg_data_url
from colorear.video.colorizer import ColorizedVideo, VideoColorizer
from colorear.video.facts import film_stream, open_film
from colorear.video.film import Film
from colorear.video.options import VideoOptions

__all__ = ["FilmRequest", "Payload", "color_film", "inspect_film", "preview_film"]

Payload = dict[str, Any]
"""A JSON object for the page's script."""

_PIXELS = 9_000_000  # of a frame: a little more than those of 3840 x 2160
_SHOTS = 120  # that are shown
_TOLD = 5  # damaged places that are told one by one


class FilmRequest(msgspec.Struct, frozen=True):
    """What a visitor asks for the film that is here."""

    model: str
    hints: tuple[TimedHint, ...] = ()
    kind: Literal["mp4", "mkv"] = "mp4"
    """H.264 that plays anywhere, or FFV1 that loses nothing."""


def inspect_film(path: Path, most_seconds: float) -> Payload:
    """What the page tells of a film. Raises VideoError, also where it is longer or larger."""
    film = Film(path)
    facts = film.facts
    seconds = facts.seconds or _length(film)
    if seconds > most_seconds:
        raise VideoError(
            f"'{path}' is {seconds:.0f} seconds long, but films of up to {most_seconds:.0f} "
            "seconds are taken here; send a part of it, or color it with the command colorear video"
        )
    if facts.width * facts.height > _PIXELS:
        raise VideoError(
            f"'{path}' has {facts.width} x {facts.height} pixels, but films of up to 3840 x 2160 "
            "are taken here; color it with the command colorear video"
        )
    height, width = facts.shown
    return {"seconds": round(seconds, 2), "width": width, "height": height}


def preview_film(path: Path, request: FilmRequest) -> Payload:
    """A colored picture of each shot as `data:` URLs. Raises VideoError, HintError, ModelError."""
    colorizer = VideoColorizer(request.model)
    shots = colorizer.shots(path, VideoOptions(hints=_hints(request, colorizer)))
    return {
        "shots": [
            {
                "start": round(shot.start, 3),
                "time": round(shot.time, 3),
                "picture": jpeg_data_url(shot.srgb),
            }
            for shot in shots[:_SHOTS]
        ],
        "more": max(0, len(shots) - _SHOTS),
        "hints": colorizer.network.card.hints,
    }


def color_film(
    path: Path, target: Path, request: FilmRequest, *, report: Callable[[float], None]
) -> Payload:
    """Color a film into `target`; it ends where the film is taken away meanwhile.

    Raises VideoError, UsageError, HintError and ModelError.
    """
    colorizer = VideoColorizer(request.model)

    def progress(done: int, total: int) -> None:
        if not path.exists():
            raise VideoError("the film was taken away while it was colored")
        report(min(1.0, done / max(done, total, 1)))

    codec: Literal["h264", "ffv1"] = "h264" if request.kind == "mp4" else "ffv1"
    options = VideoOptions(codec=codec, hints=_hints(request, colorizer))
    return _told(colorizer.colorize(path, target, options, progress=progress))


def _told(made: ColorizedVideo) -> Payload:
    return {
        "frames": made.frames,
        "seconds": round(made.seconds, 1),
        "lossless": made.lossless,
        "damaged": [round(time, 2) for time, _ in made.damaged[:_TOLD]],
        "more_damaged": max(0, len(made.damaged) - _TOLD),
        "ends_early": made.ends_early,
        "left_out": made.left_out,
        "unreachable": len(made.unreachable),
    }


def _hints(request: FilmRequest, colorizer: VideoColorizer) -> tuple[TimedHint, ...]:
    return request.hints if colorizer.network.card.hints else ()


def _length(film: Film) -> float:
    """Of a film that does not tell it: where its last packet is, or as many as there are."""
    last, number = 0.0, 0
    with open_film(film.facts.path) as file:
        for packet in file.demux(film_stream(file)):
            number += packet.size > 0
            last = max(last, film.seconds(packet.pts) if packet.pts is not None else 0.0)
    return max(last, number / float(film.facts.rate))
