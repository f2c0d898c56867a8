"""The command on films."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from colorear import models
from colorear.cli.colorize import Model, Vividness
from colorear.cli.output import (
    Json,
    counted,
    number,
    print_error,
    print_note,
    report,
    said,
    say,
    stderr,
)
from colorear.errors import ExitCode
from colorear.hints import read_timed_hints
from colorear.inference.options import DEFAULT_MODEL
from colorear.video.options import Codec, VideoOptions

if TYPE_CHECKING:
    from colorear.video.colorizer import ColorizedVideo

__all__ = ["video"]

_PLACES = 5  # damaged places that people are told of, one by one


def video(
    source: Annotated[Path, typer.Argument(readable=False, help="A film, of any common kind.")],
    *,
    out: Annotated[
        Path | None,
        typer.Option("-o", "--out", help="The film to write: .mkv, .mp4, .mov, .webm or .nut."),
    ] = None,
    model: Model = DEFAULT_MODEL,
    vividness: Vividness = 1.0,
    steady: Annotated[
        float,
        typer.Option(min=0, max=1, help="1: colors follow the motion; 0: each frame by itself."),
    ] = 1.0,
    hints: Annotated[
        Path | None,
        typer.Option(readable=False, help="JSON file: times, places and their colors."),
    ] = None,
    codec: Annotated[
        Codec | None, typer.Option(help="Without it the film's own, or h264; ffv1 is lossless.")
    ] = None,
    quality: Annotated[
        int | None, typer.Option(min=0, help="The encoder's CRF: smaller is better and larger.")
    ] = None,
    start: Annotated[float, typer.Option(min=0, help="Begin so many seconds into the film.")] = 0.0,
    end: Annotated[float | None, typer.Option(min=0, help="End there, in seconds.")] = None,
    preview: Annotated[
        bool, typer.Option("--preview", help="Write a picture with all shots (.png, .jpg) only.")
    ] = False,
    jobs: Annotated[
        int | None, typer.Option(min=1, help="Processor cores for the network; all without it.")
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a file that is in the way.")
    ] = False,
    recolor: Annotated[
        bool, typer.Option("--recolor", help="Color what colorear colored already, too.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Put color into a film, and leave its luma, its sound and its subtitles as they are.

    `old.mp4` becomes `old-color.mp4` beside it, or OUT. A run that was stopped goes on where it was
    when the same command is given again. Needs the extra `video`.
    """
    from colorear.video.colorizer import VideoColorizer  # late: photographs need none of it

    if models.is_file(model):
        models.try_out(model)  # whoever gave it may not know what it does
    colorizer = VideoColorizer(model, threads=jobs)
    options = VideoOptions(
        vividness=vividness,
        steady=steady,
        hints=read_timed_hints(hints) if hints else (),
        codec=codec,
        quality=quality,
        start=start,
        end=end,
    )
    done, total = 0, 0

    def count(now: int, of: int) -> None:
        nonlocal done, total
        done, total = now, of
        show(now, of)

    try:
        with _bar() as show:
            if preview:
                shots = colorizer.preview(source, out, options, overwrite=overwrite, progress=count)
            else:
                made = colorizer.colorize(
                    source, out, options, overwrite=overwrite, recolor=recolor, progress=count
                )
    except KeyboardInterrupt:
        about = number(max(done, total))
        stopped = f"stopped with {number(done)} of about {about} frames done"
        print_error(stopped if preview else f"{stopped}; the same command again goes on from there")
        raise typer.Exit(ExitCode.STOPPED) from None
    if preview:
        payload = {
            "source": source,
            "output": shots.output,
            "shots": shots.shots,
            "times": shots.times,
        }
        report(as_json, payload, done=f"{source} -> {shots.output}")
    else:
        _report(made, as_json=as_json)


@contextmanager
def _bar() -> Iterator[Callable[[int, int], None]]:
    """Within it a bar is shown, on a terminal, that is moved by what is yielded."""
    columns = (
        TextColumn(said("coloring")),
        BarColumn(),
        TextColumn("{task.completed:,} / {task.total:,} " + said("frames")),
        TextColumn("{task.fields[speed]:.1f} " + said("frames/s")),
        TimeRemainingColumn(),
    )
    disable = not stderr.is_terminal
    with Progress(*columns, console=stderr, transient=True, disable=disable) as bar:
        task = bar.add_task("", total=1, speed=0.0)
        before: int | None = None

        def show(done: int, total: int) -> None:
            nonlocal before
            before = done if before is None else before
            elapsed = bar.tasks[task].elapsed or 0.0
            speed = (done - before) / elapsed if elapsed else 0.0
            bar.update(task, completed=done, total=max(done, total, 1), speed=speed)

        yield show


def _report(made: "ColorizedVideo", *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(asdict(made), default=str))
        return
    speed = (made.frames - made.resumed) / max(made.seconds, 1e-3)
    frames = counted(made.frames, "{count} frame", "{count} frames")
    shots = counted(len(made.shots), "in {count} shot", "in {count} shots")
    done = f"{made.source} -> {made.output}: {frames} {shots}"
    report(as_json, {}, done=f"{done}; {number(speed, decimals=1)} {said('frames/s')}")
    for time, what in made.damaged[:_PLACES]:
        say(f"damaged at {time:.2f} seconds: {what}", err=True)
    if len(made.damaged) > _PLACES:
        say(f"and at {len(made.damaged) - _PLACES} more places (--json tells all)", err=True)
    if made.ends_early:
        ends, says = made.ends_early
        what = f"is cut short: it ends at {ends:.2f} of {says:.2f} seconds"
        say(f"'{made.source}' {what}", err=True)
    for what in made.left_out:
        say(f"left out: {what}", err=True)
    for wish in made.unreachable:
        place = f"({wish.hint.x:g}, {wish.hint.y:g})"
        what = f"{wish.hint.color} does not exist at the lightness of {place}"
        print_note(f"{what}; the nearest is {wish.nearest}")
