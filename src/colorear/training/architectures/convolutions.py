"""The autoencoders' convolutions, on planes turned by half a turn, with fast gradients.

Keras's 'same' padding at stride 2 is a zero row and column at the end of the planes. PyTorch pads
both sides alike, so that such planes would have to be copied with their border, which takes nearly
as long as the convolution where the processor multiplies bfloat16. Of planes that lie the other way
round (rows and columns reversed, kernels too) the border comes first, and is what PyTorch does
itself with `padding=1`. So a network turns the photograph before its first layer and the answer
after its last one.

The weights' gradient is a matrix product where PyTorch's own is slower (`recipes/LOG.md`). What is
exported are the plain operators, on planes as they lie.
"""

from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function
from torch.nn import functional

__all__ = ["convolve_down", "convolve_last", "convolve_up", "turned"]

_PATCH_BYTES = 16_000_000  # of patches at a time, to stay in the processor's cache
_FEW_PLACES = 400
"""Of a photograph's smaller planes: for so few the matrix product is faster in any precision."""
_AVX512 = torch.backends.cpu.get_cpu_capability() == "AVX512"
"""Without it PyTorch's own gradient takes longer at every size."""


def turned(planes: Tensor) -> Tensor:
    """`planes` (n,c,h,w) with rows and columns reversed; as they lie if they are exported."""
    return planes if torch.compiler.is_exporting() else planes.flip(2, 3)


def convolve_down(planes: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Turned `planes` (n,c,2h,2w) under `weight` (o,c,3,3) -> turned (n,o,h,w).

    Keras's Conv2D with 'same' padding at stride 2.
    """
    if torch.compiler.is_exporting():
        return functional.conv2d(functional.pad(planes, (0, 1, 0, 1)), weight, bias, stride=2)
    return _applied(_Down, planes, weight, bias)


def convolve_up(planes: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Turned `planes` (n,c,h,w) under `weight` (c,o,3,3), transposed -> turned (n,o,2h,2w).

    Keras's Conv2DTranspose with 'same' padding at stride 2. But for the bias it is the adjoint of
    `convolve_down` with the same weight.
    """
    if torch.compiler.is_exporting():
        return functional.conv_transpose2d(planes, weight, bias, stride=2)[..., :-1, :-1]
    return _applied(_Up, planes, weight, bias)


def convolve_last(planes: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """Turned `planes` (n,c,h,w) under `weight` (o,c,2,2) -> turned (n,o,h,w).

    Keras's Conv2D with 'same' padding at stride 1.
    """
    border = (0, 1, 0, 1) if torch.compiler.is_exporting() else (1, 0, 1, 0)
    return functional.conv2d(functional.pad(planes, border), turned(weight), bias)


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
        kernels = weight.flip(2, 3)
        ctx.save_for_backward(planes, kernels)
        return _down(planes, kernels, bias)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, Tensor, Tensor]:
        planes, kernels = ctx.saved_tensors
        below = _up(grad, kernels) if ctx.needs_input_grad[0] else None
        return below, _weight_gradient(planes, grad).flip(2, 3), grad.sum((0, 2, 3))


class _Up(Function):
    @staticmethod
    def forward(ctx: Any, planes: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        kernels = weight.flip(2, 3)
        ctx.save_for_backward(planes, kernels)
        return _up(planes, kernels, bias)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, Tensor, Tensor]:
        planes, kernels = ctx.saved_tensors
        below = _down(grad, kernels) if ctx.needs_input_grad[0] else None
        return below, _weight_gradient(grad, planes).flip(2, 3), grad.sum((0, 2, 3))


def _down(planes: Tensor, kernels: Tensor, bias: Tensor | None = None) -> Tensor:
    return functional.conv2d(planes, kernels, bias, stride=2, padding=1)


def _up(planes: Tensor, kernels: Tensor, bias: Tensor | None = None) -> Tensor:
    return functional.conv_transpose2d(planes, kernels, bias, stride=2, padding=1, output_padding=1)


def _weight_gradient(planes: Tensor, grad: Tensor) -> Tensor:
    """Of `_down(planes, kernels)`, for the kernels."""
    h, w = grad.shape[2:]
    return (_gradient if _AVX512 and h * w > _FEW_PLACES else _product)(planes, grad)


def _gradient(planes: Tensor, grad: Tensor) -> Tensor:
    """PyTorch's own."""
    kernels = planes.new_empty(grad.shape[1], planes.shape[1], 3, 3)  # only its shape counts
    wanted = [False, True, False]
    answer: tuple[None, Tensor, None] = torch.ops.aten.convolution_backward(
        grad, planes, kernels, [0], [2, 2], [1, 1], [1, 1], False, [0, 0], 1, wanted
    )
    return answer[1]


def _product(planes: Tensor, grad: Tensor) -> Tensor:
    """Patches (places, 9c), transposed, times `grad` (places, o)."""
    c, (o, h, w) = planes.shape[1], grad.shape[1:]
    padded = functional.pad(planes, (1, 0, 1, 0)).permute(0, 2, 3, 1)
    outputs = grad.permute(0, 2, 3, 1)
    total = planes.new_zeros(9 * c, o)
    at_once = max(1, _PATCH_BYTES // (9 * c * h * w * planes.element_size()))
    for part, answer in zip(
        torch.split(padded, at_once), torch.split(outputs, at_once), strict=True
    ):
        taps = [part[:, y : y + 2 * h : 2, x : x + 2 * w : 2] for y in range(3) for x in range(3)]
        total.addmm_(torch.cat(taps, -1).view(-1, 9 * c).t(), answer.reshape(-1, o))
    return total.view(3, 3, c, o).permute(3, 2, 0, 1)
