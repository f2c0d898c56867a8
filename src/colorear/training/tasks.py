"""The kinds of networks that can be trained: what each is shown, asked for and exported as."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from colorear import color
from colorear.training.architectures.ab_bins import PALETTE, unlikeliness
from colorear.training.architectures.acuarela import AB_SCALE, Acuarela, Colours
from colorear.training.architectures.autoencoders import Autoencoder
from colorear.training.architectures.quantization import settle
from colorear.training.losses import DISTANCES, Examples, colourised
from colorear.training.recipe import AcuarelaSpec, NetworkSpec, Recipe

__all__ = ["KINDS", "AsContract", "Kind", "build"]


# recipes/LOG.md tells how these were chosen, on photographs that were learnt from
_DOUBT_TO_CHROMA = 1.2
_SMALL_DOUBT = 3.0  # CIELAB units; a network overstates doubts that are about as small
_GREY = 5.0  # CIELAB units of chroma: pictures with less are hardly made more vivid
_MOST_GAIN = 3.0


class AsContract(nn.Module):
    """A network as `colorear.models.contract` wants it; its tensors have these names."""

    stride: int
    multiple_of: int
    inputs: tuple[str, ...] = ("lightness",)
    outputs: tuple[str, ...]


@dataclass(frozen=True)
class Kind:
    """What the trainer and the export need to know about a kind of network."""

    build: Callable[[Any], nn.Module]
    """From the network's part of a recipe."""
    shown: Callable[[Examples], tuple[Tensor, ...]]
    """The network's inputs."""
    loss: Callable[[Any, Examples, Recipe], Tensor]
    """Of its answer: what training makes small."""
    colours: Callable[[Any], Tensor]
    """Of its answer: what should not depend on a photograph's faults (n,...), near 1."""
    srgb: Callable[[Any, Examples], Tensor]
    """From its answer: the colour photographs (n,3,h,w) that are judged, about in 0..1."""
    contract: Callable[[Any], AsContract]


def build(spec: NetworkSpec) -> nn.Module:
    """The network that a recipe asks for, with its first weights."""
    return KINDS[spec.kind].build(spec)


def teacher(spec: NetworkSpec) -> Acuarela | None:
    """The network whose answers are learnt where the recipe asks for that, not to be changed."""
    if not isinstance(spec, AcuarelaSpec) or not spec.distilled:
        return None
    unrounded = Acuarela(spec.model_copy(update={"int8": False}))
    return unrounded.eval().requires_grad_(requires_grad=False)


def distance_to(taught: Colours, colours: Colours, spec: AcuarelaSpec) -> Tensor:
    """Of a teacher's answer from another one: squares, and cross-entropy, weighted as in a recipe.

    Both answer all that the recipe asks for.
    """
    loss = functional.mse_loss(colours.ab.float() / AB_SCALE, taught.ab.float() / AB_SCALE)
    if colours.uncertainty is not None and taught.uncertainty is not None:
        doubt, its = colours.uncertainty.float() / AB_SCALE, taught.uncertainty.float() / AB_SCALE
        loss = loss + spec.uncertainty * functional.mse_loss(doubt, its)
    if colours.likelihood is not None and taught.likelihood is not None:
        truth = functional.softmax(taught.likelihood.float(), 1)
        unlikely = functional.cross_entropy(colours.likelihood.float(), truth)
        loss = loss + spec.likelihood * unlikely
    return loss


class SrgbAsContract(AsContract):
    """A network from grey to sRGB behind the contract: `lightness` -> `ab`, at stride 1.

    A second output, `srgb` (n,3,h,w), is what the network itself answered.
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


class ColoursAsContract(AsContract):
    """acuarela behind the contract, with whatever it was trained to be told and to tell.

    What it learns by squared error is the mean of all that is plausible, and so duller than life
    where it is in doubt. If it tells its doubt, `vividness` makes up for that: from grey at 0 over
    that mean, the safest colour, at 0.5 to about as much chroma as there is in life at 1. Of the
    outputs `likelihood` (n,k,h/8,w/8) adds up to 1 at each place, and `palette` (k,2) are the
    colours that it is about.
    """

    def __init__(self, network: Acuarela) -> None:
        super().__init__()
        self.network, self.stride, self.multiple_of = network, network.stride, network.multiple_of
        taken = ("hints", network.spreading), ("vividness", network.doubt)
        self.inputs = ("lightness", *(name for name, part in taken if part is not None))
        told = (("uncertainty",), network.doubt), (("likelihood", "palette"), network.likely)
        self.outputs = ("ab", *(name for names, head in told if head is not None for name in names))
        self.register_buffer("palette", PALETTE.clone(), persistent=False)
        settle(network)

    def forward(
        self, lightness: Tensor, hints: Tensor | None = None, vividness: Tensor | None = None
    ) -> tuple[Tensor, ...]:
        """The outputs of a batch of L*."""
        ab, uncertainty, likelihood = self.network(lightness, hints)
        answers = [ab]
        if uncertainty is not None and vividness is not None:
            answers = [*_vivid(ab, _calibrated(uncertainty), vividness)]
        if likelihood is not None:
            answers += [_softmax(likelihood), self.palette]
        return tuple(answers)


def _softmax(planes: Tensor) -> Tensor:
    """Over the channels: ONNX Runtime's own turns the planes first, and takes far longer."""
    parts = (planes - planes.amax(1, keepdim=True)).exp()
    return parts / parts.sum(1, keepdim=True)


