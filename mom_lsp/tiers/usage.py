"""How each event changes the usage of a memory."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from mom_lsp.journal import Event
from mom_lsp.memory import Pin, Usage
from mom_lsp.tiers import DAY

GATES = {"pin": 1.0, "useful": 1.0, "inserted": 0.8, "opened": 0.5}  # share of the missing strength that a use adds
ACCEPTED = frozenset(GATES)  # uses by the user


def after(usage: Usage, event: Event) -> Usage:
    """Return the usage of a memory after an event about it."""
    match event.type:
        case "pin":
            pins = (*(usage.pins if usage.pinned else ()), _pin(event))
            usage = replace(_wanted(usage, event), pinned=True, pins=tuple(dict.fromkeys(pins)), forgotten=False)
        case "useful":
            usage = _wanted(usage, event)
        case "unpin":
            usage = replace(usage, pinned=False)
        case "forget":
            usage = replace(usage, forgotten=True, pinned=False)
        case "restore":
            usage = replace(usage, forgotten=False, never=False, dismissed=frozenset(), restored=event.time)
            usage = replace(usage, failures=0, shown=0, hinted=0)
        case "dismiss":
            usage = _dismissed(usage, event)
    return _used(usage, event) if event.type in ACCEPTED else usage


def _pin(event: Event) -> Pin:
    line, key = (value if isinstance(value, int) else 0 for value in map(event.data.get, ("line", "key")))
    return Pin(event.path, event.symbol, line, key)  # an imported event may have any data


def _used(usage: Usage, event: Event) -> Usage:
    places = usage.places
    if not any(path == event.path and event.symbol in (symbol, "") for path, symbol, _ in places):
        somewhere = (event.path, "")  # in the file, until a function of it is known
        places = (*(place for place in places if place[:2] != somewhere), (event.path, event.symbol, event.time))
    first = usage.first_used if usage.uses else event.time
    return replace(
        usage, uses=usage.uses + 1, first_used=first, last_used=event.time, places=places, never=False, hinted=0
    )


def _wanted(usage: Usage, event: Event) -> Usage:
    """Return the usage without the dismissals there, under any name of the file: the later declaration counts."""
    names = event.data.get("names")  # an imported event may have any data
    here = [event.path, *(names if isinstance(names, list) else ())]
    elsewhere = {
        (path, symbol)
        for path, symbol in usage.dismissed
        if path not in here or (event.symbol and symbol not in (event.symbol, ""))
    }
    return replace(usage, dismissed=frozenset(elsewhere))


def _dismissed(usage: Usage, event: Event) -> Usage:
    """Record a dismissal; where the memory had been accepted, that use failed."""
    never = bool(event.data.get("never"))
    failed = any(
        never or (path == event.path and (symbol == event.symbol or not symbol or not event.symbol))
        for path, symbol, _ in usage.places
    )
    usage = replace(usage, failures=usage.failures + failed)
    if never:
        return replace(usage, never=True, pinned=False)
    return replace(usage, dismissed=usage.dismissed | {(event.path, event.symbol)})


def impressions_in(event: Event, kind: str) -> Iterable[tuple[str, str]]:
    """Yield (memory, path) of a batch of impressions of one kind: "seen" in a list, or "hinted"."""
    if event.memory and kind == "seen":
        yield event.memory, event.path
    batch = event.data.get(kind)
    for path, memories in batch.items() if isinstance(batch, dict) else ():
        yield from ((str(memory), str(path)) for memory in (memories if isinstance(memories, list) else ()))


def seen(usage: Usage, path: str, time: float) -> Usage:
    """Count an impression in a list or a hover, once per file and day."""
    on = _on(usage.shown_on, path, time)
    return usage if on is None else replace(usage, shown=usage.shown + 1, shown_on=on)


def hinted(usage: Usage, path: str, time: float) -> Usage:
    """Count a hint on the screen, once per file and day."""
    on = _on(usage.hinted_on, path, time)
    return usage if on is None else replace(usage, hinted=usage.hinted + 1, hinted_on=on)


def _on(last: tuple[int, frozenset[str]], path: str, time: float) -> tuple[int, frozenset[str]] | None:
    """Return the day with its files after an impression in a file, None if the file is among them."""
    day, (before, paths) = int(time // DAY), last
    if day != before:
        return day, frozenset({path})
    return None if path in paths else (day, paths | {path})


def merged_usage(usage: Usage, other: Usage) -> Usage:
    """Return the usage of a memory that another one is merged into: the evidence of both."""
    places = {place[:2]: place for place in (*other.places, *usage.places)}
    firsts = [one.first_used for one in (usage, other) if one.uses]
    return replace(
        usage,
        pinned=usage.pinned or other.pinned,
        pins=tuple(dict.fromkeys(pin for one in (other, usage) if one.pinned for pin in one.pins)),
        uses=usage.uses + other.uses,
        first_used=min(firsts, default=0.0),
        last_used=max(usage.last_used, other.last_used),
        places=tuple(sorted(places.values(), key=lambda place: place[2])),
        failures=usage.failures + other.failures,
        hinted=min(usage.hinted, other.hinted),
        dismissed=usage.dismissed | other.dismissed,
    )


def without_evidence(usage: Usage, transition: Event) -> Usage:
    """Return the usage after the user undid a transition: the commit it was based on no longer counts."""
    commit = str(transition.data.get("commit", ""))
    return replace(usage, discounted=usage.discounted | {commit}) if commit else usage
