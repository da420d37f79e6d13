"""Which committed line each line of an open text is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from io import StringIO

LINE_END = re.compile(r"\r\n|\r|\n")  # as the Language Server Protocol has it; a form feed, say, ends no line
MAX_MIDDLE = 4_000_000  # product of the line counts that are still compared in full
MAX_TEXT = 4_000_000  # bytes in UTF-8; a longer text is neither read from the disk nor taken from an editor


def open_lines(text: str) -> list[str]:
    """Return the lines of a text as editors count them."""
    lines = LINE_END.split(text)
    return lines if lines[-1] else lines[:-1]


def whole_lines(text: str) -> list[str]:
    """Return the same lines with their ends, so that joined they are the text."""
    return list(StringIO(text, newline=""))  # ends lines at the same three, and leaves them as they are


def is_too_long(text: str) -> bool:
    """Tell whether a text is longer than what is read."""
    most = 4 * len(text)  # bytes that one of its length can have
    return most > MAX_TEXT and len(text.encode("utf-8", "surrogatepass")) > MAX_TEXT


def blob_lines(text: str) -> list[str]:
    """Return the lines of a committed text as git counts them, without the carriage returns of Windows."""
    return [line.removesuffix("\r") for line in text.removesuffix("\n").split("\n")] if text else []


def committed_lines(committed: Sequence[str], current: Sequence[str]) -> list[int]:
    """Return for each current line the 1-based line it has in the committed text, 0 if it is new or edited."""
    head = _common(committed, current)
    tail = _common(committed[head:][::-1], current[head:][::-1])
    mapped = [0] * len(current)
    mapped[:head] = range(1, head + 1)
    if tail:
        mapped[-tail:] = range(len(committed) - tail + 1, len(committed) + 1)
    old, new = committed[head : len(committed) - tail], current[head : len(current) - tail]
    if len(old) * len(new) <= MAX_MIDDLE:
        blocks = SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks()
    else:
        blocks = []  # practically another file
    for block in blocks:
        for offset in range(block.size):
            mapped[head + block.b + offset] = head + block.a + offset + 1
    return mapped


def _common(left: Sequence[str], right: Sequence[str]) -> int:
    """Return how many first lines are equal."""
    limit = min(len(left), len(right))
    return next((at for at in range(limit) if left[at] != right[at]), limit)
