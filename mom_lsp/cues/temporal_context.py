"""Context maintenance and retrieval (CMR): a context that drifts with what is experienced, and cues recall.

Seed cmr_conversation; math.md section 5. Shapes: H heads, each of w = d / H; N pairs of the ring.
Source of the model: S. Polyn, K. Norman, M. Kahana, A context maintenance and retrieval model of organizational
processes in free recall, 2009.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np

from mom_lsp.cues.arrays import isometry, unit
from mom_lsp.cues.cue import Event

Arrangement = Literal["series", "parallel"]


@dataclass(frozen=True, slots=True)
class ContextOptions:
    """The parameters of CMR."""

    drift: float = 0.5  # beta: the share of a new item in the context, in [0, 1]
    learned_in: float = 0.5  # gamma^FC: the share of what was learned in the context of an item, in [0, 1]
    learned_out: float = 0.7  # gamma^CF: the same for the items of a context
    similarity: float = 1.0  # s: the scale of semantic similarity
    slots: int = 512  # N: episodes that are kept, the newest
    strongest: int = 0  # of these, how many count in a recall; 0 for all
    heads: int = 1
    arrangement: Arrangement = "series"


class Episodes:
    """Pairs of vectors in a ring: the sum of their outer products, M = sum of v k^T, without the matrix."""

    def __init__(self, slots: int, width: int, strongest: int = 0) -> None:
        """Make room for pairs of vectors of a width; a recall counts the strongest pairs, 0 for all."""
        self.items, self.contexts = (np.zeros((slots, width), np.float32) for _ in range(2))
        self.written, self.strongest = 0, strongest

    def add(self, item: np.ndarray, context: np.ndarray) -> None:
        """Learn an item in a context, (w,) each, in place of the oldest pair: one Hebbian update."""
        at = self.written % len(self.items)
        self.items[at], self.contexts[at] = item, context
        self.written += 1

    def items_of(self, context: np.ndarray) -> np.ndarray:
        """Return M_exp^CF c, (w,) to (w,)."""
        return self._recalled(self.contexts, self.items, context)

    def contexts_of(self, item: np.ndarray) -> np.ndarray:
        """Return M_exp^FC f, (w,) to (w,)."""
        return self._recalled(self.items, self.contexts, item)

    def _recalled(self, keys: np.ndarray, values: np.ndarray, key: np.ndarray) -> np.ndarray:
        known = min(self.written, len(keys))
        match = keys[:known] @ key
        if 0 < self.strongest < known:
            best = np.argpartition(-match, self.strongest)[: self.strongest]
            return np.asarray(match[best] @ values[best])
        return np.asarray(match @ values[:known])


def drifted(context: np.ndarray, towards: np.ndarray, beta: float) -> np.ndarray:
    """Return rho c + beta c^IN with the rho that keeps its length 1, (w,) each of length 1.

    rho = sqrt(1 + beta^2 ((c . c^IN)^2 - 1)) - beta (c . c^IN). A zero context becomes c^IN.
    """
    if not context.any() or not towards.any():
        return towards if towards.any() else context
    dot = float(np.clip(context @ towards, -1.0, 1.0))
    rho = float(np.sqrt(max(0.0, 1.0 + beta**2 * (dot**2 - 1.0)))) - beta * dot
    return unit(rho * context + beta * towards)  # the sum has length 1 but for rounding, which would add up


class TemporalContext:
    """A drifting context in one or more heads. Nothing is trained: the heads are fixed seeded isometries."""

    def __init__(self, width: int, options: ContextOptions | None = None, seed: int = 0) -> None:
        """Make an empty context for items of a width, a multiple of the heads."""
        self.options = options or ContextOptions()
        heads, head_width = self.options.heads, width // self.options.heads
        self._heads = _projections(width, heads, seed)
        self.context = np.zeros((heads, head_width), np.float32)
        self.episodes = [Episodes(self.options.slots, head_width, self.options.strongest) for _ in range(heads)]

    def observe(self, event: Event) -> None:
        """Let the context drift to the situation, and learn the memory in it."""
        self.experience(event.situation)
        for episodes, item, context in zip(self.episodes, self._in_heads(event.memory), self.context, strict=True):
            episodes.add(item, context)

    def experience(self, item: np.ndarray, drift: float | None = None) -> None:
        """Let the context drift to that of an item, (d,), by a share other than the usual if given."""
        self.context = self._towards(self._in_heads(item), self.options.drift if drift is None else drift)

    def read(self, query: np.ndarray, candidates: np.ndarray) -> np.ndarray:
        """Return the cosine of each candidate with what a query's context recalls, (d,) and (m, d) to (m,).

        In series the query moves the context, which then recalls; in parallel both recall, and the mean counts.
        """
        if not self.episodes[0].written:
            return np.zeros(len(candidates), np.float32)
        asked = self._in_heads(query)
        if self.options.arrangement == "series":
            return np.asarray(candidates @ unit(self.recall(self._towards(asked, self.options.drift))))
        own = np.stack([self._input(*pair) for pair in zip(self.episodes, asked, strict=True)])
        return np.asarray(candidates @ (unit(self.recall(self.context)) + unit(self.recall(own))) / 2)

    def activation(self, candidates: np.ndarray) -> np.ndarray:
        """Return the activation of candidates f in the present context, (m, d) to (m,).

        (1 - gamma) s cos(c, f) + gamma sum of (c_i . c)(f_i . f), the mean of the heads.
        """
        return np.asarray(candidates @ self.recall(self.context))

    def recall(self, context: np.ndarray) -> np.ndarray:
        """Return f^IN = M^CF c, (H, w) to (d,); M_pre^CF is the graded similarity of items and contexts."""
        share, options = self.options.learned_out, self.options
        read = [
            (1.0 - share) * options.similarity * one + share * episodes.items_of(one)
            for episodes, one in zip(self.episodes, context, strict=True)
        ]
        return np.asarray(np.einsum("hwd,hw->d", self._heads, np.stack(read)) / options.heads)

    def _in_heads(self, item: np.ndarray) -> np.ndarray:
        return unit(np.asarray(self._heads @ item))  # (H, w)

    def _towards(self, items: np.ndarray, beta: float) -> np.ndarray:
        moved = zip(self.context, self.episodes, items, strict=True)
        return np.stack([drifted(context, self._input(episodes, item), beta) for context, episodes, item in moved])

    def _input(self, episodes: Episodes, item: np.ndarray) -> np.ndarray:
        """Return c^IN = M^FC f, of length 1, where M_pre^FC is the identity: an item's own context is itself."""
        share = self.options.learned_in
        return unit((1.0 - share) * item + share * episodes.contexts_of(item))


@lru_cache(maxsize=4)  # factorising a matrix takes longer than a hundred events
def _projections(width: int, heads: int, seed: int) -> np.ndarray:
    """Return the projection of each head, (H, w, d); a single one sees items as they are."""
    if heads == 1:
        return np.eye(width, dtype=np.float32)[None]
    return isometry(width, width, np.random.default_rng(seed)).reshape(heads, width // heads, width)
