"""What became of a memory on one HEAD, by the user's word and the evidence of history: status, layer, strength."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

import numpy as np

from mom_lsp.memory import Memory, MemoryStatus, Usage
from mom_lsp.route.catalog import EMPTY
from mom_lsp.route.view import View
from mom_lsp.tiers import DAY
from mom_lsp.tiers.decay import EPISODIC, TIERS, half_life
from mom_lsp.tiers.lifecycle import Life
from mom_lsp.tiers.status_rules import HistoryEvidence, confidence, judge
from mom_lsp.tiers.tiers import Tiers

EDIT_WITHIN = 7 * DAY  # seconds between an accepted use and the commit that counts as the edit it helped with


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
    """Return what the ancestors of HEAD say for and against a memory.

    An accepted use is followed by an edit if within a week a commit touches the same function (without one, file).
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


def change(life: Life, memory: str, kind: str, view: View, here: Collection[str]) -> dict[str, Any] | None:
    """Return the change of status that the journal does not hold yet, as data of a `transition`.

    Args:
        life: the folded journal.
        memory: its id.
        kind: of the memory; it matters only after USES_FOR_LAYER_2 uses.
        view: what is true on HEAD.
        here: the ancestors of HEAD.
    """
    usage = life.of(memory)
    verdict = judge(usage, evidence_of(view, view.catalog.row_of.get(memory), usage), kind)
    last = life.transition(memory, here)
    before, layer = (last.status, last.layer) if last else ("candidate", 0)
    if (verdict.status, verdict.layer) == (before, layer):
        return None
    reason = verdict.reason or "no evidence against it"  # as of what an older mom archived for being shown
    told = {"from": before, "status": verdict.status, "layer": verdict.layer, "reason": reason}
    return told | ({"commit": verdict.commit} if verdict.commit else {})


def _edits(view: View, row: int, usage: Usage) -> Iterator[int]:
    """Yield for each place of an accepted use the first commit there since."""
    catalog = view.catalog
    for path, symbol, time in usage.places:
        rows = (catalog.rows_of_symbol.get(f"{path}\t{symbol}", EMPTY)) if symbol else catalog.rows_touching([path])
        after = catalog.time[rows] - time
        rows = rows[(after > 0) & (after <= EDIT_WITHIN) & (view.distance[rows] >= 0) & (rows != row)]
        if len(rows):
            yield int(rows[np.argmin(catalog.time[rows])])


def _commit(view: View, row: int | None) -> str:
    return view.commit_of.get(row, "") if row is not None else ""
