"""The commands on photographs."""

import json
import os
import signal
import sys
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Literal

import typer

from colorear.batch import processes, ray_cluster
from colorear.batch.discovery import Failed, plan
from colorear.batch.remote import Remote, is_remote, place
from colorear.batch.runner import Answer, Batch, Kept, Map
from colorear.cli.output import File, Json, failing, printable, say_error, tell, wrong_usage
from colorear.cli.progress import Tally
from colorear.errors import ColorearError
from colorear.hints import Hint, read_hints
from colorear.inference.colorizer import Colorizer
from colorear.inference.options import DEFAULT_MODEL, MAX_VIVIDNESS, ColorizeOptions
from colorear.inference.suggestions import lacking
from colorear.inference.verify import verify as check_promise
from colorear.models import Network
from colorear.photo.c2pa import Signer
from colorear.photo.provenance import Provenance
from colorear.photo.sniffing import SUFFIXES, is_folder

__all__ = ["colorize", "verify"]

Photographs = Annotated[list[str], typer.Argument(help="JPEG, PNG, TIFF, WebP; or s3://...")]
Certificate = Annotated[
    Path | None,
    typer.Option(readable=False, help="PEM: yours first, to sign with (extra: c2pa); needs KEY."),
]
Key = Annotated[Path | None, typer.Option(readable=False, help="PEM, without a password.")]
Hints = Annotated[
    Path | None,
    typer.Option(readable=False, help="JSON: places and their colours, for one photograph."),
]
Vividness = Annotated[
    float, typer.Option(min=0, max=MAX_VIVIDNESS, help="0 is grey, 1 as in life, more is stronger.")
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
    uncertainty: Annotated[bool, typer.Option(help="A picture of how unsure it is, too.")] = False,
    jobs: Annotated[int | None, typer.Option(min=1, help="Processor cores to use; all.")] = None,
    on: Annotated[
        Literal["local", "ray"],
        typer.Option(help="This machine, or the cluster of RAY_ADDRESS (extra: cluster)."),
    ] = "local",
    overwrite: Annotated[bool, typer.Option(help="Replace what is there.")] = False,
    certificate: Certificate = None,
    key: Key = None,
    as_json: Json = False,
) -> None:
    """Put colour into photographs, or into all that folders hold.

    `old.jpg` becomes `old-color.jpg` beside it, or in OUT, where folders are mirrored and where the
    same command goes on if it was stopped. Variants are `old-color-2.jpg` and so on; what is black
    in `old-uncertainty.png` is sure.
    """
    sources = [_place(text, on) for text in source]
    into = _place(out, on) if out is not None else None
    try:
        _make_folder(into, sources)
        signer = _signer(certificate, key)
        colorizer = Colorizer(model, threads=jobs or processes.cores(), signer=signer)
        crowd = ray_cluster.actors(model, jobs, signer=signer) if on == "ray" else None
        options = ColorizeOptions(model, _hints(hints, sources), vividness, variants)
        _check_able(colorizer.network, options, uncertainty=uncertainty)
        planned = plan(sources, into, variants=variants, uncertainty=uncertainty)
        how = colorizer.network.card.sha256 + (", signed" if signer else "")
        batch = Batch(planned, into, how, options=options, overwrite=overwrite)
    except ColorearError as error:
        wrong_usage(str(error))
    work_off = crowd or _here(colorizer, model, len(batch.to_do), jobs, signer)
    tally = Tally(len(batch), planned.left_alone)
    try:
        with failing(), batch, closing(batch.run(work_off)) as answers, tally.shown():
            for answer in answers:
                tally.count(answer)
                _tell(as_json, answer)
    except KeyboardInterrupt:
        say_error(
            f"stopped with {tally.done} of {len(batch)} photographs done; the same command again "
            "makes the rest, and leaves those that are done as they are"
        )
        sys.stdout.flush()
        os._exit(128 + signal.SIGINT)  # not waiting for a thread that may be colouring still
    if not as_json:
        tally.sum_up()
    if tally.failed:
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
        typer.echo(f"colour: {_said_of_colour(promise.provenance)}")
        typer.echo("the promise is kept" if promise.ok else "the promise is broken")
    if not promise.ok:
        raise typer.Exit(1)


def _place(text: str, on: str) -> Path | Remote:
    """What is meant; for a cluster the whole path, as its nodes work in folders of their own."""
    return Path(text).absolute() if on == "ray" and not is_remote(text) else place(text)


def _here(
    colorizer: Colorizer, model: str, photographs: int, jobs: int | None, signer: Signer | None
) -> Map:
    """This machine: without other processes where there is but one photograph."""
    if photographs < 2:
        return processes.thread(colorizer)
    cores = jobs or processes.cores()
    many = min(cores, photographs)
    return processes.processes(model, many, threads=cores // many, signer=signer)


def _hints(file: Path | None, sources: list[Path | Remote]) -> tuple[Hint, ...]:
    """Raises HintError."""
    if file is None:
        return ()
    if len(sources) > 1 or is_folder(sources[0]):
        wrong_usage("hints are about the places of one photograph; name that one alone")
    return read_hints(file)


def _check_able(network: Network, options: ColorizeOptions, *, uncertainty: bool) -> None:
    """Say at once what the network could do for no photograph."""
    if what := lacking(network, options, uncertainty=uncertainty):
        wrong_usage(f"{network.card.name} {what}; choose a network that does")


def _signer(certificate: Path | None, key: Path | None) -> Signer | None:
    """Raises SigningError, or MissingExtraError."""
    if certificate and key:
        return Signer(certificate, key)
    if certificate or key:
        wrong_usage("--certificate and --key belong together, but one of them came; name both")
    return None


def _said_of_colour(mark: Provenance | None) -> str:
    if mark is None:
        return "not marked as synthetic by colorear"
    network = f"{mark.network} {mark.network_version}".rstrip()
    by = f"synthetic, by colorear {mark.version}, network {network} (sha256 {mark.sha256})"
    return printable(by)


def _make_folder(out: Path | Remote | None, sources: list[Path | Remote]) -> None:
    """Make the folder that OUT means, if it does not name a file or nothing."""
    try:
        one = len(sources) == 1 and not is_folder(sources[0])
        if out is None or out.is_dir() or (out.suffix and one):
            return
        if out.suffix.lower() in sum(SUFFIXES.values(), ()):
            wrong_usage(f"'{out}' names one file, but more than one may come; name a folder")
        out.mkdir(parents=True)
    except OSError as error:
        wrong_usage(f"the folder '{out}' cannot be made: {error.strerror}")


def _tell(as_json: bool, answer: Answer) -> None:
    told = asdict(answer)
    surprises = told.pop("unreachable", ())
    if surprises:
        told["unreachable"] = surprises
    if isinstance(answer, Failed):
        tell(as_json, told, error=answer.error)
    elif isinstance(answer, Kept):
        tell(as_json, told, done=f"{answer.source} was done already")
    else:
        tell(as_json, told, done=f"{answer.source} -> {answer.output}")
        for wish in answer.unreachable if not as_json else ():
            place = f"({wish.hint.x:g}, {wish.hint.y:g})"
            what = f"{wish.hint.color} does not exist at the lightness of {place}"
            typer.echo(f"{what}; the nearest is {wish.nearest}", err=True)
