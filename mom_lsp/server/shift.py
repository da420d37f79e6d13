"""Moving hints with their lines while somebody types. Pure functions."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from lsprotocol import types

from mom_lsp.route.lines import LINE_END


@dataclass(frozen=True, slots=True)
class Hint:
    """A suggestion at the end of a line."""

    line: int  # 0-based
    suggestion: dict[str, Any]


def shift(
    hints: Iterable[Hint],
    change: types.TextDocumentContentChangeEvent,
    ends_after: Callable[[int, str], bool] = lambda line, text: False,
) -> list[Hint]:
    """Return the hints after one change: moved with their lines; those on a changed line are gone.

    `ends_after(line, text)` tells whether, in the new document, `line` is exactly `text`: then a line break was typed
    at the end of a line, which has not changed.
    """
    if not isinstance(change, types.TextDocumentContentChangePartial):
        return []  # the whole text is new
    start, end, text = change.range.start, change.range.end, change.text
    breaks = len(LINE_END.findall(text))
    moved = breaks - (end.line - start.line)
    whole_lines = start.character == end.character == 0 and (not text or text.endswith(("\n", "\r")))
    typed_at_end = start == end and text.startswith(("\n", "\r")) and ends_after(start.line + breaks, _last(text))
    kept = []
    for hint in hints:
        if hint.line < start.line or (typed_at_end and hint.line == start.line):
            kept.append(hint)
        elif hint.line > end.line or (whole_lines and hint.line == end.line):
            kept.append(replace(hint, line=hint.line + moved))
    return kept


def _last(text: str) -> str:
    return LINE_END.split(text)[-1]
