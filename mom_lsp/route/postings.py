"""Which rows hold a key: a sorted array instead of a dictionary of lists, eight bytes an entry."""

from __future__ import annotations

import zlib
from collections.abc import Iterable

import numpy as np

FEW = 2  # keys; a row that holds no more says little by being matched whole
COMMON = 400  # rows; a key that more of them hold tells nothing


class Postings:
    """Rows by 32-bit key."""

    def __init__(self, keys: np.ndarray, rows: np.ndarray) -> None:
        """Take what `sorted_postings` made."""
        self._keys, self._rows = keys, rows
        self._held: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self._keys)

    def rows(self, keys: Iterable[int]) -> list[np.ndarray]:
        """Return the rows that hold each key."""
        wanted = np.array(list(keys), np.uint32)
        firsts = np.searchsorted(self._keys, wanted, side="left")
        ends = np.searchsorted(self._keys, wanted, side="right")
        return [self._rows[first:end] for first, end in zip(firsts.tolist(), ends.tolist(), strict=True)]

    def overlap(self, keys: Iterable[int], allowed: np.ndarray) -> np.ndarray:
        """Return for each row the share of these keys that it holds, rare ones counting more; (n,) in [0, 1].

        Args:
            keys: of what is in view.
            allowed: (n,) the rows that count; a key is as rare as it is among them.
        """
        found, total, most = np.zeros(len(allowed)), 0.0, np.log1p(max(1, int(allowed.sum())))
        for rows in self.rows(keys):
            rows = np.unique(rows[allowed[rows]])
            weight = most - np.log(max(1, len(rows)))
            if len(rows) <= COMMON:
                total += weight
                found[rows] += weight
        return found / total if total else found

    def held(self, keys: Iterable[int], size: int) -> np.ndarray:
        """Return how much of what each row holds is among these keys, (size,) in [0, 1); 0 for nearly nothing."""
        found = np.zeros(size)
        for rows in self.rows(keys):
            found[np.unique(rows)] += 1
        return np.asarray(found / (self._counts(size) + FEW))

    def _counts(self, size: int) -> np.ndarray:
        """Return how many keys each row holds, (size,)."""
        if self._held is None:
            self._held = np.bincount(self._rows, minlength=size)
        return self._held


def sorted_postings(keys: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the key and the row of each entry, (e,) both, in the order of the keys; an entry may stand there twice."""
    order = np.argsort(keys)
    return keys[order].astype(np.uint32), rows[order].astype(np.int32)


def name_keys(names: Iterable[str]) -> list[int]:
    """Return the keys of identifiers."""
    return [zlib.crc32(name.encode("utf-8", "replace")) for name in names]
