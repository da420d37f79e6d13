"""Where a memory proved useful, in JSON."""

from __future__ import annotations

from typing import Any

from mom_lsp.memory import Proof

HOLDS = frozenset({"fresh", "moved"})  # freshness of a memory that still counts as proven


def proof(found: Proof | None) -> dict[str, Any] | None:
    """Return where and for which task a memory proved useful, and how often it was accepted there; None if nowhere.

    The path is that of a file or a folder, the symbol that of a function in it; both are "" for a search.
    """
    if found is None:
        return None
    place = () if found.task == "search" else found.place
    path = place[min(2, len(place) - 1)] if place else ""
    return {
        "task": found.task,
        "path": path,
        "symbol": place[3].partition("\t")[2] if len(place) > 3 else "",
        "accepted": found.accepted,
        "of": found.visits,
    }
