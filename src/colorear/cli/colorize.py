"""The commands on photographs."""

import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from colorear.batch.colorize import On, Run, colorize_all, colorize_stream
from colorear.batch.discovery import Failed, Skipped
from colorear.batch.task import Kept, Result
from colorear.cli.output import Json, counted, number, print_error, print_note, report, said, say
from colorear.cli.progress import ProgressDisplay
from colorear.errors import ExitCode, UsageError
from colorear.hints import read_hints
from colorear.inference.colorizer import Colored
from colorear.inference.options import DEFAULT_MODEL, MAX_VIVIDNESS, ColorizeOptions
from colorear.inference.verify import verify as compare
from colorear.photo.appearance import REASONS
from colorear.photo.c2pa import Signer
from colorear.photo.provenance import Provenance

__all__ = ["colorize", "verify"]

Photographs = Annotated[
    list[str],
    typer.Argument(help="JPEG, PNG, TIFF, WebP, AVIF; folders, s3://...; - for a pipe."),
]
Certificate = Annotated[
    Path | None,
    typer.Option(
        readable=False, help="PEM file to sign with, yours first (extra: c2pa); needs --key."
    ),
]
Key = Annotated[
    Path | None, typer.Option(readable=False, help="PEM file of its key, without a password.")
]
Hints = Annotated[
    Path | None,
    typer.Option(readable=False, help="JSON file: places and their colors, for one photograph."),
]
Vividness = Annotated[
    float, typer.Option(min=0, max=MAX_VIVIDNESS, help="0 is gray, 1 as in life, more is stronger.")
]
Model = Annotated[str, typer.Option(help="A network of `colorear models`, or an .onnx file.")]


def colorize(
    source: Photographs,
    *,
    out: Annotated[
        str | None, typer.Option("-o", "--out", help="A folder; a file for one photograph.")
    ] = None,
    model: Model = DEFAULT_MODEL,
    vividness: Vividness = 1.0,
    hints: Hints = None,
    variants: Annotated[int, typer.Option(min=1, max=20, help="How many different ones.")] = 1,
    uncertainty: Annotated[
        bool, typer.Option("--uncertainty", help="Make a picture of how unsure it is, too.")
    ] = False,
    jobs: Annotated[
        int | None, typer.Option(min=1, help="Processor cores to use; all without it.")
    ] = None,
    on: Annotated[
        On, typer.Option(help="This machine, or the cluster of RAY_ADDRESS (extra: cluster).")
    ] = "local",
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace files that are in the way.")
    ] = False,
    recolor: Annotated[
        bool, typer.Option("--recolor", help="Color what is in color or has no grays, too.")
    ] = False,
    exclude: Annotated[
        list[str] | None,
        typer.Option(help="Leave out of folders, as `*.tif` or `thumbs/*`; may be repeated."),
    ] = None,
    certificate: Certificate = None,
    key: Key = None,
    as_json: Json = False,
) -> None:
    """Put color into photographs, or into all that folders hold.

    `old.jpg` becomes `old-color.jpg` beside it, or in OUT, where folders are mirrored and where the
    same command goes on if it was stopped. Variants are `old-color-2.jpg` and so on; what is black
    in `old-uncertainty.png` is sure.
    """
    options = ColorizeOptions(model, read_hints(hints) if hints else (), vividness, variants)
    signer = _signer(certificate, key)
    if "-" in source:
        if len(source) > 1 or out or variants > 1 or uncertainty or as_json or on != "local":
            raise UsageError(
                "standard input (-) becomes one file on standard output; name it alone, without "
                "--out, --variants, --uncertainty, --json and --on"
            )
        if sys.stdout.isatty():
            raise UsageError("standard output is a terminal; redirect it into a file")
        streams = sys.stdin.buffer, sys.stdout.buffer
        made = colorize_stream(*streams, options=options, jobs=jobs, recolor=recolor, signer=signer)
        _warn(as_json, "standard input", made)
        return
    run = colorize_all(
        source,
        out,
        options=options,
        uncertainty=uncertainty,
        jobs=jobs,
        on=on,
        overwrite=overwrite,
        recolor=recolor,
        exclude=exclude or (),
        signer=signer,
    )
    display = ProgressDisplay(len(run), run.left_alone)
    _color(run, display, as_json=as_json)
    display.sum_up(as_json=as_json)
    if display.failed or display.incomplete:
        raise typer.Exit(ExitCode.FAILED)


