"""Recovering a damaged journal file."""

import contextlib
import sqlite3
import struct
from pathlib import Path

from mom_lsp.durable_file import flush
from mom_lsp.journal.event import CHECKED, Event, from_row
from mom_lsp.journal.pages import events_in
from mom_lsp.journal.second_copy import events_of_copy, sides, write_file
from mom_lsp.journal.sqlite_file import open_raw

MIN_EVENT = 16  # bytes; no event takes fewer


def rescue(path: Path) -> str:
    """Copy every intact event into a new file, move the damaged one aside, and return a message about it.

    What the damaged file lacks comes from the second copy. The new file replaces the damaged one when it is complete.
    After an earlier interruption the next start tries again; after a later one `finish` completes the replacement.
    """
    broken = _broken(path, _count(path) + 1)
    found, last = _salvage(path)
    copied = {seq: event for seq, event in events_of_copy(path).items() if seq not in found}
    saved = found | copied
    write_file(_fresh(path), [saved[seq] for seq in sorted(saved)])
    path.touch(0o600)  # it may be missing
    path.rename(broken)
    finish(path)
    last = max(last, *saved, 0)
    lost = last - len(saved)
    missing = "none is known to be missing" if last and not lost else f"{lost or 'an unknown number'} could not be read"
    source = f", {len(copied)} of them from the daily copy" if copied else ""
    return (
        f"the journal {path} was damaged: {len(saved)} events were recovered{source}, {missing}. "
        f"The old file is {broken}."
    )


def is_lost(path: Path) -> bool:
    """Whether the file is missing or empty although there were events."""
    try:
        if path.stat().st_size:
            return False
    except FileNotFoundError:
        pass
    return any(side.stat().st_size for side in sides(path)) or bool(events_of_copy(path))


def finish(path: Path) -> None:
    """Move the new file of a rescue into place if the damaged one was moved aside: only then it is complete."""
    if not is_unfinished(path):
        return
    broken = _broken(path, _count(path))
    for side in list(sides(path)):  # first, so that they are not taken for those of the new file
        side.rename(side.with_name(side.name.replace(path.name, broken.name)))
    _fresh(path).rename(path)
    flush(path.parent)


def is_unfinished(path: Path) -> bool:
    """Whether a rescue was interrupted after moving the damaged file aside and before replacing it."""
    return not path.exists() and _fresh(path).exists()


def leftovers(path: Path) -> list[Path]:
    """Return the damaged files that were moved aside, and the new ones of an interrupted rescue or copy."""
    kinds = ("broken-*", "rescued*", "copy.new*")
    return [file for kind in kinds for file in path.parent.glob(f"{path.name}.{kind}")]


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


def _salvage(broken: Path) -> tuple[dict[int, Event], int]:
    """Return the intact events by seq, and the last seq that is known to have been given, 0 for none."""
    found, last = dict[int, Event](), 0
    with contextlib.suppress(sqlite3.Error), contextlib.closing(open_raw(broken)) as db:
        last = max(_number(db, "SELECT max(seq) FROM events"), _number(db, "SELECT max(seq) FROM sqlite_sequence"))
        last = min(last, sum(side.stat().st_size for side in sides(broken)) // MIN_EVENT)  # it may be damaged, too
        checked = bool(_number(db, "SELECT count(*) FROM pragma_table_info('events') WHERE name = 'checksum'"))
        columns = CHECKED if checked else CHECKED.replace("checksum", "NULL")
        for seq in range(1, last + 1):
            # what is damaged is counted by its absence
            with contextlib.suppress(sqlite3.Error, ValueError, TypeError, struct.error):
                for row in db.execute(f"SELECT {columns} FROM events WHERE seq = ?", (seq,)):
                    found[seq] = from_row(row)
    carved = events_in(broken)  # where the tree does not lead
    return carved.events | found, max(last, min(carved.last, 2 * len(carved.events) + MIN_EVENT))


def _number(db: sqlite3.Connection, query: str) -> int:
    try:
        return int(db.execute(query).fetchone()[0] or 0)
    except (sqlite3.Error, ValueError, TypeError):
        return 0
