"""3x3 convolutions of stride 2, down and up, with the gradients computed the fastest way known.

PyTorch gives both on a CPU, but the weights' gradient at under half the speed of a matrix product,
and the transposed convolution at a quarter of it (`benchmarks/training.py`). Here the first is a
matrix product and the second is asked for as what it is, the gradient of a convolution.
"""

from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function
from torch.nn import functional
from torch.nn.grad import conv2d_input

__all__ = ["convolve_down", "convolve_up"]

_PATCH_BYTES = 16_000_000  # of patches at a time, to stay in the processor's cache


def convolve_down(planes: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """`planes` (n,c,2h,2w) under `weight` (o,c,3,3) -> (n,o,h,w).

    Keras's 'same' padding at stride 2: a zero row and column at the end, none at the start.
    """
    if torch.compiler.is_exporting():
        return _down(planes, weight, bias)
    return _applied(_Down, planes, weight, bias)


def convolve_up(planes: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """`planes` (n,c,h,w) under `weight` (c,o,3,3), transposed -> (n,o,2h,2w).

    Keras's 'same' padding: the full output less its last row and column. But for the bias it is
    the adjoint of `convolve_down` with the same weight.
    """
    if torch.compiler.is_exporting():
        return functional.conv_transpose2d(planes, weight, bias, stride=2)[..., :-1, :-1]
    return _applied(_Up, planes, weight, bias)


def _applied(function: type[Function], *tensors: Tensor) -> Tensor:
    """Under autocast in its precision, as torch's own are; the backward pass sees no autocast."""
    device = tensors[0].device.type
    if torch.is_autocast_enabled(device):
        tensors = tuple(tensor.to(torch.get_autocast_dtype(device)) for tensor in tensors)
    with torch.autocast(device, enabled=False):
        answer: Tensor = function.apply(*tensors)  # type: ignore[no-untyped-call]  # torch's own gap
    return answer


class _Down(Function):
    @staticmethod
    def forward(ctx: Any, planes: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        ctx.save_for_backward(planes, weight)
        return _down(planes, weight, bias)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, Tensor, Tensor]:
        planes, weight = ctx.saved_tensors
        below = _adjoint(grad, weight) if ctx.needs_input_grad[0] else None
        return below, _weight_gradient(planes, grad), grad.sum((0, 2, 3))


class _Up(Function):
    @staticmethod
    def forward(ctx: Any, planes: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        ctx.save_for_backward(planes, weight)
        return _adjoint(planes, weight) + bias[:, None, None]

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, Tensor, Tensor]:
        planes, weight = ctx.saved_tensors
        below = _down(grad, weight) if ctx.needs_input_grad[0] else None
        return below, _weight_gradient(grad, planes), grad.sum((0, 2, 3))


def _down(planes: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    return functional.conv2d(functional.pad(planes, (0, 1, 0, 1)), weight, bias, stride=2)


def _adjoint(planes: Tensor, weight: Tensor) -> Tensor:
    n, _, h, w = planes.shape
    padded = (n, weight.shape[1], 2 * h + 1, 2 * w + 1)
    # torch gives this function no types
    full: Tensor = conv2d_input(padded, weight, planes, stride=2)  # type: ignore[no-untyped-call]
    return full[..., :-1, :-1]


def _weight_gradient(planes: Tensor, grad: Tensor) -> Tensor:
    """Of `_down(planes, weight)`: patches (places, 9c), transposed, times `grad` (places, o)."""
    c, (o, h, w) = planes.shape[1], grad.shape[1:]
    padded = functional.pad(planes, (0, 1, 0, 1)).permute(0, 2, 3, 1)
    outputs = grad.permute(0, 2, 3, 1)
    total = planes.new_zeros(9 * c, o)
    at_once = max(1, _PATCH_BYTES // (9 * c * h * w * planes.element_size()))
    for part, answer in zip(
        torch.split(padded, at_once), torch.split(outputs, at_once), strict=True
    ):
        taps = [part[:, y : y + 2 * h : 2, x : x + 2 * w : 2] for y in range(3) for x in range(3)]
        total.addmm_(torch.cat(taps, -1).view(-1, 9 * c).t(), answer.reshape(-1, o))
    return total.view(3, 3, c, o).permute(3, 2, 0, 1)
