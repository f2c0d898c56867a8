"""How a network learns to tell negatives, and how well it does.

    python benchmarks/negatives.py train NETWORK PHOTOGRAPHS... --to FOLDER
    python benchmarks/negatives.py judge DATA

`train` gives a network of acuarela's kind the output `negative`: a linear layer upon the means and
spreads of four stages of its encoder, which are there already, so that the answer costs nothing.
PHOTOGRAPHS are folders, one for each kind; as many of each are taken. Half of them are shown as old
prints and bad scans; each is learned from as it is and as a negative: inverted, or as film is
scanned. NETWORK.onnx stays as it is: `negatives-<SHA-256>.pb` in FOLDER is read after it.

Two numbers are told. The first is above 0 for one photograph in ten: these are looked at again,
and the network is shown the inverted picture, too. The second, learned for that, is compared: it is
a negative where it exceeds that of the inverted one by 1, as it does for one photograph in 200 that
was not learned from.

`judge` counts, by what colorear tells, the photographs of `landscapes-val`, `photos-val` and `old`
in DATA, and their negatives. Color negatives are made of every fifth photograph (dyes of 0.6 of its
contrast upon an orange mask); what colorear takes them for is counted.

Needs the packages of the tests (scikit-learn, onnx). Training takes an eighth of a second of one
core for each photograph.
"""

import argparse
import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper
from PIL import Image
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from colorear import color, models
from colorear.models.contract import contract_feeds
from colorear.models.onnx_session import Session
from colorear.models.resize import resized
from colorear.photo.appearance import tones_of
from colorear.photo.photograph import lightness, open_photo

Planes = NDArray[np.float32]

SUSPECT, WRONG = 0.1, 0.005
"""Parts of all photographs that are looked at twice, and that are taken for negatives."""
_FIRST, _SECOND = 0.01, 0.005  # strengths of the logistic regressions: C
SIZE, _STEP = 192, 32
_ON_FILM = 0.4  # of the negatives
_BLOCKS = 7, 15, 20  # of the encoder, whose inputs are the last of 1/8, 1/16 and of 1/32
_LAST = "network.context.place.weight"  # what is applied to the encoder's last planes
_MASK = 0.25, 0.6, 0.85  # densities of red, green and blue
_DARKEST = 0.02


def gray(path: Path) -> Planes:
    """Its luma (h, w) in 0..1, at most `SIZE` pixels on the shorter side."""
    with Image.open(path) as image:
        levels = np.asarray(image.convert("L"), np.float32) / 255
    scale = min(1, SIZE / min(levels.shape))
    return resized(levels, *(max(1, round(scale * side)) for side in levels.shape))


def as_old(luma: Planes, rng: np.random.Generator) -> Planes:
    """As an old print, badly scanned: other contrast, faded, soft, with grain."""
    black, white = rng.uniform(0, 0.25), rng.uniform(0.75, 1)
    levels = black + (white - black) * luma ** np.exp(rng.normal(0, 0.3))
    if rng.random() < 0.5:
        shrink = rng.uniform(1, 2.5)
        levels = resized(levels, *(round(side / shrink) for side in luma.shape))
    levels = resized(levels.astype(np.float32), *luma.shape)
    return (levels + rng.normal(0, rng.uniform(0, 0.05), luma.shape)).clip(0, 1).astype(np.float32)


def film(luma: Planes, rng: np.random.Generator) -> Planes:
    """As film that a scanner shows as it is: the denser the lighter."""
    light = (luma + rng.uniform(0.01, 0.15)) ** -rng.uniform(0.35, 0.9)
    black, white = np.percentile(light, (0.5, 99.5))
    return ((light - black) / (white - black + 1e-6)).clip(0, 1).astype(np.float32)


def shown(paths: Sequence[Path]) -> Iterator[tuple[Planes, Planes, bool]]:
    """Each photograph, every other one as an old print; a negative; whether it is but inverted."""
    for number, path in enumerate(paths):
        rng = np.random.default_rng(number)
        luma = gray(path)
        luma = as_old(luma, rng) if number % 2 else luma
        is_film = bool(rng.random() < _ON_FILM)
        yield luma, film(luma, rng) if is_film else 1 - luma, not is_film


def balanced(folders: Sequence[Path], most: int) -> list[Path]:
    """At most so many of each folder, in turn; the same at each call."""
    found = []
    for folder in folders:
        paths = sorted(path for path in folder.iterdir() if path.is_file())
        found.append(np.random.default_rng(0).permutation(np.array(paths, object))[:most])
    return [path for turn in zip_longest(*found) for path in turn if path is not None]


