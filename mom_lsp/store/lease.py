"""Leases: one process at a time writes the tables of a data folder, and one encodes what is in them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mom_lsp import datafolder
from mom_lsp.errors import StoreError


@contextmanager
def writer_lease(data: Path, timeout: float = 0.0) -> Iterator[bool]:
    """Yield whether the lease was acquired within `timeout` seconds; it is released after the block or at exit.

    Raises:
        StoreError: the folder cannot be written.
    """
    with _lease(data, datafolder.LEASE, timeout) as acquired:
        yield acquired


@contextmanager
def encoding_lease(data: Path) -> Iterator[bool]:
    """Yield whether this process is the one that encodes; others can write meanwhile. Raises StoreError."""
    with _lease(data, datafolder.ENCODING, 0.0) as acquired:
        yield acquired


@contextmanager
def _lease(data: Path, name: str, timeout: float) -> Iterator[bool]:
    from filelock import FileLock, Timeout  # here: readers need no lease

    try:
        datafolder.make(data)
        lock = FileLock(data / name)
        lock.acquire(timeout=timeout, poll_interval=0.05)
    except Timeout:
        yield False
        return
    except OSError as error:
        why = datafolder.why_read_only(data, name)
        advice = why or f"cannot write to {data} ({error.strerror}): make it a writable folder"
        raise StoreError(advice) from error
    try:
        yield True
    finally:
        lock.release()
