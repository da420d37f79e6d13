"""The memories of one repository in a folder or an object store that others read: one table, no index.

Readers use the version that was published last. A writer begins at that version, whatever a killed one left behind,
and notices if another one writes at the same time. Conflicting commits are refused by LanceDB itself, which creates
the file of each version only if it does not exist yet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from mom_lsp.durable_file import flush_tree
from mom_lsp.errors import Conflict, Outdated, StoreError
from mom_lsp.memory import Memory
from mom_lsp.store.arrow_rows import SCHEMA, memories_of, to_table
from mom_lsp.store.faults import Fault, faults
from mom_lsp.store.lance import connect
from mom_lsp.store.tables import ALL, BUILT_AT, KEEP_VERSIONS, MEMORIES, conditions, optimize

if TYPE_CHECKING:
    import pyarrow as pa

SCATTERED = 24  # small files, which are merged
T = TypeVar("T")


class SharedTable:
    """The rows of one repository at one version. Every method raises StoreError if the store cannot be used."""

    def __init__(self, address: str, table: Any) -> None:
        """Use `published` or `to_write`."""
        self._address, self._table = address, table
        self._expected = int(table.version)

    @classmethod
    def published(cls, address: str, version: int) -> SharedTable:
        """Return the table at the version that was published, to be read."""

        def open_at() -> Any:
            table = connect(address).open_table(MEMORIES)
            table.checkout(version)
            return table

        return cls(address, _guarded(address, open_at))

    @classmethod
    def to_write(cls, address: str, version: int | None) -> SharedTable:
        """Return the table to be written, at the version that was published; None for an empty one."""

        def open_clean() -> Any:
            database = connect(address)
            if version is None:
                return _empty(database)
            table = database.open_table(MEMORIES)
            if table.version != version:  # a writer was killed before it published
                if all(one["version"] != version for one in table.list_versions()):
                    raise Outdated(f"version {version} of {address} was published but is lost: delete that folder")
                table.restore(version)
            return table

        return cls(address, _guarded(address, open_clean))

    @property
    def version(self) -> int:
        """The version of the rows."""
        return int(self._table.version)

    def count(self) -> int:
        """Return the number of rows."""
        return int(self._guard(self._table.count_rows))

    def columns(self, names: Sequence[str], where: str | None = None) -> pa.Table:
        """Return some columns of all rows, or of those matching a SQL condition."""

        def read() -> pa.Table:
            query = self._table.search().select(list(names)).limit(ALL)
            return (query.where(where) if where else query).to_arrow()

        return self._guard(read)

    def get(self, ids: Sequence[str]) -> dict[str, Memory]:
        """Return memories by id; unknown ids are skipped."""
        tables = [self.columns(SCHEMA.names, condition) for condition in conditions("id", ids)]
        return {memory.id: memory for table in tables for memory in memories_of(table)}

    def add(self, rows: pa.Table) -> None:
        """Insert rows whose ids are all new. Raises Conflict."""
        self._write(lambda: self._table.add(rows))

    def upsert(self, memories: Sequence[Memory], *, new: bool = False) -> None:
        """Insert memories, replacing those with the same id, unless all are known to be `new`. Raises Conflict."""
        if not memories:
            return
        rows = to_table(list({memory.id: memory for memory in memories}.values()))
        if new:
            self.add(rows)
            return
        merge = self._table.merge_insert("id").when_matched_update_all().when_not_matched_insert_all()
        self._write(lambda: merge.execute(rows))

    def delete(self, ids: Iterable[str]) -> None:
        """Remove memories. Raises Conflict."""
        for condition in conditions("id", ids):
            self._write(partial(self._table.delete, condition))

    @property
    def scattered(self) -> bool:
        """Whether so many rows are in small files that reading them takes longer."""
        found = self._guard(self._table.stats)
        return int(found["fragment_stats"]["num_small_fragments"]) > SCATTERED

    def compact(self, *, erase: bool = False) -> None:
        """Merge small files and drop versions that no reader uses any more; with `erase` all but the newest one.

        Then no byte of a deleted row remains. Publish the version before and after: only the newest is sure to stay.
        """
        older_than = timedelta(0) if erase else KEEP_VERSIONS
        self._guard(lambda: optimize(self._table, older_than, unverified=erase))
        self._expected = self.version  # this takes several versions, and fails if another process writes

    def sync(self) -> None:
        """Flush a table in a folder to the disk, which LanceDB never does; an object store does that itself."""
        if "://" not in self._address:
            self._guard(lambda: flush_tree(Path(self._address)))

    def _write(self, action: Callable[[], object]) -> None:
        self._guard(action)
        if not self._expected <= self.version <= self._expected + 1:
            raise Conflict(f"another process is writing {self._address}: this run will start over later")
        self._expected = self.version

    def _guard(self, action: Callable[[], T]) -> T:
        return _guarded(self._address, action)


def _empty(database: Any) -> Any:
    """Return a table without rows, whatever was there before.

    One that does not exist is not "overwritten": LanceDB panics if two processes do that at once.
    """
    try:
        return database.create_table(MEMORIES, schema=SCHEMA, mode="create")
    except ValueError:  # there is one
        return database.create_table(MEMORIES, schema=SCHEMA, mode="overwrite")


def _guarded(address: str, action: Callable[[], T]) -> T:
    try:
        with faults():
            return action()
    except Fault as error:
        raise StoreError(f"{address} cannot be used: {BUILT_AT.sub('', str(error))}") from error


class NoRows:
    """A table that does not exist yet, to be read."""

    def columns(self, names: Sequence[str], where: str | None = None) -> pa.Table:
        """Return no rows."""
        return SCHEMA.empty_table().select(list(names))

    def get(self, ids: Sequence[str]) -> dict[str, Memory]:
        """Return nothing."""
        return {}

    def add(self, rows: pa.Table) -> None:
        """Refuse to write. Raises StoreError."""
        raise StoreError("there is no table yet")

    def upsert(self, memories: Sequence[Memory], *, new: bool = False) -> None:
        """Refuse to write. Raises StoreError."""
        raise StoreError("there is no table yet")

    def delete(self, ids: Iterable[str]) -> None:
        """Refuse to write. Raises StoreError."""
        raise StoreError("there is no table yet")
