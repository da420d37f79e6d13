"""Returning freed memory to the system, which the allocators would hold for later."""

from __future__ import annotations

import ctypes
import sys

M_ARENA_MAX = -8  # of malloc.h


def release_free_memory() -> None:
    """Return free memory to the system; takes some milliseconds, so call it only after large work."""
    if "pyarrow" in sys.modules:
        sys.modules["pyarrow"].default_memory_pool().release_unused()
    if sys.platform == "linux" and hasattr(libc := ctypes.CDLL(None), "malloc_trim"):  # glibc; musl holds little
        libc.malloc_trim(ctypes.c_size_t(0))


def share_arenas() -> None:
    """Let the threads of this process share two arenas: otherwise each holds the memory that it freed (glibc)."""
    if sys.platform == "linux" and hasattr(libc := ctypes.CDLL(None), "mallopt"):
        libc.mallopt(M_ARENA_MAX, 2)
