"""The networks that the server has in memory: those used last, loaded once each."""

import threading
from collections import OrderedDict
from logging import getLogger

from colorear import models
from colorear.colorizer import Colorizer
from colorear.errors import ModelError
from colorear.models.card import Card

__all__ = ["Networks", "NoSuchNetworkError", "check_name", "here"]

_log = getLogger(__name__)


class NoSuchNetworkError(ModelError):
    """A client named a network that this server does not have."""


def here() -> dict[str, Card]:
    """The cards of the networks that can be used by name."""
    return {name: card for name, card in models.cards().items() if models.is_here(name)}


def check_name(name: str) -> None:
    """Raise NoSuchNetworkError for one that is not here; nobody may name a file of the server."""
    known = here()
    if name not in known:
        raise NoSuchNetworkError(
            f"there is no network called {name[:100]!r} here; name one of: {', '.join(known)}"
        )


class Networks:
    """At most `most` of them, each using so many `threads`; safe to use from many threads."""

    def __init__(self, most: int, threads: int) -> None:
        self._most, self._threads = most, threads
        self._loaded: OrderedDict[str, Colorizer] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, name: str) -> Colorizer:
        """The one of that name. Raises NoSuchNetworkError, or ModelError if it is unusable."""
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
            raise ModelError(
                f"the network {name} cannot be used on this server, whose log tells why; "
                "name another"
            ) from None
