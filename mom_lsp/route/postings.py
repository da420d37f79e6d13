"""Rows by key, as a sorted array: eight bytes per entry."""

from __future__ import annotations

import zlib
from collections.abc import Iterable

import numpy as np

FEW = 2  # keys; a full match of a row with so few keys is weak evidence
COMMON = 400  # rows; a key of more rows is no evidence


class Postings:
    """Rows by 32-bit key."""

    def __init__(self, keys: np.ndarray, rows: np.ndarray) -> None:
        """Take the result of `sorted_postings`."""
        self._keys, self._rows = keys, rows
        self._held: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self._keys)

    def all(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the key and the row of every entry, (e,) each, sorted by key."""
        return self._keys, self._rows

    def rows(self, keys: Iterable[int]) -> list[np.ndarray]:
        """Return the rows of each key."""
        wanted = np.array(list(keys), np.uint32)
        firsts = np.searchsorted(self._keys, wanted, side="left")
        ends = np.searchsorted(self._keys, wanted, side="right")
        return [self._rows[first:end] for first, end in zip(firsts.tolist(), ends.tolist(), strict=True)]

    def overlap(self, keys: Iterable[int], allowed: np.ndarray) -> np.ndarray:
        """Return the share of these keys that each row has, (n,) in [0, 1]; rare keys count more.

        Args:
            keys: of the text in view.
            allowed: (n,) the rows that count, also for the rarity of a key.
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
        """Return the position in `keys` of the rarest key of each row, (n,); -1 for none.

        Args:
            keys: of the text in view.
            allowed: (n,) the rows that count, also for the rarity of a key.
        """
        numbers, rows, count = self._entries(keys)
        times = np.bincount(numbers[allowed[rows]], minlength=count)[numbers]
        order = np.lexsort((-numbers, -times))  # the rarest last, and of equals the first, since the last one stays
        order = order[times[order] <= COMMON]
        found = np.full(len(allowed), -1)
        found[rows[order]] = numbers[order]
        return found

    def held(self, keys: Iterable[int], size: int) -> np.ndarray:
        """Return the share of each row's keys that are among these keys, (size,) in [0, 1); reduced for few keys."""
        _, rows, _ = self._entries(keys)
        found = np.bincount(rows, minlength=size).astype(np.float64)
        rows = np.flatnonzero(found)
        found[rows] /= self.counts(size)[rows] + FEW
        return found

    def _entries(self, keys: Iterable[int]) -> tuple[np.ndarray, np.ndarray, int]:
        """Return the number of the key and the row of each entry of some keys, and the number of keys."""
        wanted = np.array(list(keys), np.uint32)
        firsts = np.searchsorted(self._keys, wanted, side="left")
        counts = np.searchsorted(self._keys, wanted, side="right") - firsts
        numbers = np.repeat(np.arange(len(wanted)), counts)
        at = np.arange(len(numbers)) + np.repeat(firsts - (np.cumsum(counts) - counts), counts)
        return numbers, self._rows[at], len(wanted)

    def counts(self, size: int) -> np.ndarray:
        """Return how many keys each row has, (size,)."""
        if self._held is None:
            self._held = np.bincount(self._rows, minlength=size)
        return self._held


def sorted_postings(keys: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the key and the row of each distinct entry, (e,) both, sorted by key and row."""
    entries = np.sort(keys.astype(np.uint64) << np.uint64(32) | rows.astype(np.uint64))
    entries = entries[np.diff(entries, prepend=~entries[:1]) != 0]  # np.unique takes twenty times as long
    return (entries >> np.uint64(32)).astype(np.uint32), entries.astype(np.uint32).astype(np.int32)


def name_keys(names: Iterable[str]) -> list[int]:
    """Return the keys of identifiers."""
    return [zlib.crc32(name.encode("utf-8", "replace")) for name in names]
