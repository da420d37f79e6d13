"""The lexical term of the score, in [0, 1] (seed mixture_of_memories, relevance function)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

BM25_SCALE = 20.0  # a BM25 score of this much is worth 1 - 1/e


def lexical(rows: Sequence[int], matches: Mapping[int, float]) -> np.ndarray:
    """Return 1 - exp(-BM25 / scale): bounded, and 0 where no word matches."""
    found = np.array([matches.get(row, 0.0) for row in rows], np.float64)
    return 1.0 - np.exp(-found / BM25_SCALE)
