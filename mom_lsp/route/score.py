"""score = alpha sem + epsilon lex + beta temp + gamma use + delta place, and the best k above the threshold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from mom_lsp.memory import TERMS


@dataclass(frozen=True, slots=True)
class Weights:
    """One factor a term (seed mixture_of_memories, relevance function).

    Where the user asks *why*, time says nothing and is left out: the seed's Theorem 2 holds only for work at hand.
    """

    sem: float = 0.15
    lex: float = 0.15
    temp: float = 0.1
    use: float = 0.05
    place: float = 0.55

    def normalised(self) -> Weights:
        """Return the same mix with a sum of 1, so that a score is in [0, 1]."""
        total = sum(getattr(self, term) for term in TERMS) or 1.0
        return Weights(*(getattr(self, term) / total for term in TERMS))


WHY = Weights(sem=0.5, lex=0.5, temp=0.0, use=0.0, place=0.0)


def shares(terms: Mapping[str, np.ndarray], weights: Weights) -> dict[str, np.ndarray]:
    """Return each term's contribution, (n,) each; their sum is the score."""
    mix = weights.normalised()
    return {term: getattr(mix, term) * terms[term] for term in TERMS}


def total(parts: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return the sum of the terms, (n,)."""
    return np.asarray(np.sum([parts[term] for term in TERMS], axis=0))


def top(
    scores: np.ndarray, k: int, *, threshold: float, always: np.ndarray | None = None, first: np.ndarray | None = None
) -> list[int]:
    """Return the indexes of the k best scores, best first, that reach the threshold or are to be shown always.

    Ties go to the lower index, so the result is the same every time. `always` and `first` are masks (n,): those that
    need not reach the threshold, and those that come before all others.
    """
    kept = scores >= threshold if always is None else (scores >= threshold) | always
    later = np.ones(len(scores), bool) if first is None else ~first
    order = np.lexsort((np.arange(len(scores)), -scores, later))
    return [int(at) for at in order if kept[at]][:k]
