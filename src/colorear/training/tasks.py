"""The tasks that networks are trained for: the inputs, loss and export of each architecture."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from colorear import color
from colorear.training.architectures.ab_bins import AB_BINS, ab_cross_entropy
from colorear.training.architectures.acuarela import AB_SCALE, Acuarela, ColorPrediction
from colorear.training.architectures.autoencoders import Autoencoder
from colorear.training.architectures.gray_copy import initialize_as_gray_copy
from colorear.training.architectures.quantization import prepare_for_export
from colorear.training.losses import LOSSES, Examples, colorized
from colorear.training.recipe import AcuarelaSpec, AutoencoderSpec, NetworkSpec, Recipe

__all__ = ["TASKS", "ContractModule", "Task", "build", "distillation_loss", "teacher"]


# chosen on training photographs: recipes/LOG.md
_UNCERTAINTY_TO_CHROMA = 1.6
_SMALL_UNCERTAINTY = 3.0  # CIELAB units; those of about this size are overestimated
_GRAY_CHROMA = 5.0  # CIELAB units: pictures with less chroma are hardly made more vivid
_MAX_GAIN = 3.0


class ContractModule(nn.Module):
    """A network by the contract of `colorear.models.contract`, whose tensors have these names."""

    stride: int
    multiple_of: int
    inputs: tuple[str, ...] = ("lightness",)
    outputs: tuple[str, ...]


@dataclass(frozen=True)
class Task:
    """What the trainer and the export need to know about an architecture.

    A network's output is whatever its `forward` returns.
    """

    build: Callable[[Any], nn.Module]
    """Make the network from its part of a recipe."""
    inputs: Callable[[Examples], tuple[Tensor, ...]]
    """The network's inputs."""
    loss: Callable[[Any, Examples, Recipe], Tensor]
    """The loss of an output, which training makes small."""
    colors: Callable[[Any], Tensor]
    """From an output: the colors (n,...), of the size of 1, that consistency compares."""
    srgb: Callable[[Any, Examples], Tensor]
    """From an output: the color photographs (n,3,h,w), sRGB about in 0..1, that are validated."""
    contract: Callable[[Any], ContractModule]
    """Wrap a trained network for export."""


def build(spec: NetworkSpec) -> nn.Module:
    """The network that a recipe asks for, with its first weights."""
    return TASKS[spec.kind].build(spec)


def teacher(spec: NetworkSpec) -> Acuarela | None:
    """The network to distill, frozen, or None where the recipe asks for no distillation."""
    if not isinstance(spec, AcuarelaSpec) or not spec.distilled:
        return None
    network = Acuarela(spec.model_copy(update={"int8": False}))
    return network.eval().requires_grad_(requires_grad=False)


def distillation_loss(
    target: ColorPrediction, prediction: ColorPrediction, spec: AcuarelaSpec
) -> Tensor:
    """How far a prediction is from a teacher's: squared errors and cross-entropy.

    They are weighted as the recipe weights them for the truth. Both predictions have all the
    outputs that the recipe asks for.
    """
    loss = functional.mse_loss(prediction.ab.float() / AB_SCALE, target.ab.float() / AB_SCALE)
    if prediction.uncertainty is not None and target.uncertainty is not None:
        uncertainty = prediction.uncertainty.float() / AB_SCALE
        target_uncertainty = target.uncertainty.float() / AB_SCALE
        loss = loss + spec.uncertainty * functional.mse_loss(uncertainty, target_uncertainty)
    if prediction.likelihood is not None and target.likelihood is not None:
        truth = functional.softmax(target.likelihood.float(), 1)
        entropy = functional.cross_entropy(prediction.likelihood.float(), truth)
        loss = loss + spec.likelihood * entropy
    return loss


class AutoencoderContract(ContractModule):
    """A network from gray to sRGB behind the contract: `lightness` -> `ab`, at stride 1.

    A second output, `srgb` (n,3,h,w), is that of the network itself.
    """

    stride, outputs = 1, ("ab", "srgb")

    def __init__(self, network: Autoencoder) -> None:
        super().__init__()
        self.network, self.multiple_of = network, network.multiple_of

    def forward(self, lightness: Tensor) -> tuple[Tensor, Tensor]:
        """The `ab` and `srgb` of a batch of L*."""
        luma = color.lightness_to_luma(lightness)
        srgb = self.network(luma.repeat(1, 3, 1, 1))
        ab: Tensor = color.srgb_to_lab(srgb.clamp(0, 1))[:, 1:]
        return ab, srgb


