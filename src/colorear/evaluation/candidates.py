"""What is judged: networks, and two ways of doing nothing."""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from colorear import color
from colorear.errors import EvaluationError
from colorear.evaluation.dataset import EvaluationSet
from colorear.evaluation.scores import Network
from colorear.inference.colorizer import Colorizer
from colorear.models.network import SAFE
from colorear.training.datasets.photographs import pack_squares
from colorear.training.export.onnx_export import export

__all__ = ["Candidate", "find_candidates"]

Pixels = NDArray[np.uint8]
Planes = NDArray[np.float32]

_LUMA, _SAFE = "@luma", "@safe"


@dataclass(frozen=True)
class Candidate:
    """One row of a comparison."""

    name: str
    colorize: Callable[[Pixels], Planes]
    """From a grey photograph (h, w), uint8, to sRGB (3, h, w), about in 0..1."""
    about: Network = field(default_factory=Network)


def find_candidates(names: Sequence[str], dataset: EvaluationSet) -> list[Candidate]:
    """What is meant by each name, in order.

    `gray`: the gray copy. `mean-color`: the mean a*b* of the photographs that were left for
    training, everywhere. A network of the catalogue, an .onnx file or the folder of a finished run:
    with the luma promise. Those that make photographs themselves are judged as `NAME`, by what
    they make, and as `NAME@luma`, with the promise; `NAME@luma` asks for the latter alone.
    `NAME@safe`: less vivid than by default, in the mean of the colours that it holds for plausible.

    Raises
    ------
    ModelError, TrainingError
        A name means nothing, or a network cannot be loaded.
    EvaluationError
        Two names mean the same, or a network has no safe colors.
    """
    found = [candidate for name in names for candidate in _candidates_for(name, dataset)]
    seen: set[str] = set()
    for candidate in found:
        if candidate.name in seen:
            raise EvaluationError(
                f"{candidate.name!r} was named twice; give other names to files or runs"
            )
        seen.add(candidate.name)
    return found


def _candidates_for(name: str, dataset: EvaluationSet) -> list[Candidate]:
    if name == "gray":
        return [Candidate(name, lambda gray: np.repeat(gray[None].astype(np.float32) / 255, 3, 0))]
    if name == "mean-color":
        return [_mean_color(dataset)]
    colorizer = _loaded(name.removesuffix(_LUMA).removesuffix(_SAFE))
    card = colorizer.network.card
    about = Network(sha256=card.sha256, parameters=card.parameters, bytes=card.bytes, given=name)
    if name.endswith(_SAFE):
        if not colorizer.network.has_safe_colours:
            raise EvaluationError(
                f"{name!r}: {card.name} takes no vividness, so it has no colours that are safer "
                f"than others; judge it as {card.name!r}"
            )
        return [Candidate(card.name + _SAFE, _with_luma_kept(colorizer, SAFE), about)]
    luma_kept = Candidate(card.name, _with_luma_kept(colorizer), about)
    if not colorizer.network.makes_srgb:
        return [luma_kept]
    luma_kept = Candidate(card.name + _LUMA, luma_kept.colorize, about)
    return (
        [luma_kept]
        if name.endswith(_LUMA)
        else [Candidate(card.name, _own_srgb(colorizer), about), luma_kept]
    )


def _loaded(given: str) -> Colorizer:
    """The network of a name, a file or a run; a run is exported first, as for anybody's use."""
    if not Path(given, "run.json").exists():
        return Colorizer(given)
    with tempfile.TemporaryDirectory(prefix="colorear-judge-") as folder:
        file = Path(folder, f"{Path(given).resolve().name}.onnx")
        export(Path(given), file)
        return Colorizer(file)


def _mean_color(dataset: EvaluationSet) -> Candidate:
    if not dataset.others:
        raise EvaluationError(
            "mean-color is the mean of the photographs left for training, and all of these are "
            "judged; give a folder that holds color/, or judge its test part only"
        )
    size = dataset.pixels[0].shape[0]
    training = pack_squares(dataset.others, size)
    means = []
    for i in range(len(training)):
        lab = color.srgb_to_lab(training[i].transpose(2, 0, 1).astype(np.float32) / 255)
        means.append(lab[1:].mean((1, 2)))
    mean = np.stack(means).mean(0)[:, None, None]

    def colorize(gray: Pixels) -> Planes:
        luma = gray[None].astype(np.float32) / 255
        ab = np.broadcast_to(mean, (2, *gray.shape))
        chroma = color.limit_chroma(luma, color.ab_to_chroma(luma, ab))
        srgb: Planes = color.ycc_to_srgb(np.concatenate((luma, chroma))).clip(0, 1)
        return srgb

    return Candidate("mean-color", colorize)


def _with_luma_kept(colorizer: Colorizer, vividness: float = 1.0) -> Callable[[Pixels], Planes]:
    """What `colorear colorize` makes: bytes, whose luma is that of the grey photograph."""

    def colorize(gray: Pixels) -> Planes:
        rgb = colorizer(gray, vividness=vividness)
        return rgb.transpose(2, 0, 1).astype(np.float32) / np.float32(255)

    return colorize


def _own_srgb(colorizer: Colorizer) -> Callable[[Pixels], Planes]:
    """What the network makes by itself: numbers that nobody rounded or limited."""

    def colorize(gray: Pixels) -> Planes:
        lightness = color.luma_to_lightness(gray.astype(np.float32) / 255)
        return colorizer.network.srgb(lightness)

    return colorize
