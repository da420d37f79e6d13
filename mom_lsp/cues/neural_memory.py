"""A neural memory that learns while it is used: a linear map, updated by its surprise, with momentum and forgetting.

Seed cmr_conversation (Titans); math.md section 5.
"""

from __future__ import annotations

import numpy as np

from mom_lsp.cues.arrays import unit
from mom_lsp.cues.cue import Event


class NeuralMemory:
    """A linear map W from situations to memories: s <- eta s - theta (W k - v) k^T; W <- (1 - a) W + s.

    The norms stay bounded: |W| <= `most` (Frobenius), so |s| <= theta (most + 1) / (1 - eta) for pairs of length 1.
    Repeating a pair leads to W k = v theta / (theta + a (1 - eta)).
    """

    def __init__(
        self, d: int, *, eta: float = 0.9, theta: float = 0.1, forget: float = 0.01, most: float = np.inf
    ) -> None:
        """Make an empty memory of (d, d).

        Args:
            d: width of keys and values.
            eta: momentum: the share of the surprise that stays, in [0, 1).
            theta: step, above 0.
            forget: a: the share of W lost in each update, in [0, 1).
            most: the largest norm of W.
        """
        self.w, self.surprise = np.zeros((d, d), np.float32), np.zeros((d, d), np.float32)
        self.eta, self.theta, self.keep, self.most = np.float32(eta), np.float32(theta), np.float32(1 - forget), most
        self._at_most = self._surprise_at_most = 0.0  # bounds of both norms, which are cheaper than the norms

    def recall(self, query: np.ndarray) -> np.ndarray:
        """Return W q, (d,) to (d,)."""
        return np.asarray(self.w @ query)

    def update(self, key: np.ndarray, value: np.ndarray) -> None:
        """Store a pair, (d,) each."""
        error = self.theta * (self.w @ key - value)
        self.surprise = self.eta * self.surprise - error[:, None] @ key[None]
        self.w = self.keep * self.w + self.surprise
        if np.isfinite(self.most):
            self._bound(float(np.linalg.norm(error) * np.linalg.norm(key)))

    def observe(self, event: Event) -> None:
        """Learn what was needed in a situation."""
        self.update(event.situation, event.memory)

    def read(self, query: np.ndarray, candidates: np.ndarray) -> np.ndarray:
        """Return the cosine of each candidate with what is recalled, (d,) and (m, d) to (m,)."""
        return np.asarray(candidates @ unit(self.recall(query)))

    @property
    def nbytes(self) -> int:
        """Bytes of W and the surprise."""
        return self.w.nbytes + self.surprise.nbytes

    def _bound(self, change: float) -> None:
        """Scale W down to the largest norm, if it is longer."""
        self._surprise_at_most = float(self.eta) * self._surprise_at_most + change
        self._at_most = float(self.keep) * self._at_most + self._surprise_at_most
        if self._at_most <= self.most:
            return
        norm = float(np.linalg.norm(self.w))
        if norm > self.most:
            self.w = self.w * np.float32(self.most / norm)
        self._at_most = min(norm, self.most)
