"""The tables: opening them, recovering after a power cut, and retrying reads that the writer made fail."""

from __future__ import annotations

import contextlib
import errno
import re
import warnings
from collections.abc import Callable, Iterable
from copy import copy
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from mom_lsp import datafolder
from mom_lsp.durable_file import checked, flush, remove, replace, touch, with_checksum
from mom_lsp.errors import Damaged, NoIndex, Outdated, StoreError
from mom_lsp.store.arrow_rows import SCHEMA
from mom_lsp.store.durable import OUTGROWN, REBUILDING, Durable, changed_files, is_damaged, load_point
from mom_lsp.store.faults import Fault, faults
from mom_lsp.store.indices import drop_broken, replace_indices
from mom_lsp.store.lance import connect
from mom_lsp.store.lease import writer_lease
from mom_lsp.store.recovery import drop_versions_after, heal, latest_version
from mom_lsp.store.text import SCHEMA_VERSION

MEMORIES, VECTORS = "memories", "vectors"
COLUMNS = ((MEMORIES, "id"), (VECTORS, "content"))  # one of each table, to be read quickly
ALL = 2**31  # rows
NO_VERSIONS = timedelta(days=36_500)  # none is as old
KEEP_VERSIONS = timedelta(minutes=1)  # so that a request outlives a compaction; each leaves a copy of all rows behind
MOST_MERGES = 5  # in a row; the first leaves work for the second, the others find nothing
MOST_LOOKS = 5  # in a row
MAX_VALUES = 1_000  # in one condition
BUILT_AT = re.compile(r",?\s*/\S+\.rs(?::\d+)*")  # paths of Lance's sources on its build machine, in its error messages

T = TypeVar("T")


