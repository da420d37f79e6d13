"""Episodes: the commits of one merged branch, one issue, or one session of work."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import chain

import numpy as np

from mom_lsp.git.ancestors import NOWHERE, Ancestors
from mom_lsp.memory import EpisodeKind
from mom_lsp.route.catalog import EMPTY
from mom_lsp.route.view import View

MOST = 40  # members; a larger group is a period, not an episode
GAP = 4 * 3600  # seconds; a longer pause of the author ends a session


@dataclass(frozen=True, slots=True)
class Episode:
    """Rows of the catalog, oldest first, and what they share: a merge, "#123", or only author and time."""

    kind: EpisodeKind
    name: str
    rows: tuple[int, ...]


class Episodes:
    """The episodes of one view, found on demand."""

    def __init__(self, view: View, history: Ancestors) -> None:
        """Take the ancestors of HEAD."""
        self._view, self._history = view, history

    def of(self, row: int, issues: Iterable[str], commit: str = "") -> Iterator[Episode]:
        """Yield the episodes of a row, the most certain first.

        Args:
            row: the memory.
            issues: "#123", the issues it is about.
            commit: that it led to, for a discussion.
        """
        catalog = self._view.catalog
        at = self._history.number(self._view.commit_of.get(row, commit))
        if at != NOWHERE and (number := int(self._history.merge_of[at])) != NOWHERE:
            merge = self._history.commits[number].decode("ascii")
            brought = self._history.brought_by(merge)
            rows = catalog.row_of_commit.many(brought)
            talk = (catalog.talk_of_commit.get(one, EMPTY).tolist() for one in (merge, *brought))
            yield from self._episode("branch", merge, [*rows[rows != NOWHERE].tolist(), *chain.from_iterable(talk)])
        for issue in issues:
            found = catalog.rows_of_issue.get(issue, EMPTY)
            kind: EpisodeKind = "branch" if catalog.is_discussion[found].any() else "issue"
            yield from self._episode(kind, issue, found.tolist())
        yield from self._episode("session", "", self._session(row))

    def _episode(self, kind: EpisodeKind, name: str, rows: Iterable[int]) -> Iterator[Episode]:
        members = {row for row in rows if self._view.suggestible[row]}
        if len(members) > MOST:  # there was much talk: what was done is the episode
            members = {row for row in members if not self._view.catalog.is_discussion[row]}
        if 2 <= len(members) <= MOST:
            time, distance = self._view.catalog.time, self._view.distance
            yield Episode(kind, name, tuple(sorted(members, key=lambda row: (int(time[row]), -int(distance[row])))))

    @cached_property
    def _by_author(self) -> tuple[np.ndarray, np.ndarray]:
        """The rows of the commits that may be suggested, by author and time; and the position of each row, or -1."""
        catalog, view = self._view.catalog, self._view
        rows = np.flatnonzero(view.suggestible & (view.distance >= 0))
        rows = rows[np.lexsort((-view.distance[rows], catalog.time[rows], catalog.author[rows]))]
        place = np.full(catalog.size, -1)
        place[rows] = np.arange(len(rows))
        return rows, place

    def _session(self, row: int) -> list[int]:
        """Return the author's commits without a longer pause that are connected with a row by files or references."""
        near = self._same_time(row)
        about = {other: set(self._view.catalog.paths_of(other)) for other in near}
        members, todo = {row}, [row] if row in near else []
        while todo:
            current = todo.pop()
            joined = [
                other
                for other in near
                if other not in members
                and (not about[other].isdisjoint(about[current]) or (other, current) in self._named)
            ]
            members.update(joined)
            todo += joined
        return list(members)

    def _same_time(self, row: int) -> list[int]:
        rows, place = self._by_author
        at = int(place[row])
        if at < 0:
            return []
        first = last = at
        while first > 0 and at - first < MOST and self._joined(int(rows[first - 1]), int(rows[first])):
            first -= 1
        while last + 1 < len(rows) and last - at < MOST and self._joined(int(rows[last]), int(rows[last + 1])):
            last += 1
        return list(map(int, rows[first : last + 1]))

    def _joined(self, earlier: int, later: int) -> bool:
        catalog = self._view.catalog
        return bool(
            catalog.author[earlier] == catalog.author[later] and catalog.time[later] - catalog.time[earlier] <= GAP
        )

    @cached_property
    def _named(self) -> frozenset[tuple[int, int]]:
        """Pairs of rows of which one references the other, in both orders."""
        pairs = [(edge.source, edge.target) for edge in self._view.edges]
        return frozenset([*pairs, *((target, source) for source, target in pairs)])
