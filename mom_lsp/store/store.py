"""The LanceDB tables of one data folder: `memories`, and `vectors` keyed by content and model.

There is one writer at a time, under the writer lease, and any number of readers, which follow its versions.
Everything here can be rebuilt from the repository.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from mom_lsp import datafolder
from mom_lsp.durable_file import remove, touch
from mom_lsp.errors import Damaged
from mom_lsp.memory import Memory
from mom_lsp.store import indices
from mom_lsp.store.arrays import load_arrays, save_arrays
from mom_lsp.store.arrow_rows import memories_of, to_table
from mom_lsp.store.tables import (
    ALL,
    KEEP_VERSIONS,
    MEMORIES,
    NO_VERSIONS,
    VECTORS,
    Tables,
    conditions,
    made_by,
    optimize,
)
from mom_lsp.store.text import SCHEMA_VERSION

MEANING = "meaning 1"  # likewise
SEARCH_TERMS = 64  # words of a query that are searched; more cost time and find nothing new
SCATTERED = 24  # files of a few rows
MAX_SELECTED = 5_000  # rows; for more, the whole table is read


class Store:
    """Reads, and for the holder of the writer lease writes, the tables below `<data>/lance`."""

    def __init__(self, data: Path, *, create: bool = False, rules: str = "") -> None:
        """Open the tables.

        Args:
            data: the data folder.
            create: open for writing; the caller holds the writer lease.
            rules: only for writing: the fingerprint of the extraction rules; memories of others are dropped.

        Raises:
            NoIndex: nothing was indexed yet and `create` is false.
            DataFolderError: likewise, and the folder is read-only.
            StoreError: the folder cannot be used, or a newer version of mom wrote it.
        """
        self._data, self.folder = data, data / datafolder.INDEX
        self._tables = Tables(self.folder)
        if create:
            self._tables.open_for_writing(f"{SCHEMA_VERSION} {rules}")
        else:
            self._tables.open_for_reading(data)

    # Reading

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

    def pinned(self) -> Store:
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
        """Return a value that changes whenever vectors by a model are added or the domains are saved."""

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

    # Writing, only under the writer lease

    def add(self, rows: pa.Table) -> None:
        """Insert rows whose ids are all new. They are durable on return."""
        table = self._tables.memories
        self._tables.guard(lambda: table.add(rows))
        self._tables.guard(partial(indices.make, table))
        self._sync(MEMORIES)

    def upsert(self, memories: Sequence[Memory], *, new: bool = False) -> None:
        """Insert memories, replacing those with the same id, unless all are known to be `new`, which is faster.

        They are durable on return.
        """
        if not memories:
            return
        latest = {memory.id: memory for memory in memories}
        rows, table = to_table(list(latest.values())), self._tables.memories
        if new:
            self.add(rows)
            return
        merge = table.merge_insert("id").when_matched_update_all().when_not_matched_insert_all()
        self._tables.guard(lambda: merge.execute(rows))
        self._tables.guard(partial(indices.make, table))
        self._sync(MEMORIES)

    def save_catalog(self, key: str, arrays: Mapping[str, np.ndarray]) -> None:
        """Save arrays that were computed from this version, for readers."""
        self._tables.guard(partial(save_arrays, self._catalog, f"{SCHEMA_VERSION} {self.version} {key}", arrays))

    def save_domains(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Save the arrays of the domains, for readers and for the next pass."""
        self._tables.guard(partial(save_arrays, self._domains, datafolder.DOMAINS_FORMAT, arrays))

    def save_meaning(self, model: str, arrays: Mapping[str, np.ndarray]) -> None:
        """Save arrays that were computed from the vectors of a model, for readers."""
        self._tables.guard(partial(save_arrays, self._meaning, f"{MEANING} {model}", arrays))

    def drop_domains(self) -> None:
        """Remove the arrays of the domains, so that all are rebuilt."""
        self._domains.unlink(missing_ok=True)

    def delete(self, ids: Iterable[str]) -> None:
        """Remove memories; their text stays on disk until `compact(erase=True)`."""
        for condition in conditions("id", ids):
            self._tables.guard(partial(self._tables.memories.delete, condition))
        self._sync(MEMORIES)

    def erase(self, stones: Sequence[Memory]) -> None:
        """Replace memories by tombstones and erase every byte of their text.

        After an interruption `erasing` is true, and the next call completes it.
        """
        touch(self._erasing)
        for file in (self._catalog, self._meaning):
            file.unlink(missing_ok=True)
        self.drop_domains()  # their names are words from memories
        self.upsert(stones)
        self.keep_vectors(self.columns(["content"])["content"].to_pylist())
        self.compact(erase=True)
        remove(self._erasing)

    @property
    def erasing(self) -> bool:
        """Whether an erasure was started and not completed."""
        return self._erasing.exists()

    @property
    def _erasing(self) -> Path:
        return self._data / datafolder.ERASING

    def put_vectors(self, model: str, contents: Sequence[str], vectors: np.ndarray) -> None:
        """Save embeddings, float32 (n, d), by content; those of another model are dropped."""
        table = self._tables.writable(VECTORS)
        if table is not None and made_by(table) != model:
            table = None
        values = pa.FixedSizeListArray.from_arrays(
            pa.array(vectors.astype(np.float16).ravel(), pa.float16()), vectors.shape[1]
        )
        rows = pa.table({"content": pa.array(contents, pa.string()), "vector": values})
        if table is None:
            schema = rows.schema.with_metadata({"mom.model": model})
            self._tables.guard(
                lambda: self._tables.connection.create_table(VECTORS, rows.cast(schema), mode="overwrite")
            )
        else:
            self._tables.guard(lambda: table.add(rows))
        self._sync(VECTORS)

    def keep_vectors(self, contents: Iterable[str]) -> None:
        """Keep the embeddings of these contents only."""
        table = self._tables.writable(VECTORS)
        if table is None:
            return
        wanted = set(contents)
        cached = table.search().select(["content"]).limit(ALL).to_arrow()["content"].to_pylist()
        for condition in conditions("content", set(cached) - wanted):
            self._tables.guard(partial(table.delete, condition))
        self._sync(VECTORS)

    def compact_vectors(self) -> None:
        """Merge the small files of the embeddings."""
        self._optimize(VECTORS)

    def compact(self, *, erase: bool = False) -> None:
        """Merge small files, update the full-text index and drop old versions.

        With `erase` no byte of deleted rows remains: the index is rebuilt and every old version removed.
        """
        self._tables.guard(partial(indices.make, self._tables.memories, rebuild=erase))
        self._optimize(MEMORIES, VECTORS, erase=erase)
        if erase:
            shutil.rmtree(self._data / datafolder.QUARANTINE, ignore_errors=True)

    def drop_old_versions(self) -> None:
        """Remove what a compaction left behind, once it is old; with rows in several files, the next one does."""
        tables = {name: self._tables.writable(name) for name in (MEMORIES, VECTORS)}
        whole = [name for name, table in tables.items() if table is not None and self._fragments(table) == 1]
        if whole:  # else it would be a compaction
            self._optimize(*whole)

    def _fragments(self, table: Any) -> int:
        return int(self._tables.guard(table.stats)["fragment_stats"]["num_fragments"])

    def _optimize(self, *names: str, erase: bool = False) -> None:
        """Merge small files; remove old versions once the new ones are durable."""
        tables = [table for name in names if (table := self._tables.writable(name)) is not None]
        for older_than, unverified in ((NO_VERSIONS, False), (timedelta(0) if erase else KEEP_VERSIONS, erase)):
            for table in tables:
                self._tables.guard(partial(optimize, table, older_than, unverified=unverified))
            self._sync(*names)
        if MEMORIES in names:
            self._tables.guard(self._tables.memories.checkout_latest)

    def _sync(self, *names: str) -> None:
        self._tables.guard(partial(self._tables.sync, *names))


def _read(table: Any, where: str | None) -> pa.Table:
    query = table.search().limit(ALL)
    return (query.where(where) if where else query).to_arrow()
