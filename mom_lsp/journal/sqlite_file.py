"""The file: opened safely, checked, migrated, and its errors turned into ours.

Where it cannot be written a copy of it is read. SQLite reads a file in WAL mode only beside a `-shm` that it can write,
and with `immutable=1` it leaves out the WAL, which holds what was said last.
"""

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import Timeout

from mom_lsp.errors import JournalError

BUSY_SECONDS = 10.0
COPIES = 20  # that are begun while somebody writes, before we give up
_NETWORK = (
    "nfs",
    "cifs",
    "smb",
    "9p",
    "afs",
    "ceph",
    "lustre",
    "gpfs",
    "beegfs",
    "gluster",
    "vboxsf",
    "davfs",
    "fuse.",
)

# One tuple of statements for each version of the schema; PRAGMA user_version is how many have been applied.
_MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE events (
            seq INTEGER PRIMARY KEY AUTOINCREMENT,
            time REAL NOT NULL,
            type TEXT NOT NULL,
            memory TEXT NOT NULL,
            path TEXT NOT NULL,
            symbol TEXT NOT NULL,
            head TEXT NOT NULL,
            data TEXT NOT NULL
        )""",
        "CREATE TRIGGER no_delete BEFORE DELETE ON events BEGIN SELECT RAISE(ABORT, 'events are never deleted'); END",
        """CREATE TRIGGER no_update BEFORE UPDATE OF seq, time, type, memory, path, symbol, head ON events
           BEGIN SELECT RAISE(ABORT, 'events are never changed'); END""",
    ),
)


def connect(path: Path) -> sqlite3.Connection:
    """Open, check and migrate the file; raises sqlite3.DatabaseError with SQLITE_CORRUPT if it is damaged."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))  # SQLite gives its side files the mode of this one
    db = open_raw(path)
    try:
        db.execute(f"PRAGMA journal_mode = {'DELETE' if on_network_disk(path) else 'WAL'}")
        db.execute("PRAGMA synchronous = FULL")
        db.execute("PRAGMA secure_delete = ON")
        if db.execute("PRAGMA quick_check(1)").fetchone()[0] != b"ok":
            raise _damage("quick_check found damage")
        _migrate(db, path)
    except UnicodeDecodeError as error:  # of SQLite's own message, which quotes a damaged schema
        db.close()
        raise _damage("the schema is damaged") from error
    except BaseException:
        db.close()
        raise
    return db


def copied(path: Path) -> tuple[sqlite3.Connection, object]:
    """Return a copy in memory, and the stamp of what it was made from; raises as `connect` does."""
    for _ in range(COPIES):
        before = stamp(path)
        with tempfile.TemporaryDirectory(prefix="mom-") as folder:
            copy = Path(folder, "journal")
            for suffix in ("", "-wal"):  # in this order: a checkpoint meanwhile only moves the second into the first
                if (side := path.with_name(path.name + suffix)).exists():
                    shutil.copyfile(side, copy.with_name(copy.name + suffix))
            if stamp(path) == before:
                return _in_memory(copy), before
    error = sqlite3.OperationalError("it is being written")
    error.sqlite_errorcode = sqlite3.SQLITE_BUSY
    raise error


def _in_memory(copy: Path) -> sqlite3.Connection:
    on_disk = connect(copy)
    memory = open_raw(Path(":memory:"))
    try:
        on_disk.execute("PRAGMA journal_mode = DELETE")
        on_disk.backup(memory)
    except BaseException:
        memory.close()
        raise
    finally:
        on_disk.close()
    return memory


def stamp(path: Path) -> tuple[object, ...]:
    """Return what changes with every event that is appended to the file."""
    found: list[object] = []
    for suffix in ("", "-wal"):
        try:
            status = path.with_name(path.name + suffix).stat()
        except FileNotFoundError:
            found.append(None)
        else:
            found.append((status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns))
    return tuple(found)


def _damage(message: str) -> sqlite3.DatabaseError:
    error = sqlite3.DatabaseError(message)
    error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
    return error


def open_raw(path: Path) -> sqlite3.Connection:
    """Open the file as it is, transactions left to the caller."""
    db = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    db.text_factory = bytes  # decoded one by one by from_row: a path may be any bytes, and damage must be told
    return db


def _migrate(db: sqlite3.Connection, path: Path) -> None:
    version = db.execute("PRAGMA user_version").fetchone()[0]
    if version > len(_MIGRATIONS):
        raise JournalError(f"{path} was written by a newer mom-lsp (journal version {version}); update mom-lsp.")
    for number, statements in enumerate(_MIGRATIONS[version:], start=version + 1):
        for statement in ("BEGIN IMMEDIATE", *statements, f"PRAGMA user_version = {number}", "COMMIT"):
            db.execute(statement)


def on_network_disk(path: Path, mounts: Path = Path("/proc/mounts")) -> bool:
    """Whether `path` is on a disk that other machines may write, or on one that answers through a program.

    Known on Linux only; elsewhere the answer is no.
    """
    try:
        table = [line.split(" ")[1:3] for line in mounts.read_text("utf-8", "surrogateescape").splitlines()]
    except OSError:
        return False
    place = path.resolve()
    points = {Path(point.replace("\\040", " ")): kind for point, kind in table}  # a later mount hides an earlier one
    kind = next((points[folder] for folder in (place, *place.parents) if folder in points), "")
    return kind.startswith(_NETWORK)


def error_code(error: sqlite3.Error) -> int:
    """Return the primary result code of SQLite, 0 if the error is Python's own."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


_ADVICE = {
    sqlite3.SQLITE_FULL: "the disk is full. Free some space and try again",
    sqlite3.SQLITE_IOERR: "the disk is full or failing. Free some space, or check the disk, and try again",
    sqlite3.SQLITE_READONLY: "it is read-only. Make the file and its folder writable for you",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened. Make the file and its folder writable for you",
    sqlite3.SQLITE_BUSY: "another program keeps it locked. Close it, or try again in a moment",
    sqlite3.SQLITE_CORRUPT: "the file is damaged. Restart: what can be read of it is rescued at the next start",
    sqlite3.SQLITE_NOTADB: "the file is damaged. Restart: what can be read of it is rescued at the next start",
}


@contextmanager
def border(path: Path) -> Iterator[None]:
    """Turn errors of SQLite and of the file system into ours."""
    try:
        yield
    except sqlite3.Error as error:
        advice = _ADVICE.get(error_code(error), "try again, and report it if it stays")
        raise JournalError(f"The journal {path} cannot be used: {advice}. ({error})") from error
    except Timeout as error:
        raise JournalError(f"The journal {path} cannot be used: {_ADVICE[sqlite3.SQLITE_BUSY]}.") from error
    except FileNotFoundError as error:
        raise JournalError(f"The journal {path} cannot be used: {error.filename}: {error.strerror}.") from error
    except OSError as error:
        advice = f"make {path.parent} a folder that you can write to, on a disk with free space"
        raise JournalError(f"The journal {path} cannot be used: {error.strerror or error}; {advice}.") from error
