"""The parts of the global context by themselves; the network with it is in test_acuarela.py."""

import pytest
import torch
from torch import nn

from colorear.training.architectures.global_context import LayerNorm


def test_layer_norm_is_pytorch_s_and_counts_beyond_256_in_bfloat16():
    tokens = torch.tensor([3.0, 1.0] * 4).expand(1, 4096, 8)  # 1 and -1 when normalized
    ours, theirs = LayerNorm(8), nn.LayerNorm(8)
    assert torch.equal(ours(tokens), theirs(tokens))
    with torch.autocast("cpu", torch.bfloat16):
        normalized = ours(tokens.bfloat16())
    normalized.sum().backward()
    assert ours.bias.grad.tolist() == [4096.0] * 8
    assert ours.weight.grad.tolist() == pytest.approx([4096.0, -4096.0] * 4, rel=1e-4)
    assert ours.state_dict().keys() == theirs.state_dict().keys()
