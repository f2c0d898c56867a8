"""Bounds on what one case may take, so that a parser that runs away is found and named."""

import ctypes
import faulthandler
import platform
import re
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["TooMuchError", "bounded"]

_HANGS = 600  # seconds by the clock after which a library that never comes back is ended
_STATUS, _CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")


class TooMuchError(Exception):
    """A case took more than it may."""


@contextmanager
def bounded(seconds: float = 20, megabytes: float = 400) -> Iterator[None]:
    """Within it no more may be taken than this.

    Parameters
    ----------
    seconds
        Of the processor, by all threads of this process: a busy machine makes none more of them.
    megabytes
        Of memory at its peak, beyond what is taken at the beginning; on Linux alone.
    """
    before = signal.signal(signal.SIGPROF, _out_of_time)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    faulthandler.dump_traceback_later(_HANGS, exit=True)
    taken = _start_of_peak()
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
        faulthandler.cancel_dump_traceback_later()
    grown = _kilobytes("VmHWM") - taken
    if grown > 1000 * megabytes:
        raise TooMuchError(f"{grown / 1000:.0f} MB of memory")


def _out_of_time(*_: object) -> None:
    raise TooMuchError("time")


def _start_of_peak() -> int:
    if sys.platform != "linux":
        return 0
    if platform.libc_ver()[0] == "glibc":  # what it holds of memory freed before would not be seen
        ctypes.CDLL(None).malloc_trim(0)
    _CLEAR.write_text("5")  # proc(5): the peak becomes what is taken now
    return _kilobytes("VmRSS")


def _kilobytes(name: str) -> int:
    if sys.platform != "linux":
        return 0
    (number,) = re.findall(rf"^{name}:\s+(\d+) kB", _STATUS.read_text(), re.MULTILINE)
    return int(number)
