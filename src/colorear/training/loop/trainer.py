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
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn, update_bn

from colorear.errors import TrainingError
from colorear.training import run_folder
from colorear.training.augmentation.batches import augment
from colorear.training.datasets.crops import CropSampler
from colorear.training.datasets.loading import load
from colorear.training.distributed import (
    fail_together,
    main_first,
    main_only,
    make_accelerator,
    sum_over_processes,
    synchronize_batch_norm,
)
from colorear.training.loop import checkpoints
from colorear.training.loop.memory_format import channels_last
from colorear.training.loop.optimizers import optimizer_and_schedule
from colorear.training.loop.samples import save_strips
from colorear.training.loop.step_loss import StepLoss
from colorear.training.loop.stopping import stop_signals
from colorear.training.loop.tensorboard_events import EventLog
from colorear.training.loop.validation import sample_examples, validate
from colorear.training.losses import Examples, categorical_accuracy
from colorear.training.recipe import Recipe
from colorear.training.tasks import TASKS, build, teacher

__all__ = ["train"]

_SAMPLES = 8  # photographs of each validation folder in the picture strips


@dataclass
class _State:
    """Where a run is, beyond weights and optimizer; saved in every checkpoint.

    Of several processes only the main one has more than `step` and the sums.
    """

    step: int = 0
    loss_sum: float = 0.0
    """Over the photographs of this epoch so far."""
    accuracy_sum: float = 0.0
    best_loss: float = math.inf
    """The mean loss on the validation folders after the best epoch."""
    seconds: float = 0.0
    """Of training, over all times that the run was resumed."""
    history: list[dict[str, float]] = field(default_factory=list)

    def state_dict(self) -> dict[str, Any]:
        return asdict(self)

    def load_state_dict(self, state: dict[str, Any]) -> None:
        for name, value in state.items():
            setattr(self, name, value)


def train(
    recipe: Recipe, data: Path, run: Path, *, resume: bool = False, steps: int | None = None
) -> None:
    """Train a network.

    Processes that accelerate launched share every batch, and but for rounding give the same as one
    alone; any number of them may resume what another number began. An error is raised on all of
    them. Call this within `colorear.training.distributed.leave_together`.

    Parameters
    ----------
    recipe
        What to train, and how.
    data
        The folder that the recipe's folders are relative to.
    run
        The folder of the run. It gets the recipe, checkpoints, TensorBoard events, `history.csv`, a
        strip of sample pictures for each epoch and, at the end, `weights.safetensors` (the averaged
        weights).
    resume
        Whether to go on from the last checkpoint, to the same bits as an undisturbed run.
    steps
        Stop early, after that many optimizer steps in all.

    Raises
    ------
    TrainingError
        The folder holds another run, cannot be written, or the loss became infinite or NaN.
    DataError
        The photographs cannot be used.
    RecipeError
        The recipe cannot be followed.
    """
    training = _Training(recipe, data, run)
    training.begin(resume=resume)
    with stop_signals() as stopped:
        training.go_on(steps, stopped)