def _calibrated(uncertainty: Tensor) -> Tensor:
    """Small doubts made smaller, great ones left as they are."""
    return uncertainty.square() / (uncertainty.square() + _SMALL_DOUBT**2).sqrt()


def _vivid(ab: Tensor, uncertainty: Tensor, vividness: Tensor) -> tuple[Tensor, Tensor]:
    """Colours of that vividness, and how far the truth is expected to be from these.

    Where the truth lies about the mean at the distance u in all directions alike, its squared
    chroma is greater than that of the mean by u². The mean over the picture stands for the latter,
    so that what is nearly grey stays so.
    """
    chroma = ab.square().sum(1, keepdim=True).mean((2, 3), keepdim=True)
    gain = (1 + _DOUBT_TO_CHROMA * uncertainty.square() / (chroma + _GREY**2)).sqrt()
    gain = gain.clamp(max=_MOST_GAIN)
    to_mean, to_life = (2 * vividness).clamp(max=1), (2 * vividness - 1).clamp(0, 1)
    strength = to_mean * (1 + to_life * (gain - 1)) * vividness.clamp(min=1)
    moved = (strength - 1).square() * ab.square().sum(1, keepdim=True)
    return strength * ab, (uncertainty.square() + moved).sqrt()


def _loss_of_colours(colours: Colours, examples: Examples, recipe: Recipe) -> Tensor:
    """The truth is averaged over each of the network's places.

    So a loss does not ask for detail that the network's grid cannot hold.
    """
    spec, ab = recipe.network, colours.ab.float() / AB_SCALE
    truth = _shrunk(examples.ab, ab) / AB_SCALE
    loss = DISTANCES[recipe.loss](ab, truth)
    if isinstance(spec, AcuarelaSpec) and colours.uncertainty is not None:
        # squared, so that its best answer is the expected distance; it does not move the colours
        off = torch.linalg.vector_norm(ab.detach() - truth, dim=1, keepdim=True)
        doubt = colours.uncertainty.float() / AB_SCALE
        loss = loss + spec.uncertainty * functional.mse_loss(doubt, off)
    if isinstance(spec, AcuarelaSpec) and colours.likelihood is not None:
        likelihood = colours.likelihood.float()
        coarse = _shrunk(examples.ab, likelihood)
        loss = loss + spec.likelihood * unlikeliness(likelihood, coarse)
    return loss


def _shrunk(planes: Tensor, like: Tensor) -> Tensor:
    return functional.adaptive_avg_pool2d(planes, (like.shape[-2], like.shape[-1]))


def _shown_to_acuarela(examples: Examples) -> tuple[Tensor, ...]:
    known = () if examples.known is None else (examples.known,)
    return examples.lightness, *known


def _loss_of_srgb(srgb: Tensor, examples: Examples, recipe: Recipe) -> Tensor:
    return DISTANCES[recipe.loss](srgb.float(), examples.srgb)


def _srgb_as_it_is(srgb: Tensor, _: Examples) -> Tensor:
    return srgb.float()


def _shown_grey(examples: Examples) -> tuple[Tensor, ...]:
    return (examples.grey,)


KINDS: dict[str, Kind] = {
    "acuarela": Kind(
        build=Acuarela,
        shown=_shown_to_acuarela,
        loss=_loss_of_colours,
        colours=lambda colours: colours.ab.float() / AB_SCALE,
        srgb=lambda colours, examples: colourised(examples, colours.ab.float()),
        contract=ColoursAsContract,
    ),
    "autoencoder": Kind(
        build=Autoencoder,
        shown=_shown_grey,
        loss=_loss_of_srgb,
        colours=lambda srgb: srgb.float(),
        srgb=_srgb_as_it_is,
        contract=SrgbAsContract,
    ),
}
