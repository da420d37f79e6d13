"""The memories worth scoring for one question, and all that is known about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from mom_lsp.memory import Memory, Usage
from mom_lsp.route.features import CodeOverlap, code_overlap
from mom_lsp.route.gate import ALL
from mom_lsp.route.place_term import PlaceEvidence, Spot, place, place_of_writers
from mom_lsp.route.text_index import NOWHERE
from mom_lsp.route.view import View
from mom_lsp.workspace.library.library import Snapshot
from mom_lsp.workspace.ranking.pins_and_notes import own_memories
from mom_lsp.workspace.ranking.query import Query

BY_PLACE, BY_WORDS, BY_MEANING, BY_TRACE = 300, 100, 100, 60  # candidates taken from each signal
MANY = 20_000  # vectors; fewer are compared in less than a millisecond, so all domains are opened
NEWEST = 30  # commits that are always considered while something is edited


class TextReader(Protocol):
    """The part of a look that a ranker reads."""

    def matches(self, query: str, limit: int) -> dict[str, float]:
        """Return the BM25 scores of the best full-text matches by id."""
        ...

    def get(self, ids: Sequence[str]) -> dict[str, Memory]:
        """Return memories by id."""
        ...


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that is known about the candidates of one question."""

    rows: np.ndarray  # (m,)
    place: PlaceEvidence | None
    overlap: CodeOverlap | None
    matches: Mapping[int, float]  # row -> BM25
    cosine: np.ndarray  # (m,) 0 for what has no vector
    own: frozenset[int] = frozenset()  # rows that are the user's own word about the place


@dataclass(frozen=True, slots=True)
class Candidates:
    """Finds the candidates of a question in one view."""

    texts: TextReader
    snapshot: Snapshot
    view: View
    share: float  # of the gate whose domains are searched by meaning

    def found(
        self, query: Query, meaning: np.ndarray | None, said: Mapping[int, Sequence[int]] | None = None
    ) -> Evidence:
        """Gather the candidates and what is known about them; `said` are the lines of pins and notes on them."""
        matches = self._matches(query.words)
        where = place(self.view, *query.spots) if query.spots else None
        overlap = code_overlap(self.view, query.spots) if query.spots else None
        own = own_memories(self.snapshot, self.view, where, query)
        if where is not None and said:
            own |= self._say(where, said)
        rows = self._rows(where, overlap, matches, meaning, self.allowed(query.spots), own)
        return Evidence(rows, where, overlap, matches, self.cosines(meaning, rows), frozenset(own))

    def written(
        self, path: str, lines: Mapping[int, Sequence[int]], said: Mapping[int, Sequence[int]], own: frozenset[int]
    ) -> Evidence:
        """Return the memories that may be hinted in a file; text and meaning are not looked at.

        Args:
            path: of the file.
            lines: that each row wrote.
            said: the lines of pins and notes on them.
            own: the rows that are the user's own word there.
        """
        spots = (Spot(path),)
        allowed = self.allowed(spots)
        rows = np.array([row for row in {**lines, **said} if allowed[row]], np.int64)
        where, overlap = place_of_writers(self.view, lines), code_overlap(self.view, spots)
        self._say(where, said)
        return Evidence(rows, where, overlap, {}, np.zeros(len(rows)), own)

    def _say(self, where: PlaceEvidence, said: Mapping[int, Sequence[int]]) -> set[int]:
        """Note at which lines something was pinned or noted; return the rows."""
        where.pinned |= {row for row in said if row not in where.lines and not self.view.catalog.is_note[row]}
        where.lines.update({row: list(lines) for row, lines in said.items()})
        return set(said)

    def allowed(self, spots: Sequence[Spot]) -> np.ndarray:
        """Return which rows may be suggested: true here, not forgotten; at a place neither dismissed nor archived."""
        allowed = self.view.suggestible.copy()
        for memory, state in self.snapshot.life.barred.items():
            row = self.view.catalog.row_of.get(memory)
            if row is not None and (
                state.forgotten or (spots and state.never) or any(_dismissed(state, spot) for spot in spots)
            ):
                allowed[row] = False
        return np.asarray(allowed)

    def cosines(self, meaning: np.ndarray | None, rows: np.ndarray) -> np.ndarray:
        """Return the similarity of some rows with a vector (d,), (m,); 0 where it cannot be told."""
        if meaning is None or not self._comparable(meaning):
            return np.zeros(len(rows))
        return self.snapshot.vectors.cosines_of(meaning, self.snapshot.slots[rows])

    def _matches(self, words: str) -> dict[int, float]:
        found = self.texts.matches(words, BY_WORDS * 2)
        rows = self.view.catalog.row_of.many(found).tolist()
        return {row: score for row, score in zip(rows, found.values(), strict=True) if row != NOWHERE}

    def _rows(
        self,
        where: PlaceEvidence | None,
        overlap: CodeOverlap | None,
        matches: Mapping[int, float],
        meaning: np.ndarray | None,
        allowed: np.ndarray,
        own: set[int],
    ) -> np.ndarray:
        """Return the rows worth scoring: the best of each signal."""
        found = [_best(np.array(list(matches), np.int64), np.array(list(matches.values())), BY_WORDS)]
        if where is not None:
            found += [_best_of(where.strength(), BY_PLACE), np.array(sorted(own), np.int64)]
        if overlap is not None:
            found += [_best_of(overlap.path_newest, BY_PLACE), _best_of(overlap.paths, BY_PLACE)]
            found += [
                _best_of(part, BY_TRACE) for part in (overlap.added, overlap.removed, overlap.names, overlap.symbol)
            ]
            newest = self.view.newest[:NEWEST]
            found.append(newest[self.view.distance[newest] < NEWEST])
        if meaning is not None and self._comparable(meaning):
            vectors = self.snapshot.vectors
            opened = self.snapshot.domains.opened(meaning, self.share if len(vectors) >= MANY else ALL)
            found.append(vectors.nearest(meaning, allowed, BY_MEANING, opened))
        rows = np.unique(np.concatenate(found)).astype(np.int64)
        return np.asarray(rows[allowed[rows]])

    def _comparable(self, meaning: np.ndarray) -> bool:
        """Whether there are vectors of the same encoder: it may have come, or changed, after the snapshot was taken."""
        return self.snapshot.vectors.width == len(meaning)


def _best_of(values: np.ndarray, count: int) -> np.ndarray:
    """Return the rows with the largest values above 0; (n,) in."""
    rows = np.flatnonzero(values > 0)
    return _best(rows, values[rows], count)


def _best(rows: np.ndarray, scores: np.ndarray, count: int) -> np.ndarray:
    if len(rows) <= count:
        return rows
    return rows[np.argpartition(-scores, count)[:count]]


def _dismissed(state: Usage, spot: Spot) -> bool:
    return not state.dismissed.isdisjoint({(spot.path, spot.symbol), (spot.path, "")})
