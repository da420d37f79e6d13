"""The SQLite file of the archive: its schema, opening it, and translating its errors."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock

from mom_lsp import datafolder
from mom_lsp.errors import ArchiveError

BUSY_SECONDS = 30.0
VERSION = 1  # of the schema
_SCHEMA = (
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID",
    """CREATE TABLE sources (
        id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, path TEXT NOT NULL, imported INTEGER NOT NULL
    )""",
    """CREATE TABLE discussions (
        project TEXT NOT NULL, type TEXT NOT NULL, number INTEGER NOT NULL, source INTEGER NOT NULL,
        digest BLOB, content BLOB NOT NULL,
        PRIMARY KEY (project, type, number, source)
    )""",
    "CREATE INDEX by_number ON discussions (number)",
    "CREATE INDEX by_source ON discussions (source)",
    """CREATE TABLE commits (
        sha TEXT NOT NULL, project TEXT NOT NULL, type TEXT NOT NULL, number INTEGER NOT NULL, source INTEGER NOT NULL,
        PRIMARY KEY (sha, project, type, number, source)
    ) WITHOUT ROWID""",
    "CREATE INDEX commits_of ON commits (project, type, number, source)",
    """CREATE TABLE changes (
        project TEXT NOT NULL, type TEXT NOT NULL, number INTEGER NOT NULL, revision INTEGER NOT NULL,
        PRIMARY KEY (project, type, number)
    ) WITHOUT ROWID""",
    "CREATE INDEX by_revision ON changes (revision)",
    # Of a discussion that was forgotten; the part "" is all of it. They outlive the sources.
    """CREATE TABLE erased (
        project TEXT NOT NULL, type TEXT NOT NULL, number INTEGER NOT NULL, part TEXT NOT NULL,
        PRIMARY KEY (project, type, number, part)
    ) WITHOUT ROWID""",
)


def open_file(path: Path, *, create: bool) -> sqlite3.Connection | None:
    """Open the file, None if there is none; where it is read-only it can be read."""
    for place in (path.parent, path):
        if place.is_symlink():  # an unpacked repository may contain one to make us write elsewhere
            raise ArchiveError(f"{place} is a symbolic link; remove it")
    if not path.exists():
        if not create:
            return None
        if why := datafolder.why_read_only(path.parent):
            raise ArchiveError(f"nothing can be imported: {why}")
        datafolder.make(path.parent)
    if why_read_only(path):
        return _connect(f"{path.absolute().as_uri()}?mode=ro")
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))  # SQLite creates its side files with the mode of this one
    db = _connect(path.absolute().as_uri())
    try:
        db.execute("PRAGMA secure_delete = ON")
        db.execute("PRAGMA synchronous = EXTRA")  # the folder, too: else a power cut may undo the last import
        _migrate(db, path)
    except BaseException:
        db.close()
        raise
    return db


def lock_of(path: Path) -> FileLock:
    """Return the lock under which a damaged file is replaced."""
    return FileLock(f"{path}.lock", timeout=BUSY_SECONDS, mode=0o600)


def why_read_only(path: Path) -> str:
    """Return why the file cannot be written and what to do about it, "" if it can be."""
    return datafolder.why_read_only(path.parent, path.name)


def identity(path: Path) -> tuple[int, int] | None:
    """Return what tells this file from one that replaced it, None if there is none."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino


def damage(message: str) -> sqlite3.DatabaseError:
    """Return the error of a damaged file."""
    error = sqlite3.DatabaseError(message)
    error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
    return error


def _connect(uri: str) -> sqlite3.Connection:
    db = sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    db.execute("PRAGMA trusted_schema = OFF")  # the file may have come with an unpacked repository
    return db


def _migrate(db: sqlite3.Connection, path: Path) -> None:
    if (version := _version(db)) > VERSION:
        raise ArchiveError(f"{path} was written by a newer version of mom (version {version}): update mom.")
    if version == VERSION:
        return
    db.execute("PRAGMA auto_vacuum = FULL")  # before the first table is created
    db.execute("BEGIN IMMEDIATE")
    if _version(db) < VERSION:  # no other process was faster
        for statement in _SCHEMA:
            db.execute(statement)
        # A file that replaces a deleted one continues above its revisions.
        began = time.time_ns() // 1_000_000
        db.executemany("INSERT INTO meta VALUES (?, ?)", [("began", began), ("revision", began)])
        db.execute(f"PRAGMA user_version = {VERSION}")
    db.execute("COMMIT")


def _version(db: sqlite3.Connection) -> int:
    return int(db.execute("PRAGMA user_version").fetchone()[0])


_DAMAGED = "the file is damaged. Move it away, then import the exports again"
_ADVICE = {
    sqlite3.SQLITE_FULL: "the disk is full. Free some space and try again",
    sqlite3.SQLITE_IOERR: "the disk is full or failing. Free some space, or check the disk, and try again",
    sqlite3.SQLITE_READONLY: "it is read-only. Make the file and its folder writable",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened. Make the file and its folder writable",
    sqlite3.SQLITE_BUSY: "another program has locked it. Try again in a moment",
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_NOTADB: _DAMAGED,
    sqlite3.SQLITE_ERROR: _DAMAGED,  # a table or a column is missing
}


@contextmanager
def translated_errors(path: Path) -> Iterator[None]:
    """Translate errors of SQLite and of the file system to ArchiveError."""
    try:
        yield
    except (sqlite3.Error, UnicodeDecodeError) as error:  # the second of SQLite's message, which quotes damage
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        advice = _DAMAGED if isinstance(error, UnicodeDecodeError) else _ADVICE.get(code, "try again, and report it")
        raise ArchiveError(f"the discussions in {path} cannot be used ({error}); {advice}") from error
    except FileNotFoundError as error:
        raise ArchiveError(f"the discussions in {path} cannot be used: {error.filename}: {error.strerror}") from error
    except OSError as error:
        reason = why_read_only(path) or "make its folder writable, on a disk with free space"
        raise ArchiveError(f"the discussions in {path} cannot be used: {error.strerror or error}; {reason}") from error
