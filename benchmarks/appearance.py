"""How often it is told rightly whether photographs are gray, toned or in color.

    python benchmarks/appearance.py DATA

DATA holds `landscapes-val` and `photos-val` (in color) and `old` (gray and toned). Of some of them
gray copies, toned ones, drawings and halftones are made.
"""

import argparse
import io
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pyvips
from numpy.typing import NDArray
from PIL import Image

from colorear.photo.appearance import appearance_of
from colorear.photo.photograph import open_photo

Levels = NDArray[np.floating]

EVERY = {"landscapes-val": 10, "photos-val": 6, "old": 1}
TONES: dict[str, Callable[[Levels], tuple[Levels, ...]]] = {
    "sepia": lambda g: (g**0.8, g * 0.92 + 0.02, g**1.25 * 0.8),
    "strong sepia": lambda g: ((g * 1.1 + 0.1).clip(0, 1), g * 0.85 + 0.05, g * 0.55),
    "cyanotype": lambda g: (g**1.8, g**1.1 * 0.9 + 0.06, g**0.7 * 0.8 + 0.2),
    "split toning": lambda g: (g**0.95 + 0.08 * g, g, g + 0.29 * (1 - g) * g - 0.08 * g),
}
SCREENS = ((3, 45, 0.2), (4, 45, 0.3), (6, 30, 0.3), (8, 15, 0.2), (10, 45, 0.3), (6, 45, 0.4))
"""Period in pixels, angle in degrees, blur in periods."""


def gray(path: Path) -> Levels:
    """In 0..1."""
    return np.asarray(Image.open(path).convert("L")) / 255


def toned(levels: Levels, tone: str, *, stains: float = 0.0) -> Levels:
    """RGB of a print, with stains that change smoothly, and a scanner's noise."""
    y, x = (np.linspace(0, length, side) for length, side in zip((5, 4), levels.shape, strict=True))
    stain = stains * np.clip(0.5 + 0.5 * np.outer(np.sin(y), np.sin(x)), 0, 1)
    made = np.stack(TONES[tone](levels), -1)
    made[..., 2] *= 1 - 0.3 * stain
    made[..., 1] *= 1 - 0.05 * stain
    return made + np.random.default_rng(0).normal(0, 0.015, made.shape)


def screened(levels: Levels, period: float, angle: float, blur: float) -> Levels:
    """Printed in dots, and scanned."""
    y, x = np.mgrid[: levels.shape[0], : levels.shape[1]]
    turn = np.deg2rad(angle)
    waves = (x * np.cos(turn) + y * np.sin(turn), y * np.cos(turn) - x * np.sin(turn))
    screen = sum(np.cos(2 * np.pi * wave / period) for wave in waves) / 4 + 0.5
    dots = (levels > 0.02 + 0.96 * screen).astype(np.float32)
    soft = pyvips.Image.new_from_array(dots).gaussblur(blur * period).numpy()
    return 0.1 + 0.8 * soft + np.random.default_rng(0).normal(0, 0.02, soft.shape)


def seen(levels: Levels, folder: Path) -> str:
    """What is told of a JPEG of them."""
    image = Image.fromarray(np.rint(255 * levels.clip(0, 1)).astype(np.uint8))
    content = io.BytesIO()
    image.save(content, "JPEG", quality=75)
    (folder / "a.jpg").write_bytes(content.getvalue())
    return appearance_of(open_photo(folder / "a.jpg"))


def told(name: str, found: Iterable[str]) -> None:
    """A line of the table."""
    counts = Counter(found)
    kinds = ", ".join(f"{count} {kind}" for kind, count in counts.most_common())
    print(f"| {name} | {counts.total()} | {kinds} |", flush=True)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    data = parser.parse_args().data
    sets = {name: sorted((data / name).rglob("*.jp*g")) for name in EVERY}
    for name, paths in sets.items():
        told(name, (appearance_of(open_photo(path)) for path in paths))
    some = [path for name, paths in sets.items() for path in paths[:: EVERY[name]]]
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        told("gray copies", (seen(gray(path), here) for path in some))
        for tone in TONES:
            told(f"{tone}", (seen(toned(gray(path), tone), here) for path in some))
            told(f"{tone}, large", (seen(toned(gray(path), tone), here) for path in sets["old"]))
        told("sepia, stained", (seen(toned(gray(path), "sepia", stains=1), here) for path in some))
        lines = ((gray(path) > 0.47).astype(np.float32) for path in sets["old"])
        told("drawings", (seen(line, here) for line in lines))
        for period, angle, blur in SCREENS:
            dots = (screened(gray(path), period, angle, blur) for path in sets["old"])
            told(f"dots of {period} pixels at {angle}°", (seen(each, here) for each in dots))


if __name__ == "__main__":
    main()
