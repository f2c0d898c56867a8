"""The checkpoints of a run: written whole or not at all, the newest two kept."""

import re
import shutil
from pathlib import Path
from typing import Any

from accelerate import Accelerator
from safetensors import SafetensorError
from torch import nn

from colorear.errors import TrainingError
from colorear.photo.atomic_write import remove_unfinished, replacing

__all__ = ["leave_out_wrappers", "newest", "restore", "save"]

_KEPT = 2


def save(accelerator: Accelerator, run: Path, step: int) -> None:
    """Write the state after `step` beside the earlier ones, then remove all but the newest two.

    Raises
    ------
    TrainingError
        It cannot be written; the earlier checkpoints are untouched.
    """
    folder = run / "checkpoints"
    target = folder / f"step-{step:08d}"
    try:
        remove_unfinished(folder)
        with replacing(target) as part:
            accelerator.save_state(str(part))
            shutil.rmtree(target, ignore_errors=True)
    except (OSError, RuntimeError, SafetensorError) as error:  # RuntimeError: torch, without room
        raise TrainingError(
            f"{folder}: the checkpoint at step {step} could not be written ({error}); "
            "the one before it is kept: make room and go on with --resume"
        ) from error
    for old in _all(run)[:-_KEPT]:
        shutil.rmtree(old, ignore_errors=True)


def leave_out_wrappers(accelerator: Accelerator) -> None:
    """Let checkpoints hold the network itself, whatever number of processes it is trained by."""

    def before_save(models: list[nn.Module], weights: list[dict[str, Any]], _: str) -> None:
        weights[:] = [accelerator.unwrap_model(model).state_dict() for model in models]

    def before_load(models: list[nn.Module], _: str) -> None:
        models[:] = [accelerator.unwrap_model(model) for model in models]

    accelerator.register_save_state_pre_hook(before_save)
    accelerator.register_load_state_pre_hook(before_load)


def newest(run: Path) -> Path | None:
    """The newest whole checkpoint of a run, or None."""
    found = _all(run)
    return found[-1] if found else None


def restore(accelerator: Accelerator, checkpoint: Path) -> None:
    """Bring everything registered with `accelerator` to the state of a checkpoint.

    Raises
    ------
    TrainingError
        It belongs to another architecture or is damaged.
    """
    try:
        accelerator.load_state(str(checkpoint))
    except Exception as error:  # whatever torch, safetensors and pickle make of a wrong file
        reason = str(error).strip().splitlines()
        raise TrainingError(
            f"{checkpoint}: does not fit this network or is damaged "
            f"({reason[0] if reason else type(error).__name__}); give the run's own recipe, or "
            "remove this checkpoint to go on from the one before it"
        ) from error


def _all(run: Path) -> list[Path]:
    folder = run / "checkpoints"
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if re.fullmatch(r"step-\d{8}", path.name))
