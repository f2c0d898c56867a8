"""Colour for black-and-white photographs, honest about how good it is."""

from colorear import models
from colorear.colorizer import Colorizer, colorize
from colorear.errors import ColorearError
from colorear.promise import verify

__all__ = ["ColorearError", "Colorizer", "__version__", "colorize", "models", "verify"]

__version__ = "0.1.0"
