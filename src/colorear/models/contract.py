"""colorear's own contract with a network: named inputs and outputs, and what breaks it.

Inputs: `lightness` (n, 1, h, w), L* in 0..100; optional `hints` (n, 3, h, w), a* and b* where the
mask of the third channel is 1; optional `vividness`, one number: 0 for grey, 0.5 for the mean of
what is plausible, 1 for as much chroma as in life; above 1 `hints` come divided by it, so that what
is told becomes no stronger. Outputs: `ab` (n, 2, h/s, w/s)
and optional `uncertainty` (n, 1, h/s, w/s), both in CIELAB units; optional `likelihood`
(n, k, h/t, w/t), how likely each colour is at each place (they add up to 1), with `palette` (k, 2),
those colours' a* and b*; optional `negative` (n, 2): where the first is above 0, light and dark may
be exchanged, and are where the second exceeds by 1 that of the same picture inverted; optional
`srgb` (n, 3, h, w), the photograph of a network that makes photographs rather than colour, about in
0..1.
"""

import numpy as np
from numpy.typing import NDArray

from colorear.errors import ModelError
from colorear.models.onnx_session import Port, Session

__all__ = [
    "NEGATIVE",
    "SRGB",
    "check_contract",
    "contract_feeds",
    "contract_outputs",
    "takes_hints",
    "takes_vividness",
]

_LIGHTNESS, _HINTS, _VIVIDNESS = "lightness", "hints", "vividness"
_AB, _UNCERTAINTY, _LIKELIHOOD, _PALETTE = "ab", "uncertainty", "likelihood", "palette"
NEGATIVE = "negative"
SRGB = "srgb"
_CHANNELS = {_LIGHTNESS: 1, _HINTS: 3}


def check_contract(session: Session) -> None:
    """Raise ModelError unless the inputs and outputs are declared as the contract has them."""
    inputs = {port.name: port for port in session.inputs}
    if _LIGHTNESS not in inputs:
        raise ModelError(
            f"{session.name} has no input named 'lightness' (its inputs: {', '.join(inputs)}); "
            f"if it is another project's network, add it with the kind it is like"
        )
    strangers = set(inputs) - {*_CHANNELS, _VIVIDNESS}
    if strangers:
        raise ModelError(
            f"{session.name} has an input named {min(strangers)!r}, expected 'lightness' and at "
            f"most 'hints' and 'vividness'; export it without the others"
        )
    for name, channels in _CHANNELS.items():
        if name in inputs:
            _check_planes(session.name, inputs[name], channels)
    outputs = [port.name for port in session.outputs]
    if _AB not in outputs:
        raise ModelError(
            f"{session.name} has no output named 'ab' (its outputs: {', '.join(outputs)}); "
            f"name the one with a* and b* so when exporting"
        )
    if (_LIKELIHOOD in outputs) != (_PALETTE in outputs):
        raise ModelError(
            f"{session.name} has one of the outputs 'likelihood' and 'palette', expected both or "
            f"none; export it with the other"
        )


def contract_feeds(
    session: Session,
    lightness: NDArray[np.float32],
    known: NDArray[np.float32] | None = None,
    vividness: float = 1.0,
) -> dict[str, NDArray[np.float32]]:
    """What to feed for L* `(n, 1, h, w)` and `known` `(n, 3, h, w)`: a*, b*, mask.

    What the network does not take is left out.
    """
    n, _, height, width = lightness.shape
    nothing = np.zeros((n, 3, height, width), np.float32)
    feeds = {_LIGHTNESS: lightness}
    for port in session.inputs:
        if port.name == _HINTS:
            feeds[_HINTS] = nothing if known is None else known
        if port.name == _VIVIDNESS:
            feeds[_VIVIDNESS] = np.full([side or 1 for side in port.shape], vividness, np.float32)
    return feeds


def contract_outputs(session: Session) -> list[str]:
    """`ab`, and what else but `srgb` the network tells."""
    there = {port.name for port in session.outputs}
    others = (_UNCERTAINTY, _LIKELIHOOD, _PALETTE, NEGATIVE)
    return [_AB] + [name for name in others if name in there]


def takes_hints(session: Session) -> bool:
    """Whether colours that the user knows can be fed."""
    return any(port.name == _HINTS for port in session.inputs)


def takes_vividness(session: Session) -> bool:
    """Whether the network itself makes its colours stronger or weaker."""
    return any(port.name == _VIVIDNESS for port in session.inputs)


def _check_planes(network: str, port: Port, channels: int) -> None:
    if len(port.shape) != 4:
        raise ModelError(
            f"{network} declares {port.name!r} with {len(port.shape)} dimensions, "
            f"expected (n, {channels}, h, w)"
        )
    if port.shape[0] not in (1, None) or port.shape[1] not in (channels, None):
        raise ModelError(
            f"{network} declares {port.name!r} as {port.shape[:2]} photographs and channels, "
            f"expected (1, {channels}) or open ones"
        )
