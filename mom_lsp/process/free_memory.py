"""Memory that was freed goes back to the system: the allocators keep it, for a process that may never want it again."""

from __future__ import annotations

import ctypes
import sys


def release_free_memory() -> None:
    """Return what is free to the system; costs some milliseconds, so do it after large work only."""
    if "pyarrow" in sys.modules:
        sys.modules["pyarrow"].default_memory_pool().release_unused()
    if sys.platform == "linux" and hasattr(libc := ctypes.CDLL(None), "malloc_trim"):  # glibc; musl keeps little
        libc.malloc_trim(ctypes.c_size_t(0))
