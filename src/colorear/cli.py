"""The command `colorear`: it reads what was typed, makes one call and says what came of it."""

import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, NoReturn

import msgspec
import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Column, Table

from colorear import __version__, models
from colorear.colorizer import Colorizer, Failed, colorize_each
from colorear.errors import ColorearError, MissingExtraError
from colorear.photo import SUFFIXES
from colorear.promise import verify as check_promise

__all__ = ["app"]

app = typer.Typer(
    name="colorear",
    help="Colour for black-and-white photographs, honest about how good it is.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
models_app = typer.Typer(help="The networks that give colour.", invoke_without_command=True)
app.add_typer(models_app, name="models")

_out = Console(markup=False)
_err = Console(stderr=True)

File = Annotated[Path, typer.Argument(readable=False)]  # whoever reads it says what is wrong
Photographs = Annotated[list[Path], typer.Argument(readable=False, help="JPEG, PNG, TIFF, WebP.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON object a line, for programs.")]
Model = Annotated[str, typer.Option(help="A network of `colorear models`, or an .onnx file.")]


@app.callback()
def _main(
    *, version: Annotated[bool, typer.Option("--version", help="Say the version.")] = False
) -> None:
    if version:
        typer.echo(__version__)
        raise typer.Exit


@app.command()
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
        _wrong_usage(str(error))
    folder = _folder(out, len(source))
    answers = colorize_each(colorizer, source, folder or out, overwrite=overwrite)
    failed = done = 0
    bar = Progress(console=_err, transient=True, disable=not _err.is_terminal)
    with _stop_signal() as stopped, bar:
        for answer in bar.track(answers, len(source), description="colouring"):
            if isinstance(answer, Failed):
                failed += 1
                _tell(as_json, asdict(answer), error=answer.error)
            else:
                done += 1
                _tell(as_json, asdict(answer), done=f"{answer.source} -> {answer.output}")
            if stopped:
                break
    if failed + done < len(source):
        _say_error(
            f"stopped with {done} of {len(source)} photographs done; the same command again makes "
            "the rest, and leaves those that are done as they are"
        )
        raise typer.Exit(128 + signal.SIGINT)  # as a shell reports it
    if failed:
        raise typer.Exit(1)


@app.command()
def verify(original: File, coloured: File, *, as_json: Json = False) -> None:
    """Check that COLOURED is ORIGINAL with colour added and nothing else changed."""
    try:
        promise = check_promise(original, coloured)
    except ColorearError as error:
        _fail(error)
    if as_json:
        typer.echo(json.dumps(asdict(promise) | {"ok": promise.ok}))
    else:
        dct = {True: "identical", False: "changed", None: "none to compare (no JPEG)"}
        typer.echo(f"luma DCT coefficients: {dct[promise.identical_dct]}")
        typer.echo(f"largest difference of luma: {promise.max_luma_difference} levels")
        typer.echo("the promise is kept" if promise.ok else "the promise is broken")
    if not promise.ok:
        raise typer.Exit(1)


@models_app.callback()
def _models(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        list_models()


@models_app.command("list")
def list_models(*, as_json: Json = False) -> None:
    """The networks that can be used, each with a line about it."""
    try:
        found = models.cards()
    except ColorearError as error:
        _fail(error)
    if as_json:
        for card in found.values():
            typer.echo(msgspec.json.encode(card))
        return
    table = Table("name", "version", "kind", "MB", "trained on")
    for c in found.values():
        table.add_row(c.name, c.version, c.kind, f"{c.bytes / 1e6:.1f}", c.trained_on)
    _out.print(table)


@models_app.command()
def show(name: str, *, as_json: Json = False) -> None:
    """Everything that a network's card says, after checking that its file is the one described."""
    try:
        card = models.load(name).card
    except ColorearError as error:
        _fail(error)
    if as_json:
        typer.echo(msgspec.json.encode(card))
        return
    table = Table.grid("", Column(overflow="fold"), padding=(0, 2))
    for field, value in msgspec.to_builtins(card).items():
        if field != "scores":
            table.add_row(field, str(value))
    for data, scores in card.scores.items():
        told = ", ".join(f"{metric} {value:.4g}" for metric, value in scores.items())
        table.add_row(f"scores on {data}", told)
    _out.print(table)


@models_app.command()
def add(
    file: File,
    *,
    like: Annotated[models.Kind, typer.Option(help="Whose interface the network has.")],
    name: Annotated[str, typer.Option(help="What to call it.")],
    as_json: Json = False,
) -> None:
    """Check an ONNX file by running it, and keep a copy for `--model NAME`."""
    try:
        card = models.add(file, name, like)
    except ColorearError as error:
        _fail(error)
    _tell(as_json, msgspec.to_builtins(card), done=f"added {name}; use it with --model {name}")


@models_app.command()
def remove(name: str, *, as_json: Json = False) -> None:
    """Delete the copy of a network that was added."""
    try:
        models.remove(name)
    except ColorearError as error:
        _fail(error)
    _tell(as_json, {"name": name}, done=f"removed {name}")


@app.command()
def train(
    recipe: Path,
    *,
    data: Annotated[Path, typer.Option(help="The folder that the recipe's folders are in.")],
    out: Annotated[Path, typer.Option(help="The folder of the run.")],
    resume: Annotated[bool, typer.Option(help="Go on from the last checkpoint.")] = False,
    steps: Annotated[int | None, typer.Option(min=1, help="Stop after so many steps.")] = None,
) -> None:
    """Train a network by a recipe; Ctrl-C stops it between two steps, --resume goes on."""
    with _learn("training"):
        from colorear.learn.recipe import read_recipe
        from colorear.learn.trainer import train as run_training
    try:
        run_training(read_recipe(recipe), data, out, resume=resume, steps=steps)
    except ColorearError as error:
        _fail(error)


@app.command()
def export(
    run: Path,
    *,
    out: Annotated[Path, typer.Option("-o", "--out", help="The .onnx file to write.")],
    data: Annotated[
        Path | None, typer.Option(help="The recipe's data: its scores go on the card.")
    ] = None,
) -> None:
    """Write the network of a finished run as ONNX, with its card."""
    with _learn("exporting"):
        from colorear.learn.export import export as write
        from colorear.learn.scores import put_on_card
    try:
        card = write(run, out)
        if data:
            card = put_on_card(run, out, data)
    except ColorearError as error:
        _fail(error)
    typer.echo(f"wrote {out} and its card ({card.bytes / 1e6:.1f} MB)")
    for name, scores in card.scores.items():
        typer.echo(f"{name}: {', '.join(f'{k} {v:.4g}' for k, v in scores.items())}")


@app.command()
def bench(*, as_json: Json = False) -> None:
    """Measure speed and memory on this machine, against OpenCV doing the least that is needed."""
    with _learn("the benchmark"):
        from colorear.bench import measure
    for figure in measure():
        most = f" (at most {figure.limit:g})" if figure.limit else ""
        told = f"{figure.name}: {figure.value:.3g} {figure.unit}{most}"
        typer.echo(msgspec.json.encode(figure) if as_json else told)


def _folder(out: Path | None, count: int) -> Path | None:
    """The folder that OUT means, made if need be; None if it names a file, or nothing."""
    try:
        if out is None or (out.suffix and count == 1 and not out.is_dir()):
            return None
        if out.suffix.lower() in sum(SUFFIXES.values(), ()) and not out.is_dir():
            _wrong_usage(f"'{out}' names one file, but {count} photographs came; name a folder")
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        _wrong_usage(f"the folder '{out}' cannot be made: {error.strerror}")
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


@contextmanager
def _learn(feature: str) -> Iterator[None]:
    """For imports that need the extra `learn`."""
    try:
        yield
    except ModuleNotFoundError:
        _fail(MissingExtraError(feature, "learn"))


def _tell(as_json: bool, answer: dict[str, Any], *, done: str = "", error: str = "") -> None:
    if as_json:
        typer.echo(json.dumps(answer, default=str))
    elif error:
        _say_error(error)
    elif _out.is_terminal:
        typer.echo(_printable(done))


def _fail(error: ColorearError) -> NoReturn:
    _say_error(str(error))
    raise typer.Exit(1)


def _wrong_usage(reason: str) -> NoReturn:
    _say_error(reason)
    raise typer.Exit(2)


def _say_error(sentence: str) -> None:
    typer.echo(f"error: {_printable(sentence)}", err=True)


def _printable(line: str) -> str:
    """One line of text, whatever bytes the names of files in it have."""
    return " ".join(line.encode(errors="backslashreplace").decode().splitlines())
