"""PyAV, loaded late, and what FFmpeg says on the side."""

from collections.abc import Iterator
from contextlib import contextmanager

from colorear.errors import MissingExtraError

__all__ = ["Message", "captured", "require"]

Message = tuple[int, str, str]
"""Level, the part of FFmpeg that speaks, and what it says."""


def require() -> None:
    """Load what films need. Raises MissingExtraError."""
    try:
        import av
        import cv2
    except ModuleNotFoundError:
        raise MissingExtraError("coloring films", "video") from None
    _ = av, cv2


@contextmanager
def captured() -> Iterator[list[Message]]:
    """What FFmpeg complains of within it, in the order in which it comes, on whatever thread.

    Nothing is printed meanwhile. Neither an exception nor a packet's own flag tells of every
    damaged frame: the log does. It is the process's, so that two films that are read at once by
    two threads hear each other's complaints.
    """
    from av import logging

    level, repeats = logging.get_level(), logging.get_skip_repeated()
    logging.set_level(logging.ERROR)
    logging.set_skip_repeated(False)
    try:
        with logging.Capture(local=False) as messages:
            yield messages
    finally:
        logging.set_level(level)
        logging.set_skip_repeated(repeats)
