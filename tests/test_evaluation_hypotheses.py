"""The hypotheses on a real history: its commits that name earlier ones are the questions."""

from __future__ import annotations

import numpy as np
import pytest
from repositories import HOUR, START, Change, Repo, Start, import_commits

from mom_lsp.evaluation.asked import unused_workspace
from mom_lsp.evaluation.hypotheses import table
from mom_lsp.report.activations import of_history

PARTS = 10


def write(repo: Repo) -> list[str]:
    """Add parts, and two later changes of each that name its first commit."""

    def part(number: int, message: str, value: int) -> Change:
        text = f"def part_{number}():\n    return {value}\n"
        return Change(message, f"lib/d{number % 2}/part{number}.py", text)

    import_commits(repo, (part(n, f"Add part {n} of the machine", n) for n in range(PARTS)))
    added = repo.git("rev-list", "--reverse", "HEAD").split()
    later = [
        part(n, f"Change part {n} again: {turn}\n\nFollow-up to {sha}", 100 * turn + n)
        for turn in (1, 2)
        for n, sha in enumerate(added)
    ]
    import_commits(repo, later, START + HOUR)
    return added


def test_motifs_are_the_memories_that_a_place_needed_twice(project: Repo, moms: Start) -> None:
    added = write(project)
    moms(project).index()
    with unused_workspace(project.root) as workspace:
        state = workspace.states.take(workspace.worktree.head)
        found = of_history(state)
        assert len(found.questions) == 2 * PARTS and of_history(state, 5).questions == found.questions[-5:]
        rows = state.snapshot.catalog.row_of_commit
        expected = {state.snapshot.catalog.ids[int(rows.get(sha) or 0)] for sha in added}
        assert {motif.memory for motif in found.motifs} == expected
        assert found.matrix.sum(0).tolist() == [2] * len(found.motifs)
        assert all(one.place[2].startswith("lib/d") for one in found.motifs)
    printed = table(project.root, 20)
    heading, _, columns, _, *rows_of_table = printed.splitlines()
    assert heading == f"repo: {2 * PARTS} questions, {len(found.motifs)} motifs, 1 sessions"
    assert columns.startswith("| measured | value | by chance")
    bits = next(line for line in rows_of_table if "bits to name an answer" in line)
    assert float(bits.split("|")[2]) == pytest.approx(np.log2(2 * PARTS), abs=1.5)


def test_a_history_without_follow_ups_says_so(project: Repo, moms: Start) -> None:
    project.commit("Begin\n\nBecause something has to.", {"a.py": "a = 1\n"})
    moms(project).index()
    assert table(project.root, 5) == "repo: 0 questions, 0 motifs, 0 sessions: too few for a test\n"
