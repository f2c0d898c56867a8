#!/usr/bin/env bash
# On a processor PyTorch adds some gradients up in bfloat16 itself, which counts to 256 and no further (257 is
# rounded to 256): the gradient of LayerNorm's bias, under torch.autocast too, where the bias is float32 and
# the gradient that comes out is float32; of x[index] and embedding, of padding by the edge, of grid_sample, of
# average pooling that overlaps. Two threads make it 512. Others of the same use add in float32 and are right:
# group and batch normalization, a convolution's bias, index_select, gather, interpolate. The forward pass is right in
# all, nothing is said. (float16 stops at 2048, in fewer of them; by torch.compile LayerNorm and embedding are right,
# and gather stops at 256.) Guessed had been: right but in gather,
# index_select and scatter_add, which are right.
# Who meets it: who trains a network for color on a processor, in bfloat16 since new ones are twice as fast in it: a
# ConvNeXt's or a transformer's LayerNorm has a row for each pixel, 4096 of a small photograph. The bias of the last
# one, which is where a color cast is learned, moves a sixteenth as far as it should, and by the number of threads.
set -euo pipefail
d=$(mktemp -d); trap 'rm -rf "$d"' EXIT; cd "$d"
python3 -m venv v
# 2.13.0 of the package index brings CUDA; a wheel for processors alone does as well
v/bin/pip install -qq --no-compile torch==2.13.0 numpy==2.4.6 2>/dev/null
v/bin/python - <<'EOS'
import sys

import torch
import torch.nn.functional as F

print("torch", torch.__version__.split("+")[0])
torch.set_num_threads(1)
failed = []


def seen(name, value, expected):
    print(f"{name}: {value:g}")
    if abs(value - expected) > 0.02 * abs(expected):
        failed.append(name)


def trained(half, threads):
    """The gradient of LayerNorm's bias for a loss that is the sum over 64 x 64 pixels"""
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    network = torch.nn.Sequential(torch.nn.Conv2d(1, 8, 3, padding=1), torch.nn.Flatten(2))
    norm = torch.nn.LayerNorm(8)
    with torch.autocast("cpu", torch.bfloat16, enabled=half):
        norm(network(torch.rand(1, 1, 64, 64)).transpose(1, 2)).float().sum().backward()
    torch.set_num_threads(1)
    return norm.bias.grad


print("Gradients that should be 4096, of 64 x 64 pixels:")
seen("LayerNorm's bias in float32", trained(False, 1)[0].item(), 4096)
half = trained(True, 1)
seen(f"LayerNorm's bias under autocast, itself {half.dtype}", half[0].item(), 256)
seen("the same with two threads", trained(True, 2)[0].item(), 512)
index = torch.zeros(4096, dtype=torch.long)
spread = torch.zeros(1, 64, 64, 2)
ways = {
    "LayerNorm, all bfloat16": (256, (1, 8), lambda x: F.layer_norm(torch.rand(4096, 8).bfloat16(), (8,), None, x[0])),
    "x[index]": (256, (4, 8), lambda x: x[index]),
    "embedding": (256, (4, 8), lambda x: F.embedding(index, x)),
    "padding by the edge (4225 rightly)": (256, (1, 1, 1, 1), lambda x: F.pad(x, (32, 32, 32, 32), mode="replicate")),
    "grid_sample": (256, (1, 1, 1, 1), lambda x: F.grid_sample(x, spread.to(x), align_corners=False)),
    "index_select": (4096, (4, 8), lambda x: x.index_select(0, index)),
    "gather": (4096, (4, 8), lambda x: x.gather(0, index[:, None].expand(-1, 8))),
    "interpolate": (4096, (1, 1, 1, 1), lambda x: F.interpolate(x, size=(64, 64), mode="bilinear")),
    "expand": (4096, (1, 1, 1, 1), lambda x: x.expand(1, 1, 64, 64) * 1),
    "group normalization": (4096, (8,), lambda x: F.group_norm(torch.rand(1, 8, 64, 64).bfloat16(), 2, torch.ones_like(x), x)),
    "a convolution's bias": (4096, (8,), lambda x: F.conv2d(torch.rand(1, 8, 64, 64).bfloat16(), torch.rand(8, 8, 1, 1).bfloat16(), x)),
}
for name, (expected, shape, way) in ways.items():
    x = torch.ones(shape, dtype=torch.bfloat16, requires_grad=True)
    made = way(x)
    made.backward(torch.ones_like(made))
    seen(name, x.grad.max().item(), expected)
x = torch.ones(1, 1, 64, 64, dtype=torch.bfloat16, requires_grad=True)
F.avg_pool2d(x, 31, 1, 15, divisor_override=1).sum().backward()
seen("average pooling of 31 x 31 at each pixel, the gradient that should be 961", x.grad.max().item(), 256)

print("Gradients of either sign, 16384 rows, how far off the right one (its length is 1):")
generator = torch.Generator().manual_seed(0)
rows, came = torch.randn(16384, 64, generator=generator).bfloat16(), torch.randn(16384, 64, generator=generator)
for name, shift in (("without a direction", 0), ("with one (mean 0.5)", 0.5)):
    found = []
    for kind in (torch.float64, torch.bfloat16):
        bias = torch.zeros(64, dtype=torch.float64 if kind == torch.float64 else torch.float32, requires_grad=True)
        made = F.layer_norm(rows.to(kind), (64,), torch.ones_like(bias), bias)
        made.backward((came + shift).bfloat16().to(made.dtype))
        found.append(bias.grad.double())
    off = ((found[1] - found[0]).norm() / found[0].norm()).item()
    print(f"{name}: {off:.2f}")
    if off < (0.1 if shift == 0 else 0.8):
        failed.append(name)
if failed:
    sys.exit(f"CHANGED: {failed}")
EOS
