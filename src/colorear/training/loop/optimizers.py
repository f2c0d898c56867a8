"""The optimizer of a recipe and its learning rate schedule."""

import math
from typing import Any

from torch import nn, optim

from colorear.training.recipe import OptimizerSpec

__all__ = ["make_optimizer", "optimizer_and_schedule"]


def make_optimizer(network: nn.Module, spec: OptimizerSpec) -> optim.Optimizer:
    """AdamW, at the peak rates of a recipe.

    Parameters
    ----------
    network
        Whose parameters are trained, the encoder's and the hint propagation's at rates of their
        own; the last parameter group is that of all others.
    spec
        That part of the recipe.

    Notes
    -----
    I. Loshchilov and F. Hutter, Decoupled Weight Decay Regularization, ICLR 2019
    (arXiv:1711.05101); without decay it is Adam (D. Kingma and J. Ba, ICLR 2015, arXiv:1412.6980).
    """
    factors = {
        "encoder": spec.encoder_factor,
        "hint_propagation": spec.propagation_factor,
        "others": 1.0,
    }
    parts: dict[str, list[nn.Parameter]] = {part: [] for part in factors}
    for name, parameter in network.named_parameters():
        part = name.partition(".")[0]
        parts[part if part in factors else "others"].append(parameter)
    rates = [spec.learning_rate * factor for factor in factors.values()]
    optimizer = optim.AdamW(
        [{"params": group, "lr": rate} for group, rate in zip(parts.values(), rates, strict=True)],
        eps=spec.epsilon,
        weight_decay=spec.weight_decay,
        fused=True,
    )
    if spec.epsilon_on == "uncorrected":
        _add_epsilon_uncorrected(optimizer, spec.epsilon)
    return optimizer


def optimizer_and_schedule(
    network: nn.Module, spec: OptimizerSpec, steps: int
) -> tuple[optim.Optimizer, optim.lr_scheduler.LRScheduler]:
    """The optimizer of a recipe and its learning rate schedule.

    Parameters
    ----------
    network, spec
        As those of `make_optimizer`.
    steps
        Of the whole run.

    Notes
    -----
    One-cycle schedule: L. Smith and N. Topin, Super-Convergence, 2018 (arXiv:1708.07120).
    """
    optimizer = make_optimizer(network, spec)
    if spec.schedule == "constant":
        return optimizer, optim.lr_scheduler.ConstantLR(optimizer, factor=1.0)
    rates = [float(group["lr"]) for group in optimizer.param_groups]
    return optimizer, optim.lr_scheduler.OneCycleLR(
        optimizer, rates, total_steps=steps, pct_start=spec.warmup, cycle_momentum=False
    )


def _add_epsilon_uncorrected(optimizer: optim.Optimizer, epsilon: float) -> None:
    """Make PyTorch's epsilon, step by step, what Keras's comes to after the bias correction."""

    def before_step(_: optim.Optimizer, *__: Any) -> None:
        for group in optimizer.param_groups:
            states = (optimizer.state[each] for each in group["params"] if each in optimizer.state)
            step = 1 + max((float(state["step"]) for state in states), default=0.0)
            group["eps"] = epsilon / math.sqrt(1 - group["betas"][1] ** step)

    optimizer.register_step_pre_hook(before_step)
