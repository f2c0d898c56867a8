"""What was done for one photograph."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from colorear.hints import Unreachable
from colorear.models import Network, Prediction
from colorear.photo.appearance import ONE_TONE, Appearance
from colorear.photo.photograph import Photo

__all__ = ["Colored", "Notes", "done"]


@dataclass(frozen=True)
class Colored:
    """What was done for one photograph."""

    source: str
    output: str
    seconds: float
    megapixels: float
    model: str
    unreachable: tuple[Unreachable, ...] = ()
    """The hints whose colors do not exist at the lightness of their places."""
    appearance: Appearance = "gray"
    """What the photograph looked like before; a negative where the network tells so of page 1."""
    left_out: tuple[str, ...] = ()
    """What is said of pages of a TIFF that are damaged, and that the file lacks."""


@dataclass
class Notes:
    """What is noted while the pages of a file are colored."""

    unreachable: list[Unreachable] = field(default_factory=list)
    """The hints whose colors do not exist at the lightness of their places."""
    first: tuple[NDArray[np.float32], Prediction] | None = None
    """L* of the first page, as the network saw it, and what it told."""

    def appearance(self, seen: Appearance, network: Network) -> Appearance:
        """What was seen, unless the network tells that the first page is a negative."""
        if seen in ONE_TONE and self.first and network.is_negative(*self.first):
            return "negative"
        return seen


def done(
    pages: Sequence[Photo],
    source: str | Path,
    target: str | Path,
    model: str,
    seen: Appearance,
    started: float,
) -> Colored:
    """What was done just now; it was `started` then by `time.perf_counter`."""
    return Colored(
        source=str(source),
        output=str(target),
        seconds=time.perf_counter() - started,
        megapixels=sum(page.width * page.height for page in pages) / 1e6,
        model=model,
        appearance=seen,
    )
