"""Networks that give photographs colour: what there is, what is known of it, how to load it."""

from colorear.models.card import Card, Kind, Layer
from colorear.models.catalogue import add, cards, is_here, load, remove
from colorear.models.network import Network, Prediction

__all__ = [
    "Card",
    "Kind",
    "Layer",
    "Network",
    "Prediction",
    "add",
    "cards",
    "is_here",
    "load",
    "remove",
]
