"""The four autoencoders to and from Keras files (extra: keras)."""

import math
import os
import tempfile
from pathlib import Path
from typing import Any

import torch

from colorear import models
from colorear.errors import ModelError, TrainingError
from colorear.models.card import Card
from colorear.photo.atomic_write import replacing
from colorear.training.architectures.autoencoders import ARCHITECTURES, Architecture, Autoencoder
from colorear.training.export.onnx_export import write_network
from colorear.training.recipe import AutoencoderSpec, CardSpec
from colorear.training.run_folder import load_run

__all__ = ["add_keras", "export_keras"]

_MAX_ERROR = 1e-4  # of sRGB in 0..1: float32 sums in another order differ by about 0.00001
_TRIED = 64  # pixels, on which both are compared
_USUAL_SIDE = 160  # of a model that takes any, as the slides' photographs


def export_keras(run: Path, target: Path) -> int:
    """Write the network of a finished run as a Keras 3 model, with the layers of the slides.

    It takes gray photographs (n,h,w,3) of three equal channels in 0..1, as large as those of the
    recipe's card, and gives sRGB (n,h,w,3), about in 0..1. Its weights are the run's, to the bit;
    before it is written, both answer the same noise.

    Parameters
    ----------
    run
        The folder of the run.
    target
        The .keras file to write.

    Returns
    -------
    bytes
        Of the file.

    Raises
    ------
    TrainingError
        The run is unfinished, of another network than the four, or the two disagree; or the file
        cannot be written.
    """
    recipe, trained = load_run(run)
    if not isinstance(trained, Autoencoder) or recipe.network.kind != "autoencoder":
        raise TrainingError(
            f"{run}: only the four autoencoders can be written for Keras; give a file that ends in "
            ".onnx"
        )
    architecture = ARCHITECTURES[recipe.network.name]
    weights = trained.eval().state_dict()
    error = _difference(trained, _built(architecture, weights, _TRIED), _TRIED)
    if not error <= _MAX_ERROR:
        raise TrainingError(
            f"Keras answers otherwise than PyTorch, by {error:.3g}; nothing was written"
        )
    model = _built(architecture, weights, recipe.card.size)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with replacing(target) as part:
            named = part.with_name(f"{part.name}.keras")  # without it Keras writes nothing
            model.save(named)
            named.replace(part)
        return target.stat().st_size
    except OSError as error:
        raise TrainingError(f"{target}: could not be written ({error.strerror})") from error


def add_keras(path: Path, name: str) -> Card:
    """Keep one of the four, trained in Keras, under a name, as `colorear.models.add` does.

    It is known by the shapes of its weights, whoever named the layers; what it answers to noise
    must be what the slides' layers answer with these weights.

    Parameters
    ----------
    path
        The .keras file, of a network from gray (n,h,w,3) in 0..1 to sRGB (n,h,w,3).
    name
        What to call it.

    Returns
    -------
    card
        As it was written.

    Raises
    ------
    ModelError
        The file is no Keras model, is of other layers, or answers otherwise; or `name` is taken or
        unfit.
    """
    model = _read(path)
    weights = [torch.from_numpy(weight) for weight in model.get_weights()]
    for architecture in ARCHITECTURES:
        spec = AutoencoderSpec(name=architecture)
        network = Autoencoder(spec)
        ours, state = _names(ARCHITECTURES[architecture]), network.state_dict()
        theirs = [_in_torch_layout(weight) for weight in weights]
        if [state[each].shape for each in ours] == [weight.shape for weight in theirs]:
            break
    else:
        raise ModelError(
            f"{path}: its layers are those of none of {', '.join(ARCHITECTURES)}; "
            "other networks are added as .onnx"
        )
    network.load_state_dict(state | dict(zip(ours, theirs, strict=True)))
    side = model.input_shape[1] or _TRIED
    error = _difference(network.eval(), model, side)
    if not error <= _MAX_ERROR:
        raise ModelError(
            f"{path}: has the weights of {architecture}, but answers otherwise, by {error:.3g} of "
            "0..1: the slope of its LeakyReLU must be 0.3, the epsilon of its batch normalization "
            "0.001, and nothing may follow the last convolution"
        )
    about = CardSpec(
        size=side if model.input_shape[1] else _USUAL_SIDE,
        license="whatever the file's maker says",
        trained_on="by Keras; the file does not say on what",
    )
    with tempfile.TemporaryDirectory() as folder:
        onnx = Path(folder, "network.onnx")
        write_network(network, spec, about, onnx)
        return models.add(onnx, name, "contract")


