"""Rankers of a few memories with synthetic vectors, and their answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from catalogs import make_memory, make_view, sha

from mom_lsp.memory import Anchor, Memory
from mom_lsp.route.linear_model import LinearModel
from mom_lsp.route.place_term import Spot
from mom_lsp.route.vectors import Vectors
from mom_lsp.tiers.lifecycle import Life
from mom_lsp.workspace.library.library import Snapshot
from mom_lsp.workspace.library.strength import aged
from mom_lsp.workspace.ranking.query import Query
from mom_lsp.workspace.ranking.ranker import Ranked, Ranker

DIMENSIONS, NOW = 6, 1_000.0


class Matches:
    """A text index whose search returns the given scores."""

    def __init__(self, scores: Mapping[str, float]) -> None:
        self._scores = dict(scores)

    def matches(self, query: str, limit: int) -> dict[str, float]:
        """Return the scores, whatever the query."""
        return self._scores

    def frequency(self, words: Iterable[str]) -> dict[str, int]:
        """Return no counts: there is no text."""
        return {}

    def get(self, ids: Sequence[str]) -> dict[str, Memory]:
        """Return no text: ranking needs none."""
        return {}


def unit(rng: np.random.Generator, *shape: int) -> np.ndarray:
    vectors = rng.standard_normal((*shape, DIMENSIONS)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def make_ranker(model: LinearModel, vectors: np.ndarray, matches: Mapping[str, float] | None = None) -> Ranker:
    """Return a ranker of as many memories of one file as there are vectors."""
    anchors = (Anchor("a.py", ("f",)),)
    view = make_view(*(make_memory(n, anchors=anchors) for n in range(len(vectors))))
    snapshot = Snapshot(view.catalog, Vectors.of(vectors), np.arange(len(vectors)), Life())
    return Ranker(Matches(matches or {}), snapshot, view, model, aged(view, snapshot.life, NOW))


SPOT = Spot("a.py", "f", 1, 2, {1: sha(0), 2: sha(1)}, ("x = first_value", "y = second"), ("x = first_value",))


def ask(ranker: Ranker, meaning: np.ndarray, k: int = 5) -> list[Ranked]:
    return ranker.rank(Query("x", "x", (SPOT,)), k, threshold=0.0, meaning=meaning)
