"""Export and import of the journal: its events as plain values, and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from typing import Any, get_args

from mom_lsp.errors import UsageError
from mom_lsp.journal import Event, EventType, Journal

LAST = 2**53  # seconds since 1970; a later time would fit into no column
NAMING = {"undo": "seq", "transition": "cause"}  # events that reference another one by its number, and the key


def exported(journal: Journal) -> list[dict[str, Any]]:
    """Return all events, oldest first."""
    return [asdict(event) for event in journal.events()]


def import_into(journal: Journal, events: Iterable[Mapping[str, Any]], *, dry_run: bool = False) -> int:
    """Append the events that the journal lacks, compared by content; return how many. Raises UsageError.

    Args:
        journal: where they are appended.
        events: of one journal, as it was exported.
        dry_run: only count.
    """
    imported = [_cleaned(_event(plain)) for plain in events]
    seqs = {_identity(event): event.seq for event in journal.events()}
    existing = {
        event.seq: seqs[_identity(event)] for event in imported if _identity(event) in seqs
    }  # imported number -> ours
    fresh = {_identity(event): event for event in imported if _identity(event) not in seqs}
    if dry_run:
        return len(fresh)
    return len(journal.append_many(fresh.values(), lambda event, given: _renumbered(event, given, existing)))


def _cleaned(event: Event) -> Event:
    """Return an event without secrets in its note; it may come from an older version, or from elsewhere."""
    from mom_lsp.redact import sanitize  # here, like all that hints do not need

    text = event.data.get("text")
    return replace(event, data=event.data | {"text": sanitize(text)}) if isinstance(text, str) else event


def _event(plain: Mapping[str, Any]) -> Event:
    """Return one exported event. Raises UsageError if it is invalid."""
    try:
        texts = {name: str(plain.get(name, "")) for name in ("memory", "path", "symbol", "head")}
        event = Event(int(plain.get("seq", 0)), float(plain["time"]), plain["type"], data=dict(plain["data"]), **texts)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise UsageError(f"not an event written by `mom export`: {str(plain)[:200]}") from error
    if event.type not in get_args(EventType) or not abs(event.time) <= LAST or not event.memory.isascii():
        raise UsageError(f"unknown event: {str(plain)[:200]}")
    return event


def _renumbered(event: Event, *known: Mapping[int, int]) -> Event:
    name = NAMING.get(event.type)
    if name is None:
        return event
    number = event.data.get(name)
    ours = [numbers[number] for numbers in known if number and isinstance(number, int) and number in numbers]
    return replace(event, data={**event.data, name: ours[0] if ours else 0})


def _identity(event: Event) -> tuple[Any, ...]:
    return (event.time, event.type, event.memory, event.path, event.symbol)
