"""The training of a network by a recipe: resumable to the exact step."""

import math
import statistics
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from accelerate.utils import set_seed
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn, update_bn

from colorear.errors import TrainingError
from colorear.training import run_folder
from colorear.training.augmentation.batches import lesson
from colorear.training.datasets.cuts import Cuts
from colorear.training.datasets.loading import read
from colorear.training.distributed import (
    accelerator_for,
    agreed,
    main_first,
    main_only,
    share_statistics,
    summed,
)
from colorear.training.loop import checkpoints
from colorear.training.loop.optimizers import optimiser_and_schedule
from colorear.training.loop.samples import save_strips
from colorear.training.loop.stopping import stop_signals
from colorear.training.loop.tensorboard_events import Events
from colorear.training.loop.validation import first_examples, judged
from colorear.training.losses import Examples, categorical_accuracy, disagreement
from colorear.training.recipe import AcuarelaSpec, Recipe
from colorear.training.tasks import KINDS, build, distance_to, teacher

__all__ = ["train"]

_SAMPLES = 8  # photographs of each validation folder in the picture strips


@dataclass
class _State:
    """Where a run is, beyond weights and optimiser; saved in every checkpoint.

    Of several processes only the main one keeps more than `step` and the sums.
    """

    step: int = 0
    loss_sum: float = 0.0
    """Over the photographs of this epoch so far."""
    accuracy_sum: float = 0.0
    lowest: float = math.inf
    """The mean loss on the validation folders after the best epoch."""
    seconds: float = 0.0
    """Of training, over all sittings."""
    history: list[dict[str, float]] = field(default_factory=list)

    def state_dict(self) -> dict[str, Any]:
        return asdict(self)

    def load_state_dict(self, state: dict[str, Any]) -> None:
        for name, value in state.items():
            setattr(self, name, value)


def train(
    recipe: Recipe, data: Path, run: Path, *, resume: bool = False, steps: int | None = None
) -> None:
    """Train by `recipe` on the photographs under `data`; leave everything in the folder `run`.

    `run` gets the recipe, checkpoints, TensorBoard events, `history.csv`, a strip of sample
    pictures for each epoch and, at the end, `weights.safetensors` (the averaged weights). With
    `resume` it goes on from the last checkpoint to the same bits as an undisturbed run. `steps`
    ends it early, after that many optimiser steps in all.

    Processes that accelerate launched share every batch, and but for rounding give the same as one
    alone; each may resume what another number of them began. An error is raised on all of them.
    They stay together: call this within `colorear.training.distributed.parting`.

    Raises TrainingError, DataError, RecipeError.
    """
    training = _Training(recipe, data, run)
    training.begin(resume=resume)
    with stop_signals() as stopped:
        training.go_on(steps, stopped)


