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
        numbers, rows, count = self._entries(keys)
        counted = allowed[rows]
        numbers, rows = numbers[counted], rows[counted]
        times = np.bincount(numbers, minlength=count)
        weights = np.log1p(max(1, int(np.count_nonzero(allowed)))) - np.log(np.maximum(1, times))
        weights[times > COMMON] = 0.0
        weights /= weights.sum() or 1.0
        return np.bincount(rows, weights[numbers], minlength=len(allowed))

    def rarest(self, keys: Iterable[int], allowed: np.ndarray) -> np.ndarray:
        """Return for each row the position in `keys` of the rarest one that it holds, (n,); -1 for none.

        Args:
            keys: of what is in view.
            allowed: (n,) the rows that count; a key is as rare as it is among them.
        """
        numbers, rows, count = self._entries(keys)
        times = np.bincount(numbers[allowed[rows]], minlength=count)[numbers]
        order = np.lexsort((-numbers, -times))  # the rarest last, and of equals the first, since the last one stays
        order = order[times[order] <= COMMON]
        found = np.full(len(allowed), -1)
        found[rows[order]] = numbers[order]
        return found

    def held(self, keys: Iterable[int], size: int) -> np.ndarray:
        """Return how much of what each row holds is among these keys, (size,) in [0, 1); 0 for nearly nothing."""
        _, rows, _ = self._entries(keys)
        found = np.bincount(rows, minlength=size).astype(np.float64)
        rows = np.flatnonzero(found)
        found[rows] /= self._counts(size)[rows] + FEW
        return found

    def _entries(self, keys: Iterable[int]) -> tuple[np.ndarray, np.ndarray, int]:
        """Return which key, by its number, and which row each entry of some keys has; and how many keys there are."""
        wanted = np.array(list(keys), np.uint32)
        firsts = np.searchsorted(self._keys, wanted, side="left")
        counts = np.searchsorted(self._keys, wanted, side="right") - firsts
        numbers = np.repeat(np.arange(len(wanted)), counts)
        at = np.arange(len(numbers)) + np.repeat(firsts - (np.cumsum(counts) - counts), counts)
        return numbers, self._rows[at], len(wanted)

    def _counts(self, size: int) -> np.ndarray:
        """Return how many keys each row holds, (size,)."""
        if self._held is None:
            self._held = np.bincount(self._rows, minlength=size)
        return self._held


def sorted_postings(keys: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the key and the row of each entry, (e,) both, in the order of keys and rows, each entry once."""
    entries = np.unique(keys.astype(np.uint64) << np.uint64(32) | rows.astype(np.uint64))
    return (entries >> np.uint64(32)).astype(np.uint32), entries.astype(np.uint32).astype(np.int32)


def name_keys(names: Iterable[str]) -> list[int]:
    """Return the keys of identifiers."""
    return [zlib.crc32(name.encode("utf-8", "replace")) for name in names]
