"""Reading the LanceDB tables of one data folder, and the arrays that are saved beside them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from copy import copy
from functools import partial
from pathlib import Path
from typing import Any, Self

import numpy as np
import pyarrow as pa

from mom_lsp import datafolder
from mom_lsp.errors import Damaged
from mom_lsp.memory import Memory
from mom_lsp.store import indices
from mom_lsp.store.arrays import load_arrays
from mom_lsp.store.arrow_rows import memories_of
from mom_lsp.store.tables import ALL, Tables, conditions
from mom_lsp.store.text import SCHEMA_VERSION

MEANING = "meaning 1"  # the format of the vectors that are saved for readers
SEARCH_TERMS = 64  # words of a query that are searched; more cost time and find nothing new
SCATTERED = 24  # files of a few rows
MAX_SELECTED = 5_000  # rows; for more, the whole table is read


class Reader:
    """Reads the tables below `<data>/lance`, once a subclass has opened them."""

    def __init__(self, data: Path) -> None:
        self._data, self.folder = data, data / datafolder.INDEX
        self._tables = Tables(self.folder)

    @property
    def version(self) -> int:
        """The version of the memories that this store reads; every write makes a new one."""
        return int(self._tables.memories.version)

    def refresh(self) -> int:
        """Move to the newest version and return it."""

        def latest() -> int:
            self._tables.refresh()
            return self.version

        return self._tables.read(latest)

    def pinned(self) -> Self:
        """Return a reader pinned to this version. Its reads raise Outdated once the version was removed."""
        same = copy(self)
        same._tables = self._tables.pinned()
        return same

    def columns(self, names: Sequence[str], where: str | None = None, *, after: int = 0) -> pa.Table:
        """Return some columns of all rows, of those matching a SQL condition, or of those after the first ones."""

        def read() -> pa.Table:
            query = self._tables.memories.search().select(list(names)).limit(ALL).offset(after)
            return (query.where(where) if where else query).to_arrow()

        return self._tables.read(read)

    def row_ids(self) -> np.ndarray:
        """Return LanceDB's id of each row, (n,) uint64; a row that is written again gets another one."""

        def read() -> pa.Table:
            return self._tables.memories.search().select(["time"]).with_row_id(True).limit(ALL).to_arrow()

        return np.asarray(self._tables.read(read)["_rowid"].to_numpy())

    def titles(self, ids: Sequence[str]) -> dict[str, str]:
        """Return the titles of some memories by id."""
        chosen = [None] if len(ids) > MAX_SELECTED else conditions("id", ids)
        tables = [self.columns(["id", "title"], condition) for condition in chosen]
        return {row["id"]: row["title"] for table in tables for row in table.to_pylist()}

    def get(self, ids: Sequence[str]) -> dict[str, Memory]:
        """Return memories by id; unknown ids are skipped."""

        def read(condition: str) -> list[Memory]:
            query = self._tables.memories.search().where(condition).limit(ALL)
            return list(memories_of(query.to_arrow()))  # here: damage may be noticed only now

        found = [self._tables.read(partial(read, condition)) for condition in conditions("id", ids)]
        return {memory.id: memory for memories in found for memory in memories}

    def search_text(self, query: str, limit: int) -> list[tuple[str, float]]:
        """Return (id, BM25 score) of the best suggestible full-text matches, best first."""
        words = " ".join(dict.fromkeys(query.split()[: SEARCH_TERMS * 4]))
        if not words.strip():
            return []

        def read() -> pa.Table:
            search = indices.matching(self._tables.memories, " ".join(words.split()[:SEARCH_TERMS]))
            return search.select(["id", "_score"]).limit(limit).to_arrow()

        table = self._tables.read(read)
        return list(zip(table["id"].to_pylist(), table["_score"].to_pylist(), strict=True))

    def frequency(self, words: Iterable[str]) -> dict[str, int]:
        """Return how many suggestible memories have each word, in any form of it."""

        def count(word: str) -> int:
            search = indices.matching(self._tables.memories, word)
            return int(search.select(["_score"]).limit(ALL).to_arrow().num_rows)

        return {word: self._tables.read(partial(count, word)) for word in words}

    def vectors(self, model: str, contents: Sequence[str] | None = None) -> tuple[list[str], np.ndarray]:
        """Return content keys and their unit vectors by `model`, float16 (n, d) as stored, in any order.

        With `contents`, only those keys.
        """
        chosen = [None] if contents is None else conditions("content", contents) or ["false"]

        def read() -> pa.Table | None:
            table = self._tables.vectors(model)
            return None if table is None else pa.concat_tables(_read(table, condition) for condition in chosen)

        found = self._tables.read(read)
        if found is None or not found.num_rows:
            return [], np.zeros((0, 0), np.float16)
        flat = found["vector"].combine_chunks().flatten().to_numpy(zero_copy_only=False)
        return found["content"].to_pylist(), flat.astype(np.float16, copy=False).reshape(found.num_rows, -1)

    def encoded(self, model: str) -> set[str]:
        """Return the content keys that have a vector by `model`."""

        def read() -> set[str]:
            table = self._tables.vectors(model)
            return (
                set(table.search().select(["content"]).limit(ALL).to_arrow()["content"].to_pylist()) if table else set()
            )

        return self._tables.read(read)

    def present(self, contents: Sequence[str]) -> set[str]:
        """Return which of these content keys belong to a memory."""
        tables = [self.columns(["content"], condition) for condition in conditions("content", contents)]
        return {content for table in tables for content in table["content"].to_pylist()}

    def saved_catalog(self, key: str) -> dict[str, np.ndarray] | None:
        """Return the arrays saved for this version and `key`, None if there are none."""
        return load_arrays(self._catalog, f"{SCHEMA_VERSION} {self.version} {key}")

    def last_catalog(self, format: str) -> dict[str, np.ndarray] | None:
        """Return the arrays that were saved last for a key that begins with `format`, of whatever version."""
        return load_arrays(self._catalog, lambda key: key.split(" ")[:3:2] == [str(SCHEMA_VERSION), format])

    def saved_domains(self) -> dict[str, np.ndarray] | None:
        """Return the arrays of the domains with the ids of their memories, None if there are none."""
        return load_arrays(self._domains, datafolder.DOMAINS_FORMAT)

    def saved_meaning(self, model: str) -> dict[str, np.ndarray] | None:
        """Return the arrays saved for the vectors of a model, None if there are none."""
        return load_arrays(self._meaning, f"{MEANING} {model}")

    def meaning_state(self, model: str) -> tuple[int, int]:
        """Return a value that changes whenever vectors by a model are added or the domains change."""

        def count() -> int:
            table = self._tables.vectors(model)
            return table.count_rows() if table is not None else 0

        try:
            stamp = self._domains.stat().st_mtime_ns
        except FileNotFoundError:  # not saved yet, or just erased
            stamp = 0
        return self._tables.read(count), stamp

    @property
    def _catalog(self) -> Path:
        return self._data / datafolder.CATALOG

    @property
    def _domains(self) -> Path:
        return self._data / datafolder.DOMAINS

    @property
    def _meaning(self) -> Path:
        return self._data / datafolder.MEANING

    @property
    def searchable(self) -> bool:
        """Whether the full-text index exists and covers all memories but a few; without it search is slow."""
        return self._tables.guard(partial(indices.complete, self._tables.memories))

    @property
    def scattered(self) -> bool:
        """Whether the memories are in so many small files that reading them takes longer."""
        found = self._tables.guard(self._tables.memories.stats)
        return int(found["fragment_stats"]["num_small_fragments"]) > SCATTERED

    def report_damage(self) -> Damaged:
        """Ask the next pass to check everything; return an error that says so."""
        return self._tables.report_damage()


def _read(table: Any, where: str | None) -> pa.Table:
    query = table.search().limit(ALL)
    return (query.where(where) if where else query).to_arrow()