def _read(path: Path) -> Any:
    """The Keras model in a file, whose own Python code is not run."""
    if not path.is_file():
        raise ModelError(f"{path}: is a folder or not there; name a .keras file")
    os.environ.setdefault("KERAS_BACKEND", "torch")
    from keras.saving import load_model

    try:
        return load_model(path, compile=False, safe_mode=True)
    # whatever a damaged archive or an unknown layer makes Keras raise
    except (OSError, ValueError, TypeError, KeyError, AttributeError, ImportError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise ModelError(f"{path}: Keras cannot read it as a model ({reason})") from error


def _built(architecture: Architecture, weights: dict[str, torch.Tensor], side: int) -> Any:
    """The Keras model for pictures of side x side."""
    os.environ.setdefault("KERAS_BACKEND", "torch")  # which is here; Keras's own default may not be
    import keras
    from keras import layers

    gray = planes = keras.Input((side, side, 3))
    skips: list[Any] = []
    last = len(architecture.encoder) - architecture.normalized
    for place, channels in enumerate(architecture.encoder):
        skips.append(planes)
        planes = layers.Conv2D(channels, 3, strides=2, padding="same")(planes)
        if place >= last:
            planes = layers.BatchNormalization()(planes)
        planes = layers.LeakyReLU(negative_slope=0.3)(planes)
    for channels in architecture.decoder:
        planes = layers.Conv2DTranspose(channels, 3, strides=2, padding="same")(planes)
        planes = layers.LeakyReLU(negative_slope=0.3)(planes)
        if architecture.skips:
            planes = layers.Concatenate()([planes, skips.pop()])
    model = keras.Model(gray, layers.Conv2D(3, 2, padding="same")(planes))
    model.set_weights([_in_keras_layout(weights[name]) for name in _names(architecture)])
    return model


def _names(architecture: Architecture) -> list[str]:
    """The names of the weights in the run's file, in the order in which Keras has them."""
    names = []
    for place in range(len(architecture.encoder)):
        names += [f"encoder.{place}.weight", f"encoder.{place}.bias"]
        if place >= len(architecture.encoder) - architecture.normalized:
            parts = ("weight", "bias", "running_mean", "running_var")
            names += [f"encoder.{place}.norm.{part}" for part in parts]
    for place in range(len(architecture.decoder)):
        names += [f"decoder.{place}.weight", f"decoder.{place}.bias"]
    return [*names, "last.weight", "last.bias"]


def _in_keras_layout(weight: torch.Tensor) -> Any:
    """Kernels as Keras lays them out: Conv2D (h,w,in,out), Conv2DTranspose (h,w,out,in)."""
    return (weight.permute(2, 3, 1, 0) if weight.ndim == 4 else weight).numpy()


def _in_torch_layout(weight: torch.Tensor) -> torch.Tensor:
    """The inverse of `_in_keras_layout`."""
    return weight.permute(3, 2, 0, 1) if weight.ndim == 4 else weight


def _difference(network: Autoencoder, model: Any, side: int) -> float:
    """The most that both answers differ by, of noise of side x side, and of the answer's size."""
    noise = torch.rand((1, 3, side, side), generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        expected = network(noise).permute(0, 2, 3, 1).numpy()
        actual = model.predict_on_batch(noise.permute(0, 2, 3, 1).numpy())
    if expected.shape != actual.shape:
        return math.inf
    return float(abs(expected - actual).max() / max(1.0, abs(expected).max()))
