"""The second copy of the journal, made once a day from events that are all intact, and read if the file is damaged."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from mom_lsp.durable_file import flush
from mom_lsp.journal.event import INSERT, SEAL, Event, to_row
from mom_lsp.journal.pages import events_in
from mom_lsp.journal.sqlite_file import connect, open_raw

DAY = 86_400.0  # seconds


def copy_of(path: Path) -> Path:
    """Return where the copy of a journal is."""
    return path.with_name(f"{path.name}.copy")


def is_due(path: Path) -> bool:
    """Whether the copy is missing or older than a day."""
    try:
        return abs(time.time() - copy_of(path).stat().st_mtime) > DAY  # a clock that was wrong may have made it
    except OSError:
        return True


def make_copy(path: Path, events: Iterable[Event]) -> None:
    """Replace the copy. Raises OSError, sqlite3.Error."""
    fresh = path.with_name(f"{path.name}.copy.new")
    write_file(fresh, events)
    fresh.replace(copy_of(path))
    flush(path.parent)


def events_of_copy(path: Path) -> dict[int, Event]:
    """Return the intact events of the copy by seq."""
    return events_in(copy_of(path)).events


def erase_in_copy(path: Path, seqs: Iterable[int]) -> None:
    """Blank the `data` of events in the copy; remove a copy that cannot be used. Raises OSError."""
    copy = copy_of(path)
    if not copy.exists():
        return
    try:
        with contextlib.closing(open_raw(copy)) as db:
            db.execute("PRAGMA secure_delete = ON")
            db.execute("PRAGMA synchronous = EXTRA")
            db.execute("BEGIN IMMEDIATE")
            blank(db, seqs)
            db.execute("COMMIT")
    except sqlite3.Error:
        copy.unlink()


def blank(db: sqlite3.Connection, seqs: Iterable[int]) -> None:
    """Blank the `data` of events."""
    gone = [(seq,) for seq in seqs]
    db.executemany("UPDATE events SET data = '{}' WHERE seq = ?", gone)
    db.executemany(f"{SEAL} WHERE seq = ?", gone)


def write_file(fresh: Path, events: Iterable[Event]) -> None:
    """Write a new file with these events, without files beside it; it is durable on return."""
    for side in sides(fresh):  # of an interruption
        side.unlink()
    with contextlib.closing(connect(fresh)) as db:
        db.execute("BEGIN IMMEDIATE")
        db.executemany(INSERT, map(to_row, events))
        db.execute(SEAL)
        db.execute("COMMIT")
        db.execute("PRAGMA journal_mode = DELETE")
    flush(fresh)


def sides(path: Path) -> Iterator[Path]:
    """Yield the existing files of a database, the main one last."""
    for suffix in ("-wal", "-shm", "-journal", ""):
        if (side := path.with_name(path.name + suffix)).exists():
            yield side
