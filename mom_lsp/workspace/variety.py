"""How varied what was shown lately is: a collapse onto the same few memories is told, with what to do about it."""

from __future__ import annotations

from typing import Any

from mom_lsp.route.strategies import commonest, diversity
from mom_lsp.route.view import View
from mom_lsp.tiers.lifecycle import Life

LEAST = 50  # selections that say something
NAMED = 3  # memories that the warning counts


def variety(view: View, life: Life, threshold: float) -> dict[str, Any]:
    """Return {"value", "selections", "memories", "low", "warning"} of the last selections.

    A selection is a memory that was shown at a file, once a day. `value` is None while there are too few of them.
    """
    shown = life.selections
    value = diversity(shown, int(view.suggestible.sum())) if len(shown) >= LEAST else None
    low = value is not None and value < threshold
    return {
        "value": None if value is None else round(value, 3),
        "selections": len(shown),
        "memories": len(set(shown)),
        "low": low,
        "warning": _warning(life, value) if low and value is not None else "",
    }


def _warning(life: Life, value: float) -> str:
    often = commonest(life.selections, NAMED)
    share = sum(life.selections.count(memory) for memory in often) / len(life.selections)
    ids = ", ".join(memory[:8] for memory in often)
    return (
        f"the same few memories are shown again and again (variety {value:.2f} of 1; {ids} make {share:.0%} of the last"
        f" {len(life.selections)}): `mom dismiss` what does not help, or try others with mom.strategies.explore"
    )
