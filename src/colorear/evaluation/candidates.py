"""What is evaluated: networks, two ways of doing nothing, and the truth with its hues turned."""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from colorear import color, models
from colorear.errors import EvaluationError
from colorear.evaluation.dataset import EvaluationSet, gray
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
    """From a photograph to sRGB (3,h,w), about in 0..1. Networks are given it gray, (h,w) bytes;
    controls that need its colors, if `sees_truth`, are given these, (h,w,3) bytes."""
    about: Network = field(default_factory=Network)
    sees_truth: bool = False

    def predict(self, true: Pixels) -> Planes:
        """What becomes of a photograph (h,w,3), sRGB bytes: sRGB (3,h,w), about in 0..1."""
        return self.colorize(true if self.sees_truth else gray(true))


def find_candidates(names: Sequence[str], dataset: EvaluationSet) -> list[Candidate]:
    """What is meant by each name, in order.

    Parameters
    ----------
    names
        `gray`: the gray copy. `mean-color`: the mean a*b* of the photographs that were left for
        training, everywhere. `opposite-hues`: the truth with every hue turned by half a circle.
        Else a network of `colorear models`, an .onnx file or the folder of a finished run: `NAME`,
        what it makes; `NAME@luma`, for one that makes photographs itself, the same with the luma
        promise, which others always keep; `NAME@safe`, less vivid than by default, the mean of the
        colors that it holds for plausible.
    dataset
        The photographs, of which `mean-color` needs those that are left for training.

    Raises
    ------
    ModelError, TrainingError
        A name means nothing, or a network cannot be loaded.
    EvaluationError
        Two names mean the same, or a network has not what is asked for after the @.
    """
    found = [_candidate(name, dataset) for name in names]
    seen: set[str] = set()
    for candidate in found:
        if candidate.name in seen:
            raise EvaluationError(
                f"{candidate.name!r} was named twice; give other names to files or runs"
            )
        seen.add(candidate.name)
    return found


def _candidate(name: str, dataset: EvaluationSet) -> Candidate:
    if name == "gray":
        return Candidate(name, lambda luma: np.repeat(luma[None].astype(np.float32) / 255, 3, 0))
    if name == "mean-color":
        return _mean_color(dataset)
    if name == "opposite-hues":
        return Candidate(name, _with_opposite_hues, sees_truth=True)
    colorizer = _loaded(name.removesuffix(_LUMA).removesuffix(_SAFE))
    card = colorizer.network.card
    about = Network(sha256=card.sha256, parameters=card.parameters, bytes=card.bytes, given=name)
    if name.endswith(_SAFE):
        if not colorizer.network.has_safe_colors:
            raise EvaluationError(
                f"{name!r}: {card.name} takes no vividness, so it has no colors that are safer "
                f"than others; evaluate it as {card.name!r}"
            )
        return Candidate(card.name + _SAFE, _with_luma_kept(colorizer, SAFE), about)
    if name.endswith(_LUMA):
        if not colorizer.network.makes_srgb:
            raise EvaluationError(
                f"{name!r}: {card.name} always keeps luma; evaluate it as {card.name!r}"
            )
        return Candidate(card.name + _LUMA, _with_luma_kept(colorizer), about)
    own = _own_srgb if colorizer.network.makes_srgb else _with_luma_kept
    return Candidate(card.name, own(colorizer), about)


def _loaded(given: str) -> Colorizer:
    """The network of a name, a file or a run; a run is exported first, as for anybody's use."""
    if not Path(given, "run.json").exists():
        if models.is_file(given):
            models.try_out(given)  # whoever gave it may not know what it does
        return Colorizer(given)
    run = Path(given).resolve()
    files = [run / "run.json", *run.glob("*.safetensors")]
    return _exported(run, frozenset((file, file.stat().st_mtime_ns) for file in files))


@lru_cache(maxsize=16)  # torch takes many seconds, and a comparison asks for each several times
def _exported(run: Path, _as_of: frozenset[tuple[Path, int]]) -> Colorizer:
    with tempfile.TemporaryDirectory(prefix="colorear-judge-") as folder:
        file = Path(folder, f"{run.name}.onnx")
        export(run, file)
        return Colorizer(file)


def _mean_color(dataset: EvaluationSet) -> Candidate:
    if not dataset.others:
        raise EvaluationError(
            "mean-color is the mean of the photographs left for training, and all of these are "
            "evaluated; give a folder that holds color/, or evaluate its test part only"
        )
    training = pack_squares(dataset.others, dataset.pixels[0].shape[0])
    means = []
    for i in range(len(training)):
        lab = color.srgb_to_lab(training[i].transpose(2, 0, 1).astype(np.float32) / 255)
        means.append(lab[1:].mean((1, 2)))
    mean = np.stack(means).mean(0)[:, None, None]

    def colorize(gray: Pixels) -> Planes:
        return _colored(gray, np.broadcast_to(mean, (2, *gray.shape)))

    return Candidate("mean-color", colorize)


def _with_opposite_hues(true: Pixels) -> Planes:
    """The photograph with a*, b* of the other sign, as far as sRGB has such colors."""
    srgb = true.transpose(2, 0, 1).astype(np.float32) / 255
    return _colored(gray(true), -color.srgb_to_lab(srgb)[1:])


def _colored(gray: Pixels, ab: Planes) -> Planes:
    """The sRGB (3,h,w) of gray (h,w), bytes, with a*, b* (2,h,w)."""
    luma = gray[None].astype(np.float32) / 255
    chroma = color.limit_chroma(luma, color.ab_to_chroma(luma, ab))
    srgb: Planes = color.ycc_to_srgb(np.concatenate((luma, chroma))).clip(0, 1)
    return srgb


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
