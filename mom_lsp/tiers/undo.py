"""Which events an undo takes back. Nothing leaves the journal: what is undone is passed over when it is folded."""

from __future__ import annotations

from collections.abc import Iterable

from mom_lsp.journal import Event

SAID = frozenset({"pin", "unpin", "useful", "inserted", "dismiss", "forget", "restore", "note", "merge"})  # by the user


def undone_events(log: Iterable[Event]) -> tuple[set[int], set[int]]:
    """Return the numbers of the events that a later undo took back: what they caused included, and those it names."""
    events = list(log)
    named = {int(event.data["seq"]) for event in events if event.type == "undo" and "seq" in event.data}
    caused = {e.seq for e in events if named and e.type == "transition" and e.data.get("cause") in named}
    return named | caused, named


def undoable(log: Iterable[Event], memory: str = "") -> Event | None:
    """Return the newest event that an undo would take back now.

    Args:
        log: the events of the journal.
        memory: of this one, which may also be what came without a word: that it was opened, and what evidence made
            of it. What one event brought about is taken back with that event.
    """
    events = list(log)
    undone, _ = undone_events(events)
    left = [event for event in events if event.seq not in undone]
    if not memory:
        return next((event for event in reversed(left) if event.type in SAID), None)
    by_seq = {event.seq: event for event in left}
    for event in reversed(left):
        if event.memory == memory and (event.type in SAID or event.type == "opened" or _evidence_alone(event, by_seq)):
            return event
    return None


def _evidence_alone(event: Event, known: dict[int, Event]) -> bool:
    """Tell whether a change of status rests on a commit, and on no word of the user."""
    return event.type == "transition" and bool(event.data.get("commit")) and event.data.get("cause", 0) not in known
