"""Arrays that were computed from the tables, kept beside them: who deletes the tables deletes these with them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

KEY = "kept for"  # the name of an array, which no other has


def keep(file: Path, key: str, arrays: Mapping[str, np.ndarray]) -> None:
    """Replace what is kept in a file in one step. Raises OSError."""
    fresh = file.with_suffix(f".{os.getpid()}.npz")
    try:
        np.savez(fresh, allow_pickle=False, **{KEY: np.array(key), **arrays})
        fresh.replace(file)
    finally:
        fresh.unlink(missing_ok=True)


def kept(file: Path, key: str) -> dict[str, np.ndarray] | None:
    """Return what is kept in a file, None unless it is there, whole, and kept for this key."""
    try:
        with np.load(file, allow_pickle=False) as arrays:
            return dict(arrays) if str(arrays[KEY]) == key else None
    except (OSError, ValueError, KeyError, EOFError, BadZipFile):
        return None
