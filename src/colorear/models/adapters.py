"""Other people's networks: what they want to be shown, and their answer as a*b*.

Inputs are told apart by their order and number of channels, since every export names them anew.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from colorear.color import lab_to_srgb, srgb_to_lab
from colorear.errors import ModelError
from colorear.models.card import Kind
from colorear.models.onnx_session import Session

__all__ = ["ADAPTERS", "Adapter", "adapter_feeds", "check_adapter", "check_range"]

Planes = NDArray[np.float32]  # (n, c, h, w)

_MEAN = np.array([0.485, 0.456, 0.406], np.float32).reshape(3, 1, 1)  # of ImageNet's sRGB
_DEVIATION = np.array([0.229, 0.224, 0.225], np.float32).reshape(3, 1, 1)


class Adapter(NamedTuple):
    """How to speak to one kind of network."""

    inputs: Callable[[Planes, Planes], tuple[Planes, ...]]
    """L* `(n, 1, h, w)` and known a*, b*, mask `(n, 3, h, w)` to the network's inputs, in order; an
    export may lack the last ones."""
    ab: Callable[[Planes], Planes]
    """The network's first output to a*b* `(n, 2, h, w)`."""
    channels: int
    """Of that output."""
    size: int
    """Side of the square to which its own code stretches every picture."""
    multiple_of: int
    spans: tuple[float, float] = (np.inf, -np.inf)
    """A picture from black to white is answered from below the first to above the second."""


def _gray(lightness: Planes) -> Planes:
    """L* to three equal sRGB channels, 0..1."""
    neutral = np.zeros_like(lightness)
    srgb = lab_to_srgb(np.concatenate((lightness, neutral, neutral), axis=-3))
    return np.asarray(np.clip(srgb, 0, 1), np.float32)


def _ab_of(srgb: Planes) -> Planes:
    return np.asarray(srgb_to_lab(np.clip(srgb, 0, 1))[..., 1:, :, :], np.float32)


def _as_it_is(ab: Planes) -> Planes:
    return ab


def _ddcolor_inputs(lightness: Planes, _: Planes) -> tuple[Planes, ...]:
    """Kang et al., ICCV 2023; piddnad/DDColor, ddcolor/pipeline.py."""
    return (_gray(lightness),)


def _deoldify_inputs(lightness: Planes, _: Planes) -> tuple[Planes, ...]:
    """The bare generator; jantic/DeOldify, deoldify/filters.py (`_model_process`)."""
    return ((_gray(lightness) - _MEAN) / _DEVIATION,)


def _deoldify_ab(normalized: Planes) -> Planes:
    """Its targets were normalized like its inputs (deoldify/dataset.py, `do_y=True`)."""
    return _ab_of(normalized * _DEVIATION + _MEAN)


def _pixels_inputs(lightness: Planes, _: Planes) -> tuple[Planes, ...]:
    """Exports that normalise inside; instant-high/deoldify-onnx, convert_to_onnx.py."""
    return (_gray(lightness) * np.float32(255),)


def _pixels_ab(pixels: Planes) -> Planes:
    return _ab_of(pixels / np.float32(255))


def _eccv16_inputs(lightness: Planes, _: Planes) -> tuple[Planes, ...]:
    """Zhang et al., ECCV 2016; richzhang/colorization, colorizers/eccv16.py: it normalises L*."""
    return (lightness,)


def _siggraph17_inputs(lightness: Planes, known: Planes) -> tuple[Planes, ...]:
    """Zhang et al., SIGGRAPH 2017; colorizers/siggraph17.py: L*, known a*b*, where they are."""
    return (lightness, np.ascontiguousarray(known[:, :2]), np.ascontiguousarray(known[:, 2:]))


# Each network halves its picture three times (Zhang), four (DeOldify's render_base) or five.
# DeOldify's default render factor is 35, of 16 pixels each. Its bare generator gives -3..3
# (deoldify/generators.py, y_range); both forms keep the brightness of what they are shown.
ADAPTERS: dict[Kind, Adapter] = {
    "ddcolor": Adapter(_ddcolor_inputs, _as_it_is, channels=2, size=512, multiple_of=32),
    "deoldify": Adapter(
        _deoldify_inputs, _deoldify_ab, channels=3, size=560, multiple_of=16, spans=(-0.5, 0.5)
    ),
    "deoldify-pixels": Adapter(
        _pixels_inputs, _pixels_ab, channels=3, size=560, multiple_of=16, spans=(64, 128)
    ),
    "eccv16": Adapter(_eccv16_inputs, _as_it_is, channels=2, size=256, multiple_of=8),
    "siggraph17": Adapter(_siggraph17_inputs, _as_it_is, channels=2, size=256, multiple_of=8),
}


def check_adapter(session: Session, kind: Kind) -> None:
    """Raise ModelError unless the file's inputs have the channels of its kind, in order."""
    expected = [planes.shape[1] for planes in _inputs(kind, np.zeros((1, 1, 1, 1), "f4"))]
    declared = [port.shape for port in session.inputs]
    fits = 0 < len(declared) <= len(expected) and all(
        len(shape) == 4 and shape[0] in (1, None) and shape[1] in (channels, None)
        for shape, channels in zip(declared, expected, strict=False)
    )
    if not fits:
        shapes = ", ".join(f"({_sides(shape)})" for shape in declared)
        wanted = ", ".join(f"(1, {channels}, h, w)" for channels in expected)
        raise ModelError(
            f"{session.name} takes {shapes or 'no input'}, expected {wanted} of a network like "
            f"{kind}; add it with the kind that it is like"
        )


def check_range(session: Session, kind: Kind, ramp: Planes) -> None:
    """Raise ModelError if the answer to L* from black to white shows that its units are others.

    Both forms of DeOldify have the same inputs and outputs, and differ in this alone.
    """
    answer = session.run(adapter_feeds(session, kind, ramp), [session.outputs[0].name])[0]
    low, high = ADAPTERS[kind].spans
    if answer.min() > low or answer.max() < high:
        raise ModelError(
            f"{session.name} answers a picture from black to white with "
            f"{answer.min():.1f}..{answer.max():.1f}, expected at least {low}..{high} of a network "
            f"like {kind}; a bare DeOldify is like deoldify, one that takes and gives pixels of "
            f"0..255 is like deoldify-pixels"
        )


def adapter_feeds(
    session: Session, kind: Kind, lightness: Planes, known: Planes | None = None
) -> dict[str, Planes]:
    """What to feed for L* `(n, 1, h, w)`, and a*, b*, mask `(n, 3, h, w)` where they are known.

    Inputs that the export left out are not fed.
    """
    inputs = _inputs(kind, lightness, known)
    return {port.name: planes for port, planes in zip(session.inputs, inputs, strict=False)}


def _inputs(kind: Kind, lightness: Planes, known: Planes | None = None) -> tuple[Planes, ...]:
    nothing = np.zeros((len(lightness), 3, *lightness.shape[2:]), np.float32)
    return ADAPTERS[kind].inputs(lightness, nothing if known is None else known)


def _sides(shape: tuple[int | None, ...]) -> str:
    return ", ".join("any" if side is None else str(side) for side in shape)
