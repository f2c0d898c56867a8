"""How a film is to be colored."""

from dataclasses import dataclass
from typing import Literal

from colorear.errors import UsageError
from colorear.hints import TimedHint
from colorear.inference.options import MAX_VIVIDNESS

__all__ = ["Codec", "VideoOptions"]

Codec = Literal["h264", "h265", "av1", "ffv1"]


@dataclass(frozen=True)
class VideoOptions:
    """How a film is to be colored and encoded. Raises UsageError for a number out of range."""

    vividness: float = 1.0
    """0 for grey, 1 for the colors of life as the network sees them, up to 3 for stronger ones."""
    steady: float = 1.0
    """1 for colors that are agreed within a shot and follow its motion, 0 for frames that are
    colored each by itself, anything between for a mixture."""
    hints: tuple[TimedHint, ...] = ()
    """What is known of the colors at some time; each holds for the shot that its picture is of."""
    codec: Codec | None = None
    """None for the film's own, if it is one of the four, else H.264."""
    quality: int | None = None
    """The encoder's constant rate factor: smaller is better and larger; None for the usual one."""
    start: float = 0.0
    """Seconds from the film's start."""
    end: float | None = None
    """Likewise; None for all of it."""

    def __post_init__(self) -> None:
        """Check it."""
        if not 0 <= self.vividness <= MAX_VIVIDNESS:
            raise UsageError(
                f"a vividness of {self.vividness} came, but one from 0 (grey) over 1 (as in life) "
                f"to {MAX_VIVIDNESS:g} is needed"
            )
        if not 0 <= self.steady <= 1:
            raise UsageError(
                f"a steadiness of {self.steady} came, but one from 0 (each frame by itself) to 1 "
                "is needed"
            )
        if self.start < 0 or (self.end is not None and self.end <= self.start):
            raise UsageError(
                f"the part from {self.start} to {self.end} seconds has no length; "
                "give a start from 0 on and an end after it"
            )
