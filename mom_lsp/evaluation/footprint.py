"""The memory that objects take: the bytes of their arrays and of themselves, and the bytes mapped from a file."""

from __future__ import annotations

import mmap
import sys
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass
class Footprint:
    """Bytes."""

    own: int = 0
    mapped: int = 0  # read from the file on access, and released under memory pressure


def footprint(*roots: Any, without: tuple[Any, ...] = ()) -> Footprint:
    """Return the memory of objects of this package and of everything they refer to; each object counts once.

    Args:
        roots: the objects to start from.
        without: objects that do not count.
    """
    found, seen, todo = Footprint(), {id(one) for one in without}, list(roots)
    while todo:
        one = todo.pop()
        if id(one) in seen or isinstance(one, type) or callable(one):
            continue
        seen.add(id(one))
        if isinstance(one, np.ndarray):
            todo += _count(one, found)
        else:
            found.own += sys.getsizeof(one)
            todo += _parts(one)
    return found


def _count(array: np.ndarray, found: Footprint) -> list[Any]:
    """Count an array that owns its memory; of a view, return the array it is a view of."""
    base: Any = array.base
    if isinstance(base, np.ndarray):
        return [base]
    if (isinstance(base, memoryview) and isinstance(base.obj, mmap.mmap)) or isinstance(base, mmap.mmap):
        found.mapped += array.nbytes
    else:
        found.own += array.nbytes
    return []


def _parts(one: Any) -> list[Any]:
    if isinstance(one, dict):
        return [*one.keys(), *one.values()]
    if isinstance(one, (list, tuple, set, frozenset)):
        return list(one)
    if not type(one).__module__.startswith("mom_lsp"):
        return []
    slots = [name for kind in type(one).__mro__ for name in getattr(kind, "__slots__", ())]
    return [*getattr(one, "__dict__", {}).values(), *(getattr(one, name) for name in slots if hasattr(one, name))]
