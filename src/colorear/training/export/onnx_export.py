"""A finished run to an ONNX file of the contract, compared with torch before it is written."""

import hashlib
import json
import logging
import math
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from torch import nn

import colorear
from colorear.errors import TrainingError
from colorear.hints import Hint, known_planes
from colorear.models.card import Card, Layer
from colorear.models.onnx_runtime import onnxruntime
from colorear.models.registry import write
from colorear.photo.photograph import lightness, open_photo
from colorear.training.architectures.autoencoders import layer_table
from colorear.training.architectures.quantization import ranges
from colorear.training.recipe import AutoencoderSpec, NetworkSpec
from colorear.training.run_folder import load_run
from colorear.training.tasks import TASKS, ContractModule

__all__ = ["export"]

_EXACT = 0.01  # CIELAB units, anywhere: float32 sums in another order differ by about 0.001
_NEARLY = 0.1  # of the values' mean size, on the mean: integers are rounded to others at times
_ROUNDED = 1.0  # half-precision weights: under half of a just noticeable difference of 2.3
_FEW = 1024  # weights of a tensor that stays exact: together they are only 25 KB
_CHANNELS = {"lightness": 1, "hints": 3}  # of the inputs that are pictures
_HINTS = (Hint(0.2, 0.3, "firebrick", 0.05), Hint(0.7, 0.8, "teal", 0)), ()  # some, and none

Planes = NDArray[np.float32]
Tensors = dict[str, Planes]


def export(run: Path, target: Path) -> Card:
    """Write the network of a finished run as `target` (.onnx), with its card (.json) beside it.

    First ONNX Runtime must agree with torch on random input and on colorear's example photographs;
    on the mean, where it computes in integers, since these are rounded otherwise here and there.
    Then the weights that are no integers are rounded to half precision, which halves the file (they
    are cast back when it is loaded), unless that would change a colour by more than 1 CIELAB unit
    anywhere.

    Raises TrainingError: the run is unfinished, or the two disagree; then nothing is written.
    Raises ModelError: it cannot be written there.
    """
    recipe, trained = load_run(run)
    kind = TASKS[recipe.network.kind]
    network: Any = kind.contract(trained).eval()
    exact = _graph(network)
    content = _with_half_weights(exact).SerializeToString()
    exactly, rounded = _session(exact.SerializeToString()), _session(content)
    by_rounding = 0.0
    noise = 100 * np.random.default_rng(0).random((96, 64), dtype=np.float32)
    for picture, hints in product((noise, *_examples()), _HINTS):
        every = {"lightness": picture[None, None], "vividness": np.array(0.9, np.float32)}
        every["hints"] = known_planes(hints, *picture.shape)[None]
        feeds = {name: every[name] for name in network.inputs}
        with torch.inference_mode():
            answers = network(*map(torch.from_numpy, feeds.values()))
        truth = {name: each.numpy() for name, each in zip(network.outputs, answers, strict=True)}
        said = dict(zip(truth, exactly.run(list(truth), feeds), strict=True))
        _compare(truth, said, integers=bool(ranges(network)))
        halved = dict(zip(truth, rounded.run(list(truth), feeds), strict=True))
        by_rounding = max(by_rounding, *_differences(said, halved, _largest).values())
    if by_rounding > _ROUNDED:
        content = exact.SerializeToString()
    layers = _layers(recipe.network, recipe.card.size)
    digest = hashlib.sha256(content).hexdigest()
    card = Card(
        name=target.stem,
        version=digest[:8],
        kind="contract",
        sha256=digest,
        parameters=_parameters(trained, layers),
        bytes=len(content),
        stride=network.stride,
        multiple_of=network.multiple_of,
        size=recipe.card.size,
        hints="hints" in network.inputs,
        licence=recipe.card.license,
        trained_on=recipe.card.trained_on,
        good_at=recipe.card.good_at,
        weak_at=recipe.card.weak_at,
        layers=layers,
    )
    write(target, content, card)
    return card


def _layers(spec: NetworkSpec, side: int) -> tuple[Layer, ...]:
    return layer_table(spec.name, side) if isinstance(spec, AutoencoderSpec) else ()


def _parameters(network: nn.Module, layers: tuple[Layer, ...]) -> int:
    listed = sum(row.parameters for row in layers)
    return listed or sum(parameter.numel() for parameter in network.parameters())


