"""What the file of a network takes and gives, whatever its kind."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from colorear.errors import ModelError
from colorear.models.adapters import ADAPTERS, adapter_feeds, check_adapter
from colorear.models.card import Kind
from colorear.models.contract import (
    check_contract,
    contract_feeds,
    contract_outputs,
    takes_vividness,
)
from colorear.models.onnx_session import Port, Session

__all__ = ["LARGEST", "Answer", "Question", "ask", "check_interface", "fixed_size"]

LARGEST = 4096
"""Pixels along the sides of what a network is shown: the memory for more is no network's need."""

Planes = NDArray[np.float32]


class Question(NamedTuple):
    """What a network is asked."""

    lightness: Planes
    """`(n, 1, h, w)`, 0..100."""
    known: Planes | None = None
    """a*, b* and a mask `(n, 3, h, w)`, where somebody knows them."""
    vividness: float = 1.0


class Answer(NamedTuple):
    """What a network answers, on its own grid; None stands for what it does not tell."""

    ab: Planes
    """`(n, 2, h/s, w/s)`, CIELAB units."""
    uncertainty: Planes | None = None
    """`(n, 1, h/s, w/s)`, expected distance of the true a*b* in CIELAB units."""
    likelihood: Planes | None = None
    """`(n, k, h/t, w/t)`, adding up to 1 at each place."""
    palette: Planes | None = None
    """`(k, 2)`: the a* and b* whose likelihood it is."""
    negative: Planes | None = None
    """`(n, 2)`, as the contract has it."""


def check_interface(session: Session, kind: Kind) -> None:
    """Raise ModelError unless the file's inputs and outputs are those of its kind."""
    if kind == "contract":
        check_contract(session)
    else:
        check_adapter(session, kind)
    height, width = _picture(session).shape[2:]
    if (height is None) != (width is None):
        raise ModelError(
            f"{session.name} takes pictures of {height or 'any'} x {width or 'any'} pixels, "
            f"expected both free or both fixed; export it with the height and width alike"
        )
    if height and width and max(height, width) > LARGEST:
        raise ModelError(
            f"{session.name} takes pictures of {height} x {width} pixels alone, but at most "
            f"{LARGEST} x {LARGEST} are shown to a network; export it for smaller ones"
        )


def fixed_size(session: Session) -> tuple[int, int] | None:
    """The only height and width that the file takes, or None if it takes others too."""
    height, width = _picture(session).shape[2:]
    return None if height is None or width is None else (height, width)


def ask(
    session: Session, kind: Kind, question: Question, outputs: list[str] | None = None
) -> Answer:
    """Its answer, or of a contract those `outputs`; the size must be one that the network takes.

    Raises ModelError if the answer has another shape than it should.
    """
    lightness, known, vividness = question
    n = len(lightness)
    if kind != "contract":
        adapter, output = ADAPTERS[kind], session.outputs[0].name
        (planes,) = session.run(adapter_feeds(session, kind, lightness, known), [output])
        _check_shape(session, output, planes, n, adapter.channels)
        return Answer(np.float32(vividness) * adapter.ab(planes))
    outputs = outputs or contract_outputs(session)
    told = session.run(contract_feeds(session, lightness, known, vividness), outputs)
    answer = Answer(**dict(zip(outputs, told, strict=True)))
    _check_shape(session, "ab", answer.ab, n, 2)
    if answer.uncertainty is not None:
        _check_shape(session, "uncertainty", answer.uncertainty, n, 1)
    if answer.likelihood is not None and answer.palette is not None:
        _check_shape(session, "likelihood", answer.likelihood, n, len(answer.palette))
    if answer.negative is not None and answer.negative.shape != (n, 2):
        raise ModelError(
            f"{session.name} answered {answer.negative.shape} in 'negative', expected ({n}, 2)"
        )
    strength = 1 if takes_vividness(session) else vividness
    return answer._replace(ab=np.float32(strength) * answer.ab)


def _check_shape(session: Session, name: str, planes: Planes, n: int, channels: int) -> None:
    if planes.ndim != 4 or planes.shape[:2] != (n, channels):
        raise ModelError(
            f"{session.name} answered {planes.shape} in {name!r}, expected ({n}, {channels}, h, w)"
        )


def _picture(session: Session) -> Port:
    """The input that takes the picture: by name in the contract, the first elsewhere."""
    named = [port for port in session.inputs if port.name == "lightness"]
    return named[0] if named else session.inputs[0]
