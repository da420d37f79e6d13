"""Recency as a term of the score: added, never multiplied, so that age hides nothing."""

from __future__ import annotations

import numpy as np

DAY = 86_400.0  # seconds


def recency(times: np.ndarray, now: float, half_life: float) -> np.ndarray:
    """Return exp(-lambda dt) in [0, 1] (seed mixture_of_memories, R_temp).

    Args:
        times: (n,) seconds since 1970; what lies in the future counts as now.
        now: seconds since 1970.
        half_life: days until the term halves.
    """
    age = np.maximum(now - times.astype(np.float64), 0.0) / DAY
    return np.asarray(np.exp2(-age / half_life))


def usage(uses: np.ndarray, most: int) -> np.ndarray:
    """Return log(1 + n) / log(1 + n_max) in [0, 1], 0 when nothing was used (seed mixture_of_memories, R_use).

    The seed's log(1 + n) has no bound: a much-used memory would outweigh everything else.
    """
    if most <= 0:
        return np.zeros(len(uses))
    return np.asarray(np.log1p(np.minimum(uses, most)) / np.log1p(most))
