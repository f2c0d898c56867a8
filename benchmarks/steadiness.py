"""How steady the colors of films are, and how far off, on films whose motion and colors are known.

python benchmarks/steadiness.py [--frames 48] [--grain 0 8] [--films pan walk ...] [--figure FILE]
    [--clips FILE ...] [--stretch 48]

Photographs under a moving camera, some with a shape that walks through the picture or with
something near that moves faster. `flicker` is the mean CIELAB distance (a*b*) between the color of
each place and its own in the frame before, as the known motion finds it; `error` that to the true
color. The first figure is that of `--steady 0`. Of `--clips`, films in color, the motion is what
Farneback's optical flow finds in their luma, which is not the one that colors follow. The figure
shows the chroma of one place of the first film, as it is followed through it.
"""

import argparse
import sys
from itertools import islice, pairwise
from pathlib import Path

import av
import cv2
import numpy as np
import skimage.data
from sklearn.datasets import load_sample_image

from colorear import color, models
from colorear.video.flow import motion, sampled
from colorear.video.steady import Agreed, Frame, agree

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
import made_films as made

FILMS = {
    "pan": ("astronaut", {}),
    "faster pan": ("china", {"pan": (3, 1)}),
    "zoom": ("coffee", {"pan": (0, 0), "zoom": 1.01}),
    "turn": ("flower", {"turn": 0.01}),
    "walk": ("china", {"person": True}),
    "walk, pan": ("flower", {"person": True, "pan": (2, 0)}),
    "parallax": ("china", {"near": "flower"}),
    "parallax, walk": ("flower", {"near": "coffee", "person": True}),
}
_LIKELY = 2.0  # pixels by which the way there and back may differ, of a clip


def main() -> None:
    """Measure all films."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--frames", type=int, default=48)
    parser.add_argument("--grain", type=float, nargs="+", default=[0, 8])
    parser.add_argument("--films", nargs="+", choices=[*FILMS], default=[*FILMS])
    parser.add_argument("--clips", type=Path, nargs="+", default=[])
    parser.add_argument("--stretch", type=int, default=48)
    parser.add_argument("--figure", type=Path)
    options = parser.parse_args()
    network = Asked()
    for path in options.clips:
        tell(path.stem, clip(path, options.frames), 0, network, options)
    for grain in options.grain if not options.clips else ():
        for name in options.films:
            found = tell(name, film(name, options.frames), grain, network, options)
            if options.figure and (grain, name) == (options.grain[0], options.films[0]):
                draw(options.figure, [*found[:3]], followed(found[3]))


class Asked:
    """The bundled network, and how often it was asked."""

    def __init__(self) -> None:
        self.network, self.calls = models.load("acuarela", threads=1), 0

    def colors(self, frame: Frame) -> np.ndarray:
        """a*b* (h, w, 2) of a frame by itself."""
        self.calls += 1
        lightness = color.luma_to_lightness(frame.luma.astype(np.float32) / 255)
        return np.ascontiguousarray(self.network.ab(lightness).transpose(1, 2, 0))

    def opinion(self, frame: Frame) -> Agreed:
        """The same, as `agree` wants it."""
        return Agreed(self.colors(frame), np.ones(frame.luma.shape, np.float32))


def film(name: str, frames: int) -> made.Shot:
    """One of FILMS."""
    photos = {
        "astronaut": skimage.data.astronaut(),
        "coffee": skimage.data.coffee(),
        "china": load_sample_image("china.jpg"),
        "flower": load_sample_image("flower.jpg"),
    }
    photo, how = FILMS[name]
    settings = dict(how, frames=frames)
    if settings.pop("person", False):
        settings["person"] = photos["astronaut"][:, 100:350]
    if near := settings.pop("near", None):
        return made.parallax(photos[photo], photos[near], **settings)
    return made.camera(photos[photo], **settings)


def clip(path: Path, frames: int) -> made.Shot:
    """The beginning of a film in color, at the network's size."""
    with av.open(str(path)) as file:
        pictures = []
        for frame in islice(file.decode(video=0), frames):
            scale = 192 / min(frame.width, frame.height)
            size = [32 * max(1, round(side * scale / 32)) for side in (frame.width, frame.height)]
            pictures.append(cv2.resize(frame.to_ndarray(format="rgb24"), size, interpolation=3))
    grays = [cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY) for picture in pictures]
    flows = []
    for before, now in pairwise(grays):
        back, forth = (
            cv2.calcOpticalFlowFarneback(*pair, None, 0.5, 4, 21, 3, 7, 1.5, 0)
            for pair in ((now, before), (before, now))
        )
        there = back + sampled(forth, back)
        back[np.hypot(there[..., 0], there[..., 1]) > _LIKELY] = np.nan
        flows.append(back)
    return made.Shot(np.stack(pictures), flows)


