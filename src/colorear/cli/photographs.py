"""The commands on photographs."""

import json
import os
import signal
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from colorear import workers
from colorear.batch import Answer, Batch, Kept
from colorear.cli.saying import File, Json, failing, printable, say_error, tell, wrong_usage
from colorear.cli.tally import Tally
from colorear.colorizer import Colorizer
from colorear.errors import ColorearError
from colorear.files import SUFFIXES, is_folder
from colorear.plan import Failed, plan
from colorear.promise import verify as check_promise
from colorear.provenance import Provenance
from colorear.signing import Signer

__all__ = ["colorize", "verify"]

Photographs = Annotated[list[Path], typer.Argument(readable=False, help="JPEG, PNG, TIFF, WebP.")]
Certificate = Annotated[
    Path | None,
    typer.Option(readable=False, help="PEM: yours first, to sign with (extra: c2pa); needs KEY."),
]
Key = Annotated[Path | None, typer.Option(readable=False, help="PEM, without a password.")]
Model = Annotated[str, typer.Option(help="A network of `colorear models`, or an .onnx file.")]


def colorize(
    source: Photographs,
    *,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="A folder; a file for one photograph.")
    ] = None,
    model: Model = "acuarela",
    jobs: Annotated[int | None, typer.Option(min=1, help="Processor cores to use; all.")] = None,
    overwrite: Annotated[bool, typer.Option(help="Replace what is there.")] = False,
    certificate: Certificate = None,
    key: Key = None,
    as_json: Json = False,
) -> None:
    """Put colour into photographs, or into all that folders hold.

    `old.jpg` becomes `old-color.jpg` beside it, or in OUT, where folders are mirrored and where the
    same command goes on if it was stopped.
    """
    _make_folder(out, source)
    cores = jobs or workers.cores()
    try:
        signer = _signer(certificate, key)
        colorizer = Colorizer(model, threads=cores, signer=signer)
        planned = plan(source, out)
        how = colorizer.network.card.sha256 + (", signed" if signer else "")
        batch = Batch(planned, out, how, overwrite=overwrite)
    except ColorearError as error:
        wrong_usage(str(error))
    many = min(cores, len(batch.to_do))
    work_off = (
        workers.thread(colorizer)
        if len(batch.to_do) < 2
        else workers.processes(model, many, threads=cores // many, signer=signer)
    )
    tally = Tally(len(batch), planned.left_alone)
    try:
        with batch, failing(), tally.shown():
            for answer in batch.run(work_off):
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


def _make_folder(out: Path | None, sources: list[Path]) -> None:
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
    if isinstance(answer, Failed):
        tell(as_json, told, error=answer.error)
    elif isinstance(answer, Kept):
        tell(as_json, told, done=f"{answer.source} was done already")
    else:
        tell(as_json, told, done=f"{answer.source} -> {answer.output}")
