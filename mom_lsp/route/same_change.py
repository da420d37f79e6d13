"""Which commits are the same change: a merge and the one commit that it merged, a backport and its original."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from mom_lsp.route.text_index import text_key

LEAST_LETTERS = 8  # of a title; shorter ones are alike by chance
LEAST_SHARED = 0.5  # of the changed lines of the smaller one
FEW = 8  # changes of one title that a commit is compared with

# "!182 Title" of a merge request, "WIP Title", "[5.x] Title" and "Title (backport #12)" of a backport, "Title (#12)".
_AROUND = re.compile(
    r"^(?:!\d+\s+|\[?WIP\b[\]:]*\s*|\[?(?:backport|v?\d[\w.]*|release[\w./-]*)[\]:]+\s*)+"
    r"|\s*\((?:#\d+|(?:backport|cherry[- ]?pick)[^()]*)\)(?=\s*(?:\(|$))",
    re.IGNORECASE,
)
_WORD = re.compile(r"\w+")


def change_title(title: str) -> str:
    """Return what the titles of one change have in common, "" for one that others have by chance."""
    words = " ".join(_WORD.findall(_AROUND.sub("", title).lower()))
    return words if len(words) >= LEAST_LETTERS else ""


def change_keys(titles: Sequence[str]) -> np.ndarray:
    """Return a key of what the titles of one change have in common, (n,) uint64; 0 for none."""
    return np.array([text_key(name) if title and (name := change_title(title)) else 0 for title in titles], np.uint64)


def same_changes(
    keys: np.ndarray,
    merges: np.ndarray,
    lines_of: Callable[[np.ndarray], Mapping[int, frozenset[int]]],
    known: np.ndarray | None = None,
) -> np.ndarray:
    """Return for each row a row with the same change that stands for both, (n,) int32: nearly always itself.

    Two commits are the same change if they have the same title and share half of their changed lines, or if one has no
    files: a merge.

    Args:
        keys: (n,) of their titles, 0 for what is no commit.
        merges: (n,) whether it has no files.
        lines_of: returns the keys of the lines that some rows (m,) added or removed, by row.
        known: (n,) the result where it is known for all commits of a title, else -1; None for nowhere.
    """
    rows = np.arange(len(keys), dtype=np.int32)
    same = rows if known is None else np.where(known < 0, rows, known).astype(np.int32)
    order = np.argsort(keys, kind="stable")
    starts = np.flatnonzero(np.diff(keys[order], prepend=~keys[order[:1]]))
    ends = np.append(starts[1:], len(keys))
    firsts_of = order[starts]  # of each title
    wanted = (ends - starts > 1) & (keys[firsts_of] > 0)
    if known is not None:
        wanted &= known[firsts_of] < 0
    several = [order[start:end] for start, end in zip(starts[wanted].tolist(), ends[wanted].tolist(), strict=True)]
    lines = lines_of(np.concatenate(several)) if several else {}
    for group in several:
        firsts: list[tuple[int, frozenset[int]]] = []
        for row in sorted(group.tolist(), key=lambda row: bool(merges[row])):
            own = lines.get(row, frozenset())
            same[row] = next((other for other, theirs in firsts if merges[row] or _alike(own, theirs)), row)
            if same[row] == row and len(firsts) < FEW:
                firsts.append((row, own))
    return same


def _alike(lines: frozenset[int], others: frozenset[int]) -> bool:
    return len(lines & others) >= max(1.0, LEAST_SHARED * min(len(lines), len(others)))
