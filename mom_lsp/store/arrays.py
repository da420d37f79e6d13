"""Files of arrays that are computed from the tables and saved beside them.

A file is a line of JSON followed by the arrays, so that it can be memory-mapped: unused arrays take no memory. Line and
arrays have checksums. The arrays are read once to check them, not through the mapping, which would keep them in memory.
"""

from __future__ import annotations

import json
import mmap
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np

from mom_lsp.durable_file import checksum_of

ALIGNMENT = 64  # bytes; numpy reads aligned data fast
KINDS = "biufSU"  # of arrays; objects could run code, and are never read


def save_arrays(file: Path, key: str, arrays: Mapping[str, np.ndarray]) -> None:
    """Replace a file of arrays atomically. Raises OSError."""
    fresh = file.with_suffix(f".{os.getpid()}.new")
    at, parts = 0, []
    for name, array in arrays.items():
        parts.append((name, array.dtype.str, array.shape, at))
        at += _padded(array.nbytes)
    checksum = 0
    for block in _blocks(arrays):
        checksum = crc32(block, checksum)
    description = json.dumps({"for": key, "size": at, "checksum": checksum, "arrays": parts}).encode()
    head = b"%08x %b\n" % (crc32(description), description)
    try:
        with fresh.open("wb") as stream:
            stream.write(head.ljust(_padded(len(head)), b"\n"))
            stream.writelines(_blocks(arrays))
        fresh.replace(file)
    finally:
        fresh.unlink(missing_ok=True)


def load_arrays(file: Path, key: str | Callable[[str], bool]) -> dict[str, np.ndarray] | None:
    """Return the arrays of a file, read-only; None if it is missing, damaged, or saved under another key.

    `key` is that key, or tells whether one will do.
    """
    suits = key if callable(key) else key.__eq__
    try:
        with file.open("rb") as stream:
            line = stream.readline()
            head, first = _description(line), _padded(len(line))
            if not suits(head["for"]) or head["size"] != os.fstat(stream.fileno()).st_size - first:
                return None
            stream.seek(first)
            if checksum_of(stream) != head["checksum"]:
                return None
            mapped = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
        return {name: _array(mapped, first + at, dtype, shape) for name, dtype, shape, at in head["arrays"]}
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _blocks(arrays: Mapping[str, np.ndarray]) -> Iterator[bytes]:
    for array in arrays.values():
        yield array.tobytes().ljust(_padded(array.nbytes), b"\0")


def _description(line: bytes) -> dict[str, Any]:
    """Return the description in the first line; raises ValueError if it was changed since."""
    checksum, _, description = line.rstrip(b"\n").partition(b" ")
    if checksum != b"%08x" % crc32(description):
        raise ValueError("the checksum is wrong")
    return dict(json.loads(description))


def _array(mapped: mmap.mmap, at: int, dtype: str, shape: list[int]) -> np.ndarray:
    """Return an array in a mapped file. Raises ValueError or TypeError if the description is invalid."""
    kind = np.dtype(dtype)
    if kind.kind not in KINDS:
        raise ValueError(f"{dtype} is not a plain number or text")
    count = int(np.prod(shape, dtype=np.int64))
    if not count:
        return np.empty(shape, kind)
    return np.frombuffer(mapped, kind, count, at).reshape(shape)


def _padded(size: int) -> int:
    return -(-size // ALIGNMENT) * ALIGNMENT