class AcuarelaContract(ContractModule):
    """acuarela behind the contract, with whatever inputs and outputs it was trained for.

    What it learns by squared error is the mean of all that is plausible, and so duller than life
    where it is uncertain. If it has an uncertainty, `vividness` makes up for that: from gray at 0
    over that mean, the safest color, at 0.5 to about as much chroma as there is in life at 1. Of
    the outputs `likelihood` (n,k,h/8,w/8) adds up to 1 at each place, and `palette` (k,2) are the
    ab bins that it is about.
    """

    def __init__(self, network: Acuarela) -> None:
        super().__init__()
        self.network, self.stride, self.multiple_of = network, network.stride, network.multiple_of
        self.inputs = (
            "lightness",
            *(("hints",) if network.takes_hints else ()),
            *(("vividness",) if network.uncertainty is not None else ()),
        )
        self.outputs = (
            "ab",
            *(("uncertainty",) if network.uncertainty is not None else ()),
            *(("likelihood", "palette") if network.likelihood is not None else ()),
        )
        self.register_buffer("ab_bins", AB_BINS.clone(), persistent=False)
        prepare_for_export(network)

    def forward(
        self, lightness: Tensor, hints: Tensor | None = None, vividness: Tensor | None = None
    ) -> tuple[Tensor, ...]:
        """The outputs of a batch of L*."""
        ab, uncertainty, likelihood = self.network(lightness, hints)
        outputs = [ab]
        if uncertainty is not None and vividness is not None:
            outputs = [*_apply_vividness(ab, _calibrate(uncertainty), vividness)]
        if likelihood is not None:
            outputs += [_softmax(likelihood), self.ab_bins]
        return tuple(outputs)


def _softmax(planes: Tensor) -> Tensor:
    """Over the channels: ONNX Runtime's own turns the planes first, and takes far longer."""
    parts = (planes - planes.amax(1, keepdim=True)).exp()
    return parts / parts.sum(1, keepdim=True)


def _calibrate(uncertainty: Tensor) -> Tensor:
    """Small uncertainties made smaller, great ones left as they are."""
    return uncertainty.square() / (uncertainty.square() + _SMALL_UNCERTAINTY**2).sqrt()


def _apply_vividness(ab: Tensor, uncertainty: Tensor, vividness: Tensor) -> tuple[Tensor, Tensor]:
    """Colors of that vividness, and how far the truth is expected to be from these.

    Where the truth lies about the mean at the distance u in all directions alike, its squared
    chroma is greater than that of the mean by u². The mean over the picture stands for the latter,
    so that what is nearly gray stays so.
    """
    chroma = ab.square().sum(1, keepdim=True).mean((2, 3), keepdim=True)
    gain = (1 + _UNCERTAINTY_TO_CHROMA * uncertainty.square() / (chroma + _GRAY_CHROMA**2)).sqrt()
    gain = gain.clamp(max=_MAX_GAIN)
    to_mean, to_life = (2 * vividness).clamp(max=1), (2 * vividness - 1).clamp(0, 1)
    strength = to_mean * (1 + to_life * (gain - 1)) * vividness.clamp(min=1)
    moved = (strength - 1).square() * ab.square().sum(1, keepdim=True)
    return strength * ab, (uncertainty.square() + moved).sqrt()


def _acuarela_loss(prediction: ColorPrediction, examples: Examples, recipe: Recipe) -> Tensor:
    """The distance from the truth, averaged over each of the network's places.

    So the loss does not ask for detail that the network's grid cannot hold.
    """
    spec, ab = recipe.network, prediction.ab.float() / AB_SCALE
    truth = _downsample(examples.ab, ab) / AB_SCALE
    loss = LOSSES[recipe.loss](ab, truth)
    if isinstance(spec, AcuarelaSpec) and prediction.uncertainty is not None:
        # squared, so that the best output is the expected distance; it does not move the colors
        distance = torch.linalg.vector_norm(ab.detach() - truth, dim=1, keepdim=True)
        uncertainty = prediction.uncertainty.float() / AB_SCALE
        loss = loss + spec.uncertainty * functional.mse_loss(uncertainty, distance)
    if isinstance(spec, AcuarelaSpec) and prediction.likelihood is not None:
        likelihood = prediction.likelihood.float()
        coarse = _downsample(examples.ab, likelihood)
        loss = loss + spec.likelihood * ab_cross_entropy(likelihood, coarse)
    return loss


def _downsample(planes: Tensor, like: Tensor) -> Tensor:
    return functional.adaptive_avg_pool2d(planes, (like.shape[-2], like.shape[-1]))


def _acuarela_inputs(examples: Examples) -> tuple[Tensor, ...]:
    hints = () if examples.hints is None else (examples.hints,)
    return examples.lightness, *hints


def _acuarela_srgb(prediction: ColorPrediction, examples: Examples) -> Tensor:
    return colorized(examples, prediction.ab.float())


def _autoencoder(spec: AutoencoderSpec) -> Autoencoder:
    network = Autoencoder(spec)
    if spec.start == "gray-copy":
        initialize_as_gray_copy(network)
    return network


def _autoencoder_inputs(examples: Examples) -> tuple[Tensor, ...]:
    return (examples.gray,)


def _autoencoder_loss(srgb: Tensor, examples: Examples, recipe: Recipe) -> Tensor:
    return LOSSES[recipe.loss](srgb.float(), examples.srgb)


TASKS: dict[str, Task] = {
    "acuarela": Task(
        build=Acuarela,
        inputs=_acuarela_inputs,
        loss=_acuarela_loss,
        colors=lambda prediction: prediction.ab.float() / AB_SCALE,
        srgb=_acuarela_srgb,
        contract=AcuarelaContract,
    ),
    "autoencoder": Task(
        build=_autoencoder,
        inputs=_autoencoder_inputs,
        loss=_autoencoder_loss,
        colors=lambda srgb: srgb.float(),
        srgb=lambda srgb, _: srgb.float(),
        contract=AutoencoderContract,
    ),
}
