"""The hypotheses of the theory on replayed history: hierarchy, coherence, composition, efficiency, and their bounds.

    python -m mom_lsp.evaluation.hypotheses REPO... [--draws N]

Prints one table for each indexed repository. The questions are its commits that name earlier ones, in order of time; a
motif is a route from a folder, file or function to a memory that was needed in two questions or more. Each measurement
stands beside its null model.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np

from mom_lsp.encode import choose
from mom_lsp.evaluation.asked import unused_workspace
from mom_lsp.lm.trace_file import TraceFile
from mom_lsp.report.activations import Activations, of_history
from mom_lsp.report.facts import Facts
from mom_lsp.report.language import COLUMNS, measure, row
from mom_lsp.settings import Settings
from mom_lsp.store.text import embedding_text
from mom_lsp.workspace.library.state import State


def vectors_of(state: State, found: Activations) -> dict[str, np.ndarray]:
    """Return the vectors (d,) of the questions in which a motif is active, encoded anew, by id."""
    asked = [found.questions[number].id for number in np.flatnonzero(found.matrix.any(1)).tolist()]
    memories = state.get(asked)
    vectors = choose(Settings().encoder.model).encode([embedding_text(one) for one in memories.values()])
    return dict(zip(memories, vectors.astype(np.float64), strict=True)) if memories else {}


def table(repository: Path, draws: int) -> str:
    """Return the table of one repository, as Markdown."""
    with unused_workspace(repository) as workspace:

        def answer(state: State) -> str:
            facts = Facts(workspace, state, TraceFile(workspace.location.data), time.time())
            found = of_history(state)
            measured = measure(facts, found, vectors_of(state, found), draws)
            heading = f"{repository.resolve().name}: {len(found.questions):,} questions, {len(found.motifs):,} motifs,"
            heading += f" {int(found.sessions.max(initial=-1)) + 1:,} sessions"
            lines = [f"| {' | '.join(COLUMNS)} |", "|---" * len(COLUMNS) + "|"]
            lines += [f"| {' | '.join(row(one))} |" for one in measured]
            return "\n".join([heading, "", *lines, ""]) if measured else f"{heading}: too few for a test\n"

        return workspace.states.answer(answer)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description="Test the hypotheses of the theory on replayed history.")
    parser.add_argument("repositories", nargs="+", type=Path, metavar="REPO")
    parser.add_argument("--draws", type=int, default=200, metavar="N", help="of each null model")
    asked = parser.parse_args()
    for repository in asked.repositories:
        sys.stdout.write(table(repository, asked.draws) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
