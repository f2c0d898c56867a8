"""Training for so many minutes with all photographs in one device's memory."""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from accelerate.utils import set_seed
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from colorear.errors import DataError, RecipeError, TrainingError
from colorear.training import run_folder
from colorear.training.augmentation.tensor_batches import augment_tensors
from colorear.training.datasets.shard_loader import ShardLoader
from colorear.training.distributed import make_accelerator
from colorear.training.loop import checkpoints
from colorear.training.loop.held_out import held_out_batches, held_out_samples
from colorear.training.loop.memory_format import channels_last, inputs_channels_last
from colorear.training.loop.optimizers import make_optimizer
from colorear.training.loop.run_log import RunLog
from colorear.training.loop.samples import save_strips
from colorear.training.loop.step_loss import StepLoss
from colorear.training.loop.stopping import stop_signals
from colorear.training.loop.tensorboard_events import EventLog
from colorear.training.loop.timed_schedule import TimedSchedule
from colorear.training.loop.timed_state import RunClock, TimedState
from colorear.training.loop.validation import validate_batches
from colorear.training.losses import Examples
from colorear.training.recipe import Recipe
from colorear.training.tasks import TASKS, build, teacher

__all__ = ["train_by_shards"]

_EARLY = (1, 20, 100)  # steps by which most faults show
_LOG_SECONDS = 30
_CHECK_STEPS = 20  # between looks at the loss and at shards that came
_SAMPLES = 8  # photographs in the picture strips


def train_by_shards(
    recipe: Recipe,
    shards: Path,
    run: Path,
    *,
    minutes: float,
    resume: bool = False,
    steps: int | None = None,
) -> None:
    """Train a network on one device for so many minutes.

    The photographs of all shards are decoded once, into the device's memory; shards that come
    meanwhile are taken in. Of each a few are held out, to validate by. At every checkpoint the
    averaged weights so far become those of the run, so that it can be exported even if the device
    goes before the end.

    Parameters
    ----------
    recipe
        What to train, and how; the folders in it are not needed.
    shards
        A folder of what `pack_shards` made.
    run
        The folder of the run. It gets the recipe, checkpoints, TensorBoard events, `log.txt`,
        `history.csv`, `data.json` (which shards were read), strips of sample pictures and
        `weights.safetensors`.
    minutes
        Until the end of training, with what comes before it; the last checkpoint takes a few
        seconds more. A cycle of the learning rate fits them.
    resume
        Whether to go on from the last checkpoint: what was left of its cycle fits the minutes.
    steps
        Stop early, after that many optimizer steps in all.

    Raises
    ------
    TrainingError
        The folder holds another run or cannot be written, the loss became infinite or NaN, or the
        device's memory does not hold a batch.
    DataError
        No shard can be used, or they do not fit the device's memory.
    RecipeError
        The recipe asks for what only training by folders does.
    """
    _refuse(recipe)
    training = _TimedTraining(recipe, run, time.monotonic() + 60 * minutes)
    training.begin(resume=resume)
    try:
        with stop_signals() as stopped, training.loading(shards):
            training.go_on(steps, stopped)
    except torch.OutOfMemoryError as error:
        raise TrainingError(
            f"{training.accelerator.device}: its memory does not hold {recipe.batch_size} crops "
            f"of {max(recipe.data.crop)} pixels beside the shards; give fewer of either"
        ) from error


def _refuse(recipe: Recipe) -> None:
    given = {
        "data.whole": recipe.data.whole,
        'keep = "best"': recipe.keep == "best",
        "recalibration": recipe.recalibration > 0,
    }
    named = ", ".join(name for name, wanted in given.items() if wanted)
    if named:
        raise RecipeError(f"{named}: not for training by shards; leave it out of the recipe")


