"""Asks an indexed clone about lines as the product does, and returns what it knows of given commits there."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np

from mom_lsp import datafolder
from mom_lsp.git import locate
from mom_lsp.journal import Journal
from mom_lsp.route.score import total
from mom_lsp.route.text_index import NOWHERE
from mom_lsp.route.usefulness import features
from mom_lsp.settings import Settings
from mom_lsp.store import Store
from mom_lsp.workspace import Library
from mom_lsp.workspace.library.state import State
from mom_lsp.workspace.workspace import Workspace

Line = tuple[str, int]  # path and number
Known = Mapping[str, tuple[Mapping[str, float], float]]  # by commit: the features of its usefulness, and its score


@contextmanager
def unused_workspace(clone: Path, settings: Settings | None = None) -> Iterator[Workspace]:
    """Open an indexed clone in which nothing was ever used, pinned or dismissed."""
    location = locate(clone)
    with tempfile.TemporaryDirectory(prefix="mom-eval-") as scratch:
        journal = Journal(Path(scratch) / datafolder.JOURNAL)
        try:
            store = Store(location.data)
            yield Workspace(location, Library(lambda: store, journal, None), settings or Settings())
        finally:
            journal.close()


def known_at_lines(
    workspace: Workspace, revision: str, lines: Mapping[Line, Sequence[str]], step: Callable[[Line], None]
) -> dict[Line, Known]:
    """Return what is known of commits at lines of a revision, without those that are never suggested.

    Args:
        workspace: of the clone.
        revision: whose lines are asked about.
        lines: the commits asked about at each line.
        step: called before each line.
    """
    found = {}
    for line, commits in lines.items():
        step(line)
        found[line] = _known(workspace, revision, line, commits)
    return found


def _known(workspace: Workspace, revision: str, line: Line, commits: Sequence[str]) -> Known:
    question = workspace.files.question(line[0], line[1], line[1], None, revision)

    def read(state: State) -> Known:
        query = workspace.with_line_history(state, question[1])
        ranker = workspace.rankers.place(state, None)
        evidence = ranker.evidence(query, None)
        asked = state.snapshot.catalog.row_of_commit.many(commits)
        allowed = (asked != NOWHERE) & state.view.suggestible[asked]
        rows = np.unique(np.concatenate([evidence.rows, asked[allowed]]))
        assert evidence.place is not None and evidence.overlap is not None
        scores = total(ranker.model.shares(ranker.features(replace(evidence, rows=rows, cosine=np.zeros(len(rows))))))
        named = features(state.view, rows, evidence.place, evidence.overlap.names, [line[0]])
        at = {row: place for place, row in enumerate(rows.tolist())}
        return {
            commit: ({name: float(values[at[row]]) for name, values in named.items()}, float(scores[at[row]]))
            for commit, row, known in zip(commits, asked.tolist(), allowed.tolist(), strict=True)
            if known
        }

    return workspace.states.answer(read, lambda: question[0])
