"""Memory that is given back to the system as soon as it is free."""

import ctypes
from contextlib import suppress

M_MMAP_THRESHOLD = -3
"""Of malloc.h: pieces from this size on have a place of their own."""
SIZE = 1_000_000
"""Bytes. Smaller pieces share theirs."""


def give_back() -> None:
    """Let glibc give back at once what has at least `SIZE` bytes. Elsewhere it does nothing.

    By default it learns from the first large pictures to keep what it has, in each thread: forty of
    them leave a server twice as large as it was.
    """
    with suppress(OSError, AttributeError):  # another C library
        ctypes.CDLL("libc.so.6").mallopt(M_MMAP_THRESHOLD, SIZE)
