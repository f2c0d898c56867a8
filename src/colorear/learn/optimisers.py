"""What changes the weights at each step, and how fast."""

from torch import nn, optim

from colorear.learn.recipe import OptimiserSpec

__all__ = ["optimiser_and_schedule"]


def optimiser_and_schedule(
    network: nn.Module, spec: OptimiserSpec, steps: int
) -> tuple[optim.Optimizer, optim.lr_scheduler.LRScheduler]:
    """AdamW and the rate that it follows over so many steps.

    I. Loshchilov and F. Hutter, Decoupled Weight Decay Regularization, ICLR 2019; without decay it
    is Adam. Schedule: L. Smith and N. Topin, Super-Convergence, 2018.
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
    if spec.schedule == "constant":
        return optimiser, optim.lr_scheduler.ConstantLR(optimiser, factor=1.0)
    return optimiser, optim.lr_scheduler.OneCycleLR(
        optimiser, rates, total_steps=steps, pct_start=spec.warm_up, cycle_momentum=False
    )
