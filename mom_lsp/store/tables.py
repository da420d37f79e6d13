"""The tables: opening them, recovering after a power cut, and retrying reads that the writer made fail."""

from __future__ import annotations

import errno
import re
from collections.abc import Callable
from copy import copy
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa

from mom_lsp import datafolder
from mom_lsp.errors import NoIndex, Outdated, StoreError
from mom_lsp.store.arrow_rows import SCHEMA
from mom_lsp.store.indices import drop_broken
from mom_lsp.store.lance import connect
from mom_lsp.store.lease import writer_lease
from mom_lsp.store.recovery import FAILURES, heal
from mom_lsp.store.text import SCHEMA_VERSION

MEMORIES, VECTORS = "memories", "vectors"
ALL = 2**31  # rows
BUILT_AT = re.compile(r",?\s*/\S+\.rs(?::\d+)*")  # paths of Lance's sources on its build machine, in its error messages

T = TypeVar("T")


class Tables:
    """The tables of one folder: `memories` at one version, and the `connection`. Call an `open_…` method first."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._pinned = False

    def pinned(self) -> Tables:
        """Return tables that always read the memories at this version."""

        def open_pinned() -> Any:
            table = self.connection.open_table(MEMORIES)
            table.checkout(self.memories.version)
            return table

        same = copy(self)
        same.memories, same._pinned = self.read(open_pinned), True
        return same

    def open_for_reading(self, data: Path) -> None:
        """Open the tables; recover them first if they are broken and no process writes. Raises like `Store`."""
        format = self._check_version()
        if not self._path(MEMORIES).is_dir():
            datafolder.check_indexable(data)
            raise NoIndex("nothing is indexed yet: run `mom index`")
        if (version := _version(format)) is not None and version < SCHEMA_VERSION:
            raise NoIndex(
                "the index is of an older version of mom: run `mom index`, which keeps all feedback and notes"
            )
        try:
            self._connect()
        except FAILURES as error:
            with writer_lease(data) as acquired:
                if not acquired:
                    raise NoIndex("the index is being rebuilt: try again in a moment") from error
                self._heal()
            self.guard(self._connect)

    def open_for_writing(self, format: str) -> None:
        """Open the tables. Memories in another format are dropped and extracted again; embeddings stay."""
        data = self.folder.parent
        try:
            datafolder.make(data)
            self.folder.mkdir(exist_ok=True)
            (self.folder / "catalog.npz").unlink(missing_ok=True)  # of older versions of mom
            same = self._check_version() == format
            self._heal()
            if not (same and self._path(MEMORIES).is_dir()):
                (data / datafolder.MARKER).unlink(missing_ok=True)
                # Overwritten, not replaced: a new table's versions would start over, which readers would not notice.
                self._database().create_table(MEMORIES, schema=SCHEMA, mode="overwrite")
                (data / datafolder.SCHEMA).write_text(format, "ascii")
            self._connect()
            drop_broken(self.memories)
        except FAILURES as error:
            why = datafolder.why_read_only(data, datafolder.INDEX)
            advice = why or f"cannot write to {self.folder} ({error}): make it a writable folder"
            raise StoreError(advice) from error

    def table(self, name: str) -> Any | None:
        """Return a table, None if it does not exist yet."""
        if not self._path(name).is_dir():
            return None
        return self.guard(lambda: self.connection.open_table(name))

    def vectors(self, model: str) -> Any | None:
        """Return the table of vectors if they are by `model`."""
        table = self.table(VECTORS)
        made_by = ((table.schema.metadata or {}) if table is not None else {}).get(b"mom.model", b"").decode()
        return table if made_by == model else None

    def read(self, action: Callable[[], T]) -> T:
        """Read; if that fails, retry on the newest version, since the writer may have removed files of this one.

        Raises:
            Outdated: reading failed, and the tables are pinned to a version, which may be gone.
        """
        try:
            return action()
        except (*FAILURES, StoreError) as error:
            if self._pinned:
                raise Outdated(self._unusable(error)) from error
            self.guard(self._reconnect)
            return self.guard(action)

    def guard(self, action: Callable[[], T]) -> T:
        """Run an action; errors of LanceDB become StoreErrors."""
        try:
            return action()
        except FAILURES as error:
            raise StoreError(self._unusable(error)) from error

    def _unusable(self, error: Exception) -> str:
        message = BUILT_AT.sub("", str(error))
        return message if isinstance(error, StoreError) else f"the index in {self.folder} cannot be used: {message}"

    def _check_version(self) -> str:
        """Return the format of the memories, "" if there are none."""
        mark = self.folder.parent / datafolder.SCHEMA
        format = mark.read_text("ascii", "replace") if mark.is_file() else ""
        if (version := _version(format)) is not None and version > SCHEMA_VERSION:
            raise StoreError(f"{self.folder} was written by a newer version of mom: update mom, or delete that folder")
        return format

    def _heal(self) -> None:
        for name, column in ((MEMORIES, "id"), (VECTORS, "content")):
            heal(self._path(name), partial(self._probe, name, column))

    def _probe(self, name: str, column: str) -> pa.Table:
        """Read every fragment of a table, since broken ones are only detected then."""
        table = self._database().open_table(name)
        return table.search().select([column]).limit(ALL).to_arrow()

    def _connect(self) -> None:
        self.connection = self._database()
        self.memories = self.connection.open_table(MEMORIES)
        for name, column in ((MEMORIES, "id"), (VECTORS, "content")):
            if self._path(name).is_dir():
                self._probe(name, column)

    def _database(self) -> Any:
        """Open the folder. It must exist: LanceDB would recreate one that was moved or deleted."""
        if not self.folder.is_dir():
            raise FileNotFoundError(errno.ENOENT, "the index was moved or deleted", str(self.folder))
        return connect(str(self.folder))

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.lance"

    def _reconnect(self) -> None:
        self.connection = self._database()
        self.memories = self.connection.open_table(MEMORIES)


def _version(format: str) -> int | None:
    """Return the SCHEMA_VERSION that a format begins with, None if it has none."""
    number = format.partition(" ")[0]
    return int(number) if number.isdigit() else None
