"""Recovering a damaged journal file."""

import sqlite3
from pathlib import Path

from mom_lsp.journal.event import COLUMNS, INSERT, Event, from_row, to_row
from mom_lsp.journal.sqlite_file import connect, open_raw

MIN_EVENT = 16  # bytes; no event takes fewer


def rescue(path: Path) -> str:
    """Copy every readable event into a new file, move the damaged one aside, and return a message about it.

    The new file replaces the damaged one when it is complete. After an earlier interruption the next start tries again;
    after a later one `finish` completes the replacement.
    """
    broken = _broken(path, _count(path) + 1)
    saved, lost = _salvage(path)
    fresh = _fresh(path)
    for side in _files(fresh):  # of an interrupted rescue
        side.unlink()
    db = connect(fresh)
    try:
        db.execute("BEGIN IMMEDIATE")
        db.executemany(INSERT, map(to_row, saved))
        db.execute("COMMIT")
    finally:
        db.close()
    path.rename(broken)
    finish(path)
    missing = "none is known to be missing" if lost == 0 else f"{lost or 'an unknown number'} could not be read"
    return f"the journal {path} was damaged: {len(saved)} events were recovered, {missing}. The old file is {broken}."


def finish(path: Path) -> None:
    """Move the new file of a rescue into place if the damaged one was moved aside: only then it is complete."""
    if not is_unfinished(path):
        return
    broken = _broken(path, _count(path))
    for side in _files(path):  # first, so that they are not taken for those of the new file
        side.rename(side.with_name(side.name.replace(path.name, broken.name)))
    _fresh(path).rename(path)


def is_unfinished(path: Path) -> bool:
    """Whether a rescue was interrupted after moving the damaged file aside and before replacing it."""
    return not path.exists() and _fresh(path).exists()


def _fresh(path: Path) -> Path:
    return path.with_name(f"{path.name}.rescued")


def _broken(path: Path, number: int) -> Path:
    return path.with_name(f"{path.name}.broken-{number}")


def _count(path: Path) -> int:
    """Return how many damaged files were moved aside."""
    number = 0
    while _broken(path, number + 1).exists():
        number += 1
    return number


def _files(path: Path) -> list[Path]:
    """Return the existing files of a database, the main one last."""
    sides = (path.with_name(path.name + suffix) for suffix in ("-wal", "-shm", ""))
    return [side for side in sides if side.exists()]


def _salvage(broken: Path) -> tuple[list[Event], int | None]:
    """Return the readable events and the number of lost ones, None if that is unknown."""
    saved: list[Event] = []
    db = open_raw(broken)
    try:
        last = max(_number(db, "SELECT max(seq) FROM events"), _number(db, "SELECT max(seq) FROM sqlite_sequence"))
        last = min(last, sum(side.stat().st_size for side in _files(broken)) // MIN_EVENT)  # it may be damaged, too
        for seq in range(1, last + 1):
            try:
                rows = db.execute(f"SELECT {COLUMNS} FROM events WHERE seq = ?", (seq,)).fetchall()
                saved += map(from_row, rows)
            except (sqlite3.Error, ValueError, TypeError):
                continue  # damaged: counted by its absence
    finally:
        db.close()
    return saved, last - len(saved) if last else None


def _number(db: sqlite3.Connection, query: str) -> int:
    try:
        return int(db.execute(query).fetchone()[0] or 0)
    except (sqlite3.Error, ValueError, TypeError):
        return 0
