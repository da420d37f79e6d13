"""Files of arrays that are computed from the tables and saved beside them.

A file is a line of JSON followed by the arrays, so that it can be memory-mapped: unused arrays take no memory.
"""

from __future__ import annotations

import json
import mmap
import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np

ALIGNMENT = 64  # bytes; numpy reads aligned data fast
KINDS = "biufSU"  # of arrays; objects could run code, and are never read


def save_arrays(file: Path, key: str, arrays: Mapping[str, np.ndarray]) -> None:
    """Replace a file of arrays atomically. Raises OSError."""
    fresh = file.with_suffix(f".{os.getpid()}.new")
    at, parts = 0, []
    for name, array in arrays.items():
        parts.append((name, array.dtype.str, array.shape, at))
        at += _padded(array.nbytes)
    head = json.dumps({"for": key, "size": at, "arrays": parts}).encode() + b"\n"
    try:
        with fresh.open("wb") as stream:
            stream.write(head.ljust(_padded(len(head)), b"\n"))
            for array in arrays.values():
                stream.write(array.tobytes())
                stream.write(bytes(_padded(array.nbytes) - array.nbytes))
        fresh.replace(file)
    finally:
        fresh.unlink(missing_ok=True)


def load_arrays(file: Path, key: str) -> dict[str, np.ndarray] | None:
    """Return the arrays of a file, read-only; None if it is missing, damaged, or saved under another key."""
    try:
        with file.open("rb") as stream:
            line = stream.readline()
            head, first = json.loads(line), _padded(len(line))
            if head["for"] != key or head["size"] != os.fstat(stream.fileno()).st_size - first:
                return None
            mapped = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
        return {name: _array(mapped, first + at, dtype, shape) for name, dtype, shape, at in head["arrays"]}
    except (OSError, ValueError, KeyError, TypeError):
        return None


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
