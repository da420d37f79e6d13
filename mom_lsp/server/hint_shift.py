"""Moving hints with their lines while somebody types. Pure functions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from mom_lsp.route.lines import committed_lines, open_lines


@dataclass(frozen=True, slots=True)
class Hint:
    """A suggestion at the end of a line."""

    line: int  # 0-based
    suggestion: dict[str, Any]


def shift(hints: Iterable[Hint], before: str, after: str) -> list[Hint]:
    """Return the hints of a text after it was edited: moved with their lines; those on a changed line are gone.

    The texts are compared, since editors word one and the same edit in different ways: a line opened below another one
    may be an insertion at the end of the upper line, or at the beginning of what was the next.
    """
    found = committed_lines(open_lines(before), open_lines(after))
    now = {old - 1: new for new, old in enumerate(found) if old}
    return [replace(hint, line=now[hint.line]) for hint in hints if hint.line in now]
