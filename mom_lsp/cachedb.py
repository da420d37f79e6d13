"""Small SQLite caches: one that is damaged or of another version is rebuilt."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TypeVar

from mom_lsp.errors import StoreError

BUSY = 5.0  # seconds
USELESS = {
    sqlite3.SQLITE_ERROR,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_NOTADB,
}  # SQLITE_ERROR: unknown columns

T = TypeVar("T")
log = logging.getLogger(__name__)


def transact(path: Path, schema: str, action: Callable[[sqlite3.Connection], T]) -> T:
    """Run an action on a file in a transaction and return its result. Deleted data is overwritten on disk.

    Args:
        path: of the file.
        schema: SQL that creates missing tables.
        action: raises ValueError if the data is invalid. It may be called twice.

    Raises:
        StoreError: the file can be neither used nor rebuilt.
    """
    try:
        try:
            return _run(path, schema, action)
        except (
            sqlite3.DatabaseError,
            ValueError,
        ) as error:  # or UnicodeDecodeError by SQLite's message
            if isinstance(error, sqlite3.Error) and getattr(error, "sqlite_errorcode", 0) & 0xFF not in USELESS:
                raise
            log.warning("%s is rebuilt: %s", path, error)
            for file in (path.with_name(f"{path.name}-journal"), path):
                file.unlink(missing_ok=True)
            return _run(path, schema, action)
    except (sqlite3.Error, OSError) as error:
        raise StoreError(f"{path} cannot be used ({error}): delete it; it will be rebuilt") from error


def _run(path: Path, schema: str, action: Callable[[sqlite3.Connection], T]) -> T:
    with closing(sqlite3.connect(path, timeout=BUSY)) as file:
        file.execute("PRAGMA secure_delete = ON")
        file.execute("PRAGMA foreign_keys = ON")
        file.execute("PRAGMA synchronous = FULL")
        file.executescript(schema)
        with file:
            return action(file)
