"""What somebody asks of the colors: one type for the command, many photographs and the server."""

from dataclasses import dataclass

from colorear.errors import HintError
from colorear.hints import Hint

__all__ = [
    "DEFAULT_MODEL",
    "DEFAULT_OPTIONS",
    "MAX_VIVIDNESS",
    "ColorizeOptions",
]

DEFAULT_MODEL = "acuarela"
MAX_VIVIDNESS = 3.0


@dataclass(frozen=True)
class ColorizeOptions:
    """How a photograph is to be colored.

    Raises
    ------
    HintError
        Where a number is out of its range.

    Examples
    --------
    >>> ColorizeOptions(vividness=0.5).fingerprint
    'vividness 0.5'
    """

    model: str = DEFAULT_MODEL
    """A name of `colorear models`, or the path of an .onnx file."""
    hints: tuple[Hint, ...] = ()
    """What is known of the colors; later ones lie upon earlier ones."""
    vividness: float = 1.0
    """0 for gray, 1 for the colors of life as the network sees them, up to 3 for stronger ones."""
    variants: int = 1
    """How many colorings are made: variant 0 is what the network holds for best, from 1 on are
    other plausible ones."""

    def __post_init__(self) -> None:
        """Check the ranges."""
        if not 0 <= self.vividness <= MAX_VIVIDNESS:  # NaN is not
            raise HintError(
                f"a vividness of {self.vividness} came, but one from 0 (gray) over 1 (as in life) "
                f"to {MAX_VIVIDNESS:g} is needed"
            )
        if self.variants < 1:
            raise HintError(f"{self.variants} variants came, but 1 or more are needed")

    @property
    def fingerprint(self) -> str:
        """What decides the colors of one variant besides the network; empty for the defaults.

        The same options always give the same text, so that it can be kept and compared.
        """
        parts = [f"vividness {self.vividness:g}"] if self.vividness != 1 else []
        parts += [f"hint {h.color} at {h.x!r}, {h.y!r} of {h.radius!r}" for h in self.hints]
        return "; ".join(parts)


DEFAULT_OPTIONS = ColorizeOptions()
