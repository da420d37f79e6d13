"""Spans of secrets in a line, and the mark that replaces them."""

import re
from collections.abc import Iterable

MARK = "[secret]"

Span = tuple[int, int]


def replace(line: str, spans: Iterable[Span]) -> str:
    """Replace `spans` by marks; one that overlaps a mark is merged with it, so masking is idempotent."""
    marks = (match.span() for match in re.finditer(re.escape(MARK), line))
    merged: list[Span] = []
    for start, end in sorted([*spans, *marks]):
        if merged and start < merged[-1][1]:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        elif end > start:
            merged.append((start, end))
    out, at = [], 0
    for start, end in merged:
        out += [line[at:start], MARK]
        at = end
    return "".join([*out, line[at:]])
