"""The baselines of `mom eval`: blame, recency of the path, BM25, embeddings alone, and reciprocal-rank fusion."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from mom_lsp.route.catalog import Catalog
from mom_lsp.route.vectors import Vectors
from mom_lsp.route.view import View
from mom_lsp.tuning.cases import Case, QueryContext
from mom_lsp.tuning.situation import Situation
from mom_lsp.workspace import Library

DEPTH = 50  # ranks of each list that are fused
FUSION = 60  # reciprocal-rank fusion: 1 / (60 + rank)
K1, B = 1.2, 0.75  # of BM25
COMMON = 0.2  # share of the documents; a word that is in more of them is ignored
WORD = re.compile(r"[a-z]+|[0-9]+")


class Baselines:
    """Adds the ranking of each baseline to a case: an annotator."""

    def __init__(self, library: Library) -> None:
        self._vectors = library.snapshot().vectors
        table = library.store.columns(["id", "title", "body", "paths"])
        texts = {row["id"]: "\n".join((row["title"], row["body"], *row["paths"])) for row in table.to_pylist()}
        catalog = library.snapshot().catalog
        self._bm25 = Bm25(catalog, [texts.get(memory, "") for memory in catalog.ids])

    def __call__(self, case: Case, asked: QueryContext) -> None:
        """Add the ranking of each baseline, and the fused score of each candidate."""
        lists = self._lists(asked)
        case.ranked = {name: [asked.view.commit_of[row] for row in rows] for name, rows in lists.items()}
        case.fused = _fused_scores(case.rows, list(lists.values())[:3])

    def _lists(self, asked: QueryContext) -> dict[str, list[int]]:
        lists, view, moment, editing = {}, asked.view, asked.situation, bool(asked.query.spots)
        if editing:
            lists["blame"] = blame(view, asked.writers, moment)
            lists["recency"] = recency(view, moment)
        lists["bm25"] = self._bm25.rank(view, moment.text if editing else moment.intent or "")
        if editing:
            lists["fusion"] = fused(*lists.values())
        if asked.meaning is not None:
            lists["dense"] = dense(view, self._vectors, asked.meaning)
        return lists


def _fused_scores(rows: np.ndarray, lists: Sequence[Sequence[int]]) -> np.ndarray:
    """Return the reciprocal-rank fusion of ranked lists for each row, scaled so that the best is 1."""
    scores = np.zeros(len(rows))
    for ranked in lists:
        rank_of = {row: rank for rank, row in enumerate(ranked, 1)}
        scores += [1 / (FUSION + rank_of[row]) if row in rank_of else 0.0 for row in rows.tolist()]
    return scores / scores.max() if len(scores) and scores.max() else scores


def blame(view: View, writers: Mapping[str, Mapping[int, str]], situation: Situation) -> list[int]:
    """Return the commits that wrote the changed lines, by number of lines.

    For a pure insertion, the line before it counts.
    """
    lines: Counter[int] = Counter()
    for change in situation.changes:
        for start, count in change.ranges:
            for line in range(start, start + max(1, count)):
                row = view.catalog.row_of_commit.get(writers.get(change.path, {}).get(line, ""))
                if row is not None and view.valid[row]:
                    lines[row] += 1
    return sorted(lines, key=lambda row: (-lines[row], view.distances[row]))[:DEPTH]


def recency(view: View, situation: Situation) -> list[int]:
    """Return the newest commits that touched the same paths."""
    rows = view.catalog.rows_touching(situation.paths)
    rows = rows[view.distance[rows] >= 0]
    found: list[int] = rows[np.argsort(view.distances[rows], kind="stable")][:DEPTH].tolist()
    return found


def fused(*lists: Sequence[int]) -> list[int]:
    """Return the reciprocal-rank fusion of ranked lists."""
    scores: Counter[int] = Counter()
    for ranked in lists:
        for rank, row in enumerate(ranked[:DEPTH], 1):
            scores[row] += 1 / (FUSION + rank)  # type: ignore[assignment]  # counters count in fractions too
    return [row for row, _ in scores.most_common(DEPTH)]


def dense(view: View, vectors: Vectors, meaning: np.ndarray) -> list[int]:
    """Return the commits with the most similar embeddings."""
    return [int(row) for row in vectors.nearest(meaning, view.distance >= 0, DEPTH)]


class Bm25:
    """BM25 over messages and paths, restricted to the commits of a view."""

    def __init__(self, catalog: Catalog, texts: Sequence[str]) -> None:
        """Index one text per row."""
        counts = [Counter(WORD.findall(text.lower())) for text in texts]
        self._length = np.array([count.total() for count in counts], np.float64)
        rows: dict[str, list[int]] = {}
        times: dict[str, list[int]] = {}
        for row, count in enumerate(counts):
            for word, number in count.items():
                rows.setdefault(word, []).append(row)
                times.setdefault(word, []).append(number)
        self._rows = {word: np.array(found) for word, found in rows.items()}
        self._times = {word: np.array(found, np.float64) for word, found in times.items()}

    def rank(self, view: View, text: str) -> list[int]:
        """Return the best rows of a view."""
        allowed = view.distance >= 0  # commits
        size = int(allowed.sum())
        if not size:
            return []
        scores, mean = np.zeros(len(allowed)), self._length[allowed].mean()
        for word in dict.fromkeys(WORD.findall(text.lower())):
            rows = self._rows.get(word)
            if rows is None:
                continue
            visible = allowed[rows]
            rows, times = rows[visible], self._times[word][visible]
            if 0 < len(rows) <= COMMON * size:
                idf = np.log(1 + (size - len(rows) + 0.5) / (len(rows) + 0.5))
                scores[rows] += idf * times * (K1 + 1) / (times + K1 * (1 - B + B * self._length[rows] / mean))
        best = np.argsort(-scores, kind="stable")[:DEPTH]
        return [int(row) for row in best if scores[row] > 0]
