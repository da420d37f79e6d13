"""The candidates of a question: the memories worth scoring, with the evidence for each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from mom_lsp.memory import Memory
from mom_lsp.route.features import CodeOverlap, code_overlap
from mom_lsp.route.field_match import field_matches, words_of
from mom_lsp.route.gate import ALL
from mom_lsp.route.place_term import PlaceEvidence, Spot, place, place_of_writers
from mom_lsp.route.text_index import NOWHERE
from mom_lsp.route.view import View
from mom_lsp.workspace.library.library import Snapshot
from mom_lsp.workspace.ranking.pins_and_notes import rows_of_pins_and_notes
from mom_lsp.workspace.ranking.query import Query

BY_PLACE, BY_WORDS, BY_MEANING, BY_TRACE = 300, 100, 100, 60  # candidates from each signal
MATCHES = 2 * BY_WORDS  # of a full-text search: some of them may not be suggested
MANY = 20_000  # vectors; fewer are compared in less than a millisecond, so all domains are searched
NEWEST = 30  # commits that are always candidates at the place of an edit


class TextReader(Protocol):
    """The part of a state that a ranker reads."""

    def matches(self, query: str, limit: int) -> dict[str, float]:
        """Return the BM25 scores of the best full-text matches by id."""
        ...

    def frequency(self, words: Iterable[str]) -> dict[str, int]:
        """Return how many memories have each word."""
        ...

    def get(self, ids: Sequence[str]) -> dict[str, Memory]:
        """Return memories by id."""
        ...


@dataclass(frozen=True, slots=True)
class Evidence:
    """The candidates of one question with their evidence."""

    rows: np.ndarray  # (m,)
    place: PlaceEvidence | None
    overlap: CodeOverlap | None
    matches: Mapping[int, float]  # row -> BM25, by field for a question without a place
    cosine: np.ndarray  # (m,) 0 without a vector
    user_rows: frozenset[int] = frozenset()  # rows of the user's pins and notes on the place


@dataclass(frozen=True, slots=True)
class Candidates:
    """Finds the candidates of a question in one view."""

    texts: TextReader
    snapshot: Snapshot
    view: View
    share: float  # of the gate's probability mass whose domains are searched by meaning
    proven: frozenset[int] = frozenset()  # rows that are candidates in any case
    scope: np.ndarray | None = None  # (n,) bool: the rows that may be found, None for all
    searching: bool = True  # whether a question without a place may find what is never suggested

    def found(
        self, query: Query, meaning: np.ndarray | None, user_lines: Mapping[int, Sequence[int]] | None = None
    ) -> Evidence:
        """Return the candidates of a question; `user_lines` are the lines of pins and notes, by row."""
        where = place(self.view, *query.spots) if query.spots else None
        overlap = code_overlap(self.view, query.spots) if query.spots else None
        matches = self._matches(query.words)  # after those: the search may be under way
        if not query.spots:
            matches = self._by_field(query.words, matches)
        user_rows = rows_of_pins_and_notes(self.snapshot, self.view, where, query)
        if where is not None and user_lines:
            user_rows |= self._add_user_lines(where, user_lines)
        rows = self._rows(where, overlap, matches, meaning, self.allowed(query.spots), user_rows)
        return Evidence(rows, where, overlap, matches, self.cosines(meaning, rows), frozenset(user_rows))

    def written(
        self,
        path: str,
        lines: Mapping[int, Sequence[int]],
        user_lines: Mapping[int, Sequence[int]],
        user_rows: frozenset[int],
    ) -> Evidence:
        """Return the memories that may be hinted in a file; text and meaning do not count.

        Args:
            path: of the file.
            lines: the lines that each row wrote.
            user_lines: the lines of pins and notes, by row.
            user_rows: the rows of the user's pins and notes there.
        """
        spots = (Spot(path),)
        allowed = self.allowed(spots)
        rows = np.array([row for row in {**lines, **user_lines} if allowed[row]], np.int64)
        where, overlap = place_of_writers(self.view, lines), code_overlap(self.view, spots)
        self._add_user_lines(where, user_lines)
        return Evidence(rows, where, overlap, {}, np.zeros(len(rows)), user_rows)

    def _add_user_lines(self, where: PlaceEvidence, user_lines: Mapping[int, Sequence[int]]) -> set[int]:
        """Add the lines of pins and notes to the evidence; return their rows."""
        where.pinned |= {row for row in user_lines if row not in where.lines and not self.view.catalog.is_note[row]}
        where.lines.update({row: list(lines) for row, lines in user_lines.items()})
        return set(user_lines)

    def allowed(self, spots: Sequence[Spot]) -> np.ndarray:
        """Return which rows may be suggested: valid on HEAD, in the scope, not forgotten, dismissed or archived."""
        allowed = self.searched.copy()
        allowed[list(self.suppressed(spots))] = False
        return np.asarray(allowed)

    @property
    def searched(self) -> np.ndarray:
        """(n,) bool: the suggestible rows in the scope."""
        return self.view.suggestible if self.scope is None else self.view.suggestible & self.scope

    def suppressed(self, spots: Sequence[Spot]) -> set[int]:
        """Return the rows that the user forgot, or does not want to see there."""
        life, row_of = self.snapshot.life, self.view.catalog.row_of
        if not life.suppressed:
            return set()
        places = [(self.view.names_of(spot.path), spot.symbol) for spot in spots]
        unwanted = {
            memory
            for memory, usage in life.suppressed.items()
            if (usage.never and (spots or not self.searching)) or any(usage.is_dismissed(*place) for place in places)
        }
        unwanted |= {memory for memory in life.merged if life.shown_for(memory) in unwanted}
        return {row for memory in unwanted | life.forgotten if (row := row_of.get(memory)) is not None}

    def cosines(self, meaning: np.ndarray | None, rows: np.ndarray) -> np.ndarray:
        """Return the similarity of some rows with a vector (d,), (m,); 0 without a vector."""
        if meaning is None or not self._comparable(meaning):
            return np.zeros(len(rows))
        return self.snapshot.vectors.cosines_of(meaning, self.snapshot.slots[rows])

    def _matches(self, words: str) -> dict[int, float]:
        found = self.texts.matches(words, MATCHES if self.scope is None else len(self.scope))
        rows = self.view.catalog.row_of.many(found).tolist()
        return {row: score for row, score in zip(rows, found.values(), strict=True) if row != NOWHERE}

    def _by_field(self, words: str, matches: Mapping[int, float]) -> dict[int, float]:
        """Return the best matches that may be suggested with their BM25F scores."""
        allowed, ids = self.searched, self.view.catalog.ids
        best = sorted((row for row in matches if allowed[row]), key=lambda row: -matches[row])[:BY_WORDS]
        found = self.texts.get([ids[row] for row in best])
        row_of = {ids[row]: row for row in best}
        frequency = self.texts.frequency(words_of(words).values())
        scores = field_matches(words, list(found.values()), frequency, int(self.view.catalog.suggestible.sum()))
        return {row_of[one]: score for one, score in zip(found, scores.tolist(), strict=True)}

    def _rows(
        self,
        where: PlaceEvidence | None,
        overlap: CodeOverlap | None,
        matches: Mapping[int, float],
        meaning: np.ndarray | None,
        allowed: np.ndarray,
        user_rows: set[int],
    ) -> np.ndarray:
        """Return the rows worth scoring: the best of each signal."""
        found = [_best(np.array(list(matches), np.int64), np.array(list(matches.values())), BY_WORDS)]
        found.append(np.array(sorted(self.proven), np.int64))
        if where is not None:
            found += [_best_of(where.strength(), BY_PLACE), np.array(sorted(user_rows), np.int64)]
            found.append(np.flatnonzero(where.earlier))
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
        """Whether there are vectors of the same encoder, which may have changed after the snapshot was taken."""
        return self.snapshot.vectors.width == len(meaning)


def _best_of(values: np.ndarray, count: int) -> np.ndarray:
    """Return the rows with the largest values above 0; (n,) in."""
    rows = np.flatnonzero(values > 0)
    return _best(rows, values[rows], count)


def _best(rows: np.ndarray, scores: np.ndarray, count: int) -> np.ndarray:
    if len(rows) <= count:
        return rows
    return rows[np.argpartition(-scores, count)[:count]]
