"""Events in the pages of a damaged SQLite file and of its write-ahead log, without the tree that leads to them.

Each leaf page of the table is read by itself, so that a damaged page costs its own events alone. What was read is an
event if its checksum says so. The format: https://www.sqlite.org/fileformat2.html
"""

from __future__ import annotations

import contextlib
import struct
from pathlib import Path
from typing import Any

from mom_lsp.journal.event import Event, from_row

MAGIC, HEADER = b"SQLite format 3\0", 100  # bytes, on the first page
LEAF = 13  # the type of a page with rows of a table
SIZES = tuple(512 << power for power in range(8))
USUAL = 4096  # bytes of a page
MAX_PAGES = 1 << 20
WAL_HEADER, FRAME_HEADER = 32, 24
INTEGERS = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}  # bytes by serial type
NO_PAGE = (IndexError, ValueError, TypeError, struct.error, RecursionError)


class Found:
    """What was found: the intact events by seq, and the last seq that was given."""

    def __init__(self) -> None:
        self.events: dict[int, Event] = {}
        self.last = 0


def events_in(path: Path) -> Found:
    """Return the intact events of a database that may be damaged, and of its write-ahead log."""
    found = Found()
    data, log = (_bytes(file) for file in (path, path.with_name(f"{path.name}-wal")))
    size = _page_size(data)
    pages = [data[at : at + size] for at in range(0, len(data), size)]
    _read(pages, found)
    if changed := _pages_of_log(log):
        pages += [b""] * (max(changed) - len(pages))
        for number, page in changed.items():
            pages[number - 1] = page
        _read(pages, found)
    return found


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:
        return b""


def _page_size(data: bytes) -> int:
    """Return the size of a page: by the header, or if that is damaged, the usual one."""
    given = int.from_bytes(data[16:18], "big")
    size = 65_536 if given == 1 else given
    return size if data.startswith(MAGIC) and size in SIZES else USUAL


def _pages_of_log(log: bytes) -> dict[int, bytes]:
    """Return the last version of each page in a write-ahead log by number."""
    size, pages = int.from_bytes(log[8:12], "big"), dict[int, bytes]()
    for at in range(WAL_HEADER, len(log) - size - FRAME_HEADER + 1, size + FRAME_HEADER) if size in SIZES else ():
        number = int.from_bytes(log[at : at + 4], "big")
        if log[at + 8 : at + 16] == log[16:24] and 0 < number <= MAX_PAGES:  # else of an earlier log, or damaged
            pages[number] = log[at + FRAME_HEADER : at + FRAME_HEADER + size]
    return pages


def _read(pages: list[bytes], found: Found) -> None:
    for number, page in enumerate(pages):
        start = HEADER if number == 0 else 0
        with contextlib.suppress(*NO_PAGE):
            if page and page[start] == LEAF:
                _read_leaf(page, start, pages, found)


def _read_leaf(page: bytes, start: int, pages: list[bytes], found: Found) -> None:
    (cells,) = struct.unpack_from(">H", page, start + 3)
    for cell in range(cells):
        with contextlib.suppress(*NO_PAGE):
            (at,) = struct.unpack_from(">H", page, start + 8 + 2 * cell)
            rowid, payload = _cell(page, at, pages)
            row = _record(payload)
            if len(row) == 2 and row[0] == b"events":  # of sqlite_sequence
                found.last = max(found.last, int(row[1]))
            elif len(row) == 9 and row[8] is not None:
                event = from_row([rowid, *row[1:]])
                found.events[event.seq] = event


def _cell(page: bytes, at: int, pages: list[bytes]) -> tuple[int, bytes]:
    """Return the row id and the payload of a cell, with its overflow pages."""
    length, at = _varint(page, at)
    rowid, at = _varint(page, at)
    usable = len(page)
    local = length
    if length > usable - 35:
        least = (usable - 12) * 32 // 255 - 23
        local = least + (length - least) % (usable - 4)
        local = local if local <= usable - 35 else least
    payload = page[at : at + local]
    if local < length:
        (following,) = struct.unpack_from(">I", page, at + local)
        while len(payload) < length:
            overflow = pages[following - 1]
            payload += overflow[4 : 4 + length - len(payload)]
            (following,) = struct.unpack_from(">I", overflow)
    return rowid, payload


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """Return a number and the position after it."""
    value = 0
    for read in range(8):
        value = value << 7 | data[at + read] & 0x7F
        if data[at + read] < 0x80:
            return value, at + read + 1
    return value << 8 | data[at + 8], at + 9


def _record(payload: bytes) -> list[Any]:
    """Return the values of a record: numbers, bytes for texts, None."""
    end, at = _varint(payload, 0)
    kinds = []
    while at < end:
        kind, at = _varint(payload, at)
        kinds.append(kind)
    values: list[Any] = []
    for kind in kinds:
        size = INTEGERS.get(kind, 8 if kind == 7 else (kind - 12) // 2 if kind >= 12 else 0)
        part = payload[end : end + size]
        if len(part) < size:
            raise ValueError("the record is cut off")
        end += size
        values.append(_value(kind, part))
    return values


def _value(kind: int, part: bytes) -> Any:
    if kind in INTEGERS:
        return int.from_bytes(part, "big", signed=True)
    if kind == 7:
        return struct.unpack(">d", part)[0]
    if kind in (8, 9):
        return kind - 8
    return part if kind >= 12 else None
