"""The memory of a worker: no more than it may have, and no more taken than photographs need."""

import ctypes
import platform
import sys

if sys.platform != "win32":
    import resource

__all__ = ["keep_memory_together", "limit_memory"]

_M_ARENA_MAX = -8  # glibc's malloc.h


def limit_memory(megabytes: float) -> None:
    """Let this process have no more than so many millions of bytes for its data, where it is Linux.

    And leave none of it on the disk if it crashes.
    """
    if sys.platform != "win32":
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # it would hold photographs
        if sys.platform == "linux":  # elsewhere it does not count what is mapped
            most = round(megabytes * 1e6)
            resource.setrlimit(resource.RLIMIT_DATA, (most, most))


def keep_memory_together() -> None:
    """Have all threads of this process take their memory from one place, where it is of glibc.

    libvips makes threads for each photograph, and glibc a place for each thread; photographs of
    unlike sizes leave holes in each of them, which nobody else fills.
    """
    if platform.libc_ver()[0] == "glibc":
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)
