"""Thawing: what proved useful counts no more once its code was rewritten or removed."""

from __future__ import annotations

from collections.abc import Sequence

from mom_lsp.workspace.answers.failure_text import FailureAnnotator
from mom_lsp.workspace.answers.proof import HOLDS
from mom_lsp.workspace.library.proven import ProvenInFile
from mom_lsp.workspace.library.state import State


def still_proven(file: ProvenInFile, state: State, failures: FailureAnnotator) -> ProvenInFile:
    """Return what proved useful in a file and whose code has neither been rewritten nor removed.

    Only the few memories of this file are checked, and each once for a HEAD.
    """
    rows = list(file.anywhere)
    return file.without(outdated(rows, state, failures)) if rows else file


def outdated(rows: Sequence[int], state: State, failures: FailureAnnotator) -> set[int]:
    """Return the rows whose code has been rewritten or removed."""
    ids, holds = {row: state.snapshot.catalog.ids[row] for row in rows}, failures.holds
    if unknown := [one for one in ids.values() if one not in holds]:
        read = list(state.get(unknown).values())
        states = failures.checker.code_states(read)
        holds |= {one.id: found.freshness in HOLDS for one, found in zip(read, states, strict=True)}
    return {row for row, one in ids.items() if not holds.get(one, False)}