class _Training:
    def __init__(self, recipe: Recipe, data: Path, run: Path) -> None:
        self.recipe, self.run = recipe, run
        self.accelerator = make_accelerator(run, bfloat16=recipe.precision == "bfloat16")
        self.console = Console(soft_wrap=True, quiet=not self.accelerator.is_main_process)
        self.events = EventLog(self.accelerator, run)
        photographs, self.validation, self.files = main_first(lambda: load(recipe.data, data))
        self.crops = CropSampler(
            photographs,
            recipe.data,
            batch=recipe.batch_size,
            epochs=recipe.epochs,
            seed=recipe.seed,
            share=(self.accelerator.process_index, self.accelerator.num_processes),
        )
        self.total = recipe.epochs * len(self.crops)
        self._build()

    def _build(self) -> None:
        recipe = self.recipe
        set_seed(recipe.seed)
        network = channels_last(build(recipe.network))
        taught_by = teacher(recipe.network)
        if taught_by:
            channels_last(taught_by.to(self.accelerator.device))
        self.loss = StepLoss(recipe, taught_by, self.accelerator)
        self.average = AveragedModel(
            network,
            # torch gives this function of its own no types
            multi_avg_fn=get_ema_multi_avg_fn(recipe.ema_decay),  # type: ignore[no-untyped-call]
            use_buffers=True,
        )
        if self.accelerator.num_processes > 1:
            synchronize_batch_norm(
                network
            )  # after the average, which the main process judges alone
        optimizer, schedule = optimizer_and_schedule(network, recipe.optimizer, self.total)
        self.network, self.optimizer, self.schedule = self.accelerator.prepare(
            network, optimizer, schedule
        )
        self.state = _State()
        self.accelerator.register_for_checkpointing(self.average, self.state)
        checkpoints.leave_out_wrappers(self.accelerator)
        self.task = TASKS[recipe.network.kind]

    def begin(self, *, resume: bool) -> None:
        """Start a new run, or check that this is the one to resume and restore it."""
        main_only(lambda: run_folder.begin(self.run, self.recipe, self.files, resume=resume))
        with fail_together():
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
                epoch, first = divmod(self.state.step, len(self.crops))
                for batch in self.crops.epoch(epoch, first):
                    loss = self._step(
                        augment(batch, self.recipe.augmentation, self.accelerator.device)
                    )
                    bar.update(task, completed=self.state.step, loss=loss)
                    if self.state.step % len(self.crops) == 0:
                        self._end_epoch(epoch)
                    due = time.monotonic() - saved > 60 * self.recipe.checkpoint_minutes
                    due_anywhere, signals = sum_over_processes(due, len(stopped))
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
        [count] = sum_over_processes(
            len(examples.srgb)
        )  # twins are more than the batch has photographs
        part = len(examples.srgb) / count
        shown = self.task.inputs(examples)
        with self.accelerator.autocast():
            output = self.network(*shown)
        loss = self.loss(output, shown, examples)
        [value] = sum_over_processes(part * loss.item())
        if not math.isfinite(value):
            raise self._diverged(f"the loss became {value} at step {self.state.step + 1}")
        # the gradients become the mean over the processes, whose parts may be unequal
        self.accelerator.backward(loss * (part * self.accelerator.num_processes))
        clip = self.recipe.optimizer.clip_norm
        if clip:
            self.accelerator.clip_grad_norm_(self.network.parameters(), clip)
        self.optimizer.step()
        self.schedule.step()
        self.optimizer.zero_grad()
        self.average.update_parameters(self.accelerator.unwrap_model(self.network))
        size = self.crops.size(self.state.step % len(self.crops))
        self.state.step += 1
        self.state.loss_sum += size * value
        with torch.no_grad():
            srgb = self.task.srgb(output, examples)
            accuracy = categorical_accuracy(srgb, examples.srgb).item()
        self.state.accuracy_sum += size * sum_over_processes(part * accuracy)[0]
        self.state.seconds += time.monotonic() - started
        if self.state.step % 20 == 0:
            rate = self.schedule.get_last_lr()[-1]
            self.events.log({"loss": value, "learning rate": rate}, self.state.step)
        return value

    def _diverged(self, what: str) -> TrainingError:
        return TrainingError(
            f"{what}; the last good checkpoint is kept in {self.run / 'checkpoints'}: lower the "
            "learning rate and start again"
        )

    def _save(self) -> None:
        if not all(parameter.isfinite().all() for parameter in self.network.parameters()):
            raise self._diverged(f"weights became infinite or nan at step {self.state.step}")
        main_only(lambda: checkpoints.save(self.accelerator, self.run, self.state.step))

    def _end_epoch(self, epoch: int) -> None:
        main_only(lambda: self._validate(epoch))
        self.state.loss_sum = self.state.accuracy_sum = 0.0

    def _validate(self, epoch: int) -> None:
        shown_luma = sum(self.crops.size(i) for i in range(len(self.crops)))
        row = {
            "epoch": epoch + 1.0,
            "step": float(self.state.step),
            "loss": self.state.loss_sum / shown_luma,
            "accuracy": self.state.accuracy_sum / shown_luma,
            "minutes": self.state.seconds / 60,
        }
        if self.recipe.recalibration:
            some = self.crops.some(self.recipe.recalibration)
            shown = (self.task.inputs(Examples(torch.from_numpy(pixels)))[0] for pixels in some)
            update_bn(shown, self.average)
        losses = []
        for name, photographs in self.validation.items():
            means = validate(self._predict, photographs, self.task, self.recipe)
            losses.append(means["loss"])
            row |= {f"{self._label(name)} {metric}": value for metric, value in means.items()}
            samples = sample_examples(photographs, _SAMPLES)
            srgb = self.task.srgb(self._predict(samples), samples)
            save_strips(samples, srgb, self.run / "samples" / f"{name}-{epoch + 1:03}.png")
        if statistics.mean(losses) < self.state.best_loss:
            self.state.best_loss = statistics.mean(losses)
            if self.recipe.keep == "best":
                run_folder.save_best(self.run, self.average.module)
        self.state.history.append(row)
        self.events.log(row, self.state.step)
        run_folder.save_history(self.run, self.state.history)
        line = ", ".join(f"{name} {value:.4g}" for name, value in row.items())
        self.console.print(f"{line}; about {self._minutes_left():.0f} minutes left")

    def _label(self, folder: str) -> str:
        """What a validation folder is called before its metrics; by its name if there are more."""
        return "validation" if len(self.validation) == 1 else f"validation on {folder}"

    def _minutes_left(self) -> float:
        return self.state.seconds / 60 * (self.total / self.state.step - 1)

    def _predict(self, examples: Examples) -> Any:
        self.average.eval()
        with torch.inference_mode(), self.accelerator.autocast():
            return self.average(*self.task.inputs(examples))

    def _finish(self) -> Path:
        """Leave the weights that the recipe keeps as those of the run."""
        if self.recipe.keep == "best":
            return run_folder.keep_best(self.run)
        return run_folder.save_weights(self.run, self.average.module)
