"""The SQLite file: opening, checking and migrating it, and translating its errors.

Of a read-only file, and on a full disk, a copy is read. SQLite reads a file in WAL mode only if it can write the `-shm`
file beside it, and with `immutable=1` it ignores the WAL, which has the latest events.
"""

import errno
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import Timeout

from mom_lsp.datafolder import LEAST_SPACE
from mom_lsp.errors import JournalError
from mom_lsp.journal.event import SEAL, checksum_of

BUSY_SECONDS = 10.0
MAX_COPIES = 20  # attempts to copy a file that is being written
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
    ("ALTER TABLE events ADD COLUMN checksum INTEGER", SEAL),
)


def connect(path: Path) -> sqlite3.Connection:
    """Open, check and migrate the file; raises sqlite3.DatabaseError with SQLITE_CORRUPT if it is damaged."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))  # SQLite creates its side files with the mode of this one
    db = open_raw(path)
    try:
        db.execute(f"PRAGMA journal_mode = {'DELETE' if on_network_disk(path) else 'WAL'}")
        db.execute("PRAGMA synchronous = EXTRA")  # with a rollback journal the folder is flushed, too
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


def open_copy(path: Path) -> tuple[sqlite3.Connection, object]:
    """Return a copy in memory, and the stamp of the original; raises like `connect`."""
    for _ in range(MAX_COPIES):
        before = stamp(path)
        with tempfile.TemporaryDirectory(prefix="mom-", dir=_roomy()) as folder:
            copy = Path(folder, "journal")
            for suffix in ("", "-wal"):  # in this order, since a checkpoint moves pages from the second to the first
                if (side := path.with_name(path.name + suffix)).exists():
                    shutil.copyfile(side, copy.with_name(copy.name + suffix))
            if stamp(path) == before:
                return _in_memory(copy), before
    error = sqlite3.OperationalError("it is being written")
    error.sqlite_errorcode = sqlite3.SQLITE_BUSY
    raise error


def _roomy() -> str:
    """Return a folder for temporary files, on another disk than a full one if there is any."""
    usual = tempfile.gettempdir()
    places = (usual, os.environ.get("XDG_RUNTIME_DIR", ""), "/dev/shm")
    roomy = (one for one in places if one and Path(one).is_dir() and shutil.disk_usage(one).free > LEAST_SPACE)
    return next(roomy, usual)


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
    """Return a value that changes with every appended event."""
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
    """Open the file without checks; the caller manages transactions."""
    db = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    db.create_function("checksum", 8, checksum_of, deterministic=True)
    db.text_factory = bytes  # decoded by from_row: a path may be any bytes, and damage must be noticed
    return db


def _migrate(db: sqlite3.Connection, path: Path) -> None:
    version = db.execute("PRAGMA user_version").fetchone()[0]
    if version > len(_MIGRATIONS):
        raise JournalError(f"{path} was written by a newer version of mom (journal version {version}): update mom.")
    for number, statements in enumerate(_MIGRATIONS[version:], start=version + 1):
        for statement in ("BEGIN IMMEDIATE", *statements, f"PRAGMA user_version = {number}", "COMMIT"):
            db.execute(statement)


def on_network_disk(path: Path, mounts: Path = Path("/proc/mounts")) -> bool:
    """Whether `path` is on a network file system, or on a FUSE one.

    Detected on Linux only; elsewhere False.
    """
    try:
        table = [line.split(" ")[1:3] for line in mounts.read_text("utf-8", "surrogateescape").splitlines()]
    except OSError:
        return False
    target = path.resolve()
    points = {Path(point.replace("\\040", " ")): kind for point, kind in table}  # a later mount hides an earlier one
    kind = next((points[folder] for folder in (target, *target.parents) if folder in points), "")
    return kind.startswith(_NETWORK)


def error_code(error: sqlite3.Error) -> int:
    """Return SQLite's primary result code, 0 if the error is Python's own."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def is_full(error: sqlite3.Error | OSError) -> bool:
    """Whether something failed because the disk is full, or seems to be."""
    if isinstance(error, OSError):
        return error.errno in {errno.ENOSPC, errno.EDQUOT}
    return error_code(error) in {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}


_ADVICE = {
    sqlite3.SQLITE_FULL: "the disk is full. Free some space and try again",
    sqlite3.SQLITE_IOERR: "the disk is full or failing. Free some space, or check the disk, and try again",
    sqlite3.SQLITE_READONLY: "it is read-only. Make the file and its folder writable",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened. Make the file and its folder writable",
    sqlite3.SQLITE_BUSY: "another program has locked it. Close that program, or try again in a moment",
    sqlite3.SQLITE_CORRUPT: "the file is damaged. Restart mom to recover what is readable",
    sqlite3.SQLITE_NOTADB: "the file is damaged. Restart mom to recover what is readable",
}


@contextmanager
def translated_errors(path: Path) -> Iterator[None]:
    """Translate errors of SQLite and of the file system to JournalError."""
    try:
        yield
    except sqlite3.Error as error:
        advice = _ADVICE.get(error_code(error), "try again, and report it if it persists")
        raise JournalError(f"the journal {path} cannot be used ({error}); {advice}") from error
    except Timeout as error:
        raise JournalError(f"the journal {path} cannot be used: {_ADVICE[sqlite3.SQLITE_BUSY]}") from error
    except FileNotFoundError as error:
        raise JournalError(f"the journal {path} cannot be used: {error.filename}: {error.strerror}") from error
    except OSError as error:
        advice = f"make {path.parent} a writable folder on a disk with free space"
        raise JournalError(f"the journal {path} cannot be used: {error.strerror or error}; {advice}") from error
