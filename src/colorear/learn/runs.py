"""The folder of a run: what it was begun with, and what came out of it."""

import json
import shutil
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn

from colorear.errors import TrainingError
from colorear.learn import checkpoints
from colorear.learn.acuarela import Acuarela
from colorear.learn.kinds import build
from colorear.learn.recipe import AcuarelaSpec, NetworkSpec, Recipe

__all__ = ["begin", "keep_best", "load_run", "save_best", "save_weights"]


def begin(run: Path, recipe: Recipe, fingerprints: dict[str, str], *, resume: bool) -> Path | None:
    """Claim the folder for a new run, or give the checkpoint from which this very run goes on.

    There is none where the run was stopped before its first: then it starts anew.
    `fingerprints` names the photographs. A recipe may ask for more epochs than before if that
    changes nothing in those that were; then a finished run is unfinished again.

    Raises TrainingError: there is a run already, there is nothing to resume, or it was begun with
    another recipe or other photographs.
    """
    identity = {"recipe": recipe.model_dump(mode="json"), "photographs": fingerprints}
    about = run / "run.json"
    if not resume:
        if about.exists():
            raise TrainingError(
                f"{run}: holds a run already; go on with --resume or give another --out"
            )
        try:
            run.mkdir(parents=True, exist_ok=True)
            about.write_text(json.dumps(identity, indent=2) + "\n")
        except OSError as error:
            raise TrainingError(
                f"{run}: cannot hold a run ({error.strerror}); give another --out"
            ) from error
        return None
    if not about.exists():
        raise TrainingError(f"{run}: holds no run to go on with; start without --resume")
    before = json.loads(about.read_text())
    if prolonged := _is_prolonged(before, recipe):
        before["recipe"]["epochs"] = recipe.epochs
    _refuse_change(before, identity, run)
    if prolonged:
        _weights(run).unlink(missing_ok=True)
        about.write_text(json.dumps(identity, indent=2) + "\n")
    return checkpoints.newest(run)


def save_weights(run: Path, network: nn.Module) -> Path:
    """Leave the weights of a finished run in its folder. Raises TrainingError without room."""
    return _save(_weights(run), network)


def save_best(run: Path, network: nn.Module) -> None:
    """Keep the weights of the best epoch so far. Raises TrainingError without room."""
    _save(_best(run), network)


def keep_best(run: Path) -> Path:
    """Make the best epoch's weights those of the finished run."""
    shutil.copyfile(_best(run), _weights(run))
    return _weights(run)


def _save(path: Path, network: nn.Module) -> Path:
    partial = path.with_suffix(".partial")
    try:
        save_file({k: v.contiguous() for k, v in network.state_dict().items()}, partial)
        partial.replace(path)
    except (OSError, SafetensorError) as error:
        partial.unlink(missing_ok=True)
        raise TrainingError(
            f"{path}: could not be written ({error}); make room and go on with --resume"
        ) from error
    return path


def load_run(run: Path) -> tuple[Recipe, nn.Module]:
    """The recipe and the trained network of a finished run.

    Raises TrainingError: there is no finished run, or its weights are of another architecture.
    """
    try:
        recipe = Recipe.model_validate(json.loads((run / "run.json").read_text())["recipe"])
        state = load_file(_weights(run))
    except FileNotFoundError:
        raise TrainingError(
            f"{run}: is no finished run ({_missing(run)} is missing); "
            "finish it with: colorear train RECIPE --data DIR --out RUN --resume"
        ) from None
    except ValidationError as error:
        raise TrainingError(f"{run}: run.json holds no recipe of this version: {error}") from None
    spec: NetworkSpec = recipe.network
    # the run's own weights come next
    network = Acuarela(spec, blank=True) if isinstance(spec, AcuarelaSpec) else build(spec)
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


def _is_prolonged(before: dict[str, Any], recipe: Recipe) -> bool:
    """More epochs, and neither rates nor sizes that are dealt out among all of them."""
    same_in_all = recipe.optimiser.schedule == "constant" and (
        recipe.data.mixed or len(recipe.data.crop) == 1
    )
    return same_in_all and before["recipe"]["epochs"] < recipe.epochs


def _refuse_change(before: dict[str, Any], now: dict[str, Any], run: Path) -> None:
    changes = [
        f"{name} was {old!r} and is {new!r}"
        for name, (old, new) in _differences(before, now, "").items()
    ]
    if changes:
        raise TrainingError(
            f"{run}: was begun otherwise: {'; '.join(changes)}; give what it was begun with, "
            "or start a new run in another --out"
        )


def _differences(before: Any, now: Any, name: str) -> dict[str, tuple[Any, Any]]:
    if not isinstance(before, dict) or not isinstance(now, dict):
        return {} if before == now else {name: (before, now)}
    return {
        path: change
        for key in {**before, **now}
        for path, change in _differences(
            before.get(key), now.get(key), f"{name}.{key}".lstrip(".")
        ).items()
    }