def _graph(network: ContractModule) -> onnx.ModelProto:
    """The network for any count and any size that it takes; BatchNorm folded into convolutions."""
    step = network.multiple_of
    size = (3 * step, 2 * step)
    count = torch.export.Dim("n", max=4096)
    rows, columns = (torch.export.Dim(name, max=2048) for name in ("rows", "columns"))
    with _quiet():
        program: Any = torch.onnx.export(
            network,
            tuple(
                torch.zeros(2, _CHANNELS[name], *size) if name in _CHANNELS else torch.ones(())
                for name in network.inputs
            ),
            dynamo=True,
            verbose=False,
            input_names=list(network.inputs),
            output_names=list(network.outputs),
            dynamic_shapes=tuple(
                {0: count, 2: step * rows, 3: step * columns} if name in _CHANNELS else None
                for name in network.inputs
            ),
        )
    model: onnx.ModelProto = program.model_proto
    for part in (model, model.graph, *model.graph.node):
        del part.metadata_props[:]  # where on this machine each line of code was
    hints = {name: json.dumps(values) for name, values in ranges(network).items()}
    onnx.helper.set_model_props(model, hints)
    return model


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the exporter's deprecations and what it logs of no use to anybody.

    That torchvision is missing, which nothing here uses, and that an output shares no memory.
    """
    logs = [logging.getLogger(name) for name in ("torch.onnx", "onnx_ir")]
    levels = [log.level for log in logs]
    for log in logs:
        log.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for log, level in zip(logs, levels, strict=True):
            log.setLevel(level)


def _with_half_weights(model: onnx.ModelProto) -> onnx.ModelProto:
    """A copy whose weights are stored as float16 and cast by the graph to float32, once, at load.

    Small tensors, such as what is added to channels or the numbers of a colour space, stay exact.
    """
    half = onnx.ModelProto()
    half.CopyFrom(model)
    casts = []
    for weights in half.graph.initializer:
        if weights.data_type == onnx.TensorProto.FLOAT and math.prod(weights.dims) > _FEW:
            values = onnx.numpy_helper.to_array(weights).astype(np.float16)
            name = weights.name
            weights.CopyFrom(onnx.numpy_helper.from_array(values, f"{name}.half"))
            casts.append(
                onnx.helper.make_node("Cast", [weights.name], [name], to=onnx.TensorProto.FLOAT)
            )
    nodes = [*casts, *half.graph.node]
    del half.graph.node[:]
    half.graph.node.extend(nodes)
    del half.graph.value_info[:]
    onnx.checker.check_model(half)
    return half


def _examples() -> Iterator[NDArray[np.float32]]:
    """L* of the photographs that come with colorear, at a size that every network takes."""
    for path in sorted((Path(colorear.__file__).parent / "examples").iterdir()):
        if path.suffix in (".jpg", ".png", ".tif"):
            yield lightness(open_photo(path), 192, 256)


def _session(content: bytes) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])


def _compare(truth: Tensors, said: Tensors, *, integers: bool) -> None:
    """Raises TrainingError where an output is not what torch says."""
    measure, limit = (_on_the_mean, _NEARLY) if integers else (_largest, _EXACT)
    off = _differences(truth, said, measure)
    name = max(off, key=lambda output: off[output])
    if off[name] > limit:
        raise TrainingError(
            f"the exported network differs from torch by {off[name]:.3g} "
            f"in {name!r}, at most {limit} is expected; nothing was written: report this "
            "with the versions of torch, onnx and onnxruntime"
        )


def _differences(
    truth: Tensors, said: Tensors, measure: Callable[[Planes, Planes], float]
) -> dict[str, float]:
    """Of each output; infinite where there is none, or not a number."""
    off = {}
    for name, right in truth.items():
        same = said[name].shape == right.shape
        difference = measure(said[name], right) if same else math.inf
        off[name] = math.inf if math.isnan(difference) else difference
    return off


def _largest(answer: Planes, right: Planes) -> float:
    return float(np.abs(answer - right).max())


def _on_the_mean(answer: Planes, right: Planes) -> float:
    """Over the mean size of what is right."""
    return float(np.abs(answer - right).mean() / np.abs(right).mean().clip(min=_EXACT))
