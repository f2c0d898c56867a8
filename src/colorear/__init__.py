"""Colour for black-and-white photographs, honest about how good it is."""

__version__ = "0.1.0"
