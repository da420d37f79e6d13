"""Variety of the recent suggestions, with a warning if they collapse onto the same few memories."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mom_lsp.route.strategies import commonest, diversity
from mom_lsp.route.view import View
from mom_lsp.tiers.lifecycle import Life

LEAST = 50  # selections for a meaningful value
NAMED = 3  # memories that the warning names


def variety(view: View, life: Life, threshold: float) -> dict[str, Any]:
    """Return {"value", "selections", "memories", "low", "warning"} of the last selections.

    A selection is a memory that was listed at a file (in a hover, for example), however often: in one function the same
    few memories are right for a month; in all files they are a collapse. Hints are no selections, since each has its
    line. `value` is None while there are too few selections.
    """
    listed = [memory for memory, _ in life.selections]
    value = diversity(listed, int(view.suggestible.sum())) if len(listed) >= LEAST else None
    low = value is not None and value < threshold
    return {
        "value": None if value is None else round(value, 3),
        "selections": len(listed),
        "memories": len(set(listed)),
        "low": low,
        "warning": _warning(listed, value) if low and value is not None else "",
    }


def _warning(listed: Sequence[str], value: float) -> str:
    often = commonest(listed, NAMED)
    share = sum(map(listed.count, often)) / len(listed)
    ids = ", ".join(memory[:8] for memory in often)
    return (
        f"low diversity of suggestions ({value:.2f} of 1): {ids} make up {share:.0%} of the last {len(listed)}; dismiss"
        " unhelpful ones with `mom dismiss`, or set mom.strategies.explore"
    )
