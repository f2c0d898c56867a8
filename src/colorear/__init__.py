"""Colour for black-and-white photographs, honest about how good it is."""

from colorear import models
from colorear.errors import ColorearError
from colorear.hints import Hint, read_hints
from colorear.inference.colorizer import Colorizer, colorize
from colorear.inference.verify import verify
from colorear.version import __version__

__all__ = [
    "ColorearError",
    "Colorizer",
    "Hint",
    "__version__",
    "colorize",
    "models",
    "read_hints",
    "verify",
]
