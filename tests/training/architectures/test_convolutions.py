"""Both convolutions against torch's own, against each other and against finite differences."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional

from colorear.training.architectures import convolutions
from colorear.training.architectures.convolutions import (
    convolve_down,
    convolve_last,
    convolve_up,
    turned,
)


def keras_down(planes, weight, bias):
    return functional.conv2d(functional.pad(planes, (0, 1, 0, 1)), weight, bias, stride=2)


def keras_up(planes, weight, bias):
    return functional.conv_transpose2d(planes, weight, bias, stride=2)[..., :-1, :-1]


def on_turned(function):
    """The same of planes that are turned by half a turn, to planes that are."""
    return lambda planes, *rest: function(planes.flip(2, 3), *rest).flip(2, 3)


def operands(kind, n, before, after, h, w, *, dtype=torch.float32, seed=1):
    """Planes, weight and bias of one of the convolutions; h and w are the smaller side's."""
    torch.manual_seed(seed)
    size = (2 * h, 2 * w) if kind == "down" else (h, w)
    channels = (after, before) if kind == "down" else (before, after)
    return (
        torch.randn(n, before, *size, dtype=dtype),
        torch.randn(*channels, 3, 3, dtype=dtype),
        torch.randn(after, dtype=dtype),
    )


def gradients(function, tensors, answer):
    """The output, and the gradients of its product with `answer`."""
    tensors = [tensor.detach().clone().requires_grad_() for tensor in tensors]
    output = function(*tensors)
    return output, *torch.autograd.grad(output, tensors, answer)


OURS = {"down": convolve_down, "up": convolve_up}
KERAS = {"down": keras_down, "up": keras_up}
PLAIN = {kind: on_turned(function) for kind, function in KERAS.items()}
both_ways = pytest.mark.parametrize("kind", OURS)


@pytest.fixture(params=[0, 10**9], ids=["torch's own gradient", "matrix product"])
def weights_gradient(request, monkeypatch):
    """Both ways of the weights' gradient, whatever this processor and the size would choose."""
    monkeypatch.setattr(convolutions, "_AVX512", True)
    monkeypatch.setattr(convolutions, "_FEW_PLACES", request.param)


@pytest.mark.usefixtures("weights_gradient")
@both_ways
@pytest.mark.parametrize(("before", "after"), [(3, 5), (1, 2), (4, 1)])
def test_finite_differences(kind, before, after):
    tensors = operands(kind, 2, before, after, 2, 1, dtype=torch.float64)
    assert torch.autograd.gradcheck(OURS[kind], [t.requires_grad_() for t in tensors])


@pytest.mark.usefixtures("weights_gradient")
@both_ways
@pytest.mark.parametrize("layout", [torch.channels_last, torch.contiguous_format])
@pytest.mark.parametrize(("n", "before", "after", "h", "w"), [(3, 3, 17, 5, 8), (1, 32, 3, 4, 1)])
def test_equal_to_torch_s_own(kind, layout, n, before, after, h, w):
    planes, weight, bias = operands(kind, n, before, after, h, w)
    tensors = planes.to(memory_format=layout), weight.to(memory_format=layout), bias
    answer = torch.randn_like(PLAIN[kind](*tensors))
    for ours, theirs in zip(
        gradients(OURS[kind], tensors, answer), gradients(PLAIN[kind], tensors, answer), strict=True
    ):
        assert ours.shape == theirs.shape
        torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-5 * theirs.abs().max().item())


@given(
    sizes=st.tuples(*[st.integers(1, 5)] * 5),
    seed=st.integers(0, 2**32 - 1),
)
def test_each_is_the_other_s_adjoint(sizes, seed):
    n, before, after, h, w = sizes
    large, weight, _ = operands("down", n, before, after, h, w, dtype=torch.float64, seed=seed)
    small = torch.randn(n, after, h, w, dtype=torch.float64)
    down = convolve_down(large, weight, torch.zeros(after, dtype=torch.float64))
    up = convolve_up(small, weight, torch.zeros(before, dtype=torch.float64))
    assert (down * small).sum().item() == pytest.approx((large * up).sum().item(), abs=1e-9)


