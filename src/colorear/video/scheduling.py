"""The priority of this process's threads, kept from an encoder that raises it."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

__all__ = ["scheduling_kept"]


@contextmanager
def scheduling_kept() -> Iterator[None]:
    """Give threads whose scheduling policy changes meanwhile the one that the caller's has now.

    SVT-AV1 (4.1), opened by root on Linux, moves its threads and the one that opens it to the
    highest real-time priority (SCHED_FIFO, 99), and leaves them there. Whatever that thread starts
    later inherits it: two busy processes then keep a machine of two cores from doing anything
    else, its watchdogs included. On other systems nothing is done.
    """
    if sys.platform != "linux":
        yield
        return
    policy, parameters = os.sched_getscheduler(0), os.sched_getparam(0)
    try:
        yield
    finally:
        for task in Path("/proc/self/task").iterdir():
            thread = int(task.name)
            with suppress(OSError):  # it has ended, or is not ours to change
                if os.sched_getscheduler(thread) != policy:
                    os.sched_setscheduler(thread, policy, parameters)
