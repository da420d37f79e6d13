"""Freshness of a memory: fresh, moved, drifted or gone, by how many of the lines it added are still there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from mom_lsp.memory import Freshness
from mom_lsp.route.view import View

MOST = 0.5  # share of its lines, rare ones counting more, that must still be there for a memory to be fresh
RARE = 2  # memories that added a rare line, at most
COMMON = 16  # files; a function name in more files does not show where the code went


@dataclass(frozen=True, slots=True)
class CodeState:
    """The freshness of a memory, and the phrase for its reason, "" if the freshness says it all."""

    freshness: Freshness
    words: str = ""


FRESH = CodeState("fresh")
REWRITTEN = CodeState("drifted")  # in a few words it only sows doubt
ONLY_LOCATION = CodeState("drifted", "only its symbol is left")
BACK = CodeState("drifted", "the code it removed is back")
GONE = CodeState("gone")


def moved(path: str) -> CodeState:
    """Return the freshness of a memory whose lines are in another file now."""
    return CodeState("moved", f"now in {path}")


def share(view: View, keys: Sequence[int], files: Sequence[np.ndarray], normalized: Sequence[int] = ()) -> float:
    """Return the share of some lines that are in some files, in [0, 1]; rare lines count more.

    Args:
        view: of the memories.
        keys: of the lines.
        files: the sorted keys of each file's lines, as they are and normalized (without layout).
        normalized: the key of each line without layout, () if not known; a line is also found by that.
    """
    if not keys:
        return 0.0
    wanted, normal = np.array(keys, np.uint32), np.array(normalized or keys, np.uint32)
    holders = np.array([len(rows) for rows in view.catalog.added_lines.rows(keys)])
    weights = np.log1p(view.catalog.size) - np.log(np.maximum(1, holders))
    found = np.zeros(len(wanted), bool)
    for lines in files:
        found |= _among(wanted, lines) | _among(normal, lines)
    return float(weights[found].sum() / weights.sum()) if weights.sum() else float(found.mean())


def _among(wanted: np.ndarray, lines: np.ndarray) -> np.ndarray:
    """Return which of some keys are in a file; np.isin would sort the file's keys again."""
    at = np.searchsorted(lines, wanted)
    at[at == len(lines)] = 0  # above the last key
    return lines[at] == wanted if len(lines) else np.zeros(len(wanted), bool)


def is_rare(view: View, keys: Sequence[int]) -> bool:
    """Whether hardly any other memory added these lines, so that they are not elsewhere by coincidence."""
    return bool(keys) and max(len(rows) for rows in view.catalog.added_lines.rows(keys)) <= RARE


def other_places(view: View, symbols: Iterable[str], tree: Container[str]) -> list[str]:
    """Return the files of a tree in which functions of these names were ever changed, most of them first."""
    named = map(view.catalog.paths_of_symbol, symbols)
    places = Counter(path for paths in named if len(paths) <= COMMON for path in paths if path in tree)
    return [path for path, _ in places.most_common()]