class _Training:
    def __init__(self, recipe: Recipe, data: Path, run: Path) -> None:
        self.recipe, self.run = recipe, run
        self.accelerator = accelerator_for(run, bfloat16=recipe.precision == "bfloat16")
        self.console = Console(quiet=not self.accelerator.is_main_process)
        self.events = Events(self.accelerator, run)
        photographs, self.validation, self.files = main_first(lambda: read(recipe.data, data))
        self.cuts = Cuts(
            photographs,
            recipe.data,
            batch=recipe.batch,
            epochs=recipe.epochs,
            seed=recipe.seed,
            share=(self.accelerator.process_index, self.accelerator.num_processes),
        )
        self.total = recipe.epochs * len(self.cuts)
        self._build()

    def _build(self) -> None:
        recipe = self.recipe
        set_seed(recipe.seed)
        network = _channels_last(build(recipe.network))
        self.teacher = teacher(recipe.network)
        if self.teacher:
            _channels_last(self.teacher.to(self.accelerator.device))
        self.average = AveragedModel(
            network,
            # torch gives this function of its own no types
            multi_avg_fn=get_ema_multi_avg_fn(recipe.averaging),  # type: ignore[no-untyped-call]
            use_buffers=True,
        )
        if self.accelerator.num_processes > 1:
            share_statistics(network)  # after the average, which the main process judges alone
        optimiser, schedule = optimiser_and_schedule(network, recipe.optimiser, self.total)
        self.network, self.optimiser, self.schedule = self.accelerator.prepare(
            network, optimiser, schedule
        )
        self.state = _State()
        self.accelerator.register_for_checkpointing(self.average, self.state)
        checkpoints.leave_out_wrappers(self.accelerator)
        self.kind = KINDS[recipe.network.kind]

    def begin(self, *, resume: bool) -> None:
        """Start a new run, or check that this is the one to resume and restore it."""
        main_only(lambda: run_folder.begin(self.run, self.recipe, self.files, resume=resume))
        with agreed():
            checkpoint = checkpoints.newest(self.run) if resume else None
            if checkpoint:
                checkpoints.restore(self.accelerator, checkpoint)
        self.events.begin(self.state.step)

    def go_on(self, steps: int | None, stopped: list[int]) -> None:
        """Train until the end, until `steps` or until a signal is in `stopped` on any process."""
        end = min(self.total, steps or self.total)
        saved, signals = time.monotonic(), 0.0
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("loss {task.fields[loss]:.4f}"),
        )
        quiet = not self.console.is_terminal
        with Progress(*columns, console=self.console, transient=True, disable=quiet) as bar:
            task = bar.add_task("training", total=self.total, loss=math.nan)
            while self.state.step < end and not signals:
                epoch, first = divmod(self.state.step, len(self.cuts))
                for batch in self.cuts.epoch(epoch, first):
                    loss = self._step(lesson(batch, self.recipe.lesson, self.accelerator.device))
                    bar.update(task, completed=self.state.step, loss=loss)
                    if self.state.step % len(self.cuts) == 0:
                        self._end_epoch(epoch)
                    due = time.monotonic() - saved > 60 * self.recipe.checkpoint_minutes
                    due_anywhere, signals = summed(due, len(stopped))
                    if due_anywhere:
                        self._save()
                        saved = time.monotonic()
                    if self.state.step >= end or signals:
                        break
        self._save()
        if self.state.step == self.total:
            main_only(lambda: self.console.print(f"finished: {self._finish()}"))
        else:
            self.console.print(
                f"stopped after step {self.state.step} of {self.total}; go on with --resume"
            )
        self.events.end()

    def _step(self, examples: Examples) -> float:
        started = time.monotonic()
        self.network.train()
        [count] = summed(len(examples.srgb))  # twins are more than the batch has photographs
        part = len(examples.srgb) / count
        shown = self.kind.shown(examples)
        with self.accelerator.autocast():
            answer = self.network(*shown)
        loss = self._loss(answer, shown, examples)
        [value] = summed(part * loss.item())
        if not math.isfinite(value):
            raise self._broken(f"the loss became {value} at step {self.state.step + 1}")
        # the gradients become the mean over the processes, whose parts may be unequal
        self.accelerator.backward(loss * (part * self.accelerator.num_processes))
        clip = self.recipe.optimiser.clip_norm
        if clip:
            self.accelerator.clip_grad_norm_(self.network.parameters(), clip)
        self.optimiser.step()
        self.schedule.step()
        self.optimiser.zero_grad()
        self.average.update_parameters(self.accelerator.unwrap_model(self.network))
        size = self.cuts.size(self.state.step % len(self.cuts))
        self.state.step += 1
        self.state.loss_sum += size * value
        with torch.no_grad():
            srgb = self.kind.srgb(answer, examples)
            accuracy = categorical_accuracy(srgb, examples.srgb).item()
        self.state.accuracy_sum += size * summed(part * accuracy)[0]
        self.state.seconds += time.monotonic() - started
        if self.state.step % 20 == 0:
            rate = self.schedule.get_last_lr()[-1]
            self.events.tell({"loss": value, "learning rate": rate}, self.state.step)
        return value

    def _loss(self, answer: Any, shown: tuple[Tensor, ...], examples: Examples) -> Tensor:
        recipe = self.recipe
        if self.teacher and isinstance(recipe.network, AcuarelaSpec):
            with torch.no_grad(), self.accelerator.autocast():
                taught = self.teacher(*shown)
            loss = distance_to(taught, answer, recipe.network)
        else:
            loss = self.kind.loss(answer, examples, recipe)
        if len(examples.twins):
            colours = self.kind.colours(answer)
            loss = loss + recipe.lesson.agreement * disagreement(colours, examples.twins)
        return loss

    def _broken(self, what: str) -> TrainingError:
        return TrainingError(
            f"{what}; the last good checkpoint is kept in {self.run / 'checkpoints'}: lower the "
            "learning rate and start again"
        )

    def _save(self) -> None:
        if not all(parameter.isfinite().all() for parameter in self.network.parameters()):
            raise self._broken(f"weights became infinite or nan at step {self.state.step}")
        main_only(lambda: checkpoints.save(self.accelerator, self.run, self.state.step))

    def _end_epoch(self, epoch: int) -> None:
        main_only(lambda: self._judge(epoch))
        self.state.loss_sum = self.state.accuracy_sum = 0.0

    def _judge(self, epoch: int) -> None:
        seen = sum(self.cuts.size(i) for i in range(len(self.cuts)))
        row = {
            "epoch": epoch + 1.0,
            "step": float(self.state.step),
            "loss": self.state.loss_sum / seen,
            "accuracy": self.state.accuracy_sum / seen,
            "minutes": self.state.seconds / 60,
        }
        if self.recipe.recalibration:
            some = self.cuts.some(self.recipe.recalibration)
            shown = (self.kind.shown(Examples(torch.from_numpy(pixels)))[0] for pixels in some)
            update_bn(shown, self.average)
        losses = []
        for name, photographs in self.validation.items():
            means = judged(self._predict, photographs, self.kind, self.recipe)
            losses.append(means["loss"])
            row |= {f"{name} {measure}": value for measure, value in means.items()}
            samples = first_examples(photographs, _SAMPLES)
            srgb = self.kind.srgb(self._predict(samples), samples)
            save_strips(samples, srgb, self.run / "samples" / f"{name}-{epoch + 1:03}.png")
        if statistics.mean(losses) < self.state.lowest:
            self.state.lowest = statistics.mean(losses)
            if self.recipe.keep == "best":
                run_folder.save_best(self.run, self.average.module)
        self.state.history.append(row)
        self.events.tell(row, self.state.step)
        run_folder.save_history(self.run, self.state.history)
        self.console.print(", ".join(f"{name} {value:.4g}" for name, value in row.items()))

    def _predict(self, examples: Examples) -> Any:
        self.average.eval()
        with torch.inference_mode(), self.accelerator.autocast():
            return self.average(*self.kind.shown(examples))

    def _finish(self) -> Path:
        """Leave the weights that the recipe keeps as those of the run."""
        if self.recipe.keep == "best":
            return run_folder.keep_best(self.run)
        return run_folder.save_weights(self.run, self.average.module)


def _channels_last(network: nn.Module) -> nn.Module:
    """The memory layout that convolutions on a CPU are fastest in."""
    # torch documents this keyword of Module.to, but leaves it out of the types
    moved: nn.Module = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return moved
