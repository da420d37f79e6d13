"""Recovering a damaged archive: what can be read goes on in a new file, and the old one is set aside."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mom_lsp import datafolder
from mom_lsp.discussions.archive_file import lock_of, open_file, translated_errors
from mom_lsp.durable_file import flush, remove

TABLES = {"sources": 4, "discussions": 6, "commits": 5, "erased": 4}  # with their numbers of columns
DAMAGE = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


def is_damage(error: BaseException | None) -> bool:
    """Whether an error means that the file is damaged."""
    if isinstance(error, UnicodeDecodeError):  # of SQLite's message, which quotes damage
        return True
    if not isinstance(error, sqlite3.DatabaseError):
        return False
    missing = "no such table" in str(error) or "malformed" in str(error)
    return missing or getattr(error, "sqlite_errorcode", 0) & 0xFF in DAMAGE


def rescue(path: Path) -> str:
    """Replace a damaged archive by one with all that can be read, and return a message about it. Raises sqlite3.Error.

    The next pass reads all discussions again, since which ones changed may be lost.
    """
    fresh, broken = path.with_name(f"{path.name}.rescued"), _aside(path)
    for left in (fresh, fresh.with_name(f"{fresh.name}-journal")):  # of an interruption
        left.unlink(missing_ok=True)
    new = open_file(fresh, create=True)
    assert new is not None
    with contextlib.closing(new) as db:
        db.execute("BEGIN IMMEDIATE")
        for table, columns in TABLES.items():
            places = ", ".join("?" * columns)
            for row in _rows(path, table):
                with contextlib.suppress(sqlite3.Error):  # what a damaged page has instead of a row
                    db.execute(f"INSERT OR IGNORE INTO {table} VALUES ({places})", row)
        db.execute(
            "INSERT INTO changes SELECT DISTINCT project, type, number, "
            "(SELECT value FROM meta WHERE name = 'revision') FROM discussions"
        )
        (kept,) = db.execute("SELECT count(*) FROM discussions").fetchone()
        db.execute("COMMIT")
    path.rename(broken)
    journal = path.with_name(f"{path.name}-journal")
    if journal.exists():  # else it would be taken for that of the new file
        journal.rename(broken.with_name(f"{broken.name}-journal"))
    fresh.rename(path)
    flush(path.parent)
    return (
        f"the discussions in {path} were damaged: {kept} could be read. Import the exports again for the others. "
        f"The old file is {broken}."
    )


def purge(data: Path) -> None:
    """Remove the damaged files that were set aside in a data folder, and what an interrupted rescue left.

    Nobody knows what is in them. Raises ArchiveError.
    """
    path = data / datafolder.DISCUSSIONS

    def left() -> list[Path]:
        return [file for kind in ("broken-*", "rescued*") for file in data.glob(f"{path.name}.{kind}")]

    if left():
        with translated_errors(path), lock_of(path):
            remove(*left())


def _rows(path: Path, table: str) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of a table from both ends, up to what cannot be read."""
    for order in ("", " DESC"):
        with contextlib.suppress(sqlite3.Error, UnicodeDecodeError), contextlib.closing(sqlite3.connect(path)) as db:
            keys = [row[1] for row in db.execute(f"PRAGMA table_info({table})") if row[5]]
            yield from db.execute(f"SELECT * FROM {table} ORDER BY {', '.join(k + order for k in keys)}")


def _aside(path: Path) -> Path:
    number = 1
    while (broken := path.with_name(f"{path.name}.broken-{number}")).exists():
        number += 1
    return broken
