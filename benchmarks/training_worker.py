"""One network in one framework, trained step by step as `training.py` asks over a pipe.

    python benchmarks/training_worker.py BACKEND NETWORK BATCH SIDE PRECISION

First it answers {"ready": "what runs here"} or {"missing": "why not"}; then to each number of
steps on a line of its own with {"seconds": ...}. It needs nothing but its framework, so that
TensorFlow can live in an environment of its own.
"""

import atexit
import importlib
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

Step = Callable[[], object]
RECIPES = Path(__file__).parents[1] / "recipes"


def colorear(network: str, batch: int, side: int, precision: str) -> tuple[str, Step]:
    """The trainer's own step, as `slides-<network>.toml` has it, on a batch of bytes."""
    import torch

    name = f"colorear on PyTorch {torch.__version__}"
    return name, _trainer_step(network, batch, side, precision)


def torch_operators(network: str, batch: int, side: int, precision: str) -> tuple[str, Step]:
    """The same, but with torch's own operators in the place of `architectures.convolutions`."""
    import torch
    from torch import Tensor
    from torch.nn import functional

    from colorear.training.architectures import autoencoders

    def down(planes: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        return functional.conv2d(functional.pad(planes, (0, 1, 0, 1)), weight, bias, stride=2)

    def up(planes: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        return functional.conv_transpose2d(planes, weight, bias, stride=2)[..., :-1, :-1]

    def last(planes: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        return functional.conv2d(functional.pad(planes, (0, 1, 0, 1)), weight, bias)

    def as_they_lie(planes: Tensor) -> Tensor:
        return planes

    # where the network finds them by name
    vars(autoencoders).update(
        convolve_down=down, convolve_up=up, convolve_last=last, turned=as_they_lie
    )
    name = f"the same with torch's own operators, channels last, PyTorch {torch.__version__}"
    return name, _trainer_step(network, batch, side, precision)


def _trainer_step(network: str, batch: int, side: int, precision: str) -> Step:
    import cv2
    import torch

    from colorear.training.loop.trainer import _Training
    from colorear.training.losses import Examples
    from colorear.training.recipe import DataSpec, Folder
    from colorear.training.recipe_file import read_recipe

    place = _temporary_folder()
    os.environ["XDG_CACHE_HOME"] = str(place / "cache")
    pixels = _photographs(batch, side)
    (place / "color").mkdir()
    for i, photograph in enumerate(pixels):
        cv2.imwrite(str(place / "color" / f"{i}.png"), photograph)
    photographs = (Folder(folder="color"),)
    data = DataSpec(
        train=photographs,
        validation=photographs,
        whole=True,
        crop=(side,),
        validation_size=side,
    )
    recipe = read_recipe(RECIPES / f"slides-{network}.toml")
    update = {"data": data, "batch_size": batch, "precision": precision}
    recipe = recipe.model_copy(update=update)
    training = _Training(recipe, place, place / "run")
    training.begin(resume=False)
    examples = Examples(torch.from_numpy(pixels))
    return lambda: training._step(examples)


def keras_on_torch(network: str, batch: int, side: int, precision: str) -> tuple[str, Step]:
    """Keras's `train_on_batch`, compiled as the slides compile it."""
    return _keras("torch", network, batch, side, precision)


def keras_on_tensorflow(network: str, batch: int, side: int, precision: str) -> tuple[str, Step]:
    """Compiled as Keras chooses, which on a processor is a graph without XLA (Keras 3.15)."""
    return _keras("tensorflow", network, batch, side, precision)


def keras_on_xla(network: str, batch: int, side: int, precision: str) -> tuple[str, Step]:
    """The same, compiled with XLA."""
    return _keras("tensorflow", network, batch, side, precision, jit_compile=True)


def _keras(
    backend: str, network: str, batch: int, side: int, precision: str, **options: object
) -> tuple[str, Step]:
    os.environ["KERAS_BACKEND"] = backend
    os.environ["KERAS_HOME"] = str(_temporary_folder())  # not the user's
    framework = importlib.import_module(backend)
    import keras
    from keras_autoencoders import KERAS_AUTOENCODERS

    if precision == "bfloat16":
        keras.mixed_precision.set_global_policy("mixed_bfloat16")
    model = KERAS_AUTOENCODERS[network](side)
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate=0.001),
        loss="mean_absolute_error",
        metrics=["accuracy"],
        **options,
    )
    color = _photographs(batch, side).astype(np.float32) / 255
    gray = np.repeat(color.mean(3, keepdims=True), 3, 3)
    name = f"Keras {keras.__version__} on {backend} {framework.__version__}"
    return f"{name}, jit_compile={model.jit_compile}", lambda: model.train_on_batch(gray, color)


def _temporary_folder() -> Path:
    """One that goes when the process ends."""
    place = Path(tempfile.mkdtemp(prefix="colorear-training-"))
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    return place


def _photographs(batch: int, side: int) -> np.ndarray:
    """(n, side, side, 3) sRGB bytes; what they show makes no difference to the time."""
    return np.random.default_rng(0).integers(0, 256, (batch, side, side, 3), np.uint8)


BACKENDS: dict[str, Callable[[str, int, int, str], tuple[str, Step]]] = {
    "colorear": colorear,
    "torch": torch_operators,
    "keras-torch": keras_on_torch,
    "keras-tensorflow": keras_on_tensorflow,
    "keras-tensorflow-xla": keras_on_xla,
}


def main(backend: str, network: str, batch: int, side: int, precision: str) -> None:
    """Answer until the pipe is closed."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what frameworks print is no answer

    def answer(**fields: Any) -> None:
        answers.write(json.dumps(fields) + "\n")

    try:
        name, step = BACKENDS[backend](network, batch, side, precision)
    except ImportError as error:
        answer(missing=str(error))
        return
    answer(ready=name)
    for line in sys.stdin:
        started = time.perf_counter()
        for _ in range(int(line)):
            step()
        answer(seconds=time.perf_counter() - started)


if __name__ == "__main__":
    backend, network, batch, side, precision = sys.argv[1:]
    main(backend, network, int(batch), int(side), precision)
