"""The networks that the server has in memory: those used last, loaded once each."""

import threading
from collections import OrderedDict
from functools import lru_cache
from logging import getLogger

from colorear import models
from colorear.errors import ModelError
from colorear.inference.colorizer import Colorizer
from colorear.models.card import Card
from colorear.models.registry import card, names

__all__ = [
    "ModelCache",
    "NoSuchNetworkError",
    "UnusableNetworkError",
    "available_models",
    "check_name",
]

_log = getLogger(__name__)


class NoSuchNetworkError(ModelError):
    """A client named a network that this server does not have."""


class UnusableNetworkError(ModelError):
    """A network cannot be loaded; the text tells clients so, and of no file."""


def available_models() -> dict[str, Card]:
    """The cards of the networks that can be used by name; damaged ones are told to the log only."""
    known: dict[str, Card] = {}
    for name in names():
        try:
            about = card(name)
            if models.is_here(name):
                known[name] = about
        except ModelError as error:
            _tell_once(str(error))
    return known


@lru_cache  # every request looks what is here
def _tell_once(why: str) -> None:
    _log.warning("a network is left out: %s", why)


def check_name(name: str) -> None:
    """Raise NoSuchNetworkError for one that is not here; nobody may name a file of the server."""
    known = available_models()
    if name not in known:
        raise NoSuchNetworkError(
            f"there is no network called {name[:100]!r} here; name one of: {', '.join(known)}"
        )


class ModelCache:
    """At most `most` of them, each using so many `threads`; safe to use from many threads."""

    def __init__(self, most: int, threads: int) -> None:
        self._most, self._threads = most, threads
        self._loaded: OrderedDict[str, Colorizer] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, name: str) -> Colorizer:
        """The one of that name. Raises NoSuchNetworkError or UnusableNetworkError."""
        with self._lock:  # so that none is loaded twice
            if name not in self._loaded:
                self._loaded[name] = self._load(name)
            self._loaded.move_to_end(name)
            while len(self._loaded) > self._most:
                self._loaded.popitem(last=False)
            return self._loaded[name]

    def _load(self, name: str) -> Colorizer:
        check_name(name)
        try:
            return Colorizer(name, threads=self._threads)
        except ModelError:
            _log.exception("the network %s cannot be loaded", name)
            raise UnusableNetworkError(
                f"the network {name} cannot be used on this server, whose log tells why; "
                "name another"
            ) from None
