"""What acuarela promises: figures, a reliability plot, a curve of PSNR over hints, its latency.

    python benchmarks/abilities.py DATA [--model acuarela] [--every 1] [--figures docs]

DATA holds `landscapes-val` and `photos-val`; photographs are judged at 160 x 160.
"""

import argparse
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

import cv2
import matplotlib as mpl
import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import spearmanr

from colorear import Colorizer, Hint, color
from colorear.evaluation.metrics.color_difference import colorfulness
from colorear.inference.options import DEFAULT_OPTIONS
from colorear.inference.suggestions import predict
from colorear.models import Network
from colorear.models.network import SAFE
from colorear.models.resize import resized
from colorear.training.augmentation.degradation import degrade
from colorear.training.augmentation.recoloring import recolor
from colorear.training.datasets.photographs import PackedImages, list_photographs, pack_squares
from colorear.training.recipe import AcuarelaSpec, Folder
from colorear.training.tasks import TASKS

mpl.use("Agg")
from matplotlib import pyplot as plt

FOLDERS = ("landscapes-val", "photos-val")
HINTS = (0, 1, 2, 5, 10, 20, 50, 100)
REACH = 2  # pixels of a hint, to each side
CHANGED = 3.0  # CIELAB units by which a thing has another colour at least
SIZES = (192, 256, 384, 512)
TENTHS = 10
ROUNDS, WARM_UP, CALLS = 5, 3, 10  # of the latency
VARIANTS = 6
PAGE = 0.4  # of the photograph's side, on each side
PAGES = (8.0, 70.0, 97.0)  # L* of pages, in turn
PAPER = 0.7  # L*, the noise of a page

Planes = NDArray[np.floating]


class Seen(NamedTuple):
    """A photograph, as the networks see it and as it is."""

    srgb: Planes
    """(3, h, w) in 0..1."""
    luma: Planes
    """(h, w) in 0..1."""
    lightness: Planes
    """(h, w), L* of the luma."""
    ab: Planes
    """(2, h, w)."""


