"""Photographs and folders of them, colored by one call: what `colorear colorize` does."""

import shutil
import tempfile
from collections import Counter
from collections.abc import Generator, Iterable
from contextlib import closing
from pathlib import Path
from typing import BinaryIO, Literal, Self

from colorear import models
from colorear.batch.discovery import Failed, Skipped, discover
from colorear.batch.processes import process_executor, thread_executor
from colorear.batch.ray_cluster import ray_executor
from colorear.batch.remote import Remote, is_remote, place
from colorear.batch.runner import Batch
from colorear.batch.task import Executor, Result
from colorear.errors import NothingToDoError, PhotographError, UsageError, translated
from colorear.inference.colorizer import Colorizer
from colorear.inference.options import DEFAULT_OPTIONS, ColorizeOptions
from colorear.inference.suggestions import lacking
from colorear.models.onnx_session import cores
from colorear.photo.c2pa import Signer
from colorear.photo.sniffing import SUFFIXES, is_folder

__all__ = ["On", "Run", "colorize_all", "colorize_stream"]

On = Literal["local", "ray"]


class Run:
    """Photographs that were found and are to be colored; a context manager.

    Nobody else can write into their folder until it is closed.
    """

    def __init__(self, batch: Batch, executor: Executor, left_alone: Counter[str]) -> None:
        self._batch, self._executor = batch, executor
        self.left_alone = left_alone
        """How many files that are no photographs lie in the folders, by suffix."""

    def __len__(self) -> int:
        """How many files there are to make, those made by an earlier run too."""
        return len(self._batch)

    def __enter__(self) -> Self:
        """Close it when it is left."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """Remove what is unfinished, and let others write into the folder."""
        self._batch.close()

    def results(self) -> Generator[Result]:
        """Color the photographs, and give what became of each as soon as it is known.

        One of `Colored`, `Kept`, `Skipped` and `Failed` for each file to make. Closed, it ends at
        once what is being done. Raises BatchError where the journal cannot be written or no worker
        can be had.
        """
        with closing(self._batch.run(self._executor)) as results:
            yield from results


def colorize_all(
    sources: Iterable[str | Path],
    destination: str | Path | None = None,
    *,
    options: ColorizeOptions = DEFAULT_OPTIONS,
    uncertainty: bool = False,
    jobs: int | None = None,
    on: On = "local",
    overwrite: bool = False,
    recolor: bool = False,
    exclude: Iterable[str] = (),
    signer: Signer | None = None,
) -> Run:
    """Find photographs, see what is done already, and get ready to color the rest.

    Parameters
    ----------
    sources
        Photographs and folders: paths, or addresses such as `s3://bucket/attic`.
    destination
        A folder, made if need be; or the file that the only photograph becomes. Without one the
        colors go beside the photographs.
    uncertainty
        Whether a picture of how unsure the colors are is made too.
    jobs
        How many processor cores are used; None for all.
    on
        This machine, or the Ray cluster of RAY_ADDRESS.
    overwrite
        Whether files that colorear did not make, or that were changed since, may be replaced.
    recolor
        Whether photographs are colored that colorear colored before and, in folders, those that
        are in color or have no grays.
    exclude
        Patterns of what to leave out of folders; see `discover`.

    Raises
    ------
    UsageError, HintError, ModelError, SigningError
        Where what is asked for cannot be had.
    NothingToDoError
        Where there is no photograph.
    BatchError
        Where the destination cannot be written, or another run writes there.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(__file__).parents[1] / "examples"
    >>> with tempfile.TemporaryDirectory() as out:
    ...     with colorize_all([folder / "china.jpg"], out) as run:
    ...         for result in run.results():
    ...             print(type(result).__name__, Path(result.output).name)
    Colored china-color.jpg
    """
    given = [_location(source, on) for source in sources]
    into = None if destination is None else _location(destination, on)
    if options.hints and (len(given) != 1 or is_folder(given[0])):
        raise UsageError("hints are about the places of one photograph; name that one alone")
    if models.is_file(options.model):
        models.try_out(options.model)  # whoever gave it may not know what it does
    colorizer = Colorizer(options.model, threads=jobs or cores(), signer=signer)
    card = colorizer.network.card
    if what := lacking(colorizer.network, options, uncertainty=uncertainty):
        raise UsageError(f"{card.name} {what}; choose a network that does")
    ray = ray_executor(options.model, jobs, signer=signer) if on == "ray" else None
    _make_folder(into, given)
    discovery = discover(
        given,
        into,
        variants=options.variants,
        uncertainty=uncertainty,
        exclude=exclude,
        recolor=recolor,
    )
    if not (discovery.items or discovery.failed or discovery.skipped):
        there = "; ".join(f"'{source}'" for source in given)
        raise NothingToDoError(f"there is no photograph in {there}; name another place")
    settings = card.sha256 + (", signed" if signer else "")
    batch = Batch(discovery, into, settings, options=options, overwrite=overwrite, recolor=recolor)
    executor = ray or _local_executor(colorizer, options.model, len(batch.to_do), jobs, signer)
    return Run(batch, executor, discovery.left_alone)


def colorize_stream(
    source: BinaryIO,
    target: BinaryIO,
    *,
    options: ColorizeOptions = DEFAULT_OPTIONS,
    jobs: int | None = None,
    recolor: bool = False,
    signer: Signer | None = None,
) -> Result:
    """Read one photograph and write it in color, in the same format: `colorear colorize -`.

    Nothing is written unless all went well; what is in color already is written as it came. Raises
    as `colorize_all` does, and PhotographError.
    """
    with tempfile.TemporaryDirectory(prefix="colorear-") as folder:
        path, out = Path(folder, "photograph"), Path(folder, "out")
        out.mkdir()
        with path.open("wb") as file:
            shutil.copyfileobj(source, file)
        with colorize_all(
            [path], out, options=options, jobs=jobs, recolor=recolor, signer=signer
        ) as run:
            (result,) = run.results()
        if isinstance(result, Failed):
            raise PhotographError(result.error.replace(f"'{path}'", "standard input"))
        made = path if isinstance(result, Skipped) else Path(result.output)
        with made.open("rb") as file:
            shutil.copyfileobj(file, target)
    return result


def _location(source: str | Path, on: On) -> Path | Remote:
    """What is meant; for a cluster the whole path, as its nodes work in folders of their own."""
    if on == "ray" and not is_remote(str(source)):
        return Path(source).absolute()
    return place(source) if isinstance(source, str) else source


def _local_executor(
    colorizer: Colorizer, model: str, tasks: int, jobs: int | None, signer: Signer | None
) -> Executor:
    """This machine: without other processes where there is but one photograph."""
    if tasks < 2:
        return thread_executor(colorizer)
    available = min(jobs or cores(), cores())
    count = min(available, tasks)
    return process_executor(model, count, threads=available // count, signer=signer)


def _make_folder(destination: Path | Remote | None, sources: list[Path | Remote]) -> None:
    """Make the folder that is meant, if it does not name a file or nothing."""
    alone = len(sources) == 1 and not is_folder(sources[0])
    with translated(UsageError, f"the folder '{destination}'", "made"):
        if destination is None or destination.is_dir() or (destination.suffix and alone):
            return
        if destination.suffix.lower() in sum(SUFFIXES.values(), ()):
            raise UsageError(
                f"'{destination}' names one file, but more than one may come; name a folder"
            )
        destination.mkdir(parents=True)
