"""The four networks of the slides in Keras, layer by layer as the slides list them.

They share nothing with `colorear.training.architectures.autoencoders`, so that tests can hold one
against the other.
Keras reads its backend from KERAS_BACKEND when it is first imported.
"""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
from keras import layers

if TYPE_CHECKING:
    from colorear.training.architectures.autoencoders import Autoencoder

__all__ = ["KERAS_AUTOENCODERS", "carry_over", "in_torch_layout", "values", "variables"]


def plain_shallow(side: int) -> Any:
    """AE sin concatenar."""
    return _chain(
        side,
        *(_down(128), _leaky()),
        *(_down(256), layers.BatchNormalization(), _leaky()),
        *(_down(512), layers.BatchNormalization(), _leaky()),
        *(_up(256), _leaky()),
        *(_up(128), _leaky()),
        *(_up(3), _leaky()),
        layers.Conv2D(3, 2, padding="same"),
    )


def plain_deep(side: int) -> Any:
    """AE sin concatenar más capas."""
    return _chain(
        side,
        *(_down(128), _leaky()),
        *(_down(128), _leaky()),
        *(_down(256), layers.BatchNormalization(), _leaky()),
        *(_down(512), layers.BatchNormalization(), _leaky()),
        *(_down(512), layers.BatchNormalization(), _leaky()),
        *(_up(512), _leaky()),
        *(_up(256), _leaky()),
        *(_up(128), _leaky()),
        *(_up(128), _leaky()),
        *(_up(3), _leaky()),
        layers.Conv2D(3, 2, padding="same"),
    )


def skip_shallow(side: int) -> Any:
    """AE concatenado."""
    gray = keras.Input((side, side, 3))
    down_1 = _block(_down(128))(gray)
    down_2 = _block(_down(256), layers.BatchNormalization())(down_1)
    down_3 = _block(_down(512), layers.BatchNormalization())(down_2)
    up_1 = layers.Concatenate()([_block(_up(256))(down_3), down_2])
    up_2 = layers.Concatenate()([_block(_up(128))(up_1), down_1])
    up_3 = layers.Concatenate()([_block(_up(3))(up_2), gray])
    return keras.Model(gray, layers.Conv2D(3, 2, padding="same")(up_3))


def skip_deep(side: int) -> Any:
    """AE concatenado más capas."""
    gray = keras.Input((side, side, 3))
    down_1 = _block(_down(128))(gray)
    down_2 = _block(_down(128))(down_1)
    down_3 = _block(_down(256), layers.BatchNormalization())(down_2)
    down_4 = _block(_down(512), layers.BatchNormalization())(down_3)
    down_5 = _block(_down(512), layers.BatchNormalization())(down_4)
    up_1 = layers.Concatenate()([_block(_up(512))(down_5), down_4])
    up_2 = layers.Concatenate()([_block(_up(256))(up_1), down_3])
    up_3 = layers.Concatenate()([_block(_up(128))(up_2), down_2])
    up_4 = layers.Concatenate()([_block(_up(128))(up_3), down_1])
    up_5 = layers.Concatenate()([_block(_up(3))(up_4), gray])
    return keras.Model(gray, layers.Conv2D(3, 2, padding="same")(up_5))


KERAS_AUTOENCODERS: dict[str, Callable[[int], Any]] = {
    "plain-shallow": plain_shallow,
    "plain-deep": plain_deep,
    "skip-shallow": skip_shallow,
    "skip-deep": skip_deep,
}
"""Each builds a `keras.Model` for pictures of side x side."""


def variables(model: Any) -> dict[str, Any]:
    """The Keras variables of a model by the names that they have in colorear's `state_dict`."""
    found: dict[str, Any] = {}
    downs = ups = 0
    for layer in _weighted(model):
        names: tuple[str, ...]
        if isinstance(layer, layers.Conv2DTranspose):
            names = (f"decoder.{ups}.weight", f"decoder.{ups}.bias")
            ups += 1
        elif isinstance(layer, layers.BatchNormalization):
            stage = f"encoder.{downs - 1}.norm"
            parts = ("weight", "bias", "running_mean", "running_var")
            names = tuple(f"{stage}.{part}" for part in parts)
        elif layer.kernel_size == (3, 3):
            names = (f"encoder.{downs}.weight", f"encoder.{downs}.bias")
            downs += 1
        else:
            names = ("last.weight", "last.bias")
        found |= zip(names, layer.weights, strict=True)
    return found


def values(model: Any) -> dict[str, np.ndarray]:
    """The weights of a Keras model, on its torch backend, as colorear's `state_dict` has them."""
    return {
        # Keras's own way, by the tensor's __array__, has NumPy 2 warn (Keras 3.15, torch 2.13)
        name: in_torch_layout(variable.value.detach().numpy())
        for name, variable in variables(model).items()
    }


def in_torch_layout(value: np.ndarray) -> np.ndarray:
    """A kernel of Keras as torch lays it out; what is no kernel stays as it is.

    Conv2D (h,w,in,out) -> (out,in,h,w), Conv2DTranspose (h,w,out,in) -> (in,out,h,w).
    """
    return value.transpose(3, 2, 0, 1) if value.ndim == 4 else value


def carry_over(model: Any, network: "Autoencoder") -> None:
    """Give colorear's `network` the weights of a Keras model."""
    import torch

    carried = {name: torch.from_numpy(value.copy()) for name, value in values(model).items()}
    network.load_state_dict(network.state_dict() | carried)


def _weighted(model: Any) -> Iterator[Any]:
    """The layers that have weights, in the order of the listing."""
    for layer in model.layers:
        if isinstance(layer, keras.Sequential):
            yield from _weighted(layer)
        elif layer.weights:
            yield layer


def _chain(side: int, *chain: Any) -> Any:
    gray = planes = keras.Input((side, side, 3))
    for layer in chain:
        planes = layer(planes)
    return keras.Model(gray, planes)


def _block(*chain: Any) -> Any:
    return keras.Sequential([*chain, _leaky()])


def _down(channels: int) -> Any:
    return layers.Conv2D(channels, 3, strides=2, padding="same")


def _up(channels: int) -> Any:
    return layers.Conv2DTranspose(channels, 3, strides=2, padding="same")


def _leaky() -> Any:
    return layers.LeakyReLU(negative_slope=0.3)
