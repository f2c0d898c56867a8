"""What changes the weights at each step, and how fast."""

import math
from typing import Any

from torch import nn, optim

from colorear.learn.recipe import OptimiserSpec

__all__ = ["optimiser_and_schedule"]


def optimiser_and_schedule(
    network: nn.Module, spec: OptimiserSpec, steps: int
) -> tuple[optim.Optimizer, optim.lr_scheduler.LRScheduler]:
    """AdamW and the rate that it follows over so many steps.

    I. Loshchilov and F. Hutter, Decoupled Weight Decay Regularization, ICLR 2019; without decay it
    is Adam (D. Kingma and J. Ba, ICLR 2015). Schedule: L. Smith and N. Topin, Super-Convergence,
    2018.
    """
    encoder: list[nn.Parameter] = []
    others: list[nn.Parameter] = []
    for name, parameter in network.named_parameters():
        (encoder if name.startswith("encoder.") else others).append(parameter)
    rates = [spec.learning_rate * spec.encoder_factor, spec.learning_rate]
    optimiser = optim.AdamW(
        [
            {"params": group, "lr": rate}
            for group, rate in zip((encoder, others), rates, strict=True)
        ],
        eps=spec.epsilon,
        weight_decay=spec.weight_decay,
        fused=True,
    )
    if spec.epsilon_on == "uncorrected":
        _add_epsilon_uncorrected(optimiser, spec.epsilon)
    if spec.schedule == "constant":
        return optimiser, optim.lr_scheduler.ConstantLR(optimiser, factor=1.0)
    return optimiser, optim.lr_scheduler.OneCycleLR(
        optimiser, rates, total_steps=steps, pct_start=spec.warm_up, cycle_momentum=False
    )


def _add_epsilon_uncorrected(optimiser: optim.Optimizer, epsilon: float) -> None:
    """Make PyTorch's epsilon, step by step, what Keras's comes to after the bias correction."""

    def before_step(_: optim.Optimizer, *__: Any) -> None:
        for group in optimiser.param_groups:
            states = (optimiser.state[each] for each in group["params"] if each in optimiser.state)
            step = 1 + max((float(state["step"]) for state in states), default=0.0)
            group["eps"] = epsilon / math.sqrt(1 - group["betas"][1] ** step)

    optimiser.register_step_pre_hook(before_step)