@both_ways
@pytest.mark.parametrize("photographs", [0, 1, 2])
def test_the_weights_gradient_in_chunks(kind, photographs, monkeypatch):
    """Of so many of the five photographs at a time; less than one is one."""
    before, after, h, w = 3, 4, 2, 3
    tensors = operands(kind, 5, before, after, h, w)
    answer = torch.randn_like(PLAIN[kind](*tensors))
    expected = gradients(PLAIN[kind], tensors, answer)
    large = before if kind == "down" else after  # the channels of the larger planes
    monkeypatch.setattr(convolutions, "_AVX512", False)
    monkeypatch.setattr(convolutions, "_PATCH_BYTES", photographs * 9 * large * h * w * 4)
    for ours, theirs in zip(gradients(OURS[kind], tensors, answer), expected, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-4)


@both_ways
def test_a_gradient_nobody_wants_is_not_computed(kind, monkeypatch):
    planes, weight, bias = operands(kind, 2, 3, 4, 2, 2)
    answer = torch.randn_like(PLAIN[kind](planes, weight, bias))
    expected = gradients(PLAIN[kind], (planes, weight, bias), answer)
    weight.requires_grad_()
    bias.requires_grad_()
    output = OURS[kind](planes, weight, bias)
    monkeypatch.setattr(convolutions, "_up" if kind == "down" else "_down", None)
    output.backward(answer)
    assert planes.grad is None
    torch.testing.assert_close(weight.grad, expected[2], rtol=1e-5, atol=1e-4)
    torch.testing.assert_close(bias.grad, expected[3], rtol=1e-5, atol=1e-4)


@pytest.mark.usefixtures("weights_gradient")
@both_ways
def test_autocast_gives_bfloat16_and_gradients_of_the_weights_precision(kind):
    tensors = operands(kind, 2, 3, 4, 5, 6)
    answer = torch.randn_like(PLAIN[kind](*tensors))
    expected = gradients(PLAIN[kind], tensors, answer)

    def cast(*tensors):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            return OURS[kind](*tensors)

    output, *rest = gradients(cast, tensors, answer.bfloat16())
    assert output.dtype == torch.bfloat16
    for ours, theirs in zip((output.float(), *rest), expected, strict=True):
        assert ours.dtype == torch.float32
        # 8 bits of mantissa: 2^-8 of the terms that are summed
        torch.testing.assert_close(ours, theirs, rtol=0, atol=0.02 * theirs.abs().max().item())


class Wrapped(torch.nn.Module):
    """A network of one convolution, as `torch.export` wants it."""

    def __init__(self, kind, weight, bias):
        super().__init__()
        self.function = OURS[kind]
        self.weight, self.bias = torch.nn.Parameter(weight), torch.nn.Parameter(bias)

    def forward(self, planes):
        return self.function(planes, self.weight, self.bias)


@both_ways
def test_what_is_exported_are_the_plain_operators(kind):
    planes, weight, bias = operands(kind, 2, 3, 4, 4, 4)
    program = torch.export.export(Wrapped(kind, weight, bias).eval(), (planes,))
    called = {str(node.target) for node in program.graph.nodes if node.op == "call_function"}
    convolution = {"down": "aten.conv2d.default", "up": "aten.conv_transpose2d.input"}[kind]
    assert convolution in called
    assert called <= {convolution, "aten.pad.default", "aten.slice.Tensor"}
    with torch.inference_mode():
        exported = program.module()(planes)
    torch.testing.assert_close(exported, KERAS[kind](planes, weight, bias))


def test_the_last_layer_is_padded_as_keras_does():
    planes, bias = torch.randn(2, 6, 4, 5), torch.randn(3)
    weight = torch.randn(3, 6, 2, 2)
    expected = functional.conv2d(functional.pad(planes, (0, 1, 0, 1)), weight, bias)
    answer = turned(convolve_last(turned(planes), weight, bias))
    torch.testing.assert_close(answer, expected)
