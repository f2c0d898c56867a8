"""A finished run to an ONNX file of the contract, compared with torch before it is written."""

import hashlib
import json
import logging
import math
import warnings
from collections.abc import Callable, Iterator, Sequence
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
from colorear.models.writing import write
from colorear.photo.photograph import lightness, open_photo
from colorear.training.architectures.autoencoders import layer_table
from colorear.training.architectures.batch_norm_folding import fused
from colorear.training.architectures.quantization import ranges
from colorear.training.export.small_weights import with_small_weights
from colorear.training.recipe import AutoencoderSpec, CardSpec, NetworkSpec
from colorear.training.run_folder import count_training_data, load_run
from colorear.training.tasks import TASKS, ContractModule

__all__ = ["export", "write_network"]

_MAX_ERROR = 0.01  # CIELAB units, anywhere: float32 sums in another order differ by about 0.001
_MEAN_ERROR = 0.1  # over the mean size of values: integers are rounded otherwise here and there
_MEAN_SMALL_ERROR = (
    0.05  # in integers, over the values' mean size: as ONNX Runtime and torch differ
)
_MAX_SMALL_ERROR = 1.0  # CIELAB units, by small weights: a just noticeable difference is 2.3
_CHANNELS = {"lightness": 1, "hints": 3}  # of the inputs that are pictures
_HINTS = (Hint(0.2, 0.3, "firebrick", 0.05), Hint(0.7, 0.8, "teal", 0)), ()  # some, and none

Planes = NDArray[np.float32]
Tensors = dict[str, Planes]


def export(run: Path, target: Path) -> Card:
    """Write the network of a finished run as an ONNX file, with its card beside it.

    First ONNX Runtime must agree with torch on random input and on colorear's example photographs;
    on the mean, where it computes in integers, since these are rounded otherwise here and there.
    Then the weights that are no integers are rounded to half precision, which halves the file (they
    are cast back when it is loaded), unless that would change a color by more than 1 CIELAB unit
    anywhere.

    Parameters
    ----------
    run
        The folder of the run.
    target
        The .onnx file to write; the card is the .json file beside it.

    Returns
    -------
    card
        As it was written.

    Raises
    ------
    TrainingError
        The run is unfinished, or the two disagree; then nothing is written.
    ModelError
        The files cannot be written there.
    """
    recipe, trained = load_run(run)
    trained_on = ": ".join(filter(None, (count_training_data(run), recipe.card.trained_on)))
    about = recipe.card.model_copy(update={"trained_on": trained_on})
    return write_network(trained, recipe.network, about, target, eight_bit=recipe.eight_bit)


def write_network(
    trained: nn.Module,
    spec: NetworkSpec,
    about: CardSpec,
    target: Path,
    *,
    eight_bit: Sequence[str] = (),
) -> Card:
    """Write a network as `export` does, whatever trained it.

    Parameters
    ----------
    trained
        The network.
    spec
        What it was built by.
    about
        What its card says that the network does not.
    target
        The .onnx file to write; the card is the .json file beside it.
    eight_bit
        As that of a recipe.

    Returns
    -------
    card
        As it was written.

    Raises
    ------
    TrainingError
        ONNX Runtime and torch disagree; then nothing is written.
    ModelError
        The files cannot be written there.
    """
    network: Any = TASKS[spec.kind].contract(trained).eval()
    content = _checked_content(network, _graph(network), eight_bit)
    layers = _layers(spec, about.size)
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
        size=about.size,
        hints="hints" in network.inputs,
        license=about.license,
        trained_on=about.trained_on,
        good_at=about.good_at,
        weak_at=about.weak_at,
        layers=layers,
    )
    write(target, content, card)
    return card


def _checked_content(network: Any, model: onnx.ModelProto, eight_bit: Sequence[str]) -> bytes:
    """The file to write: with small weights, if its outputs are near enough to those of exact ones.

    Raises TrainingError if the model differs from torch.
    """
    exact: bytes = model.SerializeToString()
    small: bytes = with_small_weights(model, eight_bit).SerializeToString()
    exact_session, small_session = _session(exact), _session(small)
    integers, error = bool(ranges(network)), 0.0
    # what is a little different before it is rounded to integers is rounded to others at times
    on_the_mean = integers or bool(eight_bit)
    measure = _mean_error if on_the_mean else _max_error
    limit = _MEAN_SMALL_ERROR if on_the_mean else _MAX_SMALL_ERROR
    for feeds in _feeds(network.inputs, noise=not integers):
        with torch.inference_mode():
            planes = network(**{name: torch.from_numpy(feed) for name, feed in feeds.items()})
        outputs = network.outputs
        expected = {name: each.numpy() for name, each in zip(outputs, planes, strict=True)}
        actual = dict(zip(outputs, exact_session.run(list(outputs), feeds), strict=True))
        _check(expected, actual, integers=integers)
        rounded = dict(zip(outputs, small_session.run(list(outputs), feeds), strict=True))
        error = max(error, *_errors(actual, rounded, measure).values())
    return small if error <= limit else exact


