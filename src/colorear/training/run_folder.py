"""The folder of a run: what it was begun with, and what came out of it."""

import csv
import json
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn

from colorear.errors import TrainingError
from colorear.photo.atomic_write import replacing
from colorear.training.architectures.acuarela import Acuarela
from colorear.training.recipe import AcuarelaSpec, NetworkSpec, Recipe
from colorear.training.tasks import build

__all__ = [
    "TrainingData",
    "begin",
    "count_training_data",
    "is_begun",
    "is_finished",
    "keep_best",
    "load_run",
    "load_training_data",
    "save_best",
    "save_history",
    "save_training_data",
    "save_weights",
]

_MAX_NAMED = 3  # differences that an error names
_NOTHING = "not there"


def begin(run: Path, recipe: Recipe, files: dict[str, Any], *, resume: bool) -> None:
    """Claim the folder for one new run, or check that it holds the one to resume.

    Parameters
    ----------
    run
        The folder.
    recipe
        That of the run. When resumed it may have more epochs than before, if that changes nothing
        in those that were; then a finished run is unfinished again.
    files
        The photographs' digests by their names, in dictionaries by use.
    resume
        Whether the run exists already.

    Raises
    ------
    TrainingError
        There is a run already, there is nothing to resume, or it was begun with another recipe or
        other photographs.
    """
    identity = {"recipe": recipe.model_dump(mode="json"), "photographs": files}
    about = run / "run.json"
    if not resume:
        try:
            run.mkdir(parents=True, exist_ok=True)
            with replacing(about, overwrite=False) as part:
                part.write_text(json.dumps(identity, indent=2) + "\n")
        except FileExistsError:
            raise TrainingError(
                f"{run}: holds a run already; go on with --resume or give another --out"
            ) from None
        except OSError as error:
            raise TrainingError(
                f"{run}: cannot hold a run ({error.strerror}); give another --out"
            ) from error
        return
    if not about.exists():
        raise TrainingError(f"{run}: holds no run to go on with; start without --resume")
    before, photographs = _read_identity(run)
    extended = before.epochs < recipe.epochs and _may_be_extended(before)
    if extended:
        before = before.model_copy(update={"epochs": recipe.epochs})
    begun = {"recipe": before.model_dump(mode="json"), "photographs": photographs}
    _refuse_change(begun, identity, run)
    if extended:
        _weights(run).unlink(missing_ok=True)
        _written(about, lambda path: path.write_text(json.dumps(identity, indent=2) + "\n"))


def is_begun(run: Path) -> bool:
    """Whether the folder holds a run, finished or not."""
    return (run / "run.json").is_file()


def is_finished(run: Path) -> bool:
    """Whether the folder holds a run with its final weights."""
    return is_begun(run) and _weights(run).is_file()


class TrainingData(msgspec.Struct, frozen=True, kw_only=True):
    """The shards that a run has read so far, in `data.json` of its folder."""

    shards: dict[str, dict[str, Any]]
    """By the SHA-256 of each: its name, photographs and groups."""
    left_out: dict[str, str]
    """Why, by the name of each shard that could not be used."""
    duplicates: int
    """Photographs left out, since an earlier shard has them."""
    samples: int
    """How many photographs the network was shown, each time that one was counted."""

    @property
    def photographs(self) -> int:
        """In all shards together."""
        return sum(shard["photographs"] for shard in self.shards.values())

    @property
    def groups(self) -> set[str]:
        """The names of all groups that have photographs."""
        return {group for shard in self.shards.values() for group in shard["groups"]}


def save_training_data(run: Path, data: TrainingData) -> None:
    """Write what was read. Raises TrainingError if it cannot."""
    content = msgspec.json.format(msgspec.json.encode(data), indent=2)
    _written(run / "data.json", lambda path: path.write_bytes(content + b"\n"))


def load_training_data(run: Path) -> TrainingData | None:
    """What a run by shards has read; None for another. Raises TrainingError if it is damaged."""
    path = run / "data.json"
    if not path.exists():
        return None
    try:
        return msgspec.json.decode(path.read_bytes(), type=TrainingData)
    except (OSError, msgspec.MsgspecError) as error:
        raise TrainingError(
            f"{path}: does not say what was read ({error}); go on with --resume to write it again"
        ) from error


def count_training_data(run: Path) -> str:
    """In words, how many photographs a run was trained on: those that were read.

    Raises
    ------
    TrainingError
        The run does not say which.
    """
    data = load_training_data(run)
    if data is None:
        digests = _read_identity(run)[1].get("train", {})
        return f"{len(set(digests.values())):,} color photographs"
    shown = f"shown {data.samples:,} times in all"
    groups = len(data.groups)
    of_groups = f" of {groups:,} groups" if groups > 1 else ""
    return f"{data.photographs:,} color photographs{of_groups}, {shown}"


