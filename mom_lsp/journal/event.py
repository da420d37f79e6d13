"""Events, and their rows in the database."""

import json
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal
from zlib import crc32

EventType = Literal[
    "pin",  # of a memory that was dismissed, `data["names"]` are those of the file, also earlier; so of "useful"
    "unpin",
    "useful",
    "dismiss",
    "forget",
    "restore",
    "note",
    "merge",  # `memory` is shown for the memory `data["other"]`
    "shown",  # a batch: `data["seen"]` (in lists and hovers) and `data["hinted"]` (hints that were on the screen) are
    # {path: [memory]}, `data["together"]` is [[commit, path, line, line, memory …]], `data["at"]` is what was shown for
    # which task: [[task, path, symbol, memory …]], of a search with a hash of its words instead of a path
    "opened",
    "inserted",
    "active",  # a file was saved, so the day is an active one; at most one a day
    "transition",  # a change of status by evidence: `data` is {"status", "layer", "reason", "commit", "ended_by",
    # "cause"}
    "tune",  # weights learned from the repository's own history: `data["editing"]`; none for the default weights
    "undo",
    "purge",
]

COLUMNS = "seq, time, type, memory, path, symbol, head, data"
CHECKED = f"{COLUMNS}, checksum"
INSERT = f"INSERT INTO events ({COLUMNS}) VALUES (?, ?, ?, {', '.join(['CAST(? AS TEXT)'] * 4)}, ?)"
# Sets the checksum, of which the seq is a part; `checksum` is `checksum_of`, see `open_raw`. As bytes, since SQLite
# could not hand over a text that is not UTF-8.
_AS_BYTES = ", ".join(f"CAST({name} AS BLOB)" for name in COLUMNS.split(", ")[2:])
SEAL = f"UPDATE events SET checksum = checksum(seq, time, {_AS_BYTES})"


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that the user did or was shown."""

    seq: int  # ascending in append order over all processes; 0 before it is appended
    time: float  # seconds since 1970, UTC
    type: str
    memory: str = ""  # the id of a memory
    path: str = ""  # in the repository, with `/`
    symbol: str = ""
    head: str = ""  # the commit that was checked out
    data: dict[str, Any] = field(default_factory=dict)  # any JSON object


def to_row(event: Event) -> tuple[Any, ...]:
    """Return the values for COLUMNS; raises TypeError if the data is not JSON-serializable."""
    texts = (text.encode("utf-8", "surrogatepass") for text in (event.memory, event.path, event.symbol, event.head))
    return (event.seq, event.time, event.type, *texts, json.dumps(event.data))


def from_row(row: Sequence[Any]) -> Event:
    """Return the event of a row of COLUMNS or of CHECKED; raises ValueError or TypeError if it is damaged."""
    seq, time, *raw = row[:8]
    # str() rejects what a damaged page may contain instead of text: NULL, or a number
    *texts, data = [text if isinstance(text, str) else str(text, "utf-8", "surrogatepass") for text in raw]
    if len(row) > 8 and row[8] is not None:  # None: appended by a process that runs mom 0.1
        encoded = [text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass") for text in raw]
        if row[8] != checksum_of(seq, time, *encoded):
            raise ValueError("the checksum is wrong")
    kind, memory, path, symbol, head = texts
    return Event(int(seq), float(time), kind, memory, path, symbol, head, dict(json.loads(data)))


def checksum_of(seq: int, time: float, *texts: bytes) -> int:
    """Return the CRC-32 of the values of COLUMNS; raises struct.error if they are of other types."""
    lengths = struct.pack(f">qd{len(texts)}q", seq, time, *map(len, texts))
    return crc32(b"".join(texts), crc32(lengths))
