"""Networks that give photographs colour: what there is, what is known of it, how to load it.

What is here knows ONNX files and planes of numbers, no photographs and no torch.
"""

from colorear.models.card import Card, Kind, Layer
from colorear.models.fetching import fetch
from colorear.models.network import Network, Prediction
from colorear.models.registry import add, cards, is_file, is_here, load, remove
from colorear.models.trial import try_out

__all__ = [
    "Card",
    "Kind",
    "Layer",
    "Network",
    "Prediction",
    "add",
    "cards",
    "fetch",
    "is_file",
    "is_here",
    "load",
    "remove",
    "try_out",
]
