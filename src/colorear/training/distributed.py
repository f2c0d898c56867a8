"""Processes that train one network together: each takes its share of every batch.

Alone, a process does not wait, and none of this changes what it computes.
"""

import gc
import os
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import torch
import torch.distributed.nn  # before there is a group, which its default arguments would keep
from accelerate import Accelerator, PartialState
from accelerate.utils import InitProcessGroupKwargs, gather, gather_object, reduce
from torch import Tensor, nn
from torch.autograd import Function
from torch.nn import functional

from colorear.errors import ColorearError, TrainingError
from colorear.training.memory import keep_freed_memory

__all__ = [
    "fail_together",
    "leave_together",
    "main_first",
    "main_only",
    "make_accelerator",
    "range_over_processes",
    "report_from_main",
    "sum_over_processes",
    "synchronize_batch_norm",
]

T = TypeVar("T")


def make_accelerator(run: Path, *, bfloat16: bool) -> Accelerator:
    """What brings the launched processes together, for a run in this folder; each keeps memory."""
    keep_freed_memory()
    return Accelerator(
        cpu=not torch.accelerator.is_available(),  # unsaid, each process on a CPU is alone
        mixed_precision="bf16" if bfloat16 else "no",
        log_with="tensorboard",
        project_dir=run,
        step_scheduler_with_optimizer=False,
        # long, since the main process decodes and judges while the others wait
        kwargs_handlers=[InitProcessGroupKwargs(backend=None, timeout=timedelta(days=1))],
    )


@contextmanager
def report_from_main() -> Iterator[None]:
    """End every process but the main one silently on an error meant for people.

    With status 0: a launcher ends all processes as soon as one has another, and the main one is
    still to say what is wrong.
    """
    try:
        yield
    except ColorearError:
        if os.environ.get("RANK", "0") != "0":  # there may be no process group yet to ask
            sys.exit(0)
        raise


@contextmanager
def leave_together() -> Iterator[None]:
    """Leave the other processes at the end, after an error too, while Python still runs.

    A thread of the group that lets go of a tensor after Python has ended aborts its process
    (PyTorch 2.13, pull request 179291). The group lives as long as the network that was trained,
    and that as long as the frames of an error.
    """
    try:
        yield
    except Exception as error:
        _part(error)
        raise
    _part(None)


def _part(error: Exception | None) -> None:
    if not torch.distributed.is_initialized():
        return
    if error:
        traceback.clear_frames(error.__traceback__)
    # The network first: whoever lets go of the group last waits for its threads, which may want
    # what only Python's own reference gives up meanwhile, the interpreter's lock.
    gc.collect()
    torch.distributed.destroy_process_group()


@contextmanager
def fail_together() -> Iterator[None]:
    """Wait for one another at the end; what failed on one process fails on all.

    Raises TrainingError, in the words of the first error, where there was none of its own.
    """
    failure = None
    try:
        yield
    except Exception as error:
        failure = error
    sentences = gather_object([str(failure) or repr(failure)] if failure else [])
    if failure:
        raise failure
    if sentences:
        raise TrainingError(sentences[0])


def main_first(act: Callable[[], T]) -> T:
    """What `act` gives, on the main process before the others, which find what it left on disk."""
    answers = []
    for turn in (True, False):
        with fail_together():
            if PartialState().is_main_process == turn:
                answers.append(act())
    return answers[0]


def main_only(act: Callable[[], object]) -> None:
    """Let the main process alone do something, such as writing, while the others wait."""
    with fail_together():
        if PartialState().is_main_process:
            act()


def sum_over_processes(*values: float) -> list[float]:
    """Each value added up over the processes, to the same bits on all of them."""
    state = PartialState()
    if state.num_processes == 1:
        return list(values)
    here = torch.tensor(values, dtype=torch.float64, device=state.device)
    total: list[float] = reduce(here, "sum").tolist()
    return total


