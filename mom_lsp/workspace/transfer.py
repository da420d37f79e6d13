"""What the user said, carried elsewhere: the events of a journal as plain values, and back."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from typing import Any, get_args

from mom_lsp.errors import UsageError
from mom_lsp.journal import Event, EventType, Journal
from mom_lsp.redact import sanitize

NAMING = {"undo": "seq", "transition": "cause"}  # events that name another one by its number, and where they do


def taken_out(journal: Journal) -> list[dict[str, Any]]:
    """Return all events, oldest first."""
    return [asdict(event) for event in journal.events()]


def bring_in(journal: Journal, events: Iterable[Mapping[str, Any]]) -> int:
    """Append the events that are not here yet, judged by their content; return how many. Raises UsageError."""
    theirs = [_cleaned(_event(plain)) for plain in events]
    seqs = {_identity(event): event.seq for event in journal.events()}
    here = {event.seq: seqs[_identity(event)] for event in theirs if _identity(event) in seqs}  # their number -> ours
    fresh = {_identity(event): event for event in theirs if _identity(event) not in seqs}
    return len(journal.append_many(fresh.values(), lambda event, given: _renumbered(event, given, here)))


def _cleaned(event: Event) -> Event:
    """Return an event whose note holds no secret; it may come from an older mom, or from elsewhere."""
    text = event.data.get("text")
    return replace(event, data=event.data | {"text": sanitize(text)}) if isinstance(text, str) else event


def _event(plain: Mapping[str, Any]) -> Event:
    """Read one exported event. Raises UsageError if it is none."""
    try:
        texts = {name: str(plain.get(name, "")) for name in ("memory", "path", "symbol", "head")}
        event = Event(int(plain.get("seq", 0)), float(plain["time"]), plain["type"], data=dict(plain["data"]), **texts)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UsageError(f"not an event written by `mom export`: {str(plain)[:200]}") from error
    if event.type not in get_args(EventType) or not math.isfinite(event.time):
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
