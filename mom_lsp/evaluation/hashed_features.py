"""Vectors of memories without an encoder: their paths and identifiers, hashed into a fixed random projection.

Source: K. Weinberger et al., Feature hashing for large scale multitask learning, 2009.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from zlib import crc32

import numpy as np

from mom_lsp.cues.arrays import unit
from mom_lsp.route.catalog import Catalog
from mom_lsp.route.postings import name_keys

WIDTH = 256
MIXERS = np.array([0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D, 0x27D4EB2F], np.uint64)  # odd; one for each of a key's places
Entries = tuple[np.ndarray, np.ndarray]  # key and row of each, (e,)


class HashedFeatures:
    """The vectors of a catalog's memories, and of questions in the same space."""

    def __init__(self, catalog: Catalog) -> None:
        """Hash the files, folders and identifiers of all memories; rare ones count more."""
        self._size = catalog.size
        self._places = _weights(*_places(catalog), catalog.size)
        self._names = _weights(*catalog.names.all(), catalog.size)
        self.rows = self._joined(
            *(projected(keys, rows, found, catalog.size) for keys, rows, found in (self._places, self._names))
        )

    def of(self, paths: Sequence[str], names: Iterable[str]) -> np.ndarray:
        """Return the vector of a question, (WIDTH,) float32 of length 1, or 0 if nothing in it is known."""
        asked = np.array(sorted({key for path in paths for key in _keys(path)}), np.uint32)
        wanted = np.array(name_keys(list(names)), np.uint32)
        parts = [_alone(keys, known) for keys, known in ((asked, self._places), (wanted, self._names))]
        return np.asarray(self._joined(*parts)[0])

    @staticmethod
    def _joined(places: np.ndarray, names: np.ndarray) -> np.ndarray:
        return unit(unit(places) + unit(names)).astype(np.float32)


def projected(keys: np.ndarray, rows: np.ndarray, weights: np.ndarray, size: int) -> np.ndarray:
    """Return the sum of the projections of each row's keys, (size, WIDTH).

    Args:
        keys: (e,) uint32.
        rows: (e,) the row of each.
        weights: (e,) of each.
        size: the number of rows.
    """
    found = np.zeros(size * WIDTH)
    for mixer in MIXERS:
        mixed = (keys.astype(np.uint64) * mixer) & np.uint64(0xFFFFFFFF)
        mixed ^= mixed >> np.uint64(15)
        column, sign = (mixed >> np.uint64(1)) % np.uint64(WIDTH), 1.0 - 2.0 * (mixed & np.uint64(1))
        found += np.bincount(rows * WIDTH + column.astype(np.int64), weights * sign, minlength=size * WIDTH)
    return found.reshape(size, WIDTH)


def _keys(path: str) -> list[int]:
    """Return the keys of a file and of the folders around it."""
    parts = path.split("/")
    return [crc32("/".join(parts[:end]).encode()) for end in range(1, len(parts) + 1)]


def _places(catalog: Catalog) -> Entries:
    found = [(key, rows) for path, rows in catalog.rows_of_path.items() for key in _keys(path)]
    keys = np.repeat(np.array([key for key, _ in found], np.uint32), [len(rows) for _, rows in found])
    rows = np.concatenate([rows for _, rows in found]) if found else np.zeros(0, np.int64)
    distinct = np.unique(keys.astype(np.uint64) << np.uint64(32) | rows.astype(np.uint64))
    return (distinct >> np.uint64(32)).astype(np.uint32), (distinct & np.uint64(0xFFFFFFFF)).astype(np.int64)


def _weights(keys: np.ndarray, rows: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the entries with the weight of each: log of how rare its key is."""
    _, number, times = np.unique(keys, return_inverse=True, return_counts=True)
    return keys, rows.astype(np.int64), (np.log1p(size) - np.log(times))[number]


def _alone(keys: np.ndarray, known: tuple[np.ndarray, np.ndarray, np.ndarray]) -> np.ndarray:
    """Return the projection of the keys of a question that some memory has, (1, WIDTH)."""
    first = np.searchsorted(known[0], keys)
    held = first < len(known[0])
    held[held] = known[0][first[held]] == keys[held]
    return projected(keys[held], np.zeros(int(held.sum()), np.int64), known[2][first[held]], 1)
