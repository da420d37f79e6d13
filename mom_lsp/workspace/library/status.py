"""The status, layer and strength of a memory on one HEAD, from feedback and from history."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

import numpy as np

from mom_lsp.memory import Memory, MemoryStatus, Usage
from mom_lsp.route.catalog import EMPTY
from mom_lsp.route.view import View
from mom_lsp.tiers import DAY
from mom_lsp.tiers.decay import EPISODIC, TIERS, half_life
from mom_lsp.tiers.lifecycle import Life
from mom_lsp.tiers.status_rules import USES_FOR_LAYER_2, HistoryEvidence, confidence, judge
from mom_lsp.tiers.tiers import Tiers
from mom_lsp.workspace.library.state import State

EDIT_WITHIN = 7 * DAY  # seconds from an accepted use to the commit that counts as the edit it helped with


def status_of(memory: Memory, usage: Usage, view: View, tiers: Tiers) -> MemoryStatus:
    """Return status, layer, confidence, tier and strength of a memory."""
    row = view.catalog.row_of.get(memory.id)
    known = evidence_of(view, row, usage)
    verdict = judge(usage, known, memory.kind)
    tier, strength = (int(tiers.tier[row]), float(tiers.strength[row])) if row is not None else (EPISODIC, 0.0)
    return MemoryStatus(
        status=verdict.status,
        layer=verdict.layer,
        confidence=confidence(usage, known),
        reason=verdict.reason,
        tier=TIERS[tier],
        strength=strength,
        half_life=None if usage.pinned else round(half_life(tier, strength), 1),
    )


def evidence_of(view: View, row: int | None, usage: Usage) -> HistoryEvidence:
    """Return the evidence for and against a memory in HEAD's history.

    A use counts as followed by an edit if a commit touches the same function (or file) within a week.
    """
    if row is None:
        return HistoryEvidence()
    edits = list(dict.fromkeys(_edits(view, row, usage)))
    reverts = [view.replaced_by.get(edit) for edit in edits]
    kept = (_commit(view, edit) for edit, by in zip(edits, reverts, strict=True) if by is None)
    reverted = (_commit(view, by) for by in reverts if by is not None)
    replaced_by = _commit(view, view.replaced_by.get(row))
    return HistoryEvidence(
        replaced_by=replaced_by if replaced_by not in usage.discounted else "",
        kept=tuple(commit for commit in kept if commit not in usage.discounted),
        reverted=tuple(commit for commit in reverted if commit not in usage.discounted),
        refixed=row in view.refixed,
    )


def changes_of(ids: Sequence[str], state: State) -> list[tuple[str, dict[str, Any]]]:
    """Return (id, change of status) of those memories whose status changed since the journal has it."""
    life = state.snapshot.life
    read = state.get([m for m in ids if life.of(m).uses >= USES_FOR_LAYER_2])
    kinds = {identity: memory.kind for identity, memory in read.items()}
    found = ((m, change(life, m, kinds.get(m, ""), state.view, state.head.ancestors)) for m in ids)
    return [(identity, data) for identity, data in found if data is not None]


def change(life: Life, memory: str, kind: str, view: View, ancestors: Collection[str]) -> dict[str, Any] | None:
    """Return the change of status that the journal does not have yet, as data of a `transition`.

    There is none of a memory that is not indexed: nothing is known of the evidence.

    Args:
        life: the folded journal.
        memory: its id.
        kind: of the memory; it matters only after USES_FOR_LAYER_2 uses.
        view: of HEAD.
        ancestors: the commits of HEAD's history.
    """
    usage, row = life.of(memory), view.catalog.row_of.get(memory)
    if row is None:
        return None
    verdict, last = judge(usage, evidence_of(view, row, usage), kind), life.transition(memory, ancestors)
    before, layer = (last.status, last.layer) if last else ("candidate", 0)
    if (verdict.status, verdict.layer) == (before, layer):
        return None
    reason = verdict.reason or "no evidence against it"  # a memory that an older version archived for being shown
    data = {"from": before, "status": verdict.status, "layer": verdict.layer, "reason": reason}
    commits = {"commit": verdict.commit, "ended_by": _reverting(view, last.commit) if last else ""}
    return data | {name: commit for name, commit in commits.items() if commit}


def _edits(view: View, row: int, usage: Usage) -> Iterator[int]:
    """Yield the first commit after each accepted use at the same place."""
    catalog = view.catalog
    for path, symbol, time in usage.places:
        rows = (catalog.rows_of_symbol.get(f"{path}\t{symbol}", EMPTY)) if symbol else catalog.rows_touching([path])
        after = catalog.time[rows] - time
        rows = rows[(after > 0) & (after <= EDIT_WITHIN) & (view.distance[rows] >= 0) & (rows != row)]
        if len(rows):
            yield int(rows[np.argmin(catalog.time[rows])])


def _reverting(view: View, commit: str) -> str:
    """Return the commit that reverted another one, "" if none did."""
    row = view.catalog.row_of_commit.get(commit)
    return _commit(view, view.replaced_by.get(row)) if row is not None else ""


def _commit(view: View, row: int | None) -> str:
    return view.commit_of.get(row, "") if row is not None else ""
