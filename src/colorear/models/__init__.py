"""Networks that give photographs colour: what there is, what is known of it, how to load it."""

from colorear.models.card import Card, Kind
from colorear.models.catalogue import add, cards, load, remove
from colorear.models.network import Network, Prediction

__all__ = ["Card", "Kind", "Network", "Prediction", "add", "cards", "load", "remove"]