def save_weights(run: Path, network: nn.Module) -> Path:
    """Write the weights of a finished run. Raises TrainingError if it cannot."""
    return _save(_weights(run), network)


def save_best(run: Path, network: nn.Module) -> None:
    """Write the weights of the best epoch so far. Raises TrainingError if it cannot."""
    _save(_best(run), network)


def keep_best(run: Path) -> Path:
    """Make the best epoch's weights those of the finished run.

    Raises
    ------
    TrainingError
        They cannot be written, or there are none, as no validation loss was a number.
    """
    if not _best(run).exists():
        raise TrainingError(
            f"{run}: no epoch was the best, as no validation loss was a number; lower the "
            "learning rate and start again"
        )
    return _written(_weights(run), partial(shutil.copyfile, _best(run)))


def save_history(run: Path, rows: list[dict[str, float]]) -> None:
    """Write a table of the epochs so far, as CSV. Raises TrainingError if it cannot."""

    def write(path: Path) -> None:
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, fieldnames=rows[0])
            writer.writeheader()
            writer.writerows(rows)

    _written(run / "history.csv", write)


def _save(path: Path, network: nn.Module) -> Path:
    weights = {name: tensor.contiguous() for name, tensor in network.state_dict().items()}
    return _written(path, partial(save_file, weights))


def _written(path: Path, write: Callable[[Path], object]) -> Path:
    """Whole or not at all."""
    try:
        with replacing(path) as part:
            write(part)
    except (OSError, SafetensorError) as error:
        raise TrainingError(
            f"{path}: could not be written ({error}); make room and go on with --resume"
        ) from error
    return path


def load_run(run: Path) -> tuple[Recipe, nn.Module]:
    """The recipe and the trained network of a finished run.

    Raises
    ------
    TrainingError
        There is no finished run, or its weights are of another architecture.
    """
    try:
        recipe = _read_identity(run)[0]
        state = load_file(_weights(run))
    except (FileNotFoundError, NotADirectoryError):
        raise TrainingError(
            f"{run}: is no finished run ({_missing(run)} is missing); "
            "finish it with: colorear train RECIPE --data DIR --out RUN --resume"
        ) from None
    except SafetensorError as error:
        raise TrainingError(
            f"{_weights(run)}: is damaged ({error}); remove it, and make it again with --resume"
        ) from error
    spec: NetworkSpec = recipe.network
    # the run's own weights come next
    network = Acuarela(spec, empty=True) if isinstance(spec, AcuarelaSpec) else build(spec)
    try:
        network.load_state_dict(state)
    except RuntimeError as error:
        raise TrainingError(
            f"{run}: its weights do not fit its recipe ({str(error).splitlines()[0]}); "
            "train it again"
        ) from error
    return recipe, network


def _weights(run: Path) -> Path:
    return run / "weights.safetensors"


def _best(run: Path) -> Path:
    return run / "best.safetensors"


def _missing(run: Path) -> str:
    return next((path.name for path in (run / "run.json", _weights(run)) if not path.exists()), "")


def _read_identity(run: Path) -> tuple[Recipe, Any]:
    """The recipe, and the digests of the photographs. Raises TrainingError, OSError."""
    try:
        about = json.loads((run / "run.json").read_text())
        return Recipe.model_validate(about["recipe"]), about["photographs"]
    except (ValueError, KeyError, TypeError) as error:  # those of JSON and pydantic are ValueErrors
        raise TrainingError(
            f"{run}: its run.json does not say what it was begun with ({error}); start a new run "
            "in another --out"
        ) from error


def _may_be_extended(recipe: Recipe) -> bool:
    """Whether neither learning rates nor sizes depend on the number of epochs."""
    sizes = 1 if recipe.data.mix_sizes else len(recipe.data.crop)
    return recipe.optimizer.schedule == "constant" and sizes == 1


def _refuse_change(before: dict[str, Any], now: dict[str, Any], run: Path) -> None:
    found = _differences(before, now, "")
    changes = [f"{name} was {old!r} and is {new!r}" for name, (old, new) in found.items()]
    if changes:
        more = f"; and {len(changes) - _MAX_NAMED} more" if len(changes) > _MAX_NAMED else ""
        raise TrainingError(
            f"{run}: was begun otherwise: {'; '.join(changes[:_MAX_NAMED])}{more}; give what it "
            "was begun with, or start a new run in another --out"
        )


def _differences(before: Any, now: Any, name: str) -> dict[str, tuple[Any, Any]]:
    if not isinstance(before, dict) or not isinstance(now, dict):
        return {} if before == now else {name: (before, now)}
    return {
        path: change
        for key in {**before, **now}
        for path, change in _differences(
            before.get(key, _NOTHING), now.get(key, _NOTHING), f"{name}.{key}".lstrip(".")
        ).items()
    }