def pooled(model: onnx.ModelProto) -> tuple[list[onnx.NodeProto], list[onnx.TensorProto]]:
    """Nodes that make `features` (n, k) of the encoder's stages, and their constants."""
    wanted = {f"network.encoder.blocks.{block}._expand_conv.weight" for block in _BLOCKS}
    stages = [node.input[0] for node in model.graph.node if {*node.input} & {*wanted, _LAST}]
    axes = numpy_helper.from_array(np.array([2, 3]), "negative.axes")
    nodes, parts = [], []
    for stage in stages:
        mean, apart, square, spread = (f"negative.{stage}.{n}" for n in "mdsr")
        nodes += [
            helper.make_node("ReduceMean", [stage, axes.name], [mean]),
            helper.make_node("Sub", [stage, mean], [apart]),
            helper.make_node("Mul", [apart, apart], [square]),
            helper.make_node("ReduceMean", [square, axes.name], [f"{square}.m"]),
            helper.make_node("Sqrt", [f"{square}.m"], [spread]),
        ]
        parts += [mean, spread]
    nodes += [
        helper.make_node("Concat", parts, ["negative.all"], axis=1),
        helper.make_node("Flatten", ["negative.all"], ["features"]),
    ]
    return nodes, [axes]


def addition(model: onnx.ModelProto, layer: tuple[Planes, Planes] | None = None) -> bytes:
    """What the file of a network continues with, so that it tells its `features`.

    By a `layer`, weights (k, 2) and bias (2), it tells `negative` instead.
    """
    part = onnx.ModelProto()
    nodes, constants = pooled(model)
    name, count = "features", None
    if layer:
        name, count = "negative", 2
        constants += [numpy_helper.from_array(p, f"negative.{i}") for i, p in enumerate(layer)]
        nodes.append(helper.make_node("Gemm", ["features", "negative.0", "negative.1"], [name]))
    part.graph.node.extend(nodes)
    part.graph.initializer.extend(constants)
    part.graph.output.append(
        helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, ["n", count])
    )
    return bytes(part.SerializeToString(deterministic=True))


def features(network: bytes, paths: Sequence[Path]) -> tuple[Planes, NDArray[np.bool_]]:
    """Of each photograph and of its negative, (n, 2, k); whether that is the inverted one."""
    session = Session("the network", network + addition(onnx.load_from_string(network)), threads=1)
    found, inverted = [], []
    for luma, negative, is_inverted in shown(paths):
        scale = SIZE / _STEP / min(luma.shape)
        size = [_STEP * max(1, round(scale * side)) for side in luma.shape]
        both = np.stack([resized(planes, *size) for planes in (luma, negative)])[:, None]
        feeds = contract_feeds(session, color.luma_to_lightness(both).astype(np.float32))
        found.append(session.run(feeds, ["features"])[0])
        inverted.append(is_inverted)
        if len(found) % 250 == 0:
            print(f"{len(found)} of {len(paths)} photographs", flush=True)
    return np.array(found), np.array(inverted)


def first_look(found: Planes) -> tuple[Planes, Planes, float]:
    """What photographs and negatives get that were not learned from; weights and bias of all."""
    rows, truth = found.reshape(-1, found.shape[2]), np.tile([0, 1], len(found))
    learner = make_pipeline(StandardScaler(), LogisticRegression(C=_FIRST, max_iter=1000))
    how = {"groups": np.repeat(np.arange(len(found)), 2), "cv": GroupKFold(5)}
    tried = cross_val_predict(learner, rows, truth, method="decision_function", **how)
    scaler, regression = (step for _, step in learner.fit(rows, truth).steps)
    weights = regression.coef_[0] / scaler.scale_
    bias = float(regression.intercept_[0] - weights @ scaler.mean_)
    return tried.reshape(-1, 2), weights, bias


def second_look(found: Planes) -> tuple[Planes, Planes]:
    """By how much negatives exceed photographs, none learned from; the weights of all."""
    apart = found[:, 1] - found[:, 0]
    rows, truth = np.concatenate([apart, -apart]), np.repeat([1, 0], len(found))
    learner = make_pipeline(
        StandardScaler(with_mean=False),
        LogisticRegression(C=_SECOND, max_iter=1000, fit_intercept=False),
    )
    how = {"groups": np.tile(np.arange(len(found)), 2), "cv": GroupKFold(5)}
    tried = cross_val_predict(learner, rows, truth, method="decision_function", **how)
    scaler, regression = (step for _, step in learner.fit(rows, truth).steps)
    return tried[: len(found)], regression.coef_[0] / scaler.scale_


