"""The memories to review: about to fade, promoted lately, drifted or archived; and the counts of tiers and statuses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np

from mom_lsp.journal import Event
from mom_lsp.phrases import status_name
from mom_lsp.route.view import View
from mom_lsp.tiers import DAY
from mom_lsp.tiers.decay import TIERS, faded
from mom_lsp.tiers.lifecycle import Life
from mom_lsp.tiers.status_rules import NEVER, judge
from mom_lsp.tiers.tiers import Tiers
from mom_lsp.workspace.answers.usefulness_text import is_useful_where_written
from mom_lsp.workspace.library.proven import layers_of
from mom_lsp.workspace.library.status import evidence_of

SOON = 7  # active days
LATELY = 30 * DAY  # seconds
FAINT = 0.1  # a strength that hardly counts
STRIKING = 5  # surprise of an unused memory that is worth a review
MOST = 10  # of each list


@dataclass(frozen=True, slots=True)
class Pick:
    """A memory to review, and why."""

    memory: str
    reason: str


def fading(view: View, life: Life, tiers: Tiers, threshold: float) -> list[Pick]:
    """Return memories that drop a tier, or below FAINT, within SOON active days.

    They were used, or are among the most surprising ones and useful enough (`threshold`) to be shown at all.
    """
    ids = view.catalog.ids
    later, left = faded(tiers.tier, tiers.strength, float(SOON))
    falls = (later < tiers.tier) | ((tiers.strength >= FAINT) & (left < FAINT))
    falls &= view.suggestible & ~np.isin(np.arange(len(ids)), _rows(view, life.pinned))
    used = {ids[row]: life.of(ids[row]).uses for row in _rows(view, life.judged)}
    rows = [r for r in np.flatnonzero(falls).tolist() if used.get(ids[r]) or view.surprise[r] >= STRIKING]
    rows.sort(key=lambda row: (-used.get(ids[row], 0), -view.catalog.evidence[row]))
    shown = (row for row in rows if used.get(ids[row]) or is_useful_where_written(view, row, threshold))
    return [Pick(ids[row], _fall(int(tiers.tier[row]), int(later[row]))) for row in islice(shown, MOST)]


def promoted(view: View, life: Life, ancestors: Collection[str], now: float) -> list[Pick]:
    """Return the memories that were validated or promoted within a month and still are, newest first."""
    last = {memory: life.transition(memory, ancestors) for memory in life.transitions if memory in view.catalog.row_of}
    kept = ((m, t) for m, t in last.items() if t is not None and t.layer and not life.of(m).forgotten)
    recent = [(m, t) for m, t in kept if now - t.time <= LATELY]
    recent.sort(key=lambda pair: -pair[1].time)
    return [Pick(memory, f"{status_name(change.status)}: {change.reason}") for memory, change in recent[:MOST]]


def archived(view: View, life: Life) -> list[Pick]:
    """Return the memories that the user marked “Never suggest”."""
    found = ((memory, usage) for memory, usage in life.suppressed.items() if usage.never and not usage.forgotten)
    return [Pick(memory, NEVER) for memory, usage in found if memory in view.catalog.row_of][:MOST]


def forgotten(events: Iterable[Event], life: Life) -> list[tuple[float, str]]:
    """Return when each forgotten memory was forgotten, newest first."""
    last = {event.memory: event.time for event in events if event.type == "forget" and event.memory in life.forgotten}
    return sorted(((when, memory) for memory, when in last.items()), reverse=True)


def to_keep_fresh(view: View, life: Life) -> list[Pick]:
    """Return the used and pinned memories, most used first, to check whether their code has changed."""
    used = sorted(life.judged | life.pinned, key=lambda memory: -life.of(memory).uses)
    return [Pick(m, "the code it describes has changed") for m in used if m in view.catalog.row_of][: 5 * MOST]


def overview(view: View, life: Life, tiers: Tiers) -> dict[str, Any]:
    """Return how many memories that may be suggested are in each tier and status."""
    counts = np.bincount(tiers.tier[view.suggestible], minlength=len(TIERS))
    further = Counter(status for status in _statuses(view, life) if status != "candidate")
    statuses = {"candidate": int(view.suggestible.sum()) - further.total(), **further}
    return {"tiers": dict(zip(TIERS, counts.tolist(), strict=True)), "statuses": statuses}


def _statuses(view: View, life: Life) -> Iterator[str]:
    """Yield the status of each memory that was used, archived or reverted."""
    judged, layers = [row for row in _rows(view, life.judged) if view.suggestible[row]], layers_of(view, life)
    for row in judged:
        usage = life.of(view.catalog.ids[row])
        verdict = judge(usage, evidence_of(view, row, usage), "")
        promoted = layers.get(row, 0) > 1  # which depends on its kind, too
        yield ("promoted" if promoted else "validated") if verdict.layer else verdict.status
    yield from ("replaced" for row in view.replaced_by if view.suggestible[row] and row not in judged)


def _rows(view: View, memories: Collection[str]) -> list[int]:
    row_of = view.catalog.row_of
    return [row_of[memory] for memory in memories if memory in row_of]


def _fall(tier: int, later: int) -> str:
    return "about to fade faster" if later < tier else f"about to fade below {FAINT:.0%}"
