"""Memory that a step of training frees, kept for the next one."""

import ctypes
import platform

__all__ = ["keep_freed_memory"]

_M_TRIM_THRESHOLD, _M_MMAP_MAX = -1, -4  # malloc.h of glibc


def keep_freed_memory() -> None:
    """Have the C library keep freed memory for later allocations, where it is glibc.

    Each training step allocates the same large tensors as the one before. By default glibc returns
    such memory to the system at once, and the system clears every page that it hands out again,
    which costs a sixth of the time (mallopt(3); `recipes/LOG.md`).
    """
    if platform.libc_ver()[0] == "glibc":
        libc = ctypes.CDLL(None)
        libc.mallopt(_M_MMAP_MAX, 0)
        libc.mallopt(_M_TRIM_THRESHOLD, -1)  # never
