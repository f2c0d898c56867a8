import pytest
import torch
from torch import nn

from colorear.training.loop.optimizers import optimizer_and_schedule
from colorear.training.recipe import OptimizerSpec


@pytest.fixture
def network():
    parts = {
        "encoder": nn.Linear(2, 3),
        "hint_propagation": nn.Linear(3, 4),
        "last": nn.Linear(4, 1),
    }
    return nn.Sequential(nn.ModuleDict(parts)).get_submodule("0")


def test_parts_learn_at_their_rates(network):
    spec = OptimizerSpec(learning_rate=1e-2, encoder_factor=0.5, propagation_factor=3)
    optimizer, schedule = optimizer_and_schedule(network, spec, steps=20)
    highest = [0.0, 0.0, 0.0]
    for _ in range(20):
        for parameter in network.parameters():
            parameter.grad = torch.ones_like(parameter)
        optimizer.step()
        highest = [max(pair) for pair in zip(highest, schedule.get_last_lr(), strict=True)]
        schedule.step()
    assert highest == pytest.approx([5e-3, 3e-2, 1e-2], rel=1e-3)
    sizes = [sum(p.numel() for p in group["params"]) for group in optimizer.param_groups]
    assert sizes == [9, 16, 5]


def test_a_constant_rate_stays(network):
    optimizer, schedule = optimizer_and_schedule(
        network, OptimizerSpec(learning_rate=1e-3, schedule="constant"), steps=3
    )
    for _ in range(3):
        optimizer.step()
        schedule.step()
        assert schedule.get_last_lr() == [1e-3] * 3
