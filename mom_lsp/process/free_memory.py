"""Returning freed memory to the system, which the allocators would hold for later."""

from __future__ import annotations

import ctypes
import sys


def release_free_memory() -> None:
    """Return free memory to the system; takes some milliseconds, so call it only after large work."""
    if "pyarrow" in sys.modules:
        sys.modules["pyarrow"].default_memory_pool().release_unused()
    if sys.platform == "linux" and hasattr(libc := ctypes.CDLL(None), "malloc_trim"):  # glibc; musl holds little
        libc.malloc_trim(ctypes.c_size_t(0))
