"""The terms of the score besides place, each in [0, 1] (math.md, section 1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

BM25_SCALE = 20.0  # a BM25 score of this much is worth 1 - 1/e


def similarity(query: np.ndarray | None, vectors: np.ndarray, slots: np.ndarray) -> np.ndarray:
    """Return the cosine with the query, cut at 0 (seed mixture_of_memories, R_sem).

    Args:
        query: (d,) of unit length, None where there is no encoder.
        vectors: (v, d), rows of unit length.
        slots: (n,) the vector of each candidate, -1 for none yet.
    """
    scores = np.zeros(len(slots))
    known = slots >= 0
    if query is not None and known.any():
        scores[known] = np.maximum(vectors[slots[known]] @ query, 0.0)
    return scores


def lexical(rows: Sequence[int], matches: Mapping[int, float]) -> np.ndarray:
    """Return 1 - exp(-BM25 / scale): bounded, and 0 where no word matches."""
    found = np.array([matches.get(row, 0.0) for row in rows], np.float64)
    return 1.0 - np.exp(-found / BM25_SCALE)
