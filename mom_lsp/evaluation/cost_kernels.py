"""Attention and episodic memory, as small as they can be written: to count and time what lm/costs.py predicts.

The neural memory of the cost model is cues/neural_memory.py.

They compute in float32 and have no trained weights. Seed cmr_conversation; math.md section 5.
"""

from __future__ import annotations

import numpy as np

from mom_lsp.cues.arrays import softmax


class AttentionBlock:
    """Self-attention of one block with its cache of keys and values. Computes the whole rectangle, then masks it."""

    def __init__(self, d: int, heads: int, seed: int = 0) -> None:
        random = np.random.default_rng(seed)
        self.heads, self.width = heads, d // heads
        self.w = (random.standard_normal((4, d, d)) / np.sqrt(d)).astype(np.float32)  # Q, K, V, output
        self.keys = self.values = np.zeros((heads, 0, self.width), np.float32)

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Return the output for more tokens, (t, d) to (t, d), and keep their keys and values."""
        tokens, before = len(x), self.keys.shape[1]
        q, k, v = (self._split(x @ self.w[at]) for at in range(3))  # (H, t, d / H)
        self.keys, self.values = np.concatenate([self.keys, k], 1), np.concatenate([self.values, v], 1)
        later = np.arange(before + tokens) > before + np.arange(tokens)[:, None]
        scores = q @ self.keys.transpose(0, 2, 1) * np.float32(self.width**-0.5)
        np.copyto(scores, -np.inf, where=later)
        mixed = softmax(scores) @ self.values  # (H, t, d / H)
        return np.asarray(mixed.transpose(1, 0, 2).reshape(tokens, -1) @ self.w[3])

    @property
    def nbytes(self) -> int:
        """Bytes of keys and values."""
        return self.keys.nbytes + self.values.nbytes

    def _split(self, x: np.ndarray) -> np.ndarray:
        return x.reshape(len(x), self.heads, self.width).transpose(1, 0, 2)


class EpisodicMemory:
    """M key-value pairs in a ring, for each of H heads; a read weighs the values by the softmax of the keys."""

    def __init__(self, d: int, slots: int, heads: int = 1, seed: int = 0) -> None:
        random, width = np.random.default_rng(seed), d // heads
        self.to_key, self.to_value = (
            (random.standard_normal((heads, d, width)) / np.sqrt(d)).astype(np.float32) for _ in range(2)
        )
        self.keys, self.values = (random.standard_normal((heads, slots, width)).astype(np.float32) for _ in range(2))
        self.next = 0

    def read(self, query: np.ndarray) -> np.ndarray:
        """Return what is remembered for a query, (d,) to (d,)."""
        scores = (self.keys @ (query @ self.to_key)[:, :, None])[:, :, 0]  # (H, M)
        weights = softmax(scores * np.float32(self.keys.shape[2] ** -0.5))
        mixed = weights[:, None] @ self.values  # (H, 1, d / H)
        return np.asarray((mixed @ self.to_value.transpose(0, 2, 1)).sum(0)[0])

    def write(self, item: np.ndarray) -> None:
        """Store an episode, (d,), in place of the oldest."""
        self.keys[:, self.next], self.values[:, self.next] = item @ self.to_key, item @ self.to_value
        self.next = (self.next + 1) % self.keys.shape[1]

    @property
    def nbytes(self) -> int:
        """Bytes of keys and values."""
        return self.keys.nbytes + self.values.nbytes
