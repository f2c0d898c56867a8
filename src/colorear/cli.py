"""The command `colorear`: it reads what was typed, makes one call and says what came of it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, NoReturn

import msgspec
import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from colorear import __version__, models
from colorear.colorizer import Colorizer, beside
from colorear.errors import ColorearError, MissingExtraError
from colorear.models.catalogue import card as card_of
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

_out = Console()
_err = Console(stderr=True)

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
    source: Annotated[list[Path], typer.Argument(help="Photographs: JPEG, PNG, TIFF or WebP.")],
    *,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="A folder; a file for one photograph.")
    ] = None,
    model: Model = "acuarela",
    overwrite: Annotated[bool, typer.Option(help="Replace what is there.")] = False,
    as_json: Json = False,
) -> None:
    """Put colour into photographs: `old.jpg` becomes `old-color.jpg` beside it, or in OUT."""
    into_folder = out is not None and (len(source) > 1 or out.is_dir() or not out.suffix)
    try:
        if out is not None and into_folder:
            out.mkdir(parents=True, exist_ok=True)
        colorizer = Colorizer(model)
    except ColorearError as error:
        _wrong_usage(str(error))
    except OSError as error:
        _wrong_usage(f"the folder '{out}' cannot be made: {error.strerror}")
    failed = False
    with Progress(console=_err, transient=True, disable=not _err.is_terminal) as bar:
        for path in bar.track(source, description="colouring"):
            try:
                target = beside(path, out) if into_folder or out is None else out
                coloured = colorizer.colorize(path, target, overwrite=overwrite)
            except ColorearError as error:
                failed = True
                _tell(as_json, {"source": str(path), "error": str(error)}, error=str(error))
            else:
                _tell(as_json, msgspec.to_builtins(coloured), done=f"{path} -> {coloured.target}")
    if failed:
        raise typer.Exit(1)


@app.command()
def verify(original: Path, coloured: Path, *, as_json: Json = False) -> None:
    """Check that COLOURED is ORIGINAL with colour added and nothing else changed."""
    try:
        promise = check_promise(original, coloured)
    except ColorearError as error:
        _fail(error)
    if as_json:
        typer.echo(json.dumps(msgspec.to_builtins(promise) | {"ok": promise.ok}))
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
    for card in found.values():
        megabytes = f"{card.bytes / 1e6:.1f}"
        table.add_row(card.name, card.version, card.kind, megabytes, card.trained_on)
    _out.print(table)


@models_app.command()
def show(name: str, *, as_json: Json = False) -> None:
    """Everything that a network's card says, after checking that its file is the one described."""
    try:
        models.load(name)
        card = card_of(name)
    except ColorearError as error:
        _fail(error)
    if as_json:
        typer.echo(msgspec.json.encode(card))
        return
    table = Table.grid(padding=(0, 2))
    for field, value in msgspec.to_builtins(card).items():
        if field != "scores":
            table.add_row(field, str(value))
    for data, scores in card.scores.items():
        told = ", ".join(f"{metric} {value:.4g}" for metric, value in scores.items())
        table.add_row(f"scores on {data}", told)
    _out.print(table)


@models_app.command()
def add(
    file: Path,
    *,
    like: Annotated[models.Kind, typer.Option(help="Whose interface the network has.")],
    name: Annotated[str, typer.Option(help="What to call it.")],
) -> None:
    """Check an ONNX file by running it, and keep a copy for `--model NAME`."""
    try:
        card = models.add(file, name, like)
    except ColorearError as error:
        _fail(error)
    typer.echo(f"added {card.name}; use it with: colorear colorize --model {card.name} PHOTO")


@models_app.command()
def remove(name: str) -> None:
    """Delete the copy of a network that was added."""
    try:
        models.remove(name)
    except ColorearError as error:
        _fail(error)
    typer.echo(f"removed {name}")


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
        _tell(
            as_json,
            msgspec.to_builtins(figure),
            done=f"{figure.name}: {figure.value:.4g} {figure.unit}",
        )


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
        typer.echo(f"error: {error}", err=True)
    elif _out.is_terminal:
        typer.echo(done)


def _fail(error: ColorearError) -> NoReturn:
    typer.echo(f"error: {error}", err=True)
    raise typer.Exit(1)


def _wrong_usage(reason: str) -> NoReturn:
    typer.echo(f"error: {reason}", err=True)
    raise typer.Exit(2)
