"""All memories as columns in RAM: who touched what, who names whom. Text and vectors stay elsewhere.

A catalog is immutable and knows no HEAD; a `View` says which of its rows are true on one HEAD.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mom_lsp.extract.documents import is_document
from mom_lsp.route.postings import Postings, name_keys

COLUMNS = (
    "id",
    "source_type",
    "time",
    "commits",
    "blobs",
    "paths",
    "symbols",
    "refs",
    "numbers",
    "renames",
    "evidence",
    "length",
    "added",
    "removed",
    "added_lines",
    "removed_lines",
    "noise",
    "content",
)
NEGATIVE, POSITIVE = "revert", "reapply"
CHAIN = frozenset({"revert", "reapply", "fixes", "followup"})
CHAIN_EVIDENCE = 1.5  # what being reverted, fixed or followed up adds to the evidence of a memory
EMPTY = np.zeros(0, np.int64)


@dataclass(frozen=True, slots=True)
class Edge:
    """Row `source` names row `target`."""

    source: int
    relation: str
    target: int


class Catalog:
    """The rows of the store, by number. All row arrays are int64."""

    def __init__(self, table: pa.Table) -> None:
        """Take the COLUMNS of all memories."""
        self.ids: list[str] = table["id"].to_pylist()
        self.row_of = {memory: row for row, memory in enumerate(self.ids)}
        self.size = len(self.ids)
        self.time = table["time"].to_numpy()
        self.evidence = table["evidence"].to_numpy()
        self.suggestible = pc.equal(table["noise"], "").to_numpy()
        self.is_file = pc.equal(table["source_type"], "file").to_numpy()
        self.is_note = pc.equal(table["source_type"], "user").to_numpy()
        self.contents: list[str] = table["content"].to_pylist()
        commits, commit_rows = _texts(table["commits"])
        self.row_of_commit = dict(zip(commits, commit_rows.tolist(), strict=True))
        self.rows_of_blob = _grouped(*_flat(table["blobs"]))
        paths, path_rows = _flat(table["paths"])
        self.rows_of_path = _grouped(paths, path_rows)
        self.path_count = np.bincount(path_rows, minlength=self.size)  # (n,) files that a memory touches
        self.rarity = 1.0 / (1.0 + np.log(np.maximum(1, self.path_count)))  # (n,) 1 for a memory about one file
        self._paths: list[str] = paths.to_pylist()
        self.first_path = np.concatenate([[0], np.cumsum(self.path_count)])
        self.rows_of_symbol = _grouped(*_flat(table["symbols"]))
        self.length = table["length"].to_numpy()  # (n,) characters of the body
        self.added_lines, self.removed_lines = (
            Postings(*_keys(table[name])) for name in ("added_lines", "removed_lines")
        )
        self.names = _names(table)  # identifiers that came or went
        self._refs, self._numbers, self._renames = (_texts(table[name]) for name in ("refs", "numbers", "renames"))

    def paths_of(self, row: int) -> list[str]:
        """Return the paths of a memory."""
        return self._paths[self.first_path[row] : self.first_path[row + 1]]

    @cached_property
    def edges(self) -> list[Edge]:
        """Who names whom, in every history: shas by prefix, "#N" by the memories that own the number."""
        shas = sorted(self.row_of_commit)
        owners = _grouped(pa.array([str(number) for number in self._numbers[0]], pa.string()), self._numbers[1])
        edges = []
        for text, source in zip(self._refs[0], self._refs[1].tolist(), strict=True):
            relation, _, name = text.partition(" ")
            if name.startswith("#"):
                targets = owners.get(name[1:], EMPTY).tolist()
            else:
                targets = [self.row_of_commit[sha] for sha in _with_prefix(shas, name)]
            edges += [Edge(source, relation, target) for target in targets if target != source]
        return edges

    @cached_property
    def _new_names(self) -> Mapping[str, list[tuple[str, int]]]:
        """(old path, row) by new path."""
        names: dict[str, list[tuple[str, int]]] = {}
        for text, row in zip(self._renames[0], self._renames[1].tolist(), strict=True):
            old, _, new = text.partition("\t")
            names.setdefault(new, []).append((old, row))
        return names

    def names_of(self, path: str, valid: np.ndarray) -> list[str]:
        """Return a path and the names it had before, following renames of valid rows."""
        return _followed(path, self._new_names, valid)

    @cached_property
    def _old_names(self) -> Mapping[str, list[tuple[str, int]]]:
        """(new path, row) by old path."""
        names: dict[str, list[tuple[str, int]]] = {}
        for new, olds in self._new_names.items():
            for old, row in olds:
                names.setdefault(old, []).append((new, row))
        return names

    def later_names_of(self, path: str, valid: np.ndarray) -> list[str]:
        """Return the names that a path got later, following renames of valid rows."""
        return _followed(path, self._old_names, valid)[1:]

    @cached_property
    def paths_of_symbol(self) -> Mapping[str, list[str]]:
        """The files in which a function or section of a name was ever changed."""
        paths: dict[str, list[str]] = {}
        for key in self.rows_of_symbol:
            path, _, symbol = key.partition("\t")
            paths.setdefault(symbol, []).append(path)
        return paths

    def rows_touching(self, paths: Iterable[str]) -> np.ndarray:
        """Return the rows of the memories about any of these paths, each once."""
        groups = [self.rows_of_path[path] for path in paths if path in self.rows_of_path]
        return np.unique(np.concatenate(groups)) if groups else EMPTY


class View:
    """What is true on one HEAD: its rows, and what they say of each other."""

    def __init__(self, catalog: Catalog, commits: Iterable[str], tree: Mapping[str, str]) -> None:
        """Take the ancestors of HEAD, newest first, and its tree (path to blob)."""
        self.catalog = catalog
        self.valid = catalog.is_note.copy()  # the user's word is true everywhere
        self.distance = np.full(catalog.size, -1)  # (n,) how many commits are newer, -1 for what is no commit here
        known = [commit for commit in commits if commit in catalog.row_of_commit]
        rows = np.array([catalog.row_of_commit[commit] for commit in known], np.int64)
        self.valid[rows] = True
        self.distance[rows[::-1]] = np.arange(len(rows))[::-1]
        self.commit_of = dict(zip(rows.tolist(), known, strict=True))  # the commit of a row that lies on this HEAD
        if len(self.commit_of) < len(known):  # of several always the same one
            self.commit_of = dict(sorted(zip(rows.tolist(), known, strict=True), reverse=True))
        for path, blob in tree.items():
            for row in catalog.rows_of_blob.get(blob, EMPTY).tolist():
                self.valid[row] |= catalog.paths_of(row)[:1] == [path]
        self.suggestible = self.valid & catalog.suggestible
        self.by_file: dict[str, Any] = {}  # what the place term found out about a file

    def without(self, hidden: Callable[[str], bool], *, comments: bool, documents: bool) -> View:
        """Return the same view in which some memories are not suggested.

        Args:
            hidden: whether a path is to be left alone; a memory is hidden if all its paths are.
            comments: whether spans of files other than documents may be suggested.
            documents: whether documents may be suggested.
        """
        catalog, left = self.catalog, copy(self)
        left.by_file = {}
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
    def edges(self) -> list[Edge]:
        """The references between rows that are both true here."""
        return [e for e in self.catalog.edges if self.valid[e.source] and self.valid[e.target]]

    @cached_property
    def distances(self) -> np.ndarray:
        """(n,) how many commits are newer; of what is no commit, those that were written later."""
        known = self.distance >= 0
        times = np.sort(self.catalog.time[known])
        later = len(times) - np.searchsorted(times, self.catalog.time, side="right")
        return np.where(known, self.distance, later)

    @cached_property
    def named(self) -> np.ndarray:
        """(n,) how often later memories name each row."""
        return np.bincount([edge.target for edge in self.edges], minlength=self.catalog.size)

    @cached_property
    def named_lately(self) -> np.ndarray:
        """(n,) 1 if the newest memory names it, falling with the logarithm of how many commits came since."""
        values = np.zeros(self.catalog.size)
        sources, targets = self._edge_rows
        np.maximum.at(values, targets, 1.0 / (1.0 + np.log1p(self.distances[sources])))
        return values

    def strongest_relative(self, strength: np.ndarray) -> np.ndarray:
        """Return for each row the largest strength of those that it names or that name it, (n,) each."""
        values = np.zeros(self.catalog.size)
        sources, targets = self._edge_rows
        np.maximum.at(values, targets, strength[sources])
        np.maximum.at(values, sources, strength[targets])
        return values

    @cached_property
    def _edge_rows(self) -> tuple[np.ndarray, np.ndarray]:
        """The rows that name and the rows that are named, one of each an edge."""
        pairs = np.array([(edge.source, edge.target) for edge in self.edges], np.int64).reshape(-1, 2)
        return pairs[:, 0], pairs[:, 1]

    def names_of(self, path: str) -> list[str]:
        """Return a path and the names it had before, following renames that are true here."""
        return self.catalog.names_of(path, self.valid)

    @cached_property
    def replaced_by(self) -> dict[int, int]:
        """The row that took each failed approach back. A revert that was itself taken back does not count."""
        verdicts: dict[int, list[Edge]] = {}
        for edge in self.edges:
            if edge.relation in (NEGATIVE, POSITIVE):
                verdicts.setdefault(edge.target, []).append(edge)
        reverts = {e.source for edges in verdicts.values() for e in edges if e.relation == NEGATIVE}
        time, replaced = self.catalog.time, dict[int, int]()
        for target in self._sources_first(verdicts):
            newest_first = sorted(verdicts.get(target, ()), key=lambda e: -int(time[e.source]))
            last = next((e for e in newest_first if e.source not in replaced), None)
            if last is not None and (last.relation == NEGATIVE or target in reverts):  # to reapply is to undo a revert
                replaced[target] = last.source
        return replaced

    def _sources_first(self, verdicts: Mapping[int, Sequence[Edge]]) -> list[int]:
        """Return targets so that what names a row comes before it; times may be equal, or of before a rebase."""
        sources = {target: {edge.source for edge in edges} for target, edges in verdicts.items()}
        try:
            return list(TopologicalSorter(sources).static_order())
        except CycleError:  # "#12" may name a later commit
            return sorted(sources, key=lambda target: -max(int(self.catalog.time[row]) for row in sources[target]))

    @cached_property
    def surprise(self) -> np.ndarray:
        """(n,) 1 to 5: the quintile, among what may be suggested here, of the evidence that it was not routine."""
        evidence = self.catalog.evidence.astype(np.float64)
        for edge in self.edges:
            if edge.relation in CHAIN:
                evidence[edge.target] += CHAIN_EVIDENCE
        pool = evidence[self.suggestible]
        if not len(pool):
            return np.ones(self.catalog.size, np.int64)
        cuts = np.quantile(pool, [0.2, 0.4, 0.6, 0.8])
        return np.asarray(1 + np.searchsorted(cuts, evidence, side="left"))


def _followed(path: str, names: Mapping[str, Sequence[tuple[str, int]]], valid: np.ndarray) -> list[str]:
    """Return a path and the names that valid rows lead to from it."""
    found, todo = [path], [path]
    while todo and len(found) < 16:
        for other, row in names.get(todo.pop(), ()):
            if valid[row] and other not in found:
                found.append(other)
                todo.append(other)
    return found


def _keys(column: pa.ChunkedArray) -> tuple[np.ndarray, np.ndarray]:
    """Return the numbers of a list column and the row of each."""
    numbers, rows = _flat(column)
    return numbers.to_numpy(), rows


def _names(table: pa.Table) -> Postings:
    """Return which rows added or removed an identifier."""
    (added, added_rows), (removed, removed_rows) = _flat(table["added"]), _flat(table["removed"])
    words = pa.concat_arrays([added, removed]).dictionary_encode()
    keys = np.array(name_keys(words.dictionary.to_pylist()), np.uint32)
    return Postings(keys[words.indices.to_numpy()], np.concatenate([added_rows, removed_rows]))


def _flat(column: pa.ChunkedArray) -> tuple[pa.Array, np.ndarray]:
    """Return the items of a list column and the row of each. Items stay in Arrow: there are millions."""
    array = column.combine_chunks()
    if isinstance(array, pa.ChunkedArray):
        array = pa.concat_arrays(array.chunks) if array.num_chunks else pa.array([], column.type)
    return array.flatten(), pc.list_parent_indices(array).to_numpy().astype(np.int64)


def _texts(column: pa.ChunkedArray) -> tuple[list[str], np.ndarray]:
    """Return the items of a list column as text, and the row of each."""
    items, rows = _flat(column)
    return items.to_pylist(), rows


def _grouped(keys: pa.Array, rows: np.ndarray) -> dict[str, np.ndarray]:
    """Return the rows of each key."""
    if not len(keys):
        return {}
    encoded = keys.dictionary_encode()
    codes = encoded.indices.to_numpy()
    order = np.argsort(codes, kind="stable")
    sorted_rows = rows[order]
    ends = [0, *np.cumsum(np.bincount(codes, minlength=len(encoded.dictionary))).tolist()]
    groups = (sorted_rows[first:end] for first, end in pairwise(ends))  # np.split takes ten times as long
    return dict(zip(encoded.dictionary.to_pylist(), groups, strict=True))


def _with_prefix(shas: Sequence[str], prefix: str) -> list[str]:
    """Return the one sha with this prefix, none if there are several."""
    at = bisect_left(shas, prefix)
    found = [sha for sha in shas[at : at + 2] if sha.startswith(prefix)]
    return found if len(found) == 1 else []
