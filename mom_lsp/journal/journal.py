"""The journal itself."""

import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from filelock import FileLock

from mom_lsp.errors import JournalError
from mom_lsp.journal.event import COLUMNS, INSERT, Event, EventType, from_row, to_row
from mom_lsp.journal.file import BUSY_SECONDS, border, connect, error_code
from mom_lsp.journal.rescue import finish, rescue

Refer = Callable[[Event, Mapping[int, int]], Event]
_PAGE = 1000  # events read at a time, so that no iteration keeps a read transaction open


class Journal:
    """An open journal; it may be used from several threads, and the file by several processes at once."""

    def __init__(self, path: Path) -> None:
        """Open `path`, made if it is missing and rescued if it is damaged; raises JournalError."""
        self.path = path
        self.problems: list[str] = []
        self._lock = threading.RLock()
        self._wrote = False
        with border(path):
            self._db = self._open()
        self._identity, self._version = _identity(path), self._data_version()

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
    ) -> Event:
        """Record one event; it is on disk when this returns."""
        return self.append_many([Event(0, now, type, memory, path, symbol, head, data or {})])[0]

    def append_many(self, events: Iterable[Event], refer: Refer = lambda event, given: event) -> list[Event]:
        """Record all `events`, or none of them, and return them with the `seq` each was given.

        Args:
            events: in their order.
            refer: returns an event as it is to be recorded, told the `seq` that each one before it was given by the
                `seq` that it came with: for events that name others.
        """
        written, given = list[Event](), dict[int, int]()
        with self._lock, border(self.path), self._transaction() as db:
            for event in events:
                row = to_row(refer(event, given))[1:]
                # The seq is left to SQLite: it is unique over all processes, and no number is given twice.
                written.append(from_row((db.execute(INSERT, (None, *row)).lastrowid, *row)))
                given[event.seq] = written[-1].seq
            self._wrote = True
        return written

    def events(self, after: int = 0) -> Iterator[Event]:
        """Iterate over the events with a `seq` above `after`, oldest first."""
        query = f"SELECT {COLUMNS} FROM events WHERE seq > ? ORDER BY seq LIMIT {_PAGE}"
        while True:
            with self._lock, border(self.path):
                rows = self._current().execute(query, (after,)).fetchall()
            yield from self._readable(rows)
            if len(rows) < _PAGE:
                return
            after = rows[-1][0]

    def _readable(self, rows: list[tuple[Any, ...]]) -> Iterator[Event]:
        """Damage inside a text is no damage to SQLite: such an event is left out, and told once."""
        for row in rows:
            try:
                event = from_row(row)
            except (ValueError, TypeError):
                problem = f"Event {row[0]} of the journal {self.path} is damaged and was left out."
                if problem not in self.problems:
                    self.problems.append(problem)
            else:
                yield event

    def last_seq(self) -> int:
        """Return the highest `seq`, 0 if there are no events."""
        with self._lock, border(self.path):
            return int(self._current().execute("SELECT coalesce(max(seq), 0) FROM events").fetchone()[0])

    def changed(self) -> bool:
        """Whether anything was appended, by this or by another process, since this was last asked."""
        with self._lock, border(self.path):
            self._current()
            wrote, self._wrote = self._wrote, False
            before, self._version = self._version, self._data_version()
            return wrote or before != self._version

    def erase(self, seqs: Iterable[int]) -> None:
        """Blank the `data` of these events, so that no byte of it is left in the database, its WAL or its index."""
        with self._lock, border(self.path):
            with self._transaction() as db:
                db.executemany("UPDATE events SET data = '{}' WHERE seq = ?", [(seq,) for seq in seqs])
                self._wrote = True
            busy, *_ = self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            raise JournalError(
                f"The text is gone from {self.path}, but another program keeps its write-ahead file open. "
                "Close it and run `mom purge`."
            )

    def close(self) -> None:
        """Close the file; closing twice is harmless."""
        with self._lock, border(self.path):
            self._db.close()

    def __enter__(self) -> Self:
        """Return the journal itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Close the file."""
        self.close()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        db = self._current()
        db.execute("BEGIN IMMEDIATE")
        try:
            yield db
            db.execute("COMMIT")
        except BaseException:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise

    def _current(self) -> sqlite3.Connection:
        """Return the connection, to the new file if another process has set a damaged one aside."""
        if _identity(self.path) != self._identity:
            if not self.path.parent.is_dir():
                raise JournalError(f"{self.path.parent} was deleted while it was in use; start anew.")
            self._db.close()
            self._db = self._open()
            self._identity, self._version, self._wrote = _identity(self.path), self._data_version(), True
        return self._db

    def _data_version(self) -> int:
        return int(self._db.execute("PRAGMA data_version").fetchone()[0])

    def _open(self) -> sqlite3.Connection:
        for place in (self.path.parent, self.path):
            if place.is_symlink():  # a repository that is unpacked may bring one, to have us write elsewhere
                raise JournalError(
                    f"{place} is a symbolic link; remove it, the journal will not be written through it."
                )
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # One process at a time makes, migrates or rescues the file.
        with FileLock(f"{self.path}.lock", timeout=BUSY_SECONDS, mode=0o600):
            finish(self.path)
            try:
                return connect(self.path)
            except sqlite3.DatabaseError as error:
                if error_code(error) not in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
                    raise
                self.problems.append(rescue(self.path))
                return connect(self.path)


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino
