"""How steady the colors of films are, and how far off, on films whose motion and colors are known.

python benchmarks/steadiness.py [--frames 48] [--grain 0 8] [--films pan walk ...] [--figure FILE]

Photographs under a moving camera, some with a shape that walks through the picture. `flicker` is
the mean CIELAB distance (a*b*) between the color of each place and its own in the frame before, as
the known motion finds it; `error` that to the true color. The first figure is that of `--steady 0`.
The figure shows the chroma of one place of the first film, as it is followed through it.
"""

import argparse
import sys
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import skimage.data
from sklearn.datasets import load_sample_image

from colorear import color, models
from colorear.video.flow import motion
from colorear.video.steady import Agreed, Frame, agree

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
import made_films as made

STRETCH = 48
FILMS = {
    "pan": ("astronaut", {}),
    "faster pan": ("china", {"pan": (3, 1)}),
    "zoom": ("coffee", {"pan": (0, 0), "zoom": 1.01}),
    "turn": ("flower", {"turn": 0.01}),
    "walk": ("china", {"person": True}),
    "walk, pan": ("flower", {"person": True, "pan": (2, 0)}),
}


def main() -> None:
    """Measure all films."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--frames", type=int, default=48)
    parser.add_argument("--grain", type=float, nargs="+", default=[0, 8])
    parser.add_argument("--films", nargs="+", choices=[*FILMS], default=[*FILMS])
    parser.add_argument("--figure", type=Path)
    options = parser.parse_args()
    photos = {
        "astronaut": skimage.data.astronaut(),
        "coffee": skimage.data.coffee(),
        "china": load_sample_image("china.jpg"),
        "flower": load_sample_image("flower.jpg"),
    }
    network = models.load("acuarela", threads=2)
    calls = 0

    def colors(frame: Frame) -> np.ndarray:
        nonlocal calls
        calls += 1
        lightness = color.luma_to_lightness(frame.luma.astype(np.float32) / 255)
        return np.ascontiguousarray(network(lightness).ab.transpose(1, 2, 0))

    def opinion(frame: Frame) -> Agreed:
        return Agreed(colors(frame), np.ones(frame.luma.shape, np.float32))

    for grain in options.grain:
        for name in options.films:
            photo, how = FILMS[name]
            settings = dict(how, frames=options.frames)
            if settings.pop("person", False):
                settings["person"] = photos["astronaut"][:, 100:350]
            shot = made.camera(photos[photo], **settings)
            luma = made.grainy(made.luma_of(shot.frames), grain)
            levels = np.rint(luma * 255).astype(np.uint8)
            frames = [Frame(levels[0], None, None)]
            frames += [Frame(now, *motion(now, before)) for before, now in pairwise(levels)]
            alone, calls = [colors(frame) for frame in frames], 0
            steady, state = [], None
            for start in range(0, len(frames), STRETCH):
                part, state = agree(frames[start : start + STRETCH], opinion, state)
                steady += part
            truth = [
                color.srgb_to_lab(one.transpose(2, 0, 1) / 255)[1:].transpose(1, 2, 0)
                for one in shot.frames
            ]
            (before, off), (after, off_after) = (
                (flicker(each, shot.flows), error(each, truth)) for each in (alone, steady)
            )
            print(
                f"{name:10} {photo:10} grain {grain:2.0f}  flicker {before:.2f} -> {after:.2f} "
                f"({after / before:.2f} x)  error {off:.2f} -> {off_after:.2f}  "
                f"{calls} network calls for {len(frames)} frames",
                flush=True,
            )
            if options.figure and (grain, name) == (options.grain[0], options.films[0]):
                draw(options.figure, [alone, steady, truth], followed(shot.flows))


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
