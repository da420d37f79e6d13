"""Cues of what a developer did before each label: the author's earlier commits are the events.

A commit that names earlier ones is an event in which these were needed; in any other, the commit itself is the memory.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import numpy as np

from mom_lsp.cues.arrays import unit
from mom_lsp.cues.cms import ContinuousCue, Options
from mom_lsp.cues.cue import Cue, Event
from mom_lsp.cues.neural_memory import NeuralMemory
from mom_lsp.cues.temporal_context import ContextOptions, TemporalContext
from mom_lsp.evaluation.hashed_features import WIDTH, HashedFeatures
from mom_lsp.route.view import View
from mom_lsp.tuning.cases import Case, QueryContext
from mom_lsp.workspace.library.library import Snapshot

EVENTS = 80  # of the author, newest; more have decayed in all but the slowest level of the continuous memory
NEWEST = 5  # events of the plain mean
CMR, NEURAL, CMS = "CMR", "neural memory", "continuous memory"
PARALLEL, HEADS, LARGEST = "CMR in parallel", "CMR with 4 heads", 10.0  # the largest norm of the neural memory
MEAN, OWN = f"mean of {NEWEST} events", "same author"
LIKE, OTHERS = "likeness to the question", f"{NEURAL} of the others"
BASELINES = (MEAN, OWN, LIKE, OTHERS)  # what a cue has to beat: the plain facts, and a memory of someone else's events
CUES: Mapping[str, Callable[[], Cue]] = {
    CMR: lambda: TemporalContext(WIDTH),
    PARALLEL: lambda: TemporalContext(WIDTH, ContextOptions(arrangement="parallel")),
    HEADS: lambda: TemporalContext(WIDTH, ContextOptions(heads=4, strongest=16)),
    NEURAL: lambda: NeuralMemory(WIDTH, most=LARGEST),
    CMS: lambda: ContinuousCue(WIDTH, Options(sparse=8)),
}
WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]{2,}")


class RecentActivity:
    """Adds the cues of the author's recent commits to a case: an annotator."""

    def __init__(self, snapshot: Snapshot) -> None:
        """Take the memories of a repository."""
        self._catalog = snapshot.catalog
        self._features = HashedFeatures(snapshot.catalog)

    def __call__(self, case: Case, asked: QueryContext) -> None:
        """Add the cues of each candidate."""
        query = asked.query
        words = query.names if query.spots else WORD.findall(query.words)
        question = self._features.of([spot.path for spot in query.spots], words)
        case.cues = self.cues(asked.view, asked.situation.query, case.rows, question)

    def cues(self, view: View, query: str, rows: np.ndarray, question: np.ndarray) -> dict[str, np.ndarray]:
        """Return the cues of each candidate, (m,) each; 0 without events.

        Args:
            view: the history before the query.
            query: the commit that was about to be made.
            rows: (m,) the candidates.
            question: (w,) the vector of the query.
        """
        row, authors = self._catalog.row_of_commit.get(query), self._catalog.author
        if row is None:
            return {name: np.zeros(len(rows)) for name in (*CUES, *BASELINES)}
        events, candidates = self._events(view, authors == authors[row]), self._features.rows[rows]
        found = {OWN: (authors[rows] == authors[row]).astype(float), LIKE: candidates @ question}
        newest = np.sum([event.memory for event in events[-NEWEST:]], axis=0) if events else np.zeros(WIDTH, np.float32)
        found[MEAN] = candidates @ unit(newest)
        others = self._events(view, authors != authors[row])
        for name, make in {**CUES, OTHERS: CUES[NEURAL]}.items():
            cue = make()
            for event in others if name == OTHERS else events:
                cue.observe(event)
            found[name] = cue.read(question, candidates)
        return found

    def _events(self, view: View, counted: np.ndarray) -> list[Event]:
        """Return the newest of the counted commits, (n,), before a query, oldest first."""
        rows = np.flatnonzero(view.suggestible & (view.distance >= 0) & counted)
        newest_first = rows[np.argsort(view.distance[rows], kind="stable")][:EVENTS]
        needed: dict[int, list[int]] = {}
        wanted = set(newest_first.tolist())
        for edge in view.edges:
            if edge.source in wanted:
                needed.setdefault(edge.source, []).append(edge.target)
        vectors = self._features.rows
        return [Event(vectors[at], unit(vectors[needed.get(at, [at])].sum(0))) for at in newest_first[::-1].tolist()]
