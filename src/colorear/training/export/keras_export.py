"""A finished run of one of the four autoencoders to a Keras file (extra: keras)."""

import os
from pathlib import Path
from typing import Any

import torch

from colorear.errors import TrainingError
from colorear.photo.atomic_write import replacing
from colorear.training.architectures.autoencoders import ARCHITECTURES, Architecture, Autoencoder
from colorear.training.run_folder import load_run

__all__ = ["export_keras"]

_MAX_ERROR = 1e-4  # of sRGB in 0..1: float32 sums in another order differ by about 0.00001
_TRIED = 64  # pixels, on which both are compared


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
    _compare(trained, _built(architecture, weights, _TRIED))
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


def _compare(trained: Autoencoder, model: Any) -> None:
    """Raise TrainingError unless both answer the same."""
    noise = torch.rand((1, 3, _TRIED, _TRIED), generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        expected = trained(noise).permute(0, 2, 3, 1).numpy()
        actual = model.predict_on_batch(noise.permute(0, 2, 3, 1).numpy())
    error = float(abs(expected - actual).max())
    if not error <= _MAX_ERROR:
        raise TrainingError(
            f"Keras answers otherwise than PyTorch, by {error:.3g}; nothing was written"
        )
