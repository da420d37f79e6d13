"""Fits the weights of searches on questions in a developer's words whose answers were read.

    python -m mom_lsp.evaluation.fit_search SEARCHES … --repo OWNER/NAME=CLONE … [-o mom_lsp/route/weights.json]

Each clone needs vectors. The weights are few, since the questions are. The printed metrics are of each repository with
weights fitted on the others, among the candidates of the product; `search_accuracy` has those of its answers.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mom_lsp import datafolder
from mom_lsp.encode import choose
from mom_lsp.evaluation.clones import clones_of
from mom_lsp.evaluation.other_vectors import open_encoded
from mom_lsp.evaluation.search_accuracy import FIRST, Search, load_searches
from mom_lsp.git import locate
from mom_lsp.journal import Journal
from mom_lsp.memory import Encoder
from mom_lsp.route.linear_model import LinearModel
from mom_lsp.route.score import total
from mom_lsp.settings import Settings
from mom_lsp.tuning.fit import as_json, fit
from mom_lsp.workspace import Library
from mom_lsp.workspace.library.state import State
from mom_lsp.workspace.ranking.query import text_query
from mom_lsp.workspace.workspace import Workspace

SEARCH = ("bm25", "bm25_first", "of_file", "cosine")
WORDS = tuple(name for name in SEARCH if name != "cosine")


@dataclass(frozen=True, slots=True)
class Candidates:
    """The candidates of one question."""

    repository: str
    rows: np.ndarray  # (m,) of the catalog
    features: dict[str, np.ndarray]  # (m,) each
    correct: np.ndarray  # (m,) whether a reader accepts it

    def rank(self, model: LinearModel) -> int:
        """Return the position of the first answer, from 1; 0 if there is none."""
        scores = total(model.shares(self.features)) if len(self.rows) else np.zeros(0)
        at = np.flatnonzero(self.correct[np.argsort(-scores, kind="stable")])
        return int(at[0]) + 1 if len(at) else 0


def gather(clone: Path, searches: Sequence[Search], encoder: Encoder | None) -> list[Candidates]:
    """Return the candidates of an indexed clone, for each question."""
    location = locate(clone)
    open_store = open_encoded(clone, encoder, lambda *_: None)
    with tempfile.TemporaryDirectory(prefix="mom-eval-") as scratch:
        journal = Journal(Path(scratch) / datafolder.JOURNAL)
        try:
            store = open_store(location.data)
            workspace = Workspace(location, Library(lambda: store, journal, encoder), Settings())

            def of(state: State) -> list[Candidates]:
                return [_candidates(workspace, state, one) for one in searches]

            return workspace.states.answer(of, vectors=True)
        finally:
            journal.close()


def _candidates(workspace: Workspace, state: State, search: Search) -> Candidates:
    query, ranker = text_query(search.question), workspace.rankers.searches(state)
    evidence = ranker.evidence(query, state.encode(query.meaning))
    ids = [state.snapshot.catalog.ids[row] for row in evidence.rows.tolist()]
    sources = {one: memory.source for one, memory in state.get(ids).items()}
    correct = [one in sources and (sources[one].commit or sources[one].path) in search.useful for one in ids]
    return Candidates(search.repository, evidence.rows, ranker.features(evidence), np.array(correct, bool))


def cross_validated(cases: Sequence[Candidates], names: Sequence[str]) -> str:
    """Return the metrics of each repository's questions with weights fitted on the others."""
    ranks = []
    for repository in dict.fromkeys(one.repository for one in cases):
        model = fit([one for one in cases if one.repository != repository], names)
        ranks += [one.rank(model) for one in cases if one.repository == repository]
    found = np.array(ranks)
    hits = [f"Hit@{first} {np.mean((found > 0) & (found <= first)):.3f}" for first in FIRST]
    reciprocal = np.divide(1.0, found, out=np.zeros(len(found)), where=(found > 0) & (found <= FIRST[-1]))
    return f"{' '.join(hits)} MRR {reciprocal.mean():.3f}"


def main() -> None:
    """Fit the weights, print how good they are, and save them."""
    parser = argparse.ArgumentParser(description="Fit the weights of searches.")
    parser.add_argument("searches", type=Path, nargs="+")
    parser.add_argument("--repo", action="append", required=True, metavar="OWNER/NAME=CLONE")
    parser.add_argument("-o", "--out", type=Path)
    chosen = parser.parse_args()
    searches, encoder = load_searches(*chosen.searches), choose()
    cases = [
        case
        for name, clone in clones_of(chosen.repo).items()
        for case in gather(clone, [one for one in searches if one.repository == name], encoder)
    ]
    for names in (SEARCH, WORDS):
        sys.stdout.write(f"{', '.join(names)}: {len(cases)} questions; {cross_validated(cases, names)}\n")
    model = as_json(fit(cases, SEARCH))
    sys.stdout.write(json.dumps(model) + "\n")
    if chosen.out:
        weights = json.loads(chosen.out.read_text("utf-8"))
        chosen.out.write_text(json.dumps(weights | {"search": model}, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
