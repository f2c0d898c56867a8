"""What is judged: networks, and two ways of doing nothing."""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from colorear import color
from colorear.errors import JudgeError
from colorear.evaluation.dataset import Judged
from colorear.evaluation.scores import Network
from colorear.inference.colorizer import Colorizer
from colorear.models.network import SAFE
from colorear.training.datasets.photographs import pack_squares
from colorear.training.export.onnx_export import export

__all__ = ["Subject", "subjects"]

Pixels = NDArray[np.uint8]
Planes = NDArray[np.float32]

_LUMA, _SAFE = "@luma", "@safe"


@dataclass(frozen=True)
class Subject:
    """One row of a comparison."""

    name: str
    colour: Callable[[Pixels], Planes]
    """From a grey photograph (h, w), uint8, to sRGB (3, h, w), about in 0..1."""
    about: Network = field(default_factory=Network)


def subjects(names: Sequence[str], judged: Judged) -> list[Subject]:
    """What is meant by each name, in order.

    `grey`: the grey copy. `mean-colour`: the mean a*b* of the photographs that were left for
    training, everywhere. A network of the catalogue, an .onnx file or the folder of a finished run:
    with the luma promise. Those that make photographs themselves are judged as `NAME`, by what
    they make, and as `NAME@luma`, with the promise; `NAME@luma` asks for the latter alone.
    `NAME@safe`: less vivid than by default, in the mean of the colours that it holds for plausible.

    Raises ModelError, TrainingError, JudgeError: a name means nothing, or two mean the same, or a
    network has no safe colours.
    """
    found = [subject for name in names for subject in _subjects(name, judged)]
    seen: set[str] = set()
    for subject in found:
        if subject.name in seen:
            raise JudgeError(f"{subject.name!r} was named twice; give other names to files or runs")
        seen.add(subject.name)
    return found


def _subjects(name: str, judged: Judged) -> list[Subject]:
    if name == "grey":
        return [Subject(name, lambda gray: np.repeat(gray[None].astype(np.float32) / 255, 3, 0))]
    if name == "mean-colour":
        return [_mean_colour(judged)]
    colorizer = _loaded(name.removesuffix(_LUMA).removesuffix(_SAFE))
    card = colorizer.network.card
    about = Network(sha256=card.sha256, parameters=card.parameters, bytes=card.bytes, given=name)
    if name.endswith(_SAFE):
        if not colorizer.network.has_safe_colours:
            raise JudgeError(
                f"{name!r}: {card.name} takes no vividness, so it has no colours that are safer "
                f"than others; judge it as {card.name!r}"
            )
        return [Subject(card.name + _SAFE, _with_promise(colorizer, SAFE), about)]
    kept = Subject(card.name, _with_promise(colorizer), about)
    if not colorizer.network.makes_srgb:
        return [kept]
    kept = Subject(card.name + _LUMA, kept.colour, about)
    return [kept] if name.endswith(_LUMA) else [Subject(card.name, _own(colorizer), about), kept]


def _loaded(given: str) -> Colorizer:
    """The network of a name, a file or a run; a run is exported first, as for anybody's use."""
    if not Path(given, "run.json").exists():
        return Colorizer(given)
    with tempfile.TemporaryDirectory(prefix="colorear-judge-") as folder:
        file = Path(folder, f"{Path(given).resolve().name}.onnx")
        export(Path(given), file)
        return Colorizer(file)


def _mean_colour(judged: Judged) -> Subject:
    if not judged.others:
        raise JudgeError(
            "mean-colour is the mean of the photographs left for training, and all of these are "
            "judged; give a folder that holds color/, or judge its test part only"
        )
    size = judged.pixels[0].shape[0]
    learnt = pack_squares(judged.others, size)
    means = []
    for i in range(len(learnt)):
        lab = color.srgb_to_lab(learnt[i].transpose(2, 0, 1).astype(np.float32) / 255)
        means.append(lab[1:].mean((1, 2)))
    mean = np.stack(means).mean(0)[:, None, None]

    def colour(gray: Pixels) -> Planes:
        luma = gray[None].astype(np.float32) / 255
        ab = np.broadcast_to(mean, (2, *gray.shape))
        chroma = color.limit_chroma(luma, color.ab_to_chroma(luma, ab))
        srgb: Planes = color.ycc_to_srgb(np.concatenate((luma, chroma))).clip(0, 1)
        return srgb

    return Subject("mean-colour", colour)


def _with_promise(colorizer: Colorizer, vividness: float = 1.0) -> Callable[[Pixels], Planes]:
    """What `colorear colorize` makes: bytes, whose luma is that of the grey photograph."""

    def colour(gray: Pixels) -> Planes:
        rgb = colorizer(gray, vividness=vividness)
        return rgb.transpose(2, 0, 1).astype(np.float32) / np.float32(255)

    return colour


def _own(colorizer: Colorizer) -> Callable[[Pixels], Planes]:
    """What the network makes by itself: numbers that nobody rounded or limited."""

    def colour(gray: Pixels) -> Planes:
        lightness = color.luma_to_lightness(gray.astype(np.float32) / 255)
        return colorizer.network.srgb(lightness)

    return colour