def verify(
    original: Annotated[
        Path, typer.Argument(readable=False, help="The photograph or film as it was.")
    ],
    colored: Annotated[Path, typer.Argument(readable=False, help="The same in color.")],
    *,
    as_json: Json = False,
) -> None:
    """Check that COLORED is ORIGINAL with color added and nothing else changed."""
    from colorear.video.verify import is_film  # late: coloring needs none of it

    if is_film(original):
        _verify_film(original, colored, as_json=as_json)
        return
    found = compare(original, colored)
    if as_json:
        typer.echo(json.dumps(asdict(found) | {"ok": found.ok}))
    else:
        dct = {True: "identical", False: "changed", None: "none to compare (no JPEG)"}
        say(f"luma DCT coefficients: {dct[found.identical_dct]}")
        say(_difference(found.max_luma_difference))
        say(f"changed besides: {', '.join(map(said, found.changed)) or 'nothing'}")
        if not found.decoded_twice:
            say("read by one decoder only: another one does not know its kind, or its size")
        say(f"color: {_described(found.provenance)}")
        say("the promise is kept" if found.ok else "the promise is broken")
    if not found.ok:
        raise typer.Exit(ExitCode.FAILED)


def _verify_film(original: Path, colored: Path, *, as_json: bool) -> None:
    from colorear.video.verify import verify as compare_films

    found = compare_films(original, colored)
    if as_json:
        typer.echo(json.dumps(asdict(found) | {"ok": found.ok}))
    else:
        say(f"frames: {number(found.frames)}, and {number(found.frames_colored)} in color")
        levels = _difference(found.max_luma_difference)
        say(levels if found.psnr is None else f"{levels} ({number(found.psnr, decimals=1)} dB)")
        say(f"color: {_described(found.provenance)}")
        lossy = "the promise is kept as far as a lossy codec can"
        kept = "the promise is kept" if found.identical_luma else lossy
        say(kept if found.ok else "the promise is broken")
    if not found.ok:
        raise typer.Exit(ExitCode.FAILED)


def _color(run: Run, display: ProgressDisplay, *, as_json: bool) -> None:
    """Color them, saying what became of each."""
    try:
        with run, display.shown():
            for result in run.results():
                display.count(result)
                _report(as_json, result)
    except KeyboardInterrupt:
        print_error(
            f"stopped with {display.done} of {len(run)} photographs done; the same command again "
            "makes the rest, and leaves those that are done as they are"
        )
        sys.stdout.flush()
        os._exit(ExitCode.STOPPED)  # not waiting for a thread that may be coloring still


def _signer(certificate: Path | None, key: Path | None) -> Signer | None:
    """Raises SigningError, or MissingExtraError."""
    if certificate and key:
        return Signer(certificate, key)
    if certificate or key:
        raise UsageError("--certificate and --key belong together, but one of them came; name both")
    return None


def _difference(levels: int) -> str:
    return counted(
        levels,
        "largest difference of luma: {count} level",
        "largest difference of luma: {count} levels",
    )


def _described(mark: Provenance | None) -> str:
    if mark is None:
        return "not marked as synthetic by colorear"
    network = f"{mark.network} {mark.network_version}".rstrip()
    return f"synthetic, by colorear {mark.version}, network {network} (sha256 {mark.sha256})"


def _warn(as_json: bool, name: str, made: Result) -> None:
    """Say it where hardly any color fits; programs have it in the result."""
    if as_json or not isinstance(made, Colored | Skipped):
        return
    if reason := REASONS.get(made.appearance):
        what = (
            "it came back as it was" if isinstance(made, Skipped) else "it was colored all the same"
        )
        print_note(f"note: {name} {reason}; {what}")


def _report(as_json: bool, result: Result) -> None:
    payload = asdict(result)
    payload = {k: v for k, v in payload.items() if v or k not in ("unreachable", "left_out")}
    if isinstance(result, Failed):
        report(as_json, payload | {"state": "failed"}, error=result.error)
    elif isinstance(result, Kept):
        report(as_json, payload | {"state": "kept"})  # the summary counts them for people
    elif isinstance(result, Skipped):
        done = f"{result.source} was left alone: {result.reason} (--recolor colors it all the same)"
        report(as_json, payload | {"state": "skipped"}, done=done)
    else:
        report(as_json, payload | {"state": "colored"}, done=f"{result.source} -> {result.output}")
        _warn(as_json, result.source, result)
        for page in result.left_out if not as_json else ():
            print_error(page)
        for wish in result.unreachable if not as_json else ():
            place = f"({wish.hint.x:g}, {wish.hint.y:g})"
            what = f"{wish.hint.color} does not exist at the lightness of {place}"
            print_note(f"{what}; the nearest is {wish.nearest}")
