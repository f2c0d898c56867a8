"""What one side of a comparison does, timed; a script, so that it may import any version.

Only what has long been public is called, since the other side may be old. Each line that comes is a
JSON list: the name of a function below and its arguments; each line that goes is another: processor
seconds of the whole process, and seconds by the clock.
"""

import json
import sys
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np

from colorear import Colorizer, verify
from colorear.batch.colorize import colorize_all

__all__ = ["main"]


@cache
def _colorizer() -> Colorizer:
    return Colorizer(threads=1)


def _colorize(source: str, target: str) -> None:
    _colorizer().colorize(source, target, overwrite=True)


def _network() -> None:
    lightness = 100 * np.random.default_rng(0).random((192, 256), dtype=np.float32)
    _colorizer().network(lightness)


def _verify(source: str, target: str) -> None:
    if not verify(source, target).ok:
        raise ValueError(target)


def _plan(folder: str, out: str) -> None:
    """All that is done before the first photograph of a folder is colored."""
    with colorize_all([Path(folder)], Path(out)) as run:
        len(run)


_WORK: dict[str, Callable[..., None]] = {
    "colorize": _colorize,
    "network": _network,
    "verify": _verify,
    "plan": _plan,
}


def main() -> None:
    """Do what comes until nothing more comes."""
    for line in sys.stdin:
        name, *arguments = json.loads(line)
        processor, clock = time.process_time(), time.perf_counter()
        _WORK[name](*arguments)
        taken = time.process_time() - processor, time.perf_counter() - clock
        print(json.dumps(taken), flush=True)


if __name__ == "__main__":
    main()
