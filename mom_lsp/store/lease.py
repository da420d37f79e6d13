"""The writer lease: only one process at a time writes the tables of a data folder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from mom_lsp import datafolder
from mom_lsp.errors import StoreError


@contextmanager
def writer_lease(data: Path, timeout: float = 0.0) -> Iterator[bool]:
    """Yield whether the lease was acquired within `timeout` seconds; it is released after the block or at exit.

    Raises:
        StoreError: the folder cannot be written.
    """
    try:
        datafolder.make(data)
        lock = FileLock(data / datafolder.LEASE)
        lock.acquire(timeout=timeout, poll_interval=0.05)
    except Timeout:
        yield False
        return
    except OSError as error:
        why = datafolder.why_read_only(data, datafolder.LEASE)
        advice = why or f"cannot write to {data} ({error.strerror}): make it a writable folder"
        raise StoreError(advice) from error
    try:
        yield True
    finally:
        lock.release()
