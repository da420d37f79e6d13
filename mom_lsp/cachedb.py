"""Small SQLite files of what can be made again: one that is damaged, or of another version, is made anew."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TypeVar

from mom_lsp.errors import StoreError

BUSY = 5.0  # seconds
USELESS = {sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}  # the first: other columns than ours

T = TypeVar("T")
log = logging.getLogger(__name__)


def transact(path: Path, schema: str, action: Callable[[sqlite3.Connection], T]) -> T:
    """Return what an action on a file returns; it runs in a transaction, and what it deletes is overwritten on disk.

    Args:
        path: of the file.
        schema: SQL that makes the tables that are missing.
        action: raises ValueError where what it reads makes no sense. It may be called twice.

    Raises:
        StoreError: the file cannot be read or written, nor made anew.
    """
    try:
        try:
            return _run(path, schema, action)
        except (sqlite3.DatabaseError, ValueError) as error:  # SQLite's own message may be no text
            if isinstance(error, sqlite3.Error) and getattr(error, "sqlite_errorcode", 0) & 0xFF not in USELESS:
                raise
            log.warning("%s is made anew: %s", path, error)
            for file in (path.with_name(f"{path.name}-journal"), path):
                file.unlink(missing_ok=True)
            return _run(path, schema, action)
    except (sqlite3.Error, OSError) as error:
        raise StoreError(f"{path} cannot be used ({error}): remove it, what it held is made again") from error


def _run(path: Path, schema: str, action: Callable[[sqlite3.Connection], T]) -> T:
    with closing(sqlite3.connect(path, timeout=BUSY)) as file:
        file.execute("PRAGMA secure_delete = ON")
        file.execute("PRAGMA foreign_keys = ON")
        file.execute("PRAGMA synchronous = FULL")
        file.executescript(schema)
        with file:
            return action(file)
