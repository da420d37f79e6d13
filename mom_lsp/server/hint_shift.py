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
    an insertion at the end of the upper line, or at the beginning of the next. Only the lines between the common start
    and end of the texts are compared one by one: this runs at every keystroke.
    """
    start = _common_start(before, after)
    end = _common_end(before[start:], after[start:])
    old, new = (open_lines(text[start : len(text) - end]) for text in (before, after))
    first = _line_count(before[:start])
    matched = {line - 1: at for at, line in enumerate(committed_lines(old, new)) if line}

    def moved(line: int) -> int | None:
        if line < first:
            return line
        if line < first + len(old):
            at = matched.get(line - first)
            return None if at is None else first + at
        return line + len(new) - len(old)

    return [replace(hint, line=line) for hint in hints if (line := moved(hint.line)) is not None]


def _common_start(left: str, right: str) -> int:
    """Return the length of the longest common start that ends with a line feed, or is empty."""
    low, high = 0, min(len(left), len(right))
    while low < high:  # each step compares half of what is left
        middle = (low + high + 1) // 2
        if left[low:middle] == right[low:middle]:
            low = middle
        else:
            high = middle - 1
    return left.rfind("\n", 0, low) + 1


def _common_end(left: str, right: str) -> int:
    """Return the length of the longest common end that follows a line feed of both texts, or is empty."""
    low, high = 0, min(len(left), len(right))
    while low < high:
        middle = (low + high + 1) // 2
        if left[len(left) - middle : len(left) - low] == right[len(right) - middle : len(right) - low]:
            low = middle
        else:
            high = middle - 1
    feed = left.find("\n", len(left) - low)
    return len(left) - feed - 1 if feed >= 0 else 0


def _line_count(text: str) -> int:
    """Return the number of lines of a text that ends with a line feed, or is empty."""
    return text.count("\n") + text.count("\r") - text.count("\r\n")
