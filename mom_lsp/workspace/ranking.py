"""From a question to the best memories: candidates, terms, score, threshold. The one path of all answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mom_lsp.memory import TERMS, Scored, Usage
from mom_lsp.route.catalog import View
from mom_lsp.route.place import Place, Spot, place
from mom_lsp.route.reason import reason
from mom_lsp.route.score import Weights, shares, top
from mom_lsp.route.terms import lexical, similarity
from mom_lsp.tiers.decay import recency, usage
from mom_lsp.tiers.lifecycle import Life
from mom_lsp.workspace.library import Library, Snapshot
from mom_lsp.workspace.query import Query

BY_PLACE, BY_WORDS, BY_MEANING = 300, 100, 100  # candidates taken from each signal


@dataclass(frozen=True, slots=True)
class Ranked:
    """A row of the catalog that was chosen."""

    row: int
    score: float
    terms: dict[str, float]
    reason: str
    lines: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Ranker:
    """Ranks the memories of one view."""

    library: Library
    snapshot: Snapshot
    view: View
    weights: Weights
    half_life: float  # days
    now: float  # seconds since 1970

    def rank(
        self,
        query: Query,
        k: int,
        *,
        threshold: float,
        meaning: np.ndarray | None = None,
        only: np.ndarray | None = None,
    ) -> list[Ranked]:
        """Return the best k memories that reach the threshold, best first.

        Args:
            query: the question.
            k: how many at most.
            threshold: the least score.
            meaning: the vector (d,) of the question, None where there is no encoder.
            only: (n,) a mask of the rows that may be chosen.
        """
        matches = self._matches(query.words)
        where = place(self.view, query.spot) if query.spot else None
        allowed = self._allowed(query.spot) if only is None else self._allowed(query.spot) & only
        rows = self._candidates(where, matches, meaning, allowed)
        if not len(rows):
            return []
        terms = self._terms(rows, where, matches, meaning)
        contributions = shares(terms, self.weights)
        scores = sum(contributions[term] for term in TERMS)
        assert isinstance(scores, np.ndarray)
        searched = matches if query.spot is None else {}  # explicit search shows whatever has a word in common
        always = [at for at, row in enumerate(rows.tolist()) if row in searched or self._is_pinned_here(row, where)]
        chosen = top(scores, k, threshold=threshold, always=always)
        return [
            self._ranked(
                int(rows[at]), float(scores[at]), {t: float(contributions[t][at]) for t in TERMS}, where, query
            )
            for at in chosen
        ]

    def _matches(self, words: str) -> dict[int, float]:
        row_of = self.view.catalog.row_of
        found = self.library.matches(words, BY_WORDS * 2).items()
        return {row_of[memory]: score for memory, score in found if memory in row_of}

    def _candidates(
        self, where: Place | None, matches: dict[int, float], meaning: np.ndarray | None, allowed: np.ndarray
    ) -> np.ndarray:
        """Return the rows worth scoring: the best of each signal."""
        found = [_best(np.array(list(matches), np.int64), np.array(list(matches.values())), BY_WORDS)]
        if where is not None:
            strength = where.strength()
            near = np.flatnonzero(strength)
            found.append(_best(near, strength[near], BY_PLACE))
        if meaning is not None:
            known = np.flatnonzero((self.snapshot.slots >= 0) & allowed)
            alike = similarity(meaning, self.snapshot.vectors, self.snapshot.slots[known])
            found.append(_best(known, alike, BY_MEANING))
        rows = np.unique(np.concatenate(found)).astype(np.int64)
        return np.asarray(rows[allowed[rows]])

    def _allowed(self, spot: Spot | None) -> np.ndarray:
        """Return which rows may be suggested: true here, not forgotten, not dismissed at this place."""
        allowed = self.view.suggestible.copy()
        for memory, state in self.snapshot.life.usage.items():
            row = self.view.catalog.row_of.get(memory)
            if row is not None and (state.forgotten or _dismissed(state, spot)):
                allowed[row] = False
        return np.asarray(allowed)

    def _terms(
        self, rows: np.ndarray, where: Place | None, matches: dict[int, float], meaning: np.ndarray | None
    ) -> dict[str, np.ndarray]:
        life: Life = self.snapshot.life
        uses = np.array([life.of(self.view.catalog.ids[row]).uses for row in rows.tolist()], np.float64)
        return {
            "sem": similarity(meaning, self.snapshot.vectors, self.snapshot.slots[rows]),
            "lex": lexical(rows.tolist(), matches),
            "temp": recency(self.view.catalog.time[rows], self.now, self.half_life),
            "use": usage(uses, life.most_used()),
            "place": where.strength()[rows] if where is not None else np.zeros(len(rows)),
        }

    def _is_pinned_here(self, row: int, where: Place | None) -> bool:
        pinned = self.snapshot.life.of(self.view.catalog.ids[row]).pinned
        return pinned and where is not None and bool(where.strength()[row])

    def _ranked(self, row: int, score: float, terms: dict[str, float], where: Place | None, query: Query) -> Ranked:
        state = self.snapshot.life.of(self.view.catalog.ids[row])
        again = "it was reverted later" if row in self.view.replaced_by else ""
        symbol = query.spot.symbol if query.spot else ""
        words = reason(where, row, terms, state, symbol=symbol, again=again)
        return Ranked(row, score, terms, words, tuple(where.lines.get(row, ())) if where else ())


def scored(ranker: Ranker, chosen: Sequence[Ranked]) -> list[Scored]:
    """Return chosen rows with their text."""
    view, life = ranker.view, ranker.snapshot.life
    memories = ranker.library.get([view.catalog.ids[ranked.row] for ranked in chosen])
    result = []
    for ranked in chosen:
        memory = memories.get(view.catalog.ids[ranked.row])
        if memory is None:  # forgotten by another process a moment ago
            continue
        replacement = view.replaced_by.get(ranked.row)
        result.append(
            Scored(
                memory=memory,
                score=ranked.score,
                terms=ranked.terms,
                reason=ranked.reason,
                usage=life.of(memory.id),
                status="replaced" if replacement is not None else "candidate",
                surprise=int(view.surprise[ranked.row]),
                lines=ranked.lines,
                replacement=view.catalog.ids[replacement] if replacement is not None else None,
            )
        )
    return result


def _best(rows: np.ndarray, scores: np.ndarray, count: int) -> np.ndarray:
    if len(rows) <= count:
        return rows
    return rows[np.argpartition(-scores, count)[:count]]


def _dismissed(state: Usage, spot: Spot | None) -> bool:
    return spot is not None and (spot.path, spot.symbol) in state.dismissed