def train(network: Path, folders: Sequence[Path], most: int, target: Path) -> Path:
    """Write to the folder `target` what gives the network its answer; say how well it does."""
    content = network.read_bytes()
    paths = balanced(folders, most)
    found, inverted = features(content, paths)
    first, weights, bias = first_look(found)
    second, compared = second_look(found)
    suspect = np.quantile(first[:, 0], 1 - SUSPECT)
    first, second = first[inverted], second[inverted]
    apart = np.where(first[:, 0] > suspect, -second, -np.inf)
    sure = max(float(np.quantile(apart, 1 - WRONG, method="higher")), 1e-3)
    right = (first[:, 1] > suspect) & (second > sure)
    print(f"{len(paths)} photographs; of {len(first)} that were inverted, not learned from:")
    print(f"{right.mean():.1%} of the negatives told, {(apart > sure).mean():.2%} of the others")
    layer = np.float32([weights, compared / sure]).T, np.float32([bias - suspect, 0])
    file = target / f"negatives-{hashlib.sha256(content).hexdigest()[:8]}.pb"
    file.write_bytes(addition(onnx.load_from_string(content), layer))
    return file


def lightness_of(path: Path, network: models.Network) -> Planes:
    """L* (h, w), as the network sees a photograph."""
    photo = open_photo(path)
    return lightness(photo, *network.fit(photo.height, photo.width))


def judge(network: models.Network, folder: Path) -> None:
    """Say how many of a folder, and of its negatives, are taken for some."""
    paths = sorted(path for path in folder.iterdir() if path.is_file())
    found: Counter[str] = Counter()
    for number, path in enumerate(paths):
        seen = lightness_of(path, network)
        luma = color.lightness_to_luma(seen).astype(np.float32)
        kinds = {"photographs": luma, "inverted": 1 - luma}
        kinds["on film"] = film(luma, np.random.default_rng(number))
        for kind, levels in kinds.items():
            shown = color.luma_to_lightness(levels).astype(np.float32)
            found[kind] += network.is_negative(shown, network(shown))
    parts = ", ".join(f"{count} of the {kind}" for kind, count in found.items())
    print(f"{folder.name}, {len(paths)} photographs: taken for negatives {parts}", flush=True)


def on_film(rgb: Planes) -> Planes:
    """sRGB (3, h, w) as a color negative of it, scanned with its mask."""
    density = 0.6 * np.log10((rgb.clip(_DARKEST, 1) / _DARKEST) ** 2.2)
    light = 10 ** -(density + np.array(_MASK)[:, None, None])
    seen = (light / np.percentile(light, 99.5)) ** (1 / 2.2)
    return seen.clip(0, 1).astype(np.float32)


def taken_for(folder: Path) -> Counter[str]:
    """What colorear takes color negatives for."""
    found: Counter[str] = Counter()
    for path in sorted(folder.iterdir())[::5]:
        with Image.open(path) as image:
            rgb = np.asarray(image.convert("RGB"), np.float32).transpose(2, 0, 1) / 255
        found[tones_of(on_film(rgb))] += 1
    return found


def main() -> None:
    """Train or judge."""
    parser = argparse.ArgumentParser()
    doing = parser.add_subparsers(dest="doing", required=True)
    training = doing.add_parser("train")
    training.add_argument("network", type=Path)
    training.add_argument("photographs", type=Path, nargs="+")
    training.add_argument("--to", type=Path, required=True)
    training.add_argument("--most", type=int, default=300, help="photographs of each folder")
    judging = doing.add_parser("judge")
    judging.add_argument("data", type=Path)
    judging.add_argument("--network", default="acuarela")
    wanted = parser.parse_args()
    if wanted.doing == "train":
        print(train(wanted.network, wanted.photographs, wanted.most, wanted.to))
        return
    for name in ("landscapes-val", "photos-val"):
        print(f"color negatives of {name}: {dict(taken_for(wanted.data / name))}")
    network = models.load(wanted.network, threads=1)
    for name in ("old", "photos-val", "landscapes-val"):
        judge(network, wanted.data / name)


if __name__ == "__main__":
    main()
