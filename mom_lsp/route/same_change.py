"""Which commits are the same change: a merge and the one commit that it merged, a backport and its original."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

LEAST_LETTERS = 8  # of a title; shorter ones are alike by chance
LEAST_SHARED = 0.5  # of the changed lines of the smaller one
FEW = 8  # changes of one title that a commit is compared with

# "!182 Title" of a merge request, "[5.x] Title" and "Title (backport #12)" of a backport, "Title (#12)".
_AROUND = re.compile(
    r"^(?:!\d+\s+|\[?(?:backport|v?\d[\w.]*|release[\w./-]*)[\]:]+\s*)+"
    r"|\s*\((?:#\d+|(?:backport|cherry[- ]?pick)[^()]*)\)(?=\s*(?:\(|$))",
    re.IGNORECASE,
)
_WORD = re.compile(r"\w+")


def change_title(title: str) -> str:
    """Return what the titles of one change have in common, "" for one that others have by chance."""
    words = " ".join(_WORD.findall(_AROUND.sub("", title).lower()))
    return words if len(words) >= LEAST_LETTERS else ""


def same_changes(titles: Sequence[str], merges: np.ndarray, keys: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Return for each row a row with the same change that stands for both, (n,) int32: nearly always itself.

    Two commits are the same change if they have the same title and share half of their changed lines, or if one has no
    files: a merge.

    Args:
        titles: (n,) of the commits, "" for other memories.
        merges: (n,) whether it has no files.
        keys: (m,) of the added and removed lines.
        rows: (m,) the row of each key, ascending.
    """
    same = np.arange(len(titles), dtype=np.int32)
    titled: dict[str, list[int]] = {}
    for row, title in enumerate(titles):
        if title and (name := change_title(title)):
            titled.setdefault(name, []).append(row)
    for group in titled.values():
        firsts: list[tuple[int, frozenset[int]]] = []
        for row in sorted(group, key=lambda row: bool(merges[row])) if len(group) > 1 else ():
            first, last = np.searchsorted(rows, [row, row + 1])
            lines = frozenset(keys[first:last].tolist())
            same[row] = next((other for other, theirs in firsts if merges[row] or _alike(lines, theirs)), row)
            if same[row] == row and len(firsts) < FEW:
                firsts.append((row, lines))
    return same


def _alike(lines: frozenset[int], others: frozenset[int]) -> bool:
    return len(lines & others) >= max(1.0, LEAST_SHARED * min(len(lines), len(others)))
