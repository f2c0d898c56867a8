"""The kinds of networks that can be trained: what each is shown, asked for and exported as."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn
from torch.nn import functional

from colorear import color
from colorear.learn.acuarela import AB_SCALE, Acuarela
from colorear.learn.autoencoders import Autoencoder
from colorear.learn.losses import Examples, colourised
from colorear.learn.recipe import NetworkSpec

__all__ = ["KINDS", "Kind", "build"]


@dataclass(frozen=True)
class Kind:
    """What the trainer and the export need to know about a kind of network."""

    build: Callable[[Any], nn.Module]
    """From the network's part of a recipe."""
    shown: Callable[[Examples], Tensor]
    """The network's input."""
    compared: Callable[[Tensor, Examples], tuple[Tensor, Tensor]]
    """From its answer: what the loss compares, and with which truth."""
    srgb: Callable[[Tensor, Examples], Tensor]
    """From its answer: the colour photographs (n,3,h,w) that are judged, about in 0..1."""
    contract: Callable[[Any], nn.Module]
    """The network as `colorear.models.contract` wants it: L* in, a*b* out."""
    outputs: tuple[str, ...]
    """What it then answers, by name."""


def build(spec: NetworkSpec) -> nn.Module:
    """The network that a recipe asks for, with its first weights."""
    return KINDS[spec.kind].build(spec)


class SrgbAsContract(nn.Module):
    """A network from grey to sRGB behind the contract: `lightness` -> `ab`, at stride 1.

    A second output, `srgb` (n,3,h,w), is what the network itself answered.
    """

    stride = 1

    def __init__(self, network: Autoencoder) -> None:
        super().__init__()
        self.network, self.multiple_of = network, network.multiple_of

    def forward(self, lightness: Tensor) -> tuple[Tensor, Tensor]:
        """The `ab` and `srgb` of a batch of L*."""
        luma = color.lightness_to_luma(lightness)
        srgb = self.network(luma.repeat(1, 3, 1, 1))
        ab: Tensor = color.srgb_to_lab(srgb.clamp(0, 1))[:, 1:]
        return ab, srgb


def _compared_ab(ab: Tensor, examples: Examples) -> tuple[Tensor, Tensor]:
    """The truth is averaged over each of the network's places.

    So a loss does not ask for detail that the network's grid cannot hold.
    """
    truth = functional.adaptive_avg_pool2d(examples.ab, (ab.shape[-2], ab.shape[-1]))
    return ab / AB_SCALE, truth / AB_SCALE


def _shown_lightness(examples: Examples) -> Tensor:
    return examples.lightness


def _shown_grey(examples: Examples) -> Tensor:
    return examples.grey


KINDS: dict[str, Kind] = {
    "acuarela": Kind(
        build=Acuarela,
        shown=_shown_lightness,
        compared=_compared_ab,
        srgb=lambda ab, examples: colourised(examples, ab),
        contract=lambda network: network,
        outputs=("ab",),
    ),
    "autoencoder": Kind(
        build=Autoencoder,
        shown=_shown_grey,
        compared=lambda srgb, examples: (srgb, examples.srgb),
        srgb=lambda srgb, _: srgb,
        contract=SrgbAsContract,
        outputs=("ab", "srgb"),
    ),
}
