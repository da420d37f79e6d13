"""The LanceDB tables of one data folder: `memories`, and `vectors` keyed by content and model.

There is one writer at a time, under the writer lease, and any number of readers, which follow its versions.
Everything here can be rebuilt from the repository.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from mom_lsp import datafolder
from mom_lsp.durable_file import remove, touch
from mom_lsp.memory import Memory
from mom_lsp.store import indices
from mom_lsp.store.arrays import save_arrays
from mom_lsp.store.arrow_rows import to_table
from mom_lsp.store.reader import MEANING, Reader
from mom_lsp.store.tables import ALL, KEEP_VERSIONS, MEMORIES, VECTORS, conditions, made_by, merge, optimize
from mom_lsp.store.text import SCHEMA_VERSION


class Store(Reader):
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
        super().__init__(data)
        if create:
            self._tables.open_for_writing(f"{SCHEMA_VERSION} {rules}")
        else:
            self._tables.open_for_reading(data)

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
        """Save the arrays of the domains, for readers and for the next pass, unless they are saved already."""
        if not _same(arrays, self.saved_domains() or {}):
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

    def vectors_scattered(self, files: int, loose: float) -> bool:
        """Whether the embeddings are in more files than that, and more than a share of them not in the largest one.

        A compaction merges all into one file, so what is in others came after the last one.
        """
        table = self._tables.writable(VECTORS)
        if table is None:
            return False
        found = self._tables.guard(table.stats)
        fragments, rows = found["fragment_stats"], found["num_rows"]
        return bool(fragments["num_fragments"] > files and rows - fragments["lengths"]["max"] > loose * rows)

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
        drop = partial(optimize, older_than=timedelta(0) if erase else KEEP_VERSIONS, unverified=erase)
        for step in (merge, drop):
            for table in tables:
                self._tables.guard(partial(step, table))
            self._sync(*names)
        if MEMORIES in names:
            self._tables.guard(self._tables.memories.checkout_latest)

    def _sync(self, *names: str) -> None:
        self._tables.guard(partial(self._tables.sync, *names))


def _same(arrays: Mapping[str, np.ndarray], others: Mapping[str, np.ndarray]) -> bool:
    return arrays.keys() == others.keys() and all(np.array_equal(array, others[name]) for name, array in arrays.items())
