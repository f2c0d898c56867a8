"""The slides' study as one call: prepare photographs, train the four, evaluate, compare."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, get_args

from colorear.errors import EvaluationError
from colorear.evaluation.evaluate import Failure, evaluate
from colorear.evaluation.report.rendering import pictures_of
from colorear.evaluation.report.report import compare
from colorear.evaluation.statistics.comparison import CONTROLS
from colorear.training.datasets.manifest import COLOR, NAME
from colorear.training.datasets.photographs import list_photographs
from colorear.training.datasets.prepare import prepare
from colorear.training.distributed import leave_together
from colorear.training.loop.trainer import train
from colorear.training.recipe import AutoencoderName, Folder, Recipe
from colorear.training.run_folder import is_begun, is_finished

__all__ = ["slides_recipe", "study"]

_QUICK_SIDE, _QUICK_EPOCHS, _QUICK_BATCH = 64, 4, 10
_QUICK_PHOTOGRAPHS = 200  # about so many are trained on
_NETWORKS: tuple[AutoencoderName, ...] = get_args(AutoencoderName)


def slides_recipe(name: AutoencoderName, *, seed: int = 1) -> Recipe:
    """The recipe by which the slides trained one of their networks.

    Adam at 0.001 with Keras's epsilon, mean absolute error, 50 epochs of batches of 50 whole
    photographs of 160 x 160, best validation loss kept.

    Parameters
    ----------
    name
        Of the network.
    seed
        Of the first weights and of the order of the photographs.
    """
    return Recipe.model_validate(
        {
            "name": f"slides-{name}",
            "loss": "absolute",
            "epochs": 50,
            "batch_size": 50,
            "ema_decay": 0.0,
            "keep": "best",
            "seed": seed,
            "card": {
                "size": 160,
                "license": "that of the photographs it was trained on",
                "trained_on": "the training part of the study's photographs",
            },
            "data": {
                "train": [{"folder": COLOR, "part": "train"}],
                "validation": [{"folder": COLOR, "part": "validate"}],
                "whole": True,
                "crop": [160],
                "validation_size": 160,
            },
            "network": {"kind": "autoencoder", "name": name},
            "optimizer": {
                "learning_rate": 1e-3,
                "schedule": "constant",
                "weight_decay": 0.0,
                "epsilon": 1e-7,
                "epsilon_on": "uncorrected",
            },
        }
    )


def study(
    data: Path,
    out: Path,
    *,
    seeds: int = 3,
    quick: bool = False,
    say: Callable[[str], None] = print,
) -> list[Failure]:
    """Do the slides' study: four autoencoders, trained with several seeds, evaluated and compared.

    What is done already is not done again: the same call goes on where an earlier one was stopped.

    Parameters
    ----------
    data
        Color photographs: a folder, a zip file, or a prepared data set. A folder or zip file is
        prepared first, into `out`/data.
    out
        The folder of the study: runs/, scores.parquet and report/ come into being in it.
    seeds
        How often each network is trained: by each number from 1 to this one.
    quick
        Whether to do it in minutes instead of days, to see it work: photographs of 64 x 64, about
        200 of them to train on, four epochs. Its numbers say nothing about the slides' networks.
    say
        What is called with a line for each step.

    Returns
    -------
    failures
        Photographs that a network could not be evaluated on.

    Raises
    ------
    EvaluationError
        Training was stopped before its end; or the folder holds another study.
    DataError, TrainingError
        The photographs cannot be used, or a run cannot be trained.
    """
    photographs = _prepared(data, out, say)
    every = _every(photographs, quick=quick)
    runs = []
    for seed in range(1, seeds + 1):
        for name in _NETWORKS:
            recipe = slides_recipe(name, seed=seed)
            runs.append(out / "runs" / f"{recipe.name}-seed{seed}")
            _train(_quick(recipe, every) if quick else recipe, photographs, runs[-1], say)
    scores, size = out / "scores.parquet", _QUICK_SIDE if quick else 160
    say(f"evaluating {len(runs)} networks and {len(CONTROLS)} controls")
    names = [*CONTROLS, *map(str, runs)]
    failures = evaluate(names, photographs, scores, size=size)
    say("comparing")
    _compare(scores, photographs, out / "report", runs)
    say(f"the report is {out / 'report' / 'index.html'}")
    return failures


def _prepared(data: Path, out: Path, say: Callable[[str], None]) -> Path:
    """A prepared data set: `data` itself, or what is made of it."""
    if (data / NAME).is_file():
        return data
    prepared = out / "data"
    if not (prepared / NAME).is_file():
        say(f"preparing the photographs of {data}")
        out.mkdir(parents=True, exist_ok=True)
        manifest = prepare(data, prepared, skip_bad=True)
        for what, count in (
            ("nearly gray", len(manifest.near_gray)),
            ("in the test part though trained on", len(manifest.leaks)),
            ("unusable and left out", len(manifest.skipped)),
        ):
            if count:
                say(f"photographs {what}: {count:,}; {prepared / NAME} names them")
    return prepared


def _every(photographs: Path, *, quick: bool) -> int:
    if not quick:
        return 1
    training = list_photographs(photographs, Folder(folder=COLOR, part="train"))
    return max(1, len(training) // _QUICK_PHOTOGRAPHS)


def _quick(recipe: Recipe, every: int) -> Recipe:
    changes: dict[str, Any] = recipe.model_dump()
    changes |= {"epochs": _QUICK_EPOCHS, "batch_size": _QUICK_BATCH}
    changes["data"] |= {
        "train": [{"folder": COLOR, "part": "train", "every": every}],
        "crop": [_QUICK_SIDE],
        "validation_size": _QUICK_SIDE,
    }
    changes["card"] |= {"size": _QUICK_SIDE}
    return Recipe.model_validate(changes)


def _train(recipe: Recipe, data: Path, run: Path, say: Callable[[str], None]) -> None:
    if is_finished(run):
        say(f"{run.name} is trained already")
        return
    resume = is_begun(run)
    say(f"{'resuming' if resume else 'training'} {run.name}")
    with leave_together():
        train(recipe, data, run, resume=resume)
    if not is_finished(run):
        raise EvaluationError(f"{run}: was stopped before its end; give the same command to go on")


def _compare(scores: Path, data: Path, report: Path, runs: Sequence[Path]) -> None:
    compare([scores], report, runs=runs, pictures=pictures_of([scores], data))
