"""Whether negatives can be told from photographs: not well enough, which is why none are.

    python benchmarks/negatives.py DATA

DATA holds `landscapes-val`, `photos-val` and `old`. Each photograph is taken as it is and inverted;
gradient boosting on tones, and on where they lie, learns from four fifths of the first two and is
tried on the fifth, in turns. `old` is never learned from. The threshold is the one that takes as
many photographs for negatives as is allowed. Needs the packages of the tests (scikit-learn).

Color negatives are made of every fifth photograph (dyes of 0.6 of its contrast upon an orange
mask); what colorear takes them for is counted.
"""

import argparse
from collections import Counter
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import GroupKFold, cross_val_predict

from colorear.photo.appearance import tones_of

Features = NDArray[np.floating]

LEARNED = ("landscapes-val", "photos-val")
_MASK = 0.25, 0.6, 0.85  # densities of red, green and blue
_DARKEST = 0.02
ALLOWED = (0.01, 0.001)
"""Parts of all photographs that may be taken for negatives."""


def levels(path: Path) -> Features:
    """Gray (96, 128) in 0..1, upright, stretched from black to white as a scanner does."""
    with Image.open(path) as image:
        small = np.asarray(image.convert("L").resize((128, 96)), float) / 255
    low, high = np.percentile(small, (0.5, 99.5))
    return ((small - low) / max(high - low, 1e-3)).clip(0, 1)


def features(gray: Features) -> Features:
    """Its histogram, moments, means of places, and how detail changes with lightness."""
    histogram = np.histogram(gray, 16, (0, 1))[0] / gray.size
    centered = gray - gray.mean()
    spread = gray.std() + 1e-6
    moments = [gray.mean(), spread, (centered**3).mean() / spread**3, (centered**4).mean()]
    places = gray.reshape(6, 16, 8, 16).mean((1, 3)).ravel()
    detail = np.hypot(*np.gradient(gray))
    parts = np.digitize(gray, np.linspace(0, 1, 9)[1:-1])
    by_light = [detail[parts == i].mean() if (parts == i).any() else 0 for i in range(8)]
    return np.array([*histogram, *moments, *places, *by_light])


def pairs(folder: Path) -> Features:
    """Of each photograph and of its negative, (n, 2, features)."""
    found = [levels(path) for path in sorted(folder.iterdir()) if path.is_file()]
    return np.array([[features(gray), features(1 - gray)] for gray in found])


def on_film(rgb: Features) -> NDArray[np.float32]:
    """sRGB (3, h, w) as a negative of it, scanned with its mask."""
    density = 0.6 * np.log10((rgb.clip(_DARKEST, 1) / _DARKEST) ** 2.2)
    light = 10 ** -(density + np.array(_MASK)[:, None, None])
    seen = (light / np.percentile(light, 99.5)) ** (1 / 2.2)
    return seen.clip(0, 1).astype(np.float32)


def taken_for(folder: Path) -> Counter[str]:
    """What colorear takes color negatives for."""
    found: Counter[str] = Counter()
    for path in sorted(folder.iterdir())[::5]:
        with Image.open(path) as image:
            rgb = np.asarray(image.convert("RGB"), float).transpose(2, 0, 1) / 255
        found[tones_of(on_film(rgb))] += 1
    return found


def main() -> None:
    """Print how many are found at which price."""
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    data: Path = parser.parse_args().data
    for name in LEARNED:
        print(f"color negatives of {name}: {dict(taken_for(data / name))}")
    shown = np.concatenate([pairs(data / name) for name in LEARNED])
    old = pairs(data / "old")
    model = HistGradientBoostingClassifier(random_state=0)
    rows, count = shown.reshape(-1, shown.shape[2]), len(shown)
    truth, groups = np.tile([0, 1], count), np.repeat(np.arange(count), 2)
    folds = GroupKFold(5)
    how = {"groups": groups, "cv": folds, "method": "predict_proba"}
    found = cross_val_predict(model, rows, truth, **how)[:, 1].reshape(count, 2)
    of_old = model.fit(rows, truth).predict_proba(old.reshape(-1, old.shape[2]))[:, 1]
    of_old = of_old.reshape(len(old), 2)
    print(f"{count} photographs, and as many negatives; {len(old)} old ones")
    for part in ALLOWED:
        least = np.quantile(found[:, 0], 1 - part)
        told, wrong = (int((of_old[:, which] > least).sum()) for which in (1, 0))
        print(
            f"{part:.1%} of the photographs taken for negatives: {np.mean(found[:, 1] > least):.0%}"
            f" of the negatives found; of the old ones {told}, and {wrong} taken for negatives"
        )


if __name__ == "__main__":
    main()
