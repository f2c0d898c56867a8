"""What was done for one photograph."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from colorear.hints import Unreachable
from colorear.photo.appearance import Appearance
from colorear.photo.photograph import Photo

__all__ = ["Colored", "done"]


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
    """What the photograph looked like before."""
    left_out: tuple[str, ...] = ()
    """What is said of pages of a TIFF that are damaged, and that the file lacks."""


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