class Tables:
    """The tables of one folder: `memories` at one version, and the `connection`. Call an `open_…` method first."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._durable = Durable(folder)
        self._pinned = self._writing = False

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
            if is_damaged(data):
                raise self.report_damage()
            raise NoIndex("nothing is indexed yet: run `mom index`")
        if (version := _version(format)) is not None and version < SCHEMA_VERSION:
            raise Damaged(OUTGROWN)
        try:
            self._look(self._open_checked)
        except Fault as error:
            with writer_lease(data) as acquired:
                if not acquired:
                    raise Damaged(f"{REBUILDING}: try again in a moment") from error
                if self._heal(thorough=True):
                    self.report_damage()
            try:
                self._look(self._open_checked)
            except Fault as again:  # the indices, or there are no rows: only a pass builds them
                raise self.report_damage() from again

    def open_for_writing(self, format: str) -> None:
        """Open the tables. Memories in another format are dropped and extracted again; embeddings stay."""
        data, self._writing = self.folder.parent, True
        try:
            with faults():
                datafolder.make(data)
                if not self.folder.is_dir():
                    self.folder.mkdir(exist_ok=True)
                    flush(data)
                for left in (self.folder / "catalog.npz", *self.folder.glob("*.new")):
                    left.unlink(missing_ok=True)  # of older versions of mom, and of writers that were killed
                same, damaged = self._check_version() == format, is_damaged(data, writing=True)
                lost = self._heal(thorough=damaged)
                if not (same and self._path(MEMORIES).is_dir()):
                    remove(*(data / file for file in (datafolder.MARKER, datafolder.CATALOG)))
                    # Overwritten, not replaced: its versions would start over, which readers would not notice.
                    self._database().create_table(MEMORIES, schema=SCHEMA, mode="overwrite")
                    self.sync(MEMORIES)
                    replace(data / datafolder.SCHEMA, with_checksum(format.encode("ascii")))
                self._connect()
                if damaged or lost:
                    replace_indices(self.memories)
                    for path in self._changed(thorough=damaged):  # what no row needs
                        (self.folder / path).unlink(missing_ok=True)
                    self.sync(MEMORIES, VECTORS)
                    remove(data / datafolder.DAMAGED)
                else:
                    drop_broken(self.memories)
        except (Fault, StoreError) as error:
            if isinstance(error, StoreError):
                raise
            why = datafolder.why_read_only(data, datafolder.INDEX) or datafolder.why_full(data, str(error))
            advice = why or f"cannot write to {self.folder} ({error}): make it a writable folder"
            raise StoreError(advice) from error

    def report_damage(self) -> Damaged:
        """Ask the next pass to check everything; return an error that says so."""
        with contextlib.suppress(OSError):  # where nothing can be written, nothing can be rebuilt either
            touch(self.folder.parent / datafolder.DAMAGED)
        return Damaged(REBUILDING)

    def sync(self, *names: str) -> None:
        """Make what was written to some tables durable, then visible to readers. Raises OSError."""
        point = load_point(self.folder)
        known = point.versions if point else {}
        found = {name: latest_version(self._path(name)) if name in names else known.get(name) for name, _ in COLUMNS}
        self._durable.sync({name: version for name, version in found.items() if version is not None})

    def writable(self, name: str) -> Any | None:
        """Return the newest version of a table for the holder of the writer lease, None if there is no such table."""

        def open_newest() -> Any:
            if not self._writing:
                drop_versions_after(self._path(name), load_point(self.folder))
            return self._database().open_table(name) if self._path(name).is_dir() else None

        return self.guard(open_newest)

    def refresh(self) -> None:
        """Move the memories to the newest version that is durable."""
        version = self._visible(MEMORIES)
        if version is None:
            self.memories.checkout_latest()
        elif version != self.memories.version:
            self.memories.checkout(version)

    def table(self, name: str) -> Any | None:
        """Return a table, None if it does not exist yet."""
        return self.guard(lambda: self._open(name)) if self._is_visible(name) else None

    def vectors(self, model: str) -> Any | None:
        """Return the table of vectors if they are by `model`."""
        table = self.table(VECTORS)
        return table if table is not None and made_by(table) == model else None

    def read(self, action: Callable[[], T]) -> T:
        """Read; if that fails, retry on the newest version, since the writer may have removed files of this one.

        Raises:
            Outdated: reading failed, and the tables are pinned to a version, which may be gone.
            Damaged: reading failed on the newest version, too.
        """
        try:
            with faults():
                return action()
        except (Fault, StoreError) as error:
            if self._pinned:
                raise Outdated(self._unusable(error)) from error

        def read_newest() -> T:
            self._connect(probe=False)
            return action()

        try:
            return self._look(read_newest)
        except Fault as error:
            if not self.folder.is_dir():
                raise StoreError(self._unusable(error)) from error
            damage = self.report_damage()
            raise (StoreError(self._unusable(error)) if self._writing else damage) from error

    def _look(self, action: Callable[[], T]) -> T:
        """Open and read; again if other versions became visible meanwhile: the writer may have dropped those before.

        Raises Fault.
        """
        for _ in range(MOST_LOOKS):
            seen = load_point(self.folder)
            try:
                with faults():
                    return action()
            except Fault as error:
                fault = error
                if self._writing or load_point(self.folder) == seen:
                    break
        raise fault

    def guard(self, action: Callable[[], T]) -> T:
        """Run an action; errors of LanceDB become StoreErrors."""
        try:
            with faults():
                return action()
        except Fault as error:
            raise StoreError(self._unusable(error)) from error

    def _unusable(self, error: Exception) -> str:
        message = BUILT_AT.sub("", str(error))
        if isinstance(error, StoreError):
            return message
        why = datafolder.why_full(self.folder.parent, message)
        return f"the index in {self.folder} cannot be used: {message}" + (f"; {why}" if why else "")

    def _check_version(self) -> str:
        """Return the format of the memories, "" if there are none or it is damaged."""
        try:
            content = (self.folder.parent / datafolder.SCHEMA).read_bytes()
        except OSError:
            return ""
        try:
            format = checked(content).decode("ascii", "replace")
        except ValueError:  # damaged, or without a checksum: written by mom 0.1
            format = content.decode("ascii", "replace")
            return format if (_version(format) or SCHEMA_VERSION) <= SCHEMA_VERSION else ""
        if (version := _version(format)) is not None and version > SCHEMA_VERSION:
            raise StoreError(f"{self.folder} was written by a newer version of mom: update mom, or delete that folder")
        return format

    def _heal(self, *, thorough: bool = False) -> bool:
        """Recover both tables; whether anything was lost."""
        point, changed = load_point(self.folder), self._changed(thorough=thorough)
        lost = [
            heal(self._path(name), point, changed, partial(self._read_newest, name, "*" if thorough else column))
            for name, column in COLUMNS
        ]
        if any(lost):
            self.sync(MEMORIES, VECTORS)
        return any(lost)

    def _changed(self, *, thorough: bool = False) -> list[str]:
        point = load_point(self.folder)
        return changed_files(self.folder, point, thorough=thorough) if point else []

    def _read_newest(self, name: str, column: str) -> None:
        _probe(self._database().open_table(name), column)

    def _open_checked(self) -> None:
        """Open the tables; raise Fault if a file is not what was written."""
        self._connect()
        if changed := self._changed():
            raise Fault(f"{changed[0]} is damaged")

    def _connect(self, *, probe: bool = True) -> None:
        self.connection = self._database()
        self.memories = self._open(MEMORIES)
        if probe:
            _probe(self.memories, "id")
            if self._is_visible(VECTORS):
                _probe(self._open(VECTORS), "content")

    def _open(self, name: str) -> Any:
        """Return a table at the version that is visible."""
        table, version = self.connection.open_table(name), self._visible(name)
        if version is not None and version != table.version:
            table.checkout(version)
        return table

    def _visible(self, name: str) -> int | None:
        """Return the version of a table that readers see, None for the newest."""
        point = None if self._writing else load_point(self.folder)
        return point.versions.get(name) if point else None

    def _is_visible(self, name: str) -> bool:
        point = None if self._writing else load_point(self.folder)
        return self._path(name).is_dir() and (point is None or name in point.versions)

    def _database(self) -> Any:
        """Open the folder. It must exist: LanceDB would recreate one that was moved or deleted."""
        if not self.folder.is_dir():
            raise FileNotFoundError(errno.ENOENT, "the index was moved or deleted", str(self.folder))
        return connect(str(self.folder))

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.lance"


def _probe(table: Any, column: str) -> None:
    """Read every fragment of a table, "*" for all columns: broken ones are only detected then."""
    query = table.search().limit(ALL)
    (query if column == "*" else query.select([column])).to_arrow()


def made_by(vectors: Any) -> str:
    """Return the model of a table of vectors."""
    return str((vectors.schema.metadata or {}).get(b"mom.model", b""), "utf-8")


def _version(format: str) -> int | None:
    """Return the SCHEMA_VERSION that a format begins with, None if it has none."""
    number = format.partition(" ")[0]
    return int(number) if number.isdigit() else None


def optimize(table: Any, older_than: timedelta, *, unverified: bool = False) -> None:
    """Merge the small files of a table and drop older versions; with `unverified` also files that no version names."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # it warns that readers of old versions will fail: ours retry
        table.optimize(cleanup_older_than=older_than, delete_unverified=unverified)


def merge(table: Any) -> None:
    """Merge the small files of a table until there is nothing to merge: from then on `optimize` makes no version."""
    for _ in range(MOST_MERGES):
        before = table.version
        optimize(table, NO_VERSIONS)
        if table.version == before:
            return


def conditions(column: str, values: Iterable[str]) -> list[str]:
    """Return SQL conditions that select the rows with these values, a thousand per condition."""
    quoted = ["'" + value.replace("'", "''") + "'" for value in values]
    return [f"{column} IN ({', '.join(quoted[at : at + MAX_VALUES])})" for at in range(0, len(quoted), MAX_VALUES)]
