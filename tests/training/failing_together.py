"""What two processes raise: started by accelerate, each writes it to a file of its own."""

import errno
import json
import sys
from contextlib import suppress
from pathlib import Path

import pytest
import torch
from accelerate import Accelerator, PartialState

from colorear.errors import ColorearError, TrainingError
from colorear.training.distributed import leave_together
from colorear.training.loop import checkpoints, trainer
from colorear.training.losses import LOSSES
from colorear.training.recipe_file import read_recipe


def told(recipe, data, run, **options) -> str:
    try:
        trainer.train(recipe, data, run, **options)
    except ColorearError as error:
        return str(error)
    return ""


def full_disk(_, folder):
    raise OSError(errno.ENOSPC, "No space left on device", folder)


def only_here(*_):
    raise TrainingError("only one of them cannot read it")


def group_threads() -> list[str]:
    names = [path.read_text() for path in Path("/proc/self/task").glob("*/comm")]
    return [name for name in names if "gloo" in name]


def main(recipe_file: str, data: Path, run: Path) -> None:
    recipe = read_recipe(Path(recipe_file))
    answers = {
        "a run already": told(recipe, data, run),
        "another recipe": told(recipe.model_copy(update={"seed": 2}), data, run, resume=True),
        "a batch of one": told(recipe.model_copy(update={"batch_size": 1}), data, run, resume=True),
    }
    other = not PartialState().is_main_process
    with pytest.MonkeyPatch.context() as patch:
        if other:
            patch.setattr(checkpoints, "restore", only_here)
        answers["one cannot read"] = told(recipe, data, run, resume=True)
    with pytest.MonkeyPatch.context() as patch:
        if other:
            patch.setitem(LOSSES, recipe.loss, lambda srgb, _: (srgb * torch.nan).mean())
        answers["nan in one"] = told(recipe, data, run, resume=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Accelerator, "save_state", full_disk)
        answers["a full disk"] = told(recipe, data, run, resume=True, steps=3)
    answers["nothing"] = told(recipe, data, run, resume=True, steps=4)
    threads = group_threads()
    with suppress(TrainingError), leave_together():
        trainer.train(recipe, data, run)
    answers["threads"] = [len(threads) > 0, group_threads()]
    (run / f"told-{int(other)}.json").write_text(json.dumps(answers))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
