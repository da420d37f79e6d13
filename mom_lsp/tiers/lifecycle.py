"""Folds the journal's events into what became of each memory. The journal logs; the rules stand here."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from mom_lsp.journal import Event
from mom_lsp.memory import Usage

ACCEPTED = frozenset({"pin", "useful", "inserted", "opened"})  # uses that the user made himself
UNDOABLE = frozenset({"pin", "unpin", "useful", "dismiss", "forget", "restore", "note"})
ERASING = frozenset({"forget", "restore", "undo", "purge", "pin"})
NOTE_GRACE = 30 * 86_400.0  # seconds that a forgotten note can still be restored


@dataclass(slots=True)
class Life:
    """The folded journal: each memory's usage, and the notes that are not forgotten."""

    usage: dict[str, Usage] = field(default_factory=dict)
    notes: dict[str, Event] = field(default_factory=dict)
    last_seq: int = 0

    def of(self, memory: str) -> Usage:
        """Return the usage of a memory, that of an untouched one if nothing is known."""
        return self.usage.get(memory, UNTOUCHED)

    def most_used(self) -> int:
        """Return the largest number of accepted uses of one memory."""
        return max((usage.uses for usage in self.usage.values()), default=0)

    def with_state(self, name: str) -> set[str]:
        """Return the ids whose usage has a flag set, e.g. "pinned"."""
        return {memory for memory, usage in self.usage.items() if getattr(usage, name)}


UNTOUCHED = Usage()


def fold(events: Iterable[Event]) -> Life:
    """Return the state that all events of a journal, in their order, lead to."""
    log = list(events)
    undone = undone_events(log)
    life = Life(last_seq=log[-1].seq if log else 0)
    by_memory: dict[str, Usage] = defaultdict(Usage)
    for event in log:
        if event.seq in undone or event.type == "undo":
            continue
        if event.type == "note":
            life.notes[event.memory] = event
        if event.memory:
            by_memory[event.memory] = _after(by_memory[event.memory], event)
    life.usage = dict(by_memory)
    return life


def undone_events(log: Iterable[Event]) -> set[int]:
    """Return the numbers of the events that a later undo took back."""
    return {int(event.data["seq"]) for event in log if event.type == "undo" and "seq" in event.data}


def erasure_seq(log: Iterable[Event]) -> int:
    """Return the number of the last event that changes what the store may hold."""
    return max((event.seq for event in log if event.type in ERASING), default=0)


def undoable(log: Iterable[Event]) -> Event | None:
    """Return the newest event that an undo would take back now."""
    events = list(log)
    undone = undone_events(events)
    candidates = (e for e in reversed(events) if e.type in UNDOABLE and e.seq not in undone)
    return next(candidates, None)


def expired_notes(log: Iterable[Event], now: float) -> list[int]:
    """Return the numbers of the notes forgotten so long ago that their text is due to be erased."""
    return [seq for seq, since in forgotten_notes(log).items() if now - since > NOTE_GRACE]


def forgotten_notes(log: Iterable[Event]) -> dict[int, float]:
    """Return the numbers of the notes that are forgotten or undone and still have their text, and since when."""
    events = list(log)
    life, undone = fold(events), undone_events(events)
    last = {e.memory: e.time for e in events if e.type in {"forget", "undo"}}
    return {
        e.seq: last[e.memory]
        for e in events
        if e.type == "note" and e.data and e.memory in last and (e.seq in undone or life.of(e.memory).forgotten)
    }


def _after(usage: Usage, event: Event) -> Usage:
    match event.type:
        case "pin":
            usage = replace(usage, pinned=True, forgotten=False)
        case "unpin":
            usage = replace(usage, pinned=False)
        case "forget":
            usage = replace(usage, forgotten=True, pinned=False)
        case "restore":
            usage = replace(usage, forgotten=False)
        case "dismiss":
            usage = replace(usage, dismissed=usage.dismissed | {(event.path, event.symbol)})
    if event.type in ACCEPTED:
        usage = replace(usage, uses=usage.uses + 1, last_used=event.time)
    return usage