def main() -> None:
    """Print every figure, a line each."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("data", type=Path)
    asked.add_argument("--model", default="acuarela")
    asked.add_argument("--every", type=int, default=1, help="judge one photograph of so many")
    asked.add_argument("--figures", type=Path, help="a folder for the two pictures")
    words = asked.parse_args()
    colorizer = Colorizer(words.model)
    latency(colorizer.network)
    tenths, curves = {}, {}
    for folder in FOLDERS:
        paths = list_photographs(words.data, Folder(folder=folder))[:: words.every]
        photographs = pack_squares(paths, 160)
        print(f"{folder}: {len(photographs)} photographs", flush=True)
        for name, vividness in (("safe", SAFE), ("vivid", 1.0)):
            print(f"  {name}: {colors(colorizer, photographs, vividness)}", flush=True)
        tenths[folder] = uncertainty(colorizer.network, photographs)
        curves[folder] = hints(colorizer.network, photographs)
        things(colorizer.network, photographs)
        variants(colorizer.network, photographs)
        ageing(colorizer.network, photographs)
        margins(colorizer.network, photographs)
        sizes(colorizer.network, paths[::5])
    if words.figures:
        draw_reliability(tenths, words.figures / "reliability.png")
        draw_curves(curves, words.figures / "hints.png")


def latency(network: Network) -> None:
    """Beside acuarela in torch eager, whose speed no weights change; medians.

    Each is called many times on end before it is the next one's turn: right after the other
    library its threads still wait on the cores, by which eager loses nearly half of its speed.
    """
    spec = AcuarelaSpec(start="random", hints_propagated=True, uncertainty=0.5, likelihood=0.02)
    kind = TASKS[spec.kind]
    eager = kind.contract(kind.build(spec)).eval()
    lightness = np.random.default_rng(0).uniform(0, 100, (256, 256)).astype(np.float32)
    planes, vividness = torch.from_numpy(lightness)[None, None], torch.ones(1, 1, 1, 1)
    seconds: list[list[float]] = [[], [], []]
    for _ in range(ROUNDS):
        seconds[0] += taken(lambda: network(lightness))
        for place, layout in (1, torch.contiguous_format), (2, torch.channels_last):
            eager.to(memory_format=layout)
            laid_out = planes.contiguous(memory_format=layout)
            with torch.inference_mode():
                seconds[place] += taken(lambda laid=laid_out: eager(laid, vividness=vividness))
    ours, contiguous, channels_last = 1000 * np.median(seconds, 1)
    print(
        f"256 x 256: {ours:.1f} ms, in torch eager {contiguous:.1f} ms ({ours / contiguous:.2f}), "
        f"channels last {channels_last:.1f} ms ({ours / channels_last:.2f})",
        flush=True,
    )


def taken(action: Callable[[], object]) -> list[float]:
    """Seconds, each time, when it runs warm."""
    seconds = []
    for _ in range(WARM_UP + CALLS):
        started = time.perf_counter()
        action()
        seconds.append(time.perf_counter() - started)
    return seconds[WARM_UP:]


def colors(colorizer: Colorizer, photographs: PackedImages, vividness: float) -> str:
    """MSE over the grey copy's, and colourfulness, through the whole program."""
    squared, level, gap = np.zeros(2), np.zeros(2), np.zeros(2)
    for truth in seen(photographs):
        ours = colorizer((255 * truth.luma).round().astype(np.uint8), vividness=vividness)
        gray = np.repeat(truth.luma[None], 3, 0)
        three = np.stack((ours.transpose(2, 0, 1) / 255, gray, truth.srgb))
        squared += np.square(three[:2] - truth.srgb).mean((1, 2, 3))
        levels = colorfulness(torch.from_numpy(three)).numpy()
        level += levels[[0, 2]]
        gap += abs(levels[:2] - levels[2])
    return (
        f"MSE ratio {squared[0] / squared[1]:.3f}, "
        f"mean colourfulness / true {level[0] / level[1]:.2f}, "
        f"colourfulness gap / the grey copy's {gap[0] / gap[1]:.3f}"
    )


