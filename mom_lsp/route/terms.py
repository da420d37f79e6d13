"""The terms of the score besides place, each in [0, 1] (seed mixture_of_memories, relevance function)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

UNLIKE = 1e-6  # the cosine of what has nothing in common
BM25_SCALE = 20.0  # a BM25 score of this much is worth 1 - 1/e


def similarity(query: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """Return the cosine of each vector with the query, cut just above 0, which says that there is no vector.

    Seed mixture_of_memories, R_sem.

    Args:
        query: (d,) of unit length.
        vectors: (v, d), rows of unit length.
    """
    return np.asarray(np.maximum(vectors @ query, UNLIKE))


def by_slot(values: np.ndarray | None, slots: np.ndarray) -> np.ndarray:
    """Return the value of each slot, (n,); 0 where there is none yet (-1)."""
    if values is None or not len(values):
        return np.zeros(len(slots))
    return np.where(slots >= 0, values[slots], 0.0)


def lexical(rows: Sequence[int], matches: Mapping[int, float]) -> np.ndarray:
    """Return 1 - exp(-BM25 / scale): bounded, and 0 where no word matches."""
    found = np.array([matches.get(row, 0.0) for row in rows], np.float64)
    return 1.0 - np.exp(-found / BM25_SCALE)
