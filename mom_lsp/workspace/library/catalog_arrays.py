"""The arrays of a catalog: those that the indexer saved, those brought up to date, or new ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import pyarrow as pa

from mom_lsp import datafolder
from mom_lsp.journal import Journal
from mom_lsp.memory import Memory
from mom_lsp.route.columns import COLUMNS, FORMAT, LINKS, arrays_of
from mom_lsp.route.columns_update import updated
from mom_lsp.store.arrow_rows import to_table
from mom_lsp.tiers.lifecycle import fold
from mom_lsp.workspace.library.memory_rows import StoreVersion
from mom_lsp.workspace.library.notes import notes_of

NOTE = 2**64 - 1  # in place of the row id of a note, which is not in the store
MOST_CHANGED = 0.1  # share of the rows; for more, all arrays are made anew


class StoreColumns(StoreVersion, Protocol):
    """The part of the store that a catalog is read from."""

    @property
    def version(self) -> int:
        """The version that is read."""
        ...

    def columns(self, names: Sequence[str], where: str | None = None, *, after: int = 0) -> pa.Table:
        """Return some columns of all rows, or of those after the first ones."""
        ...

    def row_ids(self) -> np.ndarray:
        """Return an id of each row, (n,); one that is written again gets another one."""
        ...

    def saved_catalog(self, key: str) -> dict[str, np.ndarray] | None:
        """Return the arrays saved for this version and `key`, None if there are none."""
        ...

    def last_catalog(self, format: str) -> dict[str, np.ndarray] | None:
        """Return the arrays that were saved last in a format, for whatever version; None if there are none."""
        ...


def catalog_arrays(store: StoreColumns | None, notes: Mapping[str, Memory]) -> dict[str, np.ndarray]:
    """Return the arrays of a catalog of all memories, notes last: those that the indexer saved, if it did."""
    noted = to_table(list(notes.values())).select(COLUMNS)
    if store is None:
        return arrays_of(noted)
    known = store.saved_catalog(catalog_key(notes))
    if known is not None:
        return known
    rows = store.row_ids()
    arrays = _updated(store, rows, noted)
    if arrays is None:
        arrays = arrays_of(pa.concat_tables([store.columns(COLUMNS), noted]))
    return arrays | {"rows": np.concatenate([rows, np.full(len(notes), NOTE, np.uint64)])}


def _updated(store: StoreColumns, rows: np.ndarray, noted: pa.Table) -> dict[str, np.ndarray] | None:
    """Return the arrays that were saved last, brought up to date; None if too much has changed.

    What is written goes behind the rows that stay; only compaction writes all of them again.
    """
    old = store.last_catalog(str(FORMAT))
    if old is None:
        return None
    kept = np.isin(old["rows"], rows)
    first = int(kept.sum())
    changed = len(kept) - first + len(rows) - first + len(noted)
    if changed > MOST_CHANGED * len(rows) or not np.array_equal(old["rows"][kept], rows[:first]):
        return None
    fresh = pa.concat_tables([store.columns(COLUMNS, after=first), noted])
    return updated(old, kept, fresh, pa.concat_tables([store.columns(LINKS), noted.select(LINKS)]))


def catalog_of(store: StoreColumns, data: Path) -> tuple[dict[str, np.ndarray], dict[str, Memory]]:
    """Return the arrays of a catalog of all memories and of the notes in the journal of a data folder, and these."""
    with Journal(data / datafolder.JOURNAL) as journal:
        notes = notes_of(fold(journal.events()))
    return catalog_arrays(store, notes), notes


def catalog_key(notes: Iterable[str]) -> str:
    """Return what a catalog depends on besides the store."""
    return " ".join([str(FORMAT), *notes])


def catalog_version(version: int, notes: Iterable[str]) -> str:
    """Return what a catalog depends on, with a version of the store."""
    return f"{version} {catalog_key(notes)}"
