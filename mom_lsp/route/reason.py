"""One line in words: why a memory was chosen."""

from __future__ import annotations

from collections.abc import Mapping

from mom_lsp.memory import Usage
from mom_lsp.route.place import Place


def reason(place: Place | None, row: int, terms: Mapping[str, float], usage: Usage, *, symbol: str, again: str) -> str:
    """Return the strongest evidence in words, and what else the user should know (`again`: what became of it)."""
    parts = [(_where(place, row, symbol) if place else "") or _text(terms)]
    if again:
        parts.append(again)
    if usage.pinned:
        parts.append("you pinned it")
    elif usage.uses:
        parts.append("you used it before" if usage.uses == 1 else f"you used it {usage.uses} times")
    return "; ".join(parts)


def _where(place: Place, row: int, symbol: str) -> str:
    if row in place.lines:
        count = len(place.lines[row])
        return "last changed this line" if count == 1 else f"last changed {count} of these lines"
    if place.symbol[row] and symbol:
        return f"changed {symbol}"
    if place.near[row]:
        return "last changed lines close by"
    if place.file[row]:
        return "changed this file"
    return f"changed files that usually change along, such as {place.along}" if place.co_changed[row] else ""


def _text(terms: Mapping[str, float]) -> str:
    return "similar in meaning" if terms["sem"] > terms["lex"] else "shares words with what you asked"
