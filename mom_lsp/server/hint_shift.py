"""Moves hints with their lines while the user types. Pure functions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from mom_lsp.route.lines import committed_lines, open_lines


@dataclass(frozen=True, slots=True)
class Hint:
    """A suggestion shown at the end of a line."""

    line: int  # 0-based
    suggestion: dict[str, Any]


def shift(hints: Iterable[Hint], before: str, after: str) -> list[Hint]:
    """Return the hints of a text after an edit: moved with their lines, without those on changed lines.

    The texts are compared, since editors describe the same edit in different ways: a new line below another one may be
    an insertion at the end of the upper line, or at the beginning of the next.
    """
    matched = committed_lines(open_lines(before), open_lines(after))
    moved = {old - 1: new for new, old in enumerate(matched) if old}
    return [replace(hint, line=moved[hint.line]) for hint in hints if hint.line in moved]
