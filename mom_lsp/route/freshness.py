"""What the code of today says of a memory: fresh, moved, drifted or gone. No model: the lines it added are counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mom_lsp.memory import Freshness
from mom_lsp.route.view import View

MOST = 0.5  # the share of its lines, rare ones counting more, that has to stand for a memory to be as it was
NO_INKS: Mapping[int, int] = {}
RARE = 2  # memories
COMMON = 16  # files; a function's name that more of them have says nothing about where it went


@dataclass(frozen=True, slots=True)
class CodeState:
    """How a memory stands today, and the words that say so, "" if it is as it was."""

    freshness: Freshness
    words: str = ""


FRESH = CodeState("fresh")
REWRITTEN = CodeState("drifted", "mostly rewritten since")
ONLY_PLACE = CodeState("drifted", "its code is gone, only the location remains")
BACK = CodeState("drifted", "the code it removed is back")
GONE = CodeState("gone", "its code is gone")


def moved(path: str) -> CodeState:
    """Return the standing of a memory whose lines are in another file now."""
    return CodeState("moved", f"now in {path}")


def share(view: View, keys: Sequence[int], standing: Sequence[np.ndarray], inks: Mapping[int, int] = NO_INKS) -> float:
    """Return the share of some lines that stands in some files, in [0, 1]; a line counts as much as it is rare.

    Args:
        view: what is true here.
        keys: of the lines.
        standing: the sorted keys of each file's lines, and of their ink.
        inks: the key of the ink of each line, where that is known; a line stands also if its ink does.
    """
    if not keys:
        return 0.0
    wanted, inked = np.array(keys, np.uint32), np.array([inks.get(key, key) for key in keys], np.uint32)
    holders = np.array([len(rows) for rows in view.catalog.added_lines.rows(keys)])
    weights = np.log1p(view.catalog.size) - np.log(np.maximum(1, holders))
    found = np.zeros(len(wanted), bool)
    for lines in standing:
        found |= np.isin(wanted, lines) | np.isin(inked, lines)
    return float(weights[found].sum() / weights.sum()) if weights.sum() else float(found.mean())


def is_rare(view: View, keys: Sequence[int]) -> bool:
    """Tell whether hardly any other memory added one of some lines, so that they do not stand elsewhere by chance."""
    return bool(keys) and max(len(rows) for rows in view.catalog.added_lines.rows(keys)) <= RARE


def other_places(view: View, symbols: Iterable[str], tree: Container[str]) -> list[str]:
    """Return the files of today in which functions of these names were ever changed, those with most of them first."""
    known = view.catalog.paths_of_symbol
    named = (known[symbol] for symbol in symbols if 0 < len(known.get(symbol, ())) <= COMMON)
    places = Counter(path for paths in named for path in paths if path in tree)
    return [path for path, _ in places.most_common()]
