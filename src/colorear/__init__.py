"""Colour for black-and-white photographs, honest about how good it is."""

from colorear import models
from colorear.colorizer import Colorizer, colorize
from colorear.errors import ColorearError
from colorear.promise import verify
from colorear.version import __version__

__all__ = ["ColorearError", "Colorizer", "__version__", "colorize", "models", "verify"]
