"""One line in words: why a memory was chosen."""

from __future__ import annotations

from collections.abc import Mapping

from mom_lsp.memory import Usage
from mom_lsp.route.place_term import PlaceEvidence

ON_TRIAL = "shown to find out whether it helps"  # of a suggestion that a strategy chose


def reason(
    place: PlaceEvidence | None,
    row: int,
    terms: Mapping[str, float],
    usage: Usage,
    *,
    symbol: str,
    again: str,
    source: str,
) -> str:
    """Return the strongest evidence in words, and what else the user should know.

    Args:
        place: the evidence of all rows, None for a search.
        row: the memory.
        terms: its share of each term.
        usage: what the user did with it.
        symbol: the function asked about.
        again: what became of it, "" if nothing did.
        source: what it was read from: "commit", "file", or "user" for a note.
    """
    parts = [(_where(place, row, symbol, source) if place else "") or _text(terms)]
    if again:
        parts.append(again)
    if usage.pinned and not (place and row in place.pinned):
        parts.append("you pinned it")
    elif usage.uses and not usage.pinned:
        parts.append("you used it before" if usage.uses == 1 else f"you used it {usage.uses} times")
    return "; ".join(parts)


def _where(place: PlaceEvidence, row: int, symbol: str, source: str) -> str:
    if row in place.pinned:
        return "you pinned it on this line"
    verb = {"file": "stands in", "user": "is your note on"}.get(source, "changed")
    if row in place.lines:
        if source == "user":
            return f"{verb} this line"
        count = len(place.lines[row])
        return "last changed this line" if count == 1 else f"last changed {count} of these lines"
    if place.symbol[row] and symbol:
        return f"{verb} {symbol}"
    if place.near[row]:
        return "last changed lines close by"
    if place.file[row]:
        return f"{verb} this file"
    return f"{verb} files that usually change along, such as {place.along}" if place.co_changed[row] else ""


def _text(terms: Mapping[str, float]) -> str:
    return "means something alike" if terms["sem"] > terms["lex"] else "shares words with what you asked"