def range_over_processes(lowest: Tensor, highest: Tensor) -> tuple[Tensor, Tensor]:
    """The lowest and the highest value of all processes."""
    if PartialState().num_processes == 1:
        return lowest, highest
    pairs = gather(torch.stack((lowest, highest))[None])
    return pairs[:, 0].min(), pairs[:, 1].max()


def synchronize_batch_norm(network: nn.Module) -> None:
    """Let batch normalisation see the whole batch instead of this process's share, in place.

    Names and values in the network's state stay the same.
    """
    for name, layer in list(network.named_modules()):
        if isinstance(layer, nn.BatchNorm2d):
            network.set_submodule(name, SynchronizedBatchNorm(layer))


class SynchronizedBatchNorm(nn.Module):
    """The batch normalisation that another layer does, by the statistics of all processes.

    PyTorch's SyncBatchNorm is the same for graphics cards only (PyTorch 2.13).
    """

    running_mean: Tensor
    running_var: Tensor
    num_batches_tracked: Tensor

    def __init__(self, alone: nn.BatchNorm2d) -> None:
        super().__init__()
        self.eps, self.momentum = alone.eps, alone.momentum or 0.0
        self.weight, self.bias = alone.weight, alone.bias
        for name, buffer in alone.named_buffers():
            self.register_buffer(name, buffer)

    def forward(self, planes: Tensor) -> Tensor:
        """The planes (n,c,h,w) with, in training, mean `bias` and deviation `weight`."""
        mean, variance = self.running_mean, self.running_var
        if not self.training:
            return functional.batch_norm(
                planes, mean, variance, self.weight, self.bias, eps=self.eps
            )
        with torch.no_grad():
            mean, variance, count = _statistics(planes)
            self.running_mean.lerp_(mean, self.momentum)
            self.running_var.lerp_(variance * (count / (count - 1)), self.momentum)
            self.num_batches_tracked += 1
        normalised: Tensor = _Normalize.apply(  # type: ignore[no-untyped-call]  # torch's own gap
            planes, self.weight, self.bias, mean, variance, count, self.eps
        )
        return normalised


def _statistics(planes: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Mean (c) and biased variance (c) of all processes' planes, and of how many values."""
    planes = planes.float()
    mean = planes.mean((0, 2, 3))
    # var_mean would be one call, but is eight times slower on a CPU, channels last
    variance = (planes - mean[:, None, None]).square_().mean((0, 2, 3))
    count = planes.numel() / len(mean)
    mean, variance = mean.double(), variance.double()  # so that nothing cancels below
    parts = torch.stack((mean, variance + mean.square(), torch.ones_like(mean)))
    total = reduce(parts * count, "sum")
    mean, mean_square = total[:2] / total[2]
    return mean.float(), (mean_square - mean.square()).float(), total[2].float()


class _Normalize(Function):
    @staticmethod
    def forward(
        ctx: Any,
        planes: Tensor,
        weight: Tensor,
        bias: Tensor,
        mean: Tensor,
        variance: Tensor,
        count: Tensor,
        eps: float,
    ) -> Tensor:
        ctx.save_for_backward(planes, weight, mean, variance, count)
        ctx.eps = eps
        return functional.batch_norm(planes, mean, variance, weight, bias, eps=eps)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        """S. Ioffe and C. Szegedy, Batch Normalization, ICML 2015, section 3.

        First as if mean and variance were constants; then less what goes through these, which
        the planes of every process have a part in.
        """
        planes, weight, mean, variance, count = ctx.saved_tensors
        direct, of_weight, of_bias = torch.ops.aten.native_batch_norm_backward(
            grad, planes, weight, mean, variance, None, None, False, ctx.eps, [True, True, True]
        )
        through_variance, through_mean = reduce(torch.stack((of_weight, of_bias)), "sum") / count
        deviation = (variance + ctx.eps).sqrt()
        slope = weight * through_variance / deviation.square()
        offset = weight * through_mean / deviation - slope * mean
        indirect = planes * slope[:, None, None] + offset[:, None, None]
        return (direct - indirect).to(planes.dtype), of_weight, of_bias, None, None, None, None
