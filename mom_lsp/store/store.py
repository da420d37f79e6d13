"""The LanceDB tables of one data folder: `memories`, and `vectors` keyed by content and model.

There is one writer at a time, under the lease of `indexing`; any number of readers follow its versions.
Everything here can be rebuilt from the repository.
"""

from __future__ import annotations

import logging
import os
import shutil
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

os.environ.setdefault("LANCE_LOG", "error")  # read when lancedb is imported
os.environ.setdefault("RUST_LOG", "error")

import lancedb
import numpy as np
import pyarrow as pa
from lancedb.index import FTS, BTree
from lancedb.query import MatchQuery

from mom_lsp.errors import NoIndex, StoreError
from mom_lsp.memory import Memory
from mom_lsp.store.heal import Durable, drop_newest_version
from mom_lsp.store.rows import SCHEMA, from_row, to_table

SCHEMA_VERSION = 1
MEMORIES, VECTORS = "memories", "vectors"
KEEP_VERSIONS = timedelta(minutes=10)  # so that a reader's snapshot outlives a compaction
SEARCH_TERMS = 64  # words of a query that are looked up; more cost time and find nothing new

log = logging.getLogger(__name__)
T = TypeVar("T")


class Store:
    """Reads, and for the holder of the writer lease writes, the tables below `<data>/lance`."""

    def __init__(self, data: Path, *, create: bool = False, rules: str = "") -> None:
        """Open the tables; `rules` names the way of extraction: memories of another one are dropped.

        Raises:
            NoIndex: nothing was indexed yet and `create` is false.
            StoreError: the folder cannot be read, or a newer version of mom wrote it.
        """
        self.folder = data / "lance"
        if create:
            self._prepare(rules)
        elif not (self.folder / f"{MEMORIES}.lance").is_dir():
            raise NoIndex("nothing is indexed yet: run `mom index`")
        self._durable = Durable(self.folder)
        self._connection = lancedb.connect(str(self.folder))
        self._memories = self._open(MEMORIES, SCHEMA, create)

    # Reading

    @property
    def version(self) -> int:
        """The version of the memories that is read; changes with every write."""
        return int(self._memories.version)

    def refresh(self) -> int:
        """Follow the writer to its newest version and return that."""
        self._retry(lambda: self._memories.checkout_latest())
        return self.version

    def columns(self, names: Sequence[str], where: str | None = None) -> pa.Table:
        """Return some columns of all rows, or of those that a SQL condition selects."""

        def read() -> pa.Table:
            query = self._memories.search().select(list(names)).limit(2**31)
            return (query.where(where) if where else query).to_arrow()

        return self._retry(read)

    def get(self, ids: Sequence[str]) -> dict[str, Memory]:
        """Return the memories of some ids; unknown ids are left out."""
        if not ids:
            return {}
        table = self.columns(SCHEMA.names, f"id IN ({', '.join(_quoted(i) for i in ids)})")
        return {row["id"]: from_row(row) for row in table.to_pylist()}

    def search_text(self, query: str, limit: int) -> list[tuple[str, float]]:
        """Return (id, BM25 score) of the best full-text matches that may be suggested, best first."""
        words = " ".join(dict.fromkeys(query.split()[: SEARCH_TERMS * 4]))
        if not words.strip():
            return []

        def read() -> pa.Table:
            match: Any = MatchQuery(" ".join(words.split()[:SEARCH_TERMS]), "text")  # type: ignore[call-arg]
            search = self._memories.search(match, query_type="fts").select(["id", "_score"])
            return search.limit(limit).to_arrow()

        table = self._retry(read)
        return list(zip(table["id"].to_pylist(), table["_score"].to_pylist(), strict=True))

    def vectors(self, model: str) -> tuple[list[str], np.ndarray]:
        """Return the content keys and their unit vectors, float32 (n, d), that `model` made."""
        table = self._vectors(model)
        if table is None:
            return [], np.zeros((0, 0), np.float32)
        read = self._retry(lambda: table.search().limit(2**31).to_arrow())
        flat = read["vector"].combine_chunks().flatten().to_numpy(zero_copy_only=False)
        rows = flat.astype(np.float32).reshape(read.num_rows, -1)
        return read["content"].to_pylist(), rows

    # Writing, only under the writer lease

    def upsert(self, memories: Sequence[Memory]) -> None:
        """Insert memories, replacing those with the same id. Durable when it returns."""
        if not memories:
            return
        latest = {memory.id: memory for memory in memories}
        rows = to_table(list(latest.values()))
        merge = self._memories.merge_insert("id").when_matched_update_all().when_not_matched_insert_all()
        self._border(lambda: merge.execute(rows))
        self._durable.sync()

    def delete(self, ids: Iterable[str]) -> None:
        """Remove memories; their text stays on disk until `compact(erase=True)`."""
        wanted = ", ".join(_quoted(i) for i in ids)
        if wanted:
            self._border(lambda: self._memories.delete(f"id IN ({wanted})"))
            self._durable.sync()

    def put_vectors(self, model: str, contents: Sequence[str], vectors: np.ndarray) -> None:
        """Cache embeddings, float32 (n, d), by content; another model's are dropped."""
        table = self._vectors(model)
        values = pa.FixedSizeListArray.from_arrays(
            pa.array(vectors.astype(np.float16).ravel(), pa.float16()), vectors.shape[1]
        )
        rows = pa.table({"content": pa.array(contents, pa.string()), "vector": values})
        if table is None:
            schema = rows.schema.with_metadata({"mom.model": model})
            self._border(lambda: self._connection.create_table(VECTORS, rows.cast(schema), mode="overwrite"))
        else:
            self._border(lambda: table.add(rows))
        self._durable.sync()

    def keep_vectors(self, contents: Iterable[str]) -> None:
        """Remove the embeddings of all other contents."""
        table = self._table(VECTORS)
        if table is None:
            return
        kept = set(contents)
        cached = table.search().select(["content"]).limit(2**31).to_arrow()["content"].to_pylist()
        gone = set(cached) - kept
        if gone:
            self._border(lambda: table.delete(f"content IN ({', '.join(_quoted(c) for c in gone)})"))

    def compact(self, *, erase: bool = False) -> None:
        """Merge small files, bring the full-text index up to date and drop old versions.

        With `erase` nothing deleted is left in any byte: the index is rebuilt and every old version removed.
        """
        names = {index.name for index in self._memories.list_indices()}
        if self._memories.count_rows() and (erase or "text_idx" not in names):
            config = FTS(with_position=False, remove_stop_words=True, stem=True)
            self._border(lambda: self._memories.create_index("text", config=config, replace=True))
            self._border(lambda: self._memories.create_index("id", config=BTree(), replace=True))
        age = timedelta(0) if erase else KEEP_VERSIONS
        for table in filter(None, (self._memories, self._table(VECTORS))):
            self._border(partial(table.optimize, cleanup_older_than=age, delete_unverified=erase))
        if erase:
            shutil.rmtree(self.folder / "quarantine", ignore_errors=True)
        self._durable.sync()

    # Opening

    def _prepare(self, rules: str) -> None:
        """Make the folder ready for writing. Memories of an older format are rebuilt; embeddings are kept."""
        mark, wanted = self.folder / "schema", f"{SCHEMA_VERSION} {rules}"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            found = mark.read_text("ascii") if mark.is_file() else ""
            if found.split(" ")[0].isdigit() and int(found.split(" ")[0]) > SCHEMA_VERSION:
                raise StoreError(f"{self.folder} was written by a newer mom: update mom, or delete that folder")
            if found != wanted:
                shutil.rmtree(self.folder / f"{MEMORIES}.lance", ignore_errors=True)
                (self.folder / "complete.json").unlink(missing_ok=True)
                mark.write_text(wanted, "ascii")
        except (OSError, ValueError) as error:
            raise StoreError(f"cannot write to {self.folder}: {error}") from error

    def _open(self, name: str, schema: pa.Schema, create: bool) -> Any:
        """Open a table and read from it, since a broken data file shows only then; heal what can be healed."""
        path = self.folder / f"{name}.lance"
        while True:
            try:
                if create and not path.is_dir():
                    return self._connection.create_table(name, schema=schema)
                table = self._connection.open_table(name)
                table.search().select(["id"]).limit(2**31).to_arrow()
                return table
            except (RuntimeError, ValueError, OSError) as error:
                log.warning("the newest version of %s cannot be read (%s): going back one", name, error)
                if drop_newest_version(path):
                    continue
                if not create:
                    raise NoIndex("the index is damaged: run `mom index`, which rebuilds it") from error
                path.replace(self.folder.parent / f"{name}.broken-{time.time_ns()}")

    def _table(self, name: str) -> Any | None:
        if not (self.folder / f"{name}.lance").is_dir():
            return None
        return self._border(lambda: self._connection.open_table(name))

    def _vectors(self, model: str) -> Any | None:
        table = self._table(VECTORS)
        made_by = ((table.schema.metadata or {}) if table is not None else {}).get(b"mom.model", b"").decode()
        return table if made_by == model else None

    def _retry(self, read: Callable[[], T]) -> T:
        """Read; once more on the newest version if the writer has removed the files of ours meanwhile."""
        try:
            return read()
        except (RuntimeError, ValueError, OSError):
            self._connection = lancedb.connect(str(self.folder))
            self._memories = self._border(lambda: self._connection.open_table(MEMORIES))
            return self._border(read)

    def _border(self, action: Callable[[], T]) -> T:
        try:
            return action()
        except (RuntimeError, ValueError, OSError) as error:
            raise StoreError(f"the index in {self.folder} cannot be used: {error}") from error


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
