"""Ablation of the editing context (`mom eval --ablate=cms`): a continuous memory of the author's recent commits.

Before each label the earlier commits of its author are written, one event each, into a continuous memory (cues/cms.py).
The similarity of its read-out for the query to every candidate is a cue beside the features of the score. Two baselines
are cues as well: the plain mean of the newest events, and whether a candidate is by the same author.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mom_lsp.cues.cms import ContinuousMemory, Options, unit
from mom_lsp.route.linear_model import LinearModel
from mom_lsp.route.view import View
from mom_lsp.tuning.cases import Case, QueryContext
from mom_lsp.tuning.rank import DEPTH, rank, scores
from mom_lsp.workspace.library.library import Snapshot

EVENTS = 80  # of the author, newest; more have decayed in all but the slowest level
NEWEST = 5  # events of the plain mean
CMS, MEAN, OWN = "with cms", f"with the mean of {NEWEST} events", "with same author"
WEIGHTS = np.linspace(-4.0, 12.0, 65)  # of a cue, in log-odds for a cosine of 1
Predictions = dict[str, list[str]]


class EditingContext:
    """Adds the cues of the author's recent commits to a case: an annotator."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._catalog, self._slots = snapshot.catalog, snapshot.slots
        self._vectors = snapshot.vectors

    def __call__(self, case: Case, asked: QueryContext) -> None:
        """Add the cues of each candidate."""
        case.cues = self.cues(asked.view, asked.situation.query, case.rows, asked.meaning)

    def cues(self, view: View, query: str, rows: np.ndarray, meaning: np.ndarray | None) -> dict[str, np.ndarray]:
        """Return the cues of each candidate, (m,) each: cosines with the read-out of a context, 0 without vectors.

        Args:
            view: the history before the query.
            query: the commit that was about to be made.
            rows: (m,) the candidates.
            meaning: (w,) the embedding of the query.
        """
        row, authors = self._catalog.row_of_commit.get(query), self._catalog.author
        own = {OWN: (authors[rows] == authors[row]).astype(float) if row is not None else np.zeros(len(rows))}
        events = self._events(view, row) if meaning is not None and row is not None else []
        if not events or meaning is None:
            return {CMS: np.zeros(len(rows)), MEAN: np.zeros(len(rows))} | own
        vectors = unit(self._vectors.floats(self._slots[events]))  # (e, w)
        memory = ContinuousMemory(vectors.shape[1], Options(sparse=8))
        for vector in vectors:
            memory.write(vector[None])
        read = {CMS: memory.read(meaning[None].astype(np.float32))[0], MEAN: vectors[-NEWEST:].mean(0)}
        known = (self._slots[rows] >= 0)[:, None]
        candidates = np.where(known, self._vectors.floats(self._slots[rows]), 0.0)  # (m, w)
        return {name: candidates @ unit(context) for name, context in read.items()} | own

    def _events(self, view: View, row: int) -> list[int]:
        """Return the author's newest commits before a query that have a vector, oldest first."""
        catalog = self._catalog
        mine = view.suggestible & (view.distance >= 0) & (catalog.author == catalog.author[row]) & (self._slots >= 0)
        rows = np.flatnonzero(mine)
        newest_first = rows[np.argsort(view.distance[rows], kind="stable")]
        return [int(row) for row in newest_first[:EVENTS][::-1]]


def cue_rows(cases: Sequence[Case], model: LinearModel) -> dict[str, Predictions]:
    """Return the predictions of the model, and with each cue; two-fold: its weight is fitted on the other half."""
    ordered = [ScoredCase(case, scores(case, model)) for case in sorted(cases, key=lambda case: case.label.time)]
    rows = {"mom": {one.case.label.query: rank(one.case, model) for one in ordered}}
    halves = ordered[: len(ordered) // 2], ordered[len(ordered) // 2 :]
    for cue in (CMS, MEAN, OWN):
        rows[cue] = {}
        for train, test in (halves, halves[::-1]):
            weight = best_weight(train, cue)
            rows[cue] |= {one.case.label.query: _ranked(one.with_cue(cue, weight), one.case) for one in test}
    return rows


@dataclass(frozen=True, slots=True)
class ScoredCase:
    """A case with the model's score of each candidate, (m,)."""

    case: Case
    scores: np.ndarray

    def with_cue(self, cue: str, weight: float) -> np.ndarray:
        """Return the scores with a cue, (m,)."""
        return np.asarray(self.scores + weight * self.case.cues[cue])


def best_weight(train: Sequence[ScoredCase], cue: str) -> float:
    """Return the weight of a cue, among WEIGHTS, that maximises the likelihood of the referenced commits."""
    known = [(one, one.case.correct) for one in train if one.case.correct.any()]

    def likelihood(weight: float) -> float:
        return sum(_log_probability(one.with_cue(cue, weight), correct) for one, correct in known)

    return float(max(WEIGHTS, key=likelihood))


def _log_probability(values: np.ndarray, correct: np.ndarray) -> float:
    odds = np.exp(values - values.max())
    return float(np.log(odds[correct].sum() / odds.sum()))


def _ranked(values: np.ndarray, case: Case) -> list[str]:
    return [case.shas[at] for at in np.argsort(-values, kind="stable")[:DEPTH]]
