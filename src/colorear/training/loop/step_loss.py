"""The loss of one step of training: of the truth or of a teacher, and of consistency."""

from typing import Any

import torch
from accelerate import Accelerator
from torch import Tensor

from colorear.training.architectures.acuarela import Acuarela
from colorear.training.losses import Examples, consistency_loss
from colorear.training.recipe import AcuarelaSpec, Recipe
from colorear.training.tasks import TASKS, distillation_loss

__all__ = ["StepLoss"]


class StepLoss:
    """The loss that a recipe asks for.

    Parameters
    ----------
    recipe
        Of the run.
    teacher
        The network to distill, or None.
    accelerator
        By whose precision the teacher computes.
    """

    def __init__(self, recipe: Recipe, teacher: Acuarela | None, accelerator: Accelerator) -> None:
        self.recipe, self.teacher, self.accelerator = recipe, teacher, accelerator
        self.task = TASKS[recipe.network.kind]

    def __call__(self, output: Any, shown: tuple[Tensor, ...], examples: Examples) -> Tensor:
        """The loss of an output for the inputs `shown`."""
        recipe = self.recipe
        if self.teacher and isinstance(recipe.network, AcuarelaSpec):
            with torch.no_grad(), self.accelerator.autocast():
                target = self.teacher(*shown)
            loss = distillation_loss(target, output, recipe.network)
        else:
            loss = self.task.loss(output, examples, recipe)
        if len(examples.clean_copies):
            loss = loss + recipe.augmentation.consistency * consistency_loss(
                self.task.colors(output), examples.clean_copies
            )
        return loss
