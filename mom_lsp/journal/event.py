"""Events, and their rows in the database."""

import json
from dataclasses import dataclass, field
from typing import Any, Literal

EventType = Literal[
    "pin",
    "unpin",
    "useful",
    "dismiss",
    "forget",
    "restore",
    "note",
    "merge",  # `memory` is shown for the memory `data["other"]`
    "shown",  # a batch: `data["seen"]` (in lists and hovers) and `data["hinted"]` (hints that were on the screen) are
    # {path: [memory]}, `data["together"]` is [[commit, path, line, line, memory …]]
    "opened",
    "inserted",
    "active",  # a file was saved, so the day is an active one; at most one a day
    "transition",  # a change of status by evidence: `data` is {"status", "layer", "reason", "commit", "cause"}
    "tune",  # weights learned from the repository's own history: `data["editing"]`; none for the default weights
    "undo",
    "purge",
]

COLUMNS = "seq, time, type, memory, path, symbol, head, data"
INSERT = f"INSERT INTO events ({COLUMNS}) VALUES (?, ?, ?, {', '.join(['CAST(? AS TEXT)'] * 4)}, ?)"


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


def from_row(row: tuple[Any, ...]) -> Event:
    """Return the event of a row; raises ValueError or TypeError if the row is damaged."""
    seq, time, *raw, data = row
    # str() rejects what a damaged page may contain instead of text: NULL, or a number
    texts = [text if isinstance(text, str) else str(text, "utf-8", "surrogatepass") for text in raw]
    kind, memory, path, symbol, head = texts
    return Event(int(seq), float(time), kind, memory, path, symbol, head, dict(json.loads(data)))
