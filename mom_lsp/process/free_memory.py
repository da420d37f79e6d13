"""Returning freed memory to the system, which the allocators would hold for later."""

from __future__ import annotations

import ctypes
import gc
import sys

M_ARENA_MAX, M_MMAP_THRESHOLD = -8, -3  # of malloc.h
LARGE = 256 * 1024  # bytes


def release_free_memory() -> None:
    """Return free memory to the system; takes some milliseconds, so call it only after large work."""
    if "pyarrow" in sys.modules:
        sys.modules["pyarrow"].default_memory_pool().release_unused()
    if sys.platform == "linux" and hasattr(libc := ctypes.CDLL(None), "malloc_trim"):  # glibc; musl holds little
        libc.malloc_trim(ctypes.c_size_t(0))


def collect_garbage() -> None:
    """Free what only refers to itself, as tasks and their errors do, and return the memory; takes some 50 ms."""
    gc.collect()
    release_free_memory()


def share_arenas() -> None:
    """Let the threads of this process share two arenas: otherwise each holds the memory that it freed (glibc)."""
    _tune(M_ARENA_MAX, 2)


def hold_little() -> None:
    """Return large arrays and texts to the system as soon as they are freed (glibc); a model loses a fifth of speed."""
    _tune(M_ARENA_MAX, 1)
    _tune(M_MMAP_THRESHOLD, LARGE)


def _tune(option: int, value: int) -> None:
    if sys.platform == "linux" and hasattr(libc := ctypes.CDLL(None), "mallopt"):
        libc.mallopt(option, value)