class _TimedTraining:
    def __init__(self, recipe: Recipe, run: Path, deadline: float) -> None:
        self.recipe, self.run, self.deadline = recipe, run, deadline
        self.accelerator = make_accelerator(run, bfloat16=recipe.precision == "bfloat16")
        if self.accelerator.num_processes > 1:
            raise TrainingError("training by shards is done by one process; start only one")
        self.log = RunLog(run)
        self.events = EventLog(self.accelerator, run)
        self.state = TimedState()

    def begin(self, *, resume: bool) -> None:
        """Start a new run, or check that this is the one to resume and restore it."""
        run_folder.begin(self.run, self.recipe, {"kind": "shards"}, resume=resume)
        self._build()
        checkpoint = checkpoints.newest(self.run) if resume else None
        if checkpoint:
            checkpoints.restore(self.accelerator, checkpoint)
            if self.state.done >= 1:
                raise TrainingError(f"{self.run}: is finished; start another run from its network")
        self.read_before = run_folder.load_training_data(self.run) if resume else None
        self.events.begin(self.state.step)
        self.log.tell(f"on {self.accelerator.device}, after step {self.state.step}")

    def _build(self) -> None:
        recipe, device = self.recipe, self.accelerator.device
        set_seed(recipe.seed)
        network = channels_last(build(recipe.network).to(device))
        taught_by = teacher(recipe.network)
        if taught_by:
            channels_last(taught_by.to(device))
        self.loss = StepLoss(recipe, taught_by, self.accelerator)
        self.average = AveragedModel(network, multi_avg_fn=self._move_average, use_buffers=True)
        optimizer = make_optimizer(network, recipe.optimizer)
        self.schedule = TimedSchedule(optimizer, recipe.optimizer)
        self.network, self.optimizer = self.accelerator.prepare(network, optimizer)
        self.accelerator.register_for_checkpointing(self.average, self.state)
        checkpoints.leave_out_wrappers(self.accelerator)
        self.task = TASKS[recipe.network.kind]
        self.loss_sum = torch.zeros((), device=device)  # of the steps since the last checkpoint

    def _move_average(self, average: Any, current: Any, _: Any) -> None:
        """A decay that grows with the steps: the first weights are soon forgotten."""
        decay = min(self.recipe.ema_decay, 1 - 1 / (10 + self.state.step))
        # torch gives this function of its own no types
        get_ema_multi_avg_fn(decay)(average, current, _)  # type: ignore[no-untyped-call]

    @contextmanager
    def loading(self, shards: Path) -> Iterator[None]:
        """Take in the first shards; within it the others come while it trains."""
        self.loader = ShardLoader(shards, self.accelerator.device, self.log.tell)
        self.photographs = self.loader.photographs
        try:
            self.loader.begin()
            self._refresh()
            if not len(self.photographs.held_out):
                raise DataError(f"{shards}: too few photographs to hold any out; pack more")
            yield
        finally:
            self.loader.stop()
            self.events.end()

    def go_on(self, steps: int | None, stopped: list[int]) -> None:
        """Train until the deadline, until `steps` or until a signal is in `stopped`."""
        if time.monotonic() >= self.deadline:
            raise TrainingError("the minutes were over before the first step; give more --minutes")
        self.clock = RunClock(self.state, self.deadline)
        self.loss_sum, self.loss_steps = torch.zeros_like(self.loss_sum), 0
        saved = told = time.monotonic()
        while not stopped and (steps is None or self.state.step < steps) and self.clock.count():
            self._step()
            if self.state.step % _CHECK_STEPS == 0:
                self._refresh()
                self._check(self.loss_sum.item())
            now = time.monotonic()
            if self.state.step in _EARLY or now - told > _LOG_SECONDS:
                self._tell()
                told = now
            if now - saved > 60 * self.recipe.checkpoint_minutes:
                self._save()
                saved = now
        self._save()
        how, more = (
            ("finished", "") if self.state.done >= 1 else ("stopped", "; go on with --resume")
        )
        self.log.tell(f"{how}: {self.run / 'weights.safetensors'}{more}")

    def _step(self) -> None:
        recipe = self.recipe
        self.schedule.set(self.state.step, self.state.done)
        sides = recipe.data.crop
        turn = self.state.step if recipe.data.mix_sizes else int(self.state.done * len(sides))
        with torch.no_grad():
            numbers = self.photographs.draw(recipe.batch_size)
            side, min_crop = sides[turn % len(sides)], recipe.data.min_crop
            pixels = self.photographs.crop(numbers, side, min_crop=min_crop)
            examples = augment_tensors(pixels, recipe.augmentation)
        self.network.train()
        shown = inputs_channels_last(self.task.inputs(examples))
        with self.accelerator.autocast():
            output = self.network(*shown)
        loss = self.loss(output, shown, examples)
        self.accelerator.backward(loss)
        if recipe.optimizer.clip_norm:
            self.accelerator.clip_grad_norm_(self.network.parameters(), recipe.optimizer.clip_norm)
        self.optimizer.step()
        self.optimizer.zero_grad()
        self.average.update_parameters(self.accelerator.unwrap_model(self.network))
        self.state.step += 1
        self.state.samples += recipe.batch_size
        self.loss_sum += loss.detach()
        self.loss_steps += 1

    def _refresh(self) -> None:
        if self.loader.refresh():
            shares = self.photographs.shares
            self.log.tell(
                f"{len(self.photographs):,} photographs of {(shares > 0).sum()} groups, the "
                f"largest {100 * shares.max():.1f} % of what is shown; "
                f"{len(self.photographs.held_out):,} held out"
            )

    def _check(self, loss: float) -> None:
        if not math.isfinite(loss):
            raise TrainingError(
                f"the loss became {loss} by step {self.state.step}; the last good checkpoint is "
                f"kept in {self.run / 'checkpoints'}: lower the learning rate and start again"
            )

    def _numbers(self) -> dict[str, float]:
        """How it goes, for the log and the events."""
        device = self.accelerator.device
        numbers = {
            "loss": self.loss_sum.item() / max(1, self.loss_steps),
            "learning rate": self.schedule.rate,
            "photographs/s": self.clock.speed,
        }
        if device.type == "cuda":
            numbers["GB of memory"] = torch.cuda.max_memory_allocated(device) / 1e9
        return numbers

    def _tell(self) -> None:
        numbers = self._numbers()
        self._check(numbers["loss"])
        self.events.log(numbers, self.state.step)
        told = ", ".join(f"{name} {value:.4g}" for name, value in numbers.items())
        self.log.tell(f"step {self.state.step}, {100 * self.state.done:.1f} % of the cycle: {told}")

    def _save(self) -> None:
        """Validate, and leave a checkpoint and the weights so far."""
        if not all(parameter.isfinite().all() for parameter in self.network.parameters()):
            self._check(math.nan)
        numbers = self._numbers()
        row = {
            "step": float(self.state.step),
            "samples": float(self.state.samples),
            "minutes": self.state.seconds / 60,
            "loss": numbers["loss"],
            **{f"held out {name}": value for name, value in self._validate().items()},
        }
        self.loss_sum, self.loss_steps = torch.zeros_like(self.loss_sum), 0
        self.state.history.append(row)
        self.events.log(row, self.state.step)
        self.log.tell(", ".join(f"{name} {value:.4g}" for name, value in row.items()))
        run_folder.save_history(self.run, self.state.history)
        run_folder.save_training_data(self.run, self._training_data())
        checkpoints.save(self.accelerator, self.run, self.state.step)
        run_folder.save_weights(self.run, self.average.module)

    def _training_data(self) -> run_folder.TrainingData:
        before = self.read_before.shards if self.read_before else {}
        return run_folder.TrainingData(
            shards={**before, **self.loader.read},
            left_out=dict(self.loader.left_out),
            duplicates=self.loader.duplicates,
            samples=self.state.samples,
        )

    def _validate(self) -> dict[str, float]:
        size = self.recipe.data.validation_size
        examples = held_out_samples(self.photographs, size, _SAMPLES)
        srgb = self.task.srgb(self._predict(examples), examples)
        name = f"held-out-{len(self.state.history) + 1:03}.png"
        save_strips(examples, srgb, self.run / "samples" / name)
        batches = held_out_batches(self.photographs, size)
        return validate_batches(self._predict, batches, self.task, self.recipe)

    def _predict(self, examples: Examples) -> Any:
        self.average.eval()
        with torch.inference_mode(), self.accelerator.autocast():
            return self.average(*inputs_channels_last(self.task.inputs(examples)))
