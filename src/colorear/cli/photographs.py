"""The commands on photographs."""

import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress

from colorear.cli.saying import File, Json, err, failing, say_error, tell, wrong_usage
from colorear.colorizer import Colorizer, Failed, colorize_each
from colorear.errors import ColorearError
from colorear.photo import SUFFIXES
from colorear.promise import verify as check_promise

__all__ = ["colorize", "verify"]

Photographs = Annotated[list[Path], typer.Argument(readable=False, help="JPEG, PNG, TIFF, WebP.")]
Model = Annotated[str, typer.Option(help="A network of `colorear models`, or an .onnx file.")]


def colorize(
    source: Photographs,
    *,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="A folder; a file for one photograph.")
    ] = None,
    model: Model = "acuarela",
    overwrite: Annotated[bool, typer.Option(help="Replace what is there.")] = False,
    as_json: Json = False,
) -> None:
    """Put colour into photographs: `old.jpg` becomes `old-color.jpg` beside it, or in OUT."""
    try:
        colorizer = Colorizer(model)
    except ColorearError as error:
        wrong_usage(str(error))
    folder = _folder(out, len(source))
    answers = colorize_each(colorizer, source, folder or out, overwrite=overwrite)
    failed = done = 0
    bar = Progress(console=err, transient=True, disable=not err.is_terminal)
    with _stop_signal() as stopped, bar:
        for answer in bar.track(answers, len(source), description="colouring"):
            if isinstance(answer, Failed):
                failed += 1
                tell(as_json, asdict(answer), error=answer.error)
            else:
                done += 1
                tell(as_json, asdict(answer), done=f"{answer.source} -> {answer.output}")
            if stopped:
                break
    if failed + done < len(source):
        say_error(
            f"stopped with {done} of {len(source)} photographs done; the same command again makes "
            "the rest, and leaves those that are done as they are"
        )
        raise typer.Exit(128 + signal.SIGINT)  # as a shell reports it
    if failed:
        raise typer.Exit(1)


def verify(original: File, coloured: File, *, as_json: Json = False) -> None:
    """Check that COLOURED is ORIGINAL with colour added and nothing else changed."""
    with failing():
        promise = check_promise(original, coloured)
    if as_json:
        typer.echo(json.dumps(asdict(promise) | {"ok": promise.ok}))
    else:
        dct = {True: "identical", False: "changed", None: "none to compare (no JPEG)"}
        typer.echo(f"luma DCT coefficients: {dct[promise.identical_dct]}")
        typer.echo(f"largest difference of luma: {promise.max_luma_difference} levels")
        typer.echo("the promise is kept" if promise.ok else "the promise is broken")
    if not promise.ok:
        raise typer.Exit(1)


def _folder(out: Path | None, count: int) -> Path | None:
    """The folder that OUT means, made if need be; None if it names a file, or nothing."""
    try:
        if out is None or (out.suffix and count == 1 and not out.is_dir()):
            return None
        if out.suffix.lower() in sum(SUFFIXES.values(), ()) and not out.is_dir():
            wrong_usage(f"'{out}' names one file, but {count} photographs came; name a folder")
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        wrong_usage(f"the folder '{out}' cannot be made: {error.strerror}")
    return out


@contextmanager
def _stop_signal() -> Iterator[list[int]]:
    """Where Ctrl-C is noted, to stop between two photographs; a second one stops at once.

    A KeyboardInterrupt would get lost in the callbacks that libvips makes while it works.
    """
    stopped: list[int] = []

    def note(number: int, _frame: object) -> None:
        stopped.append(number)
        signal.signal(number, before)

    before = signal.signal(signal.SIGINT, note)
    try:
        yield stopped
    finally:
        signal.signal(signal.SIGINT, before)
