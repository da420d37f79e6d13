"""The score is the sum of its terms; the best k of the relevant enough candidates are chosen."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from mom_lsp.memory import TERMS


def total(parts: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return the sum of the terms, (n,)."""
    return np.asarray(np.sum([parts[term] for term in TERMS], axis=0))


def top(scores: np.ndarray, k: int, *, shown: np.ndarray | None = None, first: np.ndarray | None = None) -> list[int]:
    """Return the indexes of the k best scores, best first.

    Ties go to the lower index, so the result is deterministic.

    Args:
        scores: (n,)
        k: how many at most.
        shown: (n,) which of them may be chosen, None for all.
        first: (n,) how far each is ahead of the others, whatever its score; None for 0.
    """
    ahead = np.zeros(len(scores), np.int64) if first is None else first.astype(np.int64)
    order = np.lexsort((np.arange(len(scores)), -scores, -ahead))
    return [int(at) for at in order if shown is None or shown[at]][:k]
