"""Assigning memories to domains, after a pass and again once all are encoded: new ones, and those these displace."""

from __future__ import annotations

from collections.abc import Collection
from functools import cached_property

import numpy as np

from mom_lsp.extract.documents import is_changelog
from mom_lsp.indexing.progress import Control
from mom_lsp.route.catalog import Catalog
from mom_lsp.route.domain_names import named
from mom_lsp.route.domain_partition import Partition
from mom_lsp.route.domain_points import PATHS, Points
from mom_lsp.route.domains import updated
from mom_lsp.route.text_index import Arrays, unpacked
from mom_lsp.route.vectors import Vectors
from mom_lsp.store import Store
from mom_lsp.workspace.library.catalog_arrays import catalog_version
from mom_lsp.workspace.library.meaning import read_meaning, saved_arrays

FEW = 2_000  # vectors; if more are needed, all are read
SAMPLE = 4_000  # titles from which common words are counted


def sorted_into_domains(
    store: Store, arrays: Arrays, model: str, control: Control, *, encoding: bool = False
) -> dict[str, np.ndarray]:
    """Return the arrays of the updated domains, for the memories and the vectors of `model` ("" for none).

    While others are `encoding`, only the vectors that are in the saved domains count: reading the new ones would take
    longer the more there are, and all are read at the end.
    """
    contents, encoded = unpacked(arrays["content"]), store.encoded(model) if model else set[str]()
    before, ids = Partition.of_arrays(store.saved_domains() or {}, model), unpacked(arrays["id"])
    has_vector = np.array([content in encoded for content in contents], bool)
    if encoding and before.count:
        has_vector &= before.of(ids)[1]
    rows = np.flatnonzero(arrays["suggestible"] & (has_vector | (arrays["path_count"] > 0)))
    points = Points(arrays, _RowVectors(store, model if encoded else "", contents, has_vector))

    def points_of(some: np.ndarray) -> np.ndarray:
        control.check()
        return points(rows[some])

    sortable = [ids[row] for row in rows]
    domain, was_met = before.of(sortable)
    if some_new := bool((domain < 0).any() or (has_vector[rows] & ~was_met).any()):
        control.step("domains", 0, 1)
    fresh = updated(before, sortable, has_vector[rows], points_of)
    fresh = fresh.called(_names(store, arrays, fresh, rows), model)
    if some_new:
        control.step("domains", 1, 1)
    return fresh.arrays()


def save_meaning(store: Store, arrays: Arrays, notes: Collection[str], model: str) -> None:
    """Save the vectors of a model in the order of the newest catalog and of the saved domains, for readers to map.

    Args:
        store: of the version of the catalog.
        arrays: of the catalog.
        notes: the ids of the notes in it.
        model: which has encoded every memory.
    """
    catalog, of = Catalog(arrays), catalog_version(store.version, notes)
    meaning = read_meaning(store, model, catalog, {}, of)
    if len(meaning.vectors):
        store.save_meaning(model, saved_arrays(meaning, catalog, of))


def _names(store: Store, arrays: Arrays, domains: Partition, rows: np.ndarray) -> list[str]:
    """Return the names of all domains; memories are read only for those without a name."""
    nameless = [number for number, name in enumerate(domains.names) if not name]
    if not nameless:
        return list(domains.names)
    members = {number: rows[domains.domain == number] for number in nameless}
    sample = rows[np.linspace(0, len(rows) - 1, min(SAMPLE, len(rows))).astype(int)]
    wanted = np.unique(np.concatenate([sample, *members.values()]))
    ids = unpacked(arrays["id"])
    titles = store.titles([ids[row] for row in wanted])
    titles_of = {number: [titles.get(ids[row], "") for row in some] for number, some in members.items()}
    paths, first = unpacked(arrays["paths_keys"]), np.concatenate([[0], np.cumsum(arrays["path_count"])])

    def paths_of_row(row: int) -> list[str]:
        touched = [paths[code] for code in arrays["path_codes"][first[row] : min(first[row + 1], first[row] + PATHS)]]
        return [path for path in touched if not is_changelog(path)] or touched  # a changelog says nothing of a change

    paths_of = {number: [paths_of_row(row) for row in some.tolist()] for number, some in members.items()}
    sample_titles, sample_paths = [titles.get(ids[row], "") for row in sample], [paths_of_row(row) for row in sample]
    return named(domains.names, paths_of, titles_of, sample_titles, sample_paths)


class _RowVectors:
    """The vectors of a catalog's rows, read from the store on demand."""

    def __init__(self, store: Store, model: str, contents: list[str], has_vector: np.ndarray) -> None:
        self._store, self._model, self._contents, self._has_vector = store, model, contents, has_vector
        self._all: tuple[dict[str, int], Vectors] | None = None

    def __call__(self, rows: np.ndarray) -> np.ndarray:
        """Return (m, d) float32, zeros for rows without a vector; d is 0 if no row at all has one."""
        found = np.zeros((len(rows), self._width), np.float32)
        if not self._width:
            return found
        slot_of, vectors = self._read(rows[self._has_vector[rows]])
        known = [(at, slot_of[self._contents[row]]) for at, row in enumerate(rows.tolist()) if self._has_vector[row]]
        if known:
            at, slots = np.array(known).T
            found[at] = vectors.floats(slots)
        return found

    @cached_property
    def _width(self) -> int:
        if not self._model or not self._has_vector.any():
            return 0
        return self._read(np.flatnonzero(self._has_vector)[:1])[1].width

    def _read(self, rows: np.ndarray) -> tuple[dict[str, int], Vectors]:
        if self._all is not None:
            return self._all
        some = [self._contents[row] for row in rows.tolist()] if len(rows) <= FEW else None
        contents, vectors = self._store.vectors(self._model, some)
        found = {content: at for at, content in enumerate(contents)}, Vectors.of(vectors)
        if some is None:
            self._all = found
        return found