def tell(
    name: str, shot: made.Shot, grain: float, network: Asked, options: argparse.Namespace
) -> tuple[list[np.ndarray], list[np.ndarray], list[np.ndarray], list[np.ndarray]]:
    """Measure one film; gives its colors, each by itself, steady and true, and its motion."""
    luma = made.grainy(made.luma_of(shot.frames), grain)
    levels = np.rint(luma * 255).astype(np.uint8)
    frames = [Frame(levels[0], None, None)]
    frames += [Frame(now, *motion(now, before)) for before, now in pairwise(levels)]
    alone, network.calls = [network.colors(frame) for frame in frames], 0
    steady, state = [], None
    for start in range(0, len(frames), options.stretch):
        part, state = agree(frames[start : start + options.stretch], network.opinion, state)
        steady += part
    truth = [
        color.srgb_to_lab(one.transpose(2, 0, 1) / 255)[1:].transpose(1, 2, 0)
        for one in shot.frames
    ]
    (before, off), (after, off_after) = (
        (flicker(each, shot.flows), error(each, truth)) for each in (alone, steady)
    )
    print(
        f"{name:14} grain {grain:2.0f}  flicker {before:.2f} -> {after:.2f} "
        f"({after / before:.2f} x)  error {off:.2f} -> {off_after:.2f}  true flicker "
        f"{flicker(truth, shot.flows):.2f}  {network.calls} network calls for {len(frames)} frames",
        flush=True,
    )
    return alone, steady, truth, shot.flows


def followed(flows: list[np.ndarray]) -> list[np.ndarray]:
    """In each frame x and y of what is in the middle of the last one."""
    height, width = flows[0].shape[:2]
    places = [np.array([width / 2, height / 2], np.float32)]
    for flow in reversed(flows):
        places.append(places[-1] + at(flow, places[-1]))
    return places[::-1]


def at(planes: np.ndarray, place: np.ndarray) -> np.ndarray:
    """The values of `(h, w, c)` at x and y, between its pixels."""
    x, y = place.reshape(2, 1, 1).astype(np.float32)
    return cv2.remap(planes.astype(np.float32), x, y, cv2.INTER_LINEAR).ravel()


def draw(path: Path, films: list[list[np.ndarray]], places: list[np.ndarray]) -> None:
    """The chroma of a followed place over time."""
    import matplotlib as mpl

    mpl.use("agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(7, 2.6), layout="constrained")
    for colors, label, style in zip(
        films, ("--steady 0", "--steady 1", "true"), ("C1-", "C0-", "k:"), strict=True
    ):
        chroma = [np.hypot(*at(ab, place)) for ab, place in zip(colors, places, strict=True)]
        axes.plot(chroma, style, label=label)
    axes.set(xlabel="frame", ylabel="chroma (CIELAB)", ylim=(0, None))
    axes.legend(loc="center right", frameon=False)
    figure.savefig(path, dpi=110)


def flicker(colors: list[np.ndarray], flows: list[np.ndarray]) -> float:
    """Where the motion is known."""
    height, width = flows[0].shape[:2]
    grid = np.stack(np.meshgrid(np.arange(width), np.arange(height)), -1).astype(np.float32)
    found = []
    for (before, now), flow in zip(pairwise(colors), flows, strict=True):
        seen = ~np.isnan(flow[..., 0])
        where = grid + np.nan_to_num(flow)
        moved = cv2.remap(before, where[..., 0], where[..., 1], cv2.INTER_LINEAR)
        found.append(np.linalg.norm(moved - now, axis=2)[seen].mean())
    return float(np.mean(found))


def error(colors: list[np.ndarray], truth: list[np.ndarray]) -> float:
    """Over all places."""
    apart = [np.linalg.norm(a - b, axis=2).mean() for a, b in zip(colors, truth, strict=True)]
    return float(np.mean(apart))


if __name__ == "__main__":
    main()
