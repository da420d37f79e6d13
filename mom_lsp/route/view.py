"""A view: the rows of the catalog that are valid on one HEAD, and the references between them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from copy import copy
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from mom_lsp.route.catalog import Catalog
from mom_lsp.route.edges import PARTIAL_REVERT, REAPPLY, RELATIONS, REVERT, with_recommitted, with_reinstated
from mom_lsp.route.surprise import surprise
from mom_lsp.route.text_index import NOWHERE, CommitOf

NEGATIVE, POSITIVE = "revert", "reapply"


@dataclass(frozen=True, slots=True)
class Edge:
    """Row `source` references row `target`."""

    source: int
    relation: str
    target: int


class View:
    """The rows that are valid on one HEAD, and the references between them."""

    def __init__(self, catalog: Catalog, commits: Iterable[str], tree: Mapping[str, str]) -> None:
        """Take the ancestors of HEAD, newest first, and its tree (path to blob)."""
        self.catalog = catalog
        self.valid = catalog.is_note.copy()  # notes are valid everywhere
        self.distance = np.full(catalog.size, -1, np.int32)  # (n,) how many commits are newer, -1 if not a commit here
        commits = list(commits)
        rows = catalog.row_of_commit.many(commits)
        known = np.array(commits, "S")[rows != NOWHERE]
        rows = rows[rows != NOWHERE]
        self.valid[rows] = True
        self.distance[rows[::-1]] = np.arange(len(rows))[::-1]
        self.commit_of = CommitOf(catalog.size, rows, known)
        self.led = _led(catalog, commits)  # (n,) whether it is a discussion that led to a commit of this HEAD
        self.valid |= self.led | (catalog.is_discussion & ~catalog.led)
        for path, found in zip(tree, catalog.rows_of_blob.many(tree.values()), strict=True):
            for row in found.tolist():
                self.valid[row] |= catalog.paths_of(row)[:1] == [path]
        self.suggestible = self.valid & catalog.suggestible
        self.by_file: dict[str, Any] = {}  # cache of the place term

    def without(self, hidden: Callable[[str], bool], *, comments: bool, documents: bool) -> View:
        """Return a copy of the view in which some memories are not suggestible.

        Args:
            hidden: whether a path is excluded; a memory is excluded if all its paths are.
            comments: whether comments in code may be suggested.
            documents: whether documents may be suggested.
        """
        from mom_lsp.extract.documents import is_document  # here: most settings hide nothing

        catalog, left = self.catalog, copy(self)
        left.by_file = {}
        left.__dict__.pop("surprise", None)  # which is relative to what may be suggested
        left.suggestible = self.suggestible.copy()
        seen: dict[str, bool] = {}
        for row in np.flatnonzero(self.suggestible).tolist():
            paths = catalog.paths_of(row)
            if (paths and all(seen[p] if p in seen else seen.setdefault(p, hidden(p)) for p in paths)) or (
                catalog.is_file[row] and not (documents if is_document(paths[0]) else comments)
            ):
                left.suggestible[row] = False
        return left

    @cached_property
    def newest(self) -> np.ndarray:
        """The rows of the commits of this HEAD, newest first."""
        rows = np.flatnonzero(self.distance >= 0)
        return rows[np.argsort(self.distance[rows], kind="stable")].astype(np.int32)

    @cached_property
    def edges(self) -> list[Edge]:
        """The references between rows that are both valid here."""
        return [Edge(source, RELATIONS[relation], target) for source, relation, target in self._edges.tolist()]

    @cached_property
    def _edges(self) -> np.ndarray:
        """The same as an array, as in the catalog."""
        edges = self.catalog.edges
        edges = edges[self.valid[edges[:, 0]] & self.valid[edges[:, 2]]]
        edges, reverting = np.concatenate([edges, self._quoting(edges)]), self.catalog.reverting
        changes = np.flatnonzero((self.distance >= 0) & (self.catalog.path_count > 0))
        edges = with_recommitted(edges, reverting, self.distances, self.catalog.same_change, changes)
        return with_reinstated(edges, reverting, self.distances)

    def _quoting(self, edges: np.ndarray) -> np.ndarray:
        """Return the edges of references by title, to the newest earlier commit with it, without those by hash."""
        distance, quotes = self.distance, self.catalog.quotes
        named = np.isin(edges[:, 1], (REVERT, REAPPLY, PARTIAL_REVERT))
        named &= self.distances[edges[:, 0]] < self.distances[edges[:, 2]]
        quotes = quotes[(distance[quotes[:, 0]] >= 0) & ~np.isin(quotes[:, 0], edges[named, 0])]
        quotes = quotes[np.argsort(quotes[:, 2], kind="stable")]
        titles, first = np.unique(quotes[:, 2], return_index=True)
        found = [np.zeros((0, 3), np.int64)]
        for title, those in zip(titles.tolist(), np.split(quotes, first[1:]), strict=False):
            rows = self.catalog.rows_titled(title)
            rows = rows[distance[rows] >= 0]
            rows = rows[np.argsort(distance[rows], kind="stable")]  # newest first
            at = np.searchsorted(distance[rows], distance[those[:, 0]], side="right")
            known = at < len(rows)
            found.append(np.column_stack([those[known, :2], rows[at[known]]]))
        return np.concatenate(found)

    @cached_property
    def distances(self) -> np.ndarray:
        """(n,) how many commits are newer; for rows that are no commits, those with a later time."""
        known = self.distance >= 0
        times = np.sort(self.catalog.time[known])
        later = len(times) - np.searchsorted(times, self.catalog.time, side="right")
        return np.where(known, self.distance, later).astype(np.int32)

    @cached_property
    def named(self) -> np.ndarray:
        """(n,) how many memories reference each row."""
        return np.bincount(self._edges[:, 2], minlength=self.catalog.size).astype(np.int32)

    @cached_property
    def named_lately(self) -> np.ndarray:
        """(n,) 1 if the newest memory references it, decreasing with the logarithm of the commits since."""
        values = np.zeros(self.catalog.size)
        sources, _, targets = self._edges.T
        np.maximum.at(values, targets, 1.0 / (1.0 + np.log1p(self.distances[sources])))
        return values

    def strongest_relative(self, strength: np.ndarray) -> np.ndarray:
        """Return the largest strength among the rows that each row references or is referenced by, (n,)."""
        values = np.zeros(self.catalog.size)
        sources, _, targets = self._edges.T
        np.maximum.at(values, targets, strength[sources])
        np.maximum.at(values, sources, strength[targets])
        return values

    def names_of(self, path: str) -> list[str]:
        """Return a path and its earlier names, following renames that are valid here."""
        return self.catalog.names_of(path, self.valid)

    @cached_property
    def replaced_by(self) -> dict[int, int]:
        """The row that reverted each failed approach. A revert that was itself reverted does not count."""
        verdicts: dict[int, list[Edge]] = {}
        for edge in self.edges:
            if edge.relation in (NEGATIVE, POSITIVE) and self.is_later(edge):  # "#12" may be a later commit
                verdicts.setdefault(edge.target, []).append(edge)
        distances, replaced = self.distances, dict[int, int]()
        for target in sorted(verdicts, key=lambda row: int(distances[row])):  # newest first
            newest_first = sorted(verdicts[target], key=lambda e: int(distances[e.source]))
            last = next((e for e in newest_first if e.source not in replaced), None)
            if last is not None and last.relation == NEGATIVE:
                replaced[target] = last.source
        return replaced

    @cached_property
    def recommitted(self) -> frozenset[int]:
        """The rows of the commits that made a change again after it was reverted."""
        same = self.catalog.same_change
        return frozenset(e.source for e in self.edges if e.relation == POSITIVE and same[e.source] == same[e.target])

    @cached_property
    def refixed(self) -> dict[int, int]:
        """The row that fixed each fix which needed a fix."""
        fixes = [edge for edge in self.edges if edge.relation == "fixes" and self.is_later(edge)]
        fixing = {edge.source for edge in fixes}
        return {edge.target: edge.source for edge in fixes if edge.target in fixing}

    def is_later(self, edge: Edge) -> bool:
        """Whether the source of a reference is newer than its target."""
        return bool(self.distances[edge.source] < self.distances[edge.target])

    @cached_property
    def surprise(self) -> np.ndarray:
        """(n,) how unusual each change is for the repository, 1 to 5."""
        return surprise(self.catalog.evidence, self._edges, self.suggestible)


def _led(catalog: Catalog, commits: Iterable[str]) -> np.ndarray:
    """Return which rows are discussions that led to one of some commits, (n,)."""
    led = np.zeros(catalog.size, bool)
    if len(catalog.talk_of_commit):
        history = frozenset(commits)
        for commit, rows in catalog.talk_of_commit.groups():
            if commit in history:
                led[rows] = True
    return led
