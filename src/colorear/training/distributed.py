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
    """Join the launched processes for one run.

    Parameters
    ----------
    run
        The folder of the run, which gets the TensorBoard events.
    bfloat16
        Whether networks compute in bfloat16 where that is safe (autocast).

    Notes
    -----
    Also has the C library keep freed memory (`keep_freed_memory`).
    """
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
    """On a `ColorearError`, end every process but the main one silently.

    They end with status 0: a launcher ends all processes as soon as one has another, and the main
    one has yet to report the error.
    """
    try:
        yield
    except ColorearError:
        if os.environ.get("RANK", "0") != "0":  # there may be no process group yet to ask
            sys.exit(0)
        raise


@contextmanager
def leave_together() -> Iterator[None]:
    """Leave the process group at the end, after an error too, while Python still runs.

    A thread of the group that releases a tensor after Python has ended aborts its process
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
    # The network first: whoever releases the group last waits for its threads, which may need the
    # interpreter's lock, and only Python's own reference gives that up while it waits.
    gc.collect()
    torch.distributed.destroy_process_group()


@contextmanager
def fail_together() -> Iterator[None]:
    """Wait for all processes at the end; what failed on one fails on all.

    Raises
    ------
    TrainingError
        Another process failed; with the text of its error.
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
    """Call `act` on the main process, then on the others, which find what it left on disk.

    Returns what it returned on this process.
    """
    results = []
    for turn in (True, False):
        with fail_together():
            if PartialState().is_main_process == turn:
                results.append(act())
    return results[0]


def main_only(act: Callable[[], object]) -> None:
    """Call `act` on the main process alone, such as to write a file, while the others wait."""
    with fail_together():
        if PartialState().is_main_process:
            act()


def sum_over_processes(*values: float) -> list[float]:
    """Each value, summed over the processes, with the same bits on all of them."""
    state = PartialState()
    if state.num_processes == 1:
        return list(values)
    here = torch.tensor(values, dtype=torch.float64, device=state.device)
    total: list[float] = reduce(here, "sum").tolist()
    return total


def range_over_processes(lowest: Tensor, highest: Tensor) -> tuple[Tensor, Tensor]:
    """The lowest and the highest value over all processes.

    Parameters
    ----------
    lowest, highest
        Scalars: those of this process.
    """
    if PartialState().num_processes == 1:
        return lowest, highest
    pairs = gather(torch.stack((lowest, highest))[None])
    return pairs[:, 0].min(), pairs[:, 1].max()


def synchronize_batch_norm(network: nn.Module) -> None:
    """Let batch normalization use the whole batch instead of this process's share, in place.

    Names and values in the network's state dictionary stay the same.
    """
    for name, layer in list(network.named_modules()):
        if isinstance(layer, nn.BatchNorm2d):
            network.set_submodule(name, SynchronizedBatchNorm(layer))


class SynchronizedBatchNorm(nn.Module):
    """Batch normalization of another layer, by the statistics of all processes.

    PyTorch's SyncBatchNorm does the same on graphics cards only (PyTorch 2.13).
    """

    running_mean: Tensor
    running_var: Tensor
    num_batches_tracked: Tensor

    def __init__(self, layer: nn.BatchNorm2d) -> None:
        super().__init__()
        self.eps, self.momentum = layer.eps, layer.momentum or 0.0
        self.weight, self.bias = layer.weight, layer.bias
        for name, buffer in layer.named_buffers():
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
        normalized: Tensor = _Normalize.apply(  # type: ignore[no-untyped-call]  # torch's own gap
            planes, self.weight, self.bias, mean, variance, count, self.eps
        )
        return normalized


def _statistics(planes: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Mean (c) and biased variance (c) of all processes' planes, and the count of values each."""
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
        """S. Ioffe and C. Szegedy, Batch Normalization, ICML 2015 (arXiv:1502.03167), section 3.

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