def _feeds(inputs: Sequence[str], *, noise: bool) -> Iterator[Tensors]:
    """Inputs to compare by: photographs and maybe noise, with hints and without.

    Of noise a good network says next to nothing, of which what it rounds is a large part.
    """
    pictures = [*_examples()]
    if noise:
        pictures.append(100 * np.random.default_rng(0).random((96, 64), dtype=np.float32))
    for picture, hints in product(pictures, _HINTS):
        every = {
            "lightness": picture[None, None],
            "vividness": np.array(0.9, np.float32),
            "hints": known_planes(hints, *picture.shape)[None],
        }
        yield {name: every[name] for name in inputs}


def _layers(spec: NetworkSpec, side: int) -> tuple[Layer, ...]:
    return layer_table(spec.name, side) if isinstance(spec, AutoencoderSpec) else ()


def _parameters(network: nn.Module, layers: tuple[Layer, ...]) -> int:
    listed = sum(row.parameters for row in layers)
    return listed or sum(parameter.numel() for parameter in network.parameters())


def _graph(network: ContractModule) -> onnx.ModelProto:
    """The network for any count and any size that it takes, without batch normalization."""
    step = network.multiple_of
    size = (3 * step, 2 * step)
    count = torch.export.Dim("n", max=4096)
    rows, columns = (torch.export.Dim(name, max=2048) for name in ("rows", "columns"))
    with _quiet():
        program: Any = torch.onnx.export(
            fused(network),
            kwargs={  # by name, as a network need not take all that its class can
                name: torch.zeros(2, _CHANNELS[name], *size)
                if name in _CHANNELS
                else torch.ones(())
                for name in network.inputs
            },
            dynamo=True,
            verbose=False,
            input_names=list(network.inputs),
            output_names=list(network.outputs),
            dynamic_shapes={
                name: {0: count, 2: step * rows, 3: step * columns} if name in _CHANNELS else None
                for name in network.inputs
            },
        )
    model: onnx.ModelProto = program.model_proto
    for part in (model, model.graph, *model.graph.node):
        del part.metadata_props[:]  # where on this machine each line of code was
    metadata = {name: json.dumps(values) for name, values in ranges(network).items()}
    onnx.helper.set_model_props(model, metadata)
    return model


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence the exporter's deprecation warnings and logs that are of no use to anybody.

    They say that torchvision is missing, which nothing here uses, and that an output shares no
    memory.
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


def _examples() -> Iterator[Planes]:
    """L* of the photographs that come with colorear, at a size that every network takes."""
    for path in sorted((Path(colorear.__file__).parent / "examples").iterdir()):
        if path.suffix in (".jpg", ".png", ".tif"):
            yield lightness(open_photo(path), 192, 256)


def _session(content: bytes) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])


def _check(expected: Tensors, actual: Tensors, *, integers: bool) -> None:
    """Raise TrainingError where an output differs from torch's."""
    measure, limit = (_mean_error, _MEAN_ERROR) if integers else (_max_error, _MAX_ERROR)
    errors = _errors(expected, actual, measure)
    name = max(errors, key=lambda output: errors[output])
    if errors[name] > limit:
        raise TrainingError(
            f"the exported network differs from torch by {errors[name]:.3g} "
            f"in {name!r}, at most {limit} is expected; nothing was written: report this "
            "with the versions of torch, onnx and onnxruntime"
        )


def _errors(
    expected: Tensors, actual: Tensors, measure: Callable[[Planes, Planes], float]
) -> dict[str, float]:
    """The error of each output; infinite where its shape differs or it is not a number."""
    errors = {}
    for name, right in expected.items():
        same = actual[name].shape == right.shape
        error = measure(right, actual[name]) if same else math.inf
        errors[name] = math.inf if math.isnan(error) else error
    return errors


def _max_error(expected: Planes, actual: Planes) -> float:
    return float(np.abs(actual - expected).max())


def _mean_error(expected: Planes, actual: Planes) -> float:
    """Over the mean size of the expected values."""
    size = np.abs(expected).mean().clip(min=_MAX_ERROR)
    return float(np.abs(actual - expected).mean() / size)
