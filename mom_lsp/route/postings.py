"""Which rows hold a key: a sorted array instead of a dictionary of lists, eight bytes an entry."""

from __future__ import annotations

import zlib
from collections.abc import Iterable

import numpy as np

COMMON = 400  # rows; a key that more of them hold tells nothing


class Postings:
    """Rows by 32-bit key."""

    def __init__(self, keys: np.ndarray, rows: np.ndarray) -> None:
        """Take the key and the row of each entry, (e,) both; an entry may stand there twice."""
        order = np.argsort(keys, kind="stable")
        self._keys, self._rows = keys[order].astype(np.uint32), rows[order].astype(np.int32)

    def __len__(self) -> int:
        return len(self._keys)

    def rows(self, key: int) -> np.ndarray:
        """Return the rows that hold a key."""
        first, end = np.searchsorted(self._keys, np.array([key, key + 1], np.uint64))
        return self._rows[first:end]

    def overlap(self, keys: Iterable[int], allowed: np.ndarray) -> np.ndarray:
        """Return for each row the share of these keys that it holds, rare ones counting more; (n,) in [0, 1].

        Args:
            keys: of what is in view.
            allowed: (n,) the rows that count; a key is as rare as it is among them.
        """
        found, total, most = np.zeros(len(allowed)), 0.0, np.log1p(max(1, int(allowed.sum())))
        for key in keys:
            rows = np.unique(self.rows(key))
            rows = rows[allowed[rows]]
            if not len(rows):
                total += most
            elif len(rows) <= COMMON:
                weight = most - np.log(len(rows))
                total += weight
                found[rows] += weight
        return found / total if total else found


def name_keys(names: Iterable[str]) -> list[int]:
    """Return the keys of identifiers."""
    return [zlib.crc32(name.encode("utf-8", "replace")) for name in names]