def uncertainty(network: Network, photographs: PackedImages) -> list[tuple[float, float]]:
    """For each tenth of stated uncertainty: its mean, and the mean of the actual error.

    At the places of a grid of 2 x 2 pixels, since the photographs hold no finer chroma.
    """
    stated, actual = [], []
    for truth in seen(photographs):
        told = network(truth.lightness)
        half = [side // 2 for side in truth.luma.shape]
        off = resized(told.ab - truth.ab, *half)
        actual.append(np.linalg.norm(off, axis=0))
        stated.append(resized(told.uncertainty, *half)[0])
    said, error = np.concatenate(stated).ravel(), np.concatenate(actual).ravel()
    print(f"  rank correlation of uncertainty and error: {spearmanr(said, error)[0]:.3f}")
    tenths = [
        (float(said[part].mean()), float(error[part].mean()))
        for part in np.array_split(np.argsort(said), TENTHS)
    ]
    ratios = " ".join(f"{error / said:.2f}" for said, error in tenths)
    print(f"  actual error / stated uncertainty, by tenths: {ratios}", flush=True)
    return tenths


def hints(network: Network, photographs: PackedImages) -> list[float]:
    """Mean PSNR of a*b* (peak 255) with so many true colours told, at random places."""
    psnr = np.zeros(len(HINTS))
    for number, truth in enumerate(seen(photographs)):
        rng = np.random.default_rng(number)
        for i, count in enumerate(HINTS):
            told = network(truth.lightness, true_hints(truth, count, rng))
            psnr[i] += 10 * np.log10(255**2 / np.square(told.ab - truth.ab).mean())
    psnr /= len(photographs)
    gains = ", ".join(
        f"{count}: {gain:.2f}" for count, gain in zip(HINTS, psnr - psnr[0], strict=True)
    )
    print(f"  PSNR of a*b* gained by random true hints, dB: {gains}", flush=True)
    return psnr.tolist()


def true_hints(truth: Seen, count: int, rng: np.random.Generator) -> list[Hint]:
    """So many places, each with the mean true colour of its pixels."""
    height, width = truth.luma.shape
    places = (rng.integers(side, size=count) for side in (height, width))
    return [true_hint(truth, *place) for place in zip(*places, strict=True)]


def true_hint(truth: Seen, row: int, column: int) -> Hint:
    """The mean true colour of the pixels about a place."""
    height, width = truth.luma.shape
    rows, columns = (slice(max(0, at - REACH), at + REACH + 1) for at in (row, column))
    mean = (255 * truth.srgb[:, rows, columns]).mean((1, 2)).round().astype(int)
    code = "#{:02x}{:02x}{:02x}".format(*mean)
    return Hint((column + 0.5) / width, (row + 0.5) / height, code, REACH / min(height, width))


def things(network: Network, photographs: PackedImages) -> None:
    """What one hint does where a thing has another colour than in life: to it, and to the rest."""
    left, bled = [], []
    for number, photograph in enumerate(photographs[i] for i in range(len(photographs))):
        made, place = recolor(photograph, np.random.default_rng(number))
        if place is None:
            continue
        truth = as_seen(made)
        thing = np.linalg.norm(truth.ab - as_seen(photograph).ab, axis=0) > CHANGED
        if thing.any():
            before = network(truth.lightness).ab
            after = network(truth.lightness, [true_hint(truth, *place)]).ab
            off = [np.linalg.norm(ab - truth.ab, axis=0)[thing].mean() for ab in (before, after)]
            left.append(off[1] / off[0])
            bled.append(np.linalg.norm(after - before, axis=0)[~thing].mean())
    print(
        f"  one hint on one of {len(left)} recoloured things: error of a*b* on it after / before "
        f"{np.mean(left):.2f}, mean change of a*b* elsewhere {np.mean(bled):.2f}",
        flush=True,
    )


def variants(network: Network, photographs: PackedImages) -> None:
    """How different six of them are, and how much nearer to the truth the best is than the first.

    Of every eighth photograph.
    """
    apart, error = [], np.zeros(2)
    for truth in (as_seen(photographs[i]) for i in range(0, len(photographs), 8)):
        seen = [
            predict(network, truth.lightness, DEFAULT_OPTIONS, variant).ab
            for variant in range(VARIANTS)
        ]
        pairs = combinations(seen, 2)
        apart.append([np.linalg.norm(one - other, axis=0).mean() for one, other in pairs])
        errors = [np.square(ab - truth.ab).mean() for ab in seen]
        error += errors[0], min(errors)
    closest = np.min(apart, 1)
    print(
        f"  {VARIANTS} variants of {len(apart)} photographs: mean change of a*b* between two "
        f"{np.mean(apart):.2f}, between the closest two {closest.mean():.2f} (under 1 in "
        f"{(closest < 1).sum()}, 0 in {(closest == 0).sum()}); squared error of the best over the "
        f"first's {error[1] / error[0]:.2f}",
        flush=True,
    )


def ageing(network: Network, photographs: PackedImages) -> None:
    """How far the colours of a degraded copy are from those of the good one, and from the truth."""
    away, error = np.zeros(2), np.zeros(2)
    for number, truth in enumerate(seen(photographs)):
        worn = degrade(photographs[number], np.random.default_rng(number))
        both = truth.lightness, color.luma_to_lightness(worn).astype(np.float32)
        vivid, safe = ([network(lit, vividness=v).ab for lit in both] for v in (1.0, SAFE))
        away += [np.linalg.norm(good - bad, axis=0).mean() for good, bad in (vivid, safe)]
        error += [np.square(ab - truth.ab).mean() for ab in safe]
    away /= len(photographs)
    print(
        f"  mean change of a*b* from a degraded copy: {away[0]:.2f}; of the safe colours "
        f"{away[1]:.2f}, whose squared error grows to {error[1] / error[0]:.2f} times",
        flush=True,
    )


def margins(network: Network, photographs: PackedImages) -> None:
    """How far a border of 40 % to each side, as of an album page, moves the colours within."""
    away = []
    for number, truth in enumerate(seen(photographs)):
        size = truth.lightness.shape
        alone = resized(network(resized(truth.lightness, *network.fit(*size))).ab, *size)
        widths = [(round(PAGE * side),) * 2 for side in size]
        level = PAGES[number % len(PAGES)]
        page = np.pad(truth.lightness, widths, constant_values=np.nan)
        paper = np.random.default_rng(number).normal(level, PAPER, page.shape)
        page = np.where(np.isnan(page), paper, page).astype(np.float32)
        whole = resized(network(resized(page, *network.fit(*page.shape))).ab, *page.shape)
        (top, _), (left, _) = widths
        within = whole[:, top : top + size[0], left : left + size[1]]
        away.append(np.linalg.norm(within - alone, axis=0).mean())
    print(f"  mean change of a*b* by a border of {PAGE:.0%}: {np.mean(away):.2f}", flush=True)


def sizes(network: Network, paths: Sequence[Path]) -> None:
    """How far colours at other sizes are from those at the network's own; and which are right."""
    away, error, gray = (np.zeros(len(SIZES)) for _ in range(3))
    for path in paths:
        bgr = cv2.imread(str(path))
        answers = []
        for i, size in enumerate(SIZES):
            scale = size / min(bgr.shape[:2])
            large = cv2.resize(bgr, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
            truth = as_seen(large[..., ::-1])
            ab = network(truth.lightness).ab
            error[i] += np.square(ab - truth.ab).mean()
            gray[i] += np.square(truth.ab).mean()
            answers.append(resized(ab, SIZES[0], SIZES[0]))
        away += [np.linalg.norm(answer - answers[0], axis=0).mean() for answer in answers]
    for name, values in (
        (f"mean distance of a*b* from that at {SIZES[0]}", away / len(paths)),
        ("squared error of a*b* over the grey copy's", error / gray),
    ):
        told = ", ".join(f"{s}: {value:.2f}" for s, value in zip(SIZES, values, strict=True))
        print(f"  {name}, by the shorter side: {told}", flush=True)


def seen(photographs: PackedImages) -> Iterator[Seen]:
    """Each of them."""
    for i in range(len(photographs)):
        yield as_seen(photographs[i])


def as_seen(pixels: NDArray[np.uint8]) -> Seen:
    """A photograph (h, w, 3) as the program sees its grey copy."""
    srgb = pixels.transpose(2, 0, 1).astype(np.float32) / 255
    luma = color.luma(srgb)[0]
    lightness = color.luma_to_lightness(luma).astype(np.float32)
    return Seen(srgb, luma, lightness, color.srgb_to_lab(srgb)[1:].astype(np.float32))


def draw_reliability(tenths: dict[str, list[tuple[float, float]]], path: Path) -> None:
    """Actual error over stated uncertainty; the diagonal is what is said."""
    figure, axes = plt.subplots(figsize=(5, 5), layout="constrained")
    most = max(value for pairs in tenths.values() for pair in pairs for value in pair)
    axes.plot([0, most], [0, most], color="0.6", linewidth=1)
    for folder, pairs in tenths.items():
        axes.plot(*zip(*pairs, strict=True), marker="o", label=folder)
    axes.set(xlabel="stated uncertainty, CIELAB units", ylabel="actual error of a*b*")
    axes.legend(frameon=False)
    figure.savefig(path, dpi=110)


def draw_curves(curves: dict[str, list[float]], path: Path) -> None:
    """PSNR of a*b* over the number of hints."""
    figure, axes = plt.subplots(figsize=(5, 4), layout="constrained")
    for folder, psnr in curves.items():
        axes.plot(range(len(HINTS)), psnr, marker="o", label=folder)
    axes.set_xticks(range(len(HINTS)), [str(count) for count in HINTS])
    axes.set(xlabel="true colours told, at random places", ylabel="PSNR of a*b*, dB (peak 255)")
    axes.legend(frameon=False)
    figure.savefig(path, dpi=110)


if __name__ == "__main__":
    main()
