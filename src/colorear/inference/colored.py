"""What was done for one photograph."""

from dataclasses import dataclass

from colorear.hints import Unreachable
from colorear.photo.appearance import Appearance

__all__ = ["Colored"]


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
