"""Which events an undo reverts. Nothing is deleted from the journal: undone events are skipped when it is folded."""

from __future__ import annotations

from collections.abc import Iterable

from mom_lsp.journal import Event

FEEDBACK = frozenset({"pin", "unpin", "useful", "inserted", "dismiss", "forget", "restore", "note", "merge"})


def undone_events(log: Iterable[Event]) -> tuple[set[int], set[int]]:
    """Return the numbers of all undone events, with those that they caused, and of the events that an undo names."""
    events = list(log)
    named = {int(event.data["seq"]) for event in events if event.type == "undo" and "seq" in event.data}
    caused = {e.seq for e in events if named and e.type == "transition" and e.data.get("cause") in named}
    return named | caused, named


def undoable(log: Iterable[Event], memory: str = "") -> Event | None:
    """Return the newest event that can be undone, None if there is none.

    Args:
        log: the events of the journal.
        memory: only events of this memory, "" for any. For one memory, these include that it was opened, and changes
            of status by history. Events that another event caused are undone with it.
    """
    events = list(log)
    undone, _ = undone_events(events)
    left = [event for event in events if event.seq not in undone]
    if not memory:
        return next((event for event in reversed(left) if event.type in FEEDBACK), None)
    by_seq = {event.seq: event for event in left}
    for event in reversed(left):
        if event.memory == memory and (
            event.type in FEEDBACK or event.type == "opened" or _evidence_alone(event, by_seq)
        ):
            return event
    return None


def _evidence_alone(event: Event, known: dict[int, Event]) -> bool:
    """Whether a change of status is based on a commit, not on feedback."""
    return event.type == "transition" and bool(event.data.get("commit")) and event.data.get("cause", 0) not in known
