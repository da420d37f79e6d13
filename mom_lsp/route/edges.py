"""The edges between memories: references, which are text, resolved to rows of a catalog.

Hashes, numbers and aliases mean the same commits on every HEAD. A quoted title means the newest earlier commit with
that title, which depends on the view: here are all commits of each quoted title.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from typing import NamedTuple, get_args

import numpy as np

from mom_lsp.memory import Relation

RELATIONS = get_args(Relation)
REVERT, REAPPLY, PARTIAL_REVERT = map(RELATIONS.index, ("revert", "reapply", "partial_revert"))
LEAST_CUT = 16  # characters of a truncated title that identify it
CUT, QUOTE = "…", '"'
FEW = 8  # commits per number, or per revert, that are considered


class Named(NamedTuple):
    """One reference: row `source` has `relation` to `target`."""

    source: int
    relation: str
    target: str


class Names:
    """The names of commits, besides their hashes."""

    def __init__(self, titles: Sequence[str], aliases: Sequence[tuple[str, int]]) -> None:
        """Take the title of each row, "" if it is no commit, and further names with the row of each."""
        self._titles, self._rows = titles, dict[str, list[int]]()
        for name, row in aliases:
            self._rows.setdefault(name, []).append(row)
        for row, title in enumerate(titles):
            if title:
                self._rows.setdefault(_quoted(title), []).append(row)
        self._sorted: list[str] | None = None

    def rows(self, name: str) -> Sequence[int]:
        """Return the rows with a name."""
        return self._rows.get(name, ())

    def title_of(self, row: int) -> str:
        """Return the title of a row as it is quoted."""
        return _quoted(self._titles[row])

    def title(self, quoted: str) -> str:
        """Return the full title of a quoted one that may be truncated, "" if it is unknown or ambiguous."""
        if quoted in self._rows or not quoted.endswith(CUT + QUOTE):
            return quoted if quoted in self._rows else ""
        start = quoted[:-2].rstrip()
        if self._sorted is None:
            self._sorted = sorted(name for name in self._rows if name[0] == QUOTE)
        at = bisect_left(self._sorted, start)
        found = [name for name in self._sorted[at : at + 2] if name.startswith(start)]
        return found[0] if len(found) == 1 and len(start) > LEAST_CUT else ""


def edges_of(references: Sequence[tuple[int, str]], commits: Mapping[str, int], names: Names) -> dict[str, np.ndarray]:
    """Return the arrays of the edges.

    Args:
        references: the row and the text, "relation target", of each.
        commits: the row of each full hash.
        names: the other names of commits.

    Returns:
        edges: (e, 3) source row, number of the relation, target row.
        quotes: (q, 3) source row, number of the relation, number of the title.
        titled_rows, titled_ends: the rows of each title, and where they end.
        reverting: (r,) the rows that revert something, whether it is indexed or not.
    """
    named = [Named(row, *text.split(" ", 1)) for row, text in references]
    homes, shas = _homes(named, names), sorted(commits)
    edges: list[tuple[int, int, int]] = []
    quotes: list[tuple[int, int, int]] = []
    titles: dict[str, int] = {}
    for one in named:
        relation = RELATIONS.index(one.relation)
        if one.target[0] == QUOTE:
            if title := names.title(one.target):
                quotes.append((one.source, relation, titles.setdefault(title, len(titles))))
        else:
            rows = _rows(one.target, commits, shas, names, homes)
            edges += [(one.source, relation, row) for row in rows if row != one.source]
    titled = [names.rows(title) for title in titles]
    return {
        "edges": np.array(edges, np.int64).reshape(-1, 3),
        "quotes": np.array(quotes, np.int64).reshape(-1, 3),
        "titled_rows": np.array([row for rows in titled for row in rows], np.int64),
        "titled_ends": np.cumsum([len(rows) for rows in titled], dtype=np.int64),
        "reverting": np.unique(np.array([one.source for one in named if "revert" in one.relation], np.int64)),
    }


def _rows(
    target: str, commits: Mapping[str, int], shas: Sequence[str], names: Names, homes: frozenset[str]
) -> Sequence[int]:
    """Return the rows that a hash, a number or an alias refers to."""
    project, number = _split(target)
    if project:
        return names.rows(number) if project in homes else ()
    if rows := names.rows(target):
        return rows
    at = bisect_left(shas, target)
    found = [sha for sha in shas[at : at + 2] if sha.startswith(target)]
    return [commits[found[0]]] if len(found) == 1 else ()


def _split(target: str) -> tuple[str, str]:
    """Return project and number of "owner/repo#123", ("", "") for any other form."""
    sign = max(target.rfind("#"), target.rfind("!"))
    return (target[:sign], target[sign:]) if "/" in target[: max(sign, 0)] else ("", "")


def _homes(named: Sequence[Named], names: Names) -> frozenset[str]:
    """Return the projects whose issue numbers are those of this repository, as its reverts show.

    Their "owner/repo#123" is a commit here with the title that they quote.
    """
    homes, quoted = set[str](), {one.source: names.title(one.target) for one in named if one.target[0] == QUOTE}
    for one in named:
        title = quoted.get(one.source)
        project, number = _split(one.target) if title and one.target[0] != QUOTE else ("", "")
        if project and any(names.title_of(row) == title for row in names.rows(number)[:FEW]):
            homes.add(project)
    return frozenset(homes)


def with_recommitted(
    edges: np.ndarray, reverting: np.ndarray, distances: np.ndarray, same_change: np.ndarray, changes: np.ndarray
) -> np.ndarray:
    """Return edges in which a change that was committed again after its revert is reapplied, though no message says so.

    Args:
        edges: (e, 3), as the catalog has them.
        reverting: rows that revert something; what is done with them their messages say.
        distances: (n,) how many commits are newer than each row.
        same_change: (n,) a row with the same change.
        changes: (c,) the rows of commits that change files.
    """
    source, relation, target = edges.T
    later = distances[source] < distances[target]
    reverts = edges[(relation == REVERT) & later & ~np.isin(target, reverting)].tolist()
    again = dict[int, list[int]]()
    for row in changes[np.isin(same_change[changes], same_change[[what for _, _, what in reverts]])].tolist():
        again.setdefault(int(same_change[row]), []).append(row)
    known = set(map(tuple, edges.tolist()))
    found = dict.fromkeys(
        (row, REAPPLY, what)
        for by, _, what in reverts
        for row in again.get(int(same_change[what]), ())
        if distances[row] < distances[by]
    )
    fresh = [edge for edge in found if edge not in known]
    return np.concatenate([edges, np.array(fresh, np.int64).reshape(-1, 3)])


def with_reinstated(edges: np.ndarray, reverting: np.ndarray, distances: np.ndarray) -> np.ndarray:
    """Return edges in which a revert of a revert reapplies the original, and a reapplication reverts the revert.

    To reapply a revert is to revert it: git's `Reapply "T"` references the revert of T by its hash.

    Args:
        edges: (e, 3), as the catalog has them.
        reverting: rows that revert something.
        distances: (n,) how many commits are newer than each row.
    """
    edges = edges.copy()
    source, relation, target = edges.T
    later = distances[source] < distances[target]
    relation[(relation == REAPPLY) & np.isin(target, reverting) & later] = REVERT
    reverts = list(dict.fromkeys(map(tuple, edges[(relation == REVERT) & later].tolist())))
    reverted, reverting_it = dict[int, list[int]](), dict[int, list[int]]()
    for by, _, what in reverts:
        reverted.setdefault(by, []).append(what)
        reverting_it.setdefault(what, []).append(by)
    known = set(map(tuple, edges.tolist()))
    implied = [(by, REAPPLY, first) for by, _, what in reverts for first in reverted.get(what, ())[:FEW]]
    for by, _, first in edges[(relation == REAPPLY) & later].tolist():
        before = (row for row in reverting_it.get(first, ())[:FEW] if distances[row] > distances[by])
        implied += [(by, REVERT, row) for row in sorted(before, key=lambda row: int(distances[row]))[:1]]
    fresh = list(dict.fromkeys(edge for edge in implied if edge not in known))
    return np.concatenate([edges, np.array(fresh, np.int64).reshape(-1, 3)])


def _quoted(title: str) -> str:
    return f'"{" ".join(title.split())}"'
