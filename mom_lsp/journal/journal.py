"""An open journal: appending, reading, following other writers, erasing."""

import logging
import os
import sqlite3
import struct
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from filelock import FileLock

from mom_lsp import datafolder
from mom_lsp.durable_file import remove
from mom_lsp.errors import JournalError
from mom_lsp.journal.event import CHECKED, INSERT, SEAL, Event, EventType, from_row, to_row
from mom_lsp.journal.rescue import finish, is_lost, is_unfinished, leftovers, rescue
from mom_lsp.journal.second_copy import blank, erase_in_copy, is_due, make_copy
from mom_lsp.journal.sqlite_file import BUSY_SECONDS, connect, error_code, is_full, open_copy, stamp, translated_errors

log = logging.getLogger(__name__)

Refer = Callable[[Event, Mapping[int, int]], Event]
DAMAGED = (ValueError, TypeError, struct.error)  # what `from_row` raises
SAME = f"SELECT {CHECKED} FROM events WHERE type = ? AND time = ?"
_PAGE = 1000  # events read at a time, so that no iteration keeps a read transaction open


class Journal:
    """An open journal, for several threads; several processes may use the file at once.

    The file is created by the first event, not by reading. A read-only journal can still be read.
    """

    def __init__(self, path: Path) -> None:
        """Open `path`, and rescue it if it is damaged; raises JournalError."""
        self.path = path
        self.problems: list[str] = []
        self._lock = threading.RLock()
        self._file_lock = FileLock(self._lock_file, timeout=BUSY_SECONDS, mode=0o600)  # taken after `_lock`
        self._wrote = self._closed = False
        self._db: sqlite3.Connection | None = None
        self._copy_of: object = None  # the stamp of the file that `_db` is a copy of, None if it is the file itself
        self._identity: tuple[int, int] | None = None
        self._version = 0
        with translated_errors(path):
            self._open()

    @property
    def read_only(self) -> str:
        """Why the journal is read-only and what to do about it, "" if it is writable."""
        return datafolder.why_read_only(self.path.parent, self.path.name, self._lock_file.name)

    def append(
        self,
        type: EventType,
        memory: str = "",
        *,
        path: str = "",
        symbol: str = "",
        head: str = "",
        data: dict[str, Any] | None = None,
        now: float,
        once: bool = False,
    ) -> Event:
        """Record one event; it is on disk when this returns. See `append_many` for `once`."""
        return self.append_many([Event(0, now, type, memory, path, symbol, head, data or {})], once=once)[0]

    def append_many(
        self, events: Iterable[Event], refer: Refer = lambda event, given: event, *, once: bool = False
    ) -> list[Event]:
        """Record all `events` or none of them, and return them with their new `seq`.

        Args:
            events: in order.
            refer: returns an event as it is recorded. It gets a mapping from the old to the new `seq` of the events
                before it, for events that refer to others.
            once: an event whose type and time are recorded already is not recorded again, but returned as it is there.
        """
        written, given = list[Event](), dict[int, int]()
        with self._lock, translated_errors(self.path), self._transaction() as db:
            for event in events:
                if once and (known := db.execute(SAME, (event.type, event.time)).fetchone()):
                    written.append(from_row(known))
                    continue
                row = to_row(refer(event, given))[1:]
                # SQLite assigns the seq: it is unique over all processes, and no number is reused.
                seq = db.execute(INSERT, (None, *row)).lastrowid
                db.execute(f"{SEAL} WHERE seq = ?", (seq,))
                written.append(from_row((seq, *row)))
                given[event.seq] = written[-1].seq
            self._wrote = True
        if is_due(self.path):
            self._copy()
        return written

    def events(self, after: int = 0) -> Iterator[Event]:
        """Iterate over the events with a `seq` above `after`, oldest first."""
        query = f"SELECT {CHECKED} FROM events WHERE seq > ? ORDER BY seq LIMIT {_PAGE}"
        while True:
            with self._lock, translated_errors(self.path):
                rows = self._query(query, after)
                if not self.read_only and any(_is_damaged(row) for row in rows):
                    self._rescue()
                    rows = self._query(query, after)
            yield from self._readable(rows)
            if len(rows) < _PAGE:
                return
            after = rows[-1][0]

    def _readable(self, rows: list[tuple[Any, ...]]) -> Iterator[Event]:
        """Yield the events of rows; damaged ones, of a file that is read-only, are skipped and reported once."""
        for row in rows:
            try:
                event = from_row(row)
            except DAMAGED:
                problem = f"Event {row[0]} of the journal {self.path} is damaged and was skipped."
                if problem not in self.problems:
                    self.problems.append(problem)
            else:
                yield event

    def last_seq(self) -> int:
        """Return the highest `seq`, 0 if there are no events."""
        with self._lock, translated_errors(self.path):
            return next((int(seq) for (seq,) in self._query("SELECT coalesce(max(seq), 0) FROM events")), 0)

    def changed(self) -> bool:
        """Whether any process appended events since the last call."""
        with self._lock, translated_errors(self.path):
            self._follow()
            wrote, self._wrote = self._wrote, False
            before, self._version = self._version, self._data_version()
            return wrote or before != self._version

    def erase(self, seqs: Iterable[int]) -> None:
        """Blank the `data` of these events, so that no byte of it remains on the disk.

        A damaged file that was set aside is removed, even if there are no events: nobody knows what is in it.
        """
        gone = list(seqs)
        if not (gone or leftovers(self.path)):
            return
        with self._lock, translated_errors(self.path), self._exclusive():
            with self._transaction() as db:
                blank(db, gone)
                self._wrote = True
            erase_in_copy(self.path, gone)
            remove(*leftovers(self.path))
            busy, *_ = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            raise JournalError(
                f"The text was erased from {self.path}, but another program holds its write-ahead log open. "
                "Close that program and run `mom purge`."
            )

    def close(self) -> None:
        """Close the file; closing it twice is harmless."""
        with self._lock, translated_errors(self.path):
            self._closed = True
            if self._db is not None:
                self._db.close()

    def __enter__(self) -> Self:
        """Return the journal itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Close the file."""
        self.close()

    def _copy(self) -> None:
        """Make the copy of the day, from events that are all intact: without it the journal still works."""
        try:
            with self._lock, self._file_lock:  # so that nothing is erased between reading and writing
                make_copy(self.path, list(self.events()))
        except (OSError, sqlite3.Error, JournalError) as error:
            log.warning("no copy of the journal was made: %s", error)

    def _rescue(self) -> None:
        """Replace the file by one with all intact events, if another process has not done so."""
        self._follow()
        with self._file_lock:
            if _identity(self.path) == self._identity:
                if self._db is not None:
                    self._db.close()
                self.problems.append(rescue(self.path))
        self._open()
        self._wrote = True

    @contextmanager
    def _exclusive(self) -> Iterator[None]:
        """Let no other process write, copy or replace the file meanwhile."""
        self._writable()  # first, since it says why a file cannot be written
        with self._file_lock:
            yield

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """Write; what went to a file that a rescue is about to replace would be lost."""
        with self._exclusive():
            db = self._writable()  # the file may have been replaced until now
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
                db.execute("COMMIT")
            except BaseException:
                if db.in_transaction:
                    db.execute("ROLLBACK")
                raise

    def _query(self, query: str, *values: int) -> list[tuple[Any, ...]]:
        self._follow()
        return self._db.execute(query, values).fetchall() if self._db is not None else []

    def _writable(self) -> sqlite3.Connection:
        """Return a writable connection, to a new file if there is none."""
        if why := self.read_only:
            raise JournalError(f"cannot record this: {why}")
        self._follow()
        if self._db is None or self._copy_of is not None:
            self._open(create=True)
        assert self._db is not None
        return self._db

    def _follow(self) -> None:
        """Reopen the file if it was created or replaced, or if our copy of a read-only one is outdated."""
        if self._closed:
            raise JournalError(f"the journal {self.path} is closed")
        copy_is_old = self._copy_of is not None and self._copy_of != stamp(self.path)
        if _identity(self.path) == self._identity and not copy_is_old:
            return
        if self._identity is not None and not self.path.parent.is_dir():
            raise JournalError(f"{self.path.parent} was moved or deleted; open the repository at its new path")
        self._open()
        self._wrote = True

    def _data_version(self) -> int:
        return int(self._db.execute("PRAGMA data_version").fetchone()[0]) if self._db is not None else 0

    @property
    def _lock_file(self) -> Path:
        return self.path.with_name(f"{self.path.name}.lock")

    def _open(self, *, create: bool = False) -> None:
        """Open the file, or a copy if it is read-only or its disk full; nothing if it is missing or unreadable."""
        if self._db is not None:
            self._db.close()
        self._db, self._copy_of = None, None
        for place in (self.path.parent, self.path):
            if place.is_symlink():  # an unpacked repository may contain one to make us write elsewhere
                raise JournalError(f"{place} is a symbolic link; remove it")
        if self.read_only:
            if os.access(self.path, os.R_OK):
                self._db, self._copy_of = open_copy(self.path)
        elif create or self.path.exists() or is_unfinished(self.path) or is_lost(self.path):
            try:
                self._db = self._connect()
            except (sqlite3.Error, OSError) as error:
                if not (is_full(error) and self.path.exists()):
                    raise
                self._db, self._copy_of = open_copy(self.path)
                if create:
                    raise
        self._identity, self._version = _identity(self.path), self._data_version()

    def _connect(self) -> sqlite3.Connection:
        datafolder.make(self.path.parent)
        # Only one process at a time creates, migrates or rescues the file.
        with self._file_lock:
            finish(self.path)
            if is_lost(self.path):
                self.problems.append(rescue(self.path))
            try:
                return connect(self.path)
            except sqlite3.DatabaseError as error:
                if error_code(error) not in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
                    raise
                self.problems.append(rescue(self.path))
                return connect(self.path)


def _is_damaged(row: tuple[Any, ...]) -> bool:
    try:
        from_row(row)
    except DAMAGED:
        return True
    return False


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino
