"""Ctrl-C and termination, between two steps."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["stop_signals"]


@contextmanager
def stop_signals() -> Iterator[list[int]]:
    """Give a list that a first Ctrl-C or termination is added to, so that no step is interrupted.

    A second one has its usual effect.
    """
    received: list[int] = []
    before: dict[int, Any] = {}

    def note(number: int, _: object) -> None:
        received.append(number)
        signal.signal(number, before[number])  # a second one ends at once

    for number in (int(signal.SIGINT), int(signal.SIGTERM)):
        before[number] = signal.signal(number, note)
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
