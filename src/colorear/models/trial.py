"""Networks from elsewhere, tried in a process of their own before they are trusted with this one.

A graph may loop for ever, ask for more memory than there is or take its process down.
"""

import subprocess
import sys
from pathlib import Path

import msgspec

from colorear.errors import ModelError
from colorear.models.card import Card, Kind

__all__ = ["REFUSED", "Limits", "try_out"]


class Limits(msgspec.Struct, frozen=True):
    """What a trial may take; a network that needs more is refused."""

    processor_seconds: int = 60
    seconds: float = 600
    """By the clock, for machines that are busy."""
    megabytes: int = 6000
    """Of address space, beside eight times the file."""


_LIMITS = Limits()
REFUSED = 3
"""The status of a process that answers with a sentence."""
_OUT_OF_TIME = (24, 9)  # SIGXCPU, and what follows it


def try_out(
    path: str | Path, *, name: str = "", kind: Kind | None = None, limits: Limits = _LIMITS
) -> Card:
    """Load a file and run it once, in another process. Ctrl-C ends it.

    Parameters
    ----------
    name
        What its card shall call it; without one it is taken by the card beside it, or its name.
    kind
        Whose interface it has; without one that of the card beside it, else colorear's contract.

    Raises
    ------
    ModelError
        Where it cannot be run, breaks the contract, or takes more than the limits.
    """
    question = {"path": str(path), "name": name, "kind": kind, "limits": limits}
    command = [sys.executable, "-m", "colorear.models.trial_process"]
    try:
        done = subprocess.run(
            command,
            input=msgspec.json.encode(question),
            capture_output=True,
            timeout=limits.seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise ModelError(_too_long(path, limits.seconds)) from None
    except OSError as error:
        raise ModelError(f"{path} cannot be tried: {error.strerror}; end other programs") from error
    if done.returncode == 0:
        return msgspec.json.decode(done.stdout, type=Card)
    if done.returncode == REFUSED:
        raise ModelError(done.stdout.decode())
    if -done.returncode in _OUT_OF_TIME:
        raise ModelError(_too_long(path, limits.processor_seconds))
    raise ModelError(
        f"{path} took its process down when it was tried (status {done.returncode}); it needs more "
        f"than {limits.megabytes:,} MB of memory, or is made to do harm: take another network"
    )


def _too_long(path: str | Path, seconds: float) -> str:
    return (
        f"{path} was not done after {seconds:g} seconds when it was tried on one picture; "
        "it is too slow here, or never ends: take another network"
    )
