"""Folds the journal's events into what became of each memory. The journal logs; the rules stand here and in `rules`."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, cast, get_args

from mom_lsp.journal import Event
from mom_lsp.memory import Status, Usage
from mom_lsp.tiers import DAY, HOLD, LET_GO, TOUCH
from mom_lsp.tiers.rules import is_archived

GATES = {"pin": 1.0, "useful": 1.0, "inserted": 0.8, "opened": 0.5}  # how much of what a memory lacks a use gives it
ACCEPTED = frozenset(GATES)  # uses that the user made himself
UNDOABLE = frozenset({"pin", "unpin", "useful", "dismiss", "forget", "restore", "note", "merge"})
ERASING = frozenset({"forget", "restore", "undo", "purge", "pin"})
SELECTIONS = 200  # the window in which what was shown is watched for variety
NOTE_GRACE = 30 * 86_400.0  # seconds that a forgotten note can still be restored


@dataclass(frozen=True, slots=True)
class Transition:
    """A change of status, as the journal holds it."""

    seq: int
    time: float  # seconds since 1970
    status: Status
    layer: int
    reason: str
    commit: str = ""  # that it rests on: without it among the ancestors of HEAD, the transition has not happened


@dataclass(frozen=True, slots=True)
class Touch:
    """What lifts a memory's strength, or holds it."""

    memory: str
    time: float  # seconds since 1970
    gate: float  # g * share, in [0, 1]
    hold: int = TOUCH


@dataclass
class Life:
    """The folded journal: each memory's usage and transitions, what lifted it, and the notes that are not forgotten."""

    usage: dict[str, Usage] = field(default_factory=dict)
    notes: dict[str, Event] = field(default_factory=dict)
    transitions: dict[str, tuple[Transition, ...]] = field(default_factory=dict)
    merged: dict[str, str] = field(default_factory=dict)  # memory -> the one that is shown for it
    touches: list[Touch] = field(default_factory=list)
    active: list[float] = field(default_factory=list)  # when the user saved a file or used a memory
    tuned: Mapping[str, Any] = field(default_factory=dict)  # mode -> weights learned here
    selections: deque[str] = field(default_factory=lambda: deque(maxlen=SELECTIONS))  # what was shown last
    last_seq: int = 0

    def of(self, memory: str) -> Usage:
        """Return the usage of a memory, that of an untouched one if nothing is known."""
        return self.usage.get(memory, UNTOUCHED)

    @cached_property
    def most_used(self) -> int:
        """The largest number of accepted uses of one memory."""
        return max((usage.uses for usage in self.usage.values()), default=0)

    @cached_property
    def pinned(self) -> frozenset[str]:
        """The ids of the pinned memories."""
        return frozenset(memory for memory, usage in self.usage.items() if usage.pinned)

    @cached_property
    def forgotten(self) -> frozenset[str]:
        """The ids of the forgotten memories."""
        return frozenset(memory for memory, usage in self.usage.items() if usage.forgotten)

    @cached_property
    def judged(self) -> frozenset[str]:
        """The ids of the memories of which the user's word says more than that they were shown a few times."""
        return frozenset(m for m, u in self.usage.items() if u.uses or u.failures or is_archived(u))

    @cached_property
    def barred(self) -> dict[str, Usage]:
        """What is kept from being suggested, somewhere or everywhere: few of the many that were ever shown."""
        return {m: u for m, u in self.usage.items() if u.forgotten or u.dismissed or is_archived(u)}

    def shown_for(self, memory: str) -> str:
        """Return the memory that is shown in the place of one: itself, unless it was merged."""
        seen = {memory}
        while (memory := self.merged.get(memory, memory)) not in seen:
            seen.add(memory)
        return memory

    def transition(self, memory: str, here: Collection[str]) -> Transition | None:
        """Return the last change of status that holds where some commits are the ancestors of HEAD."""
        told = reversed(self.transitions.get(memory, ()))
        return next((one for one in told if not one.commit or one.commit in here), None)


UNTOUCHED = Usage()


def fold(events: Iterable[Event], before: Life | None = None) -> Life:
    """Return the state that events of a journal, in their order, lead to.

    Args:
        events: all, or those after `before`, with no undo among them.
        before: the state that earlier events led to; it is left as it is.
    """
    log = list(events)
    undone = undone_events(log)
    life = _copy(before) if before else Life()
    life.last_seq = log[-1].seq if log else life.last_seq
    usages: dict[str, Usage] = defaultdict(Usage, life.usage)
    for event in log:
        if event.seq in undone or event.type == "undo":
            continue
        match event.type:
            case "note":
                life.notes[event.memory] = event
            case "shown":
                for memory, path in _shown(event):
                    before_it = usages[memory]
                    usages[memory] = _seen(before_it, path, event.time)
                    if usages[memory] is not before_it:
                        life.selections.append(memory)
            case "active":
                life.active.append(event.time)
            case "transition":
                life.transitions[event.memory] = (*life.transitions.get(event.memory, ()), _transition(event))
            case "tune":
                life.tuned = event.data
            case "merge":
                life.merged[str(event.data.get("other", ""))] = event.memory
        if event.memory and event.type != "shown":
            usages[event.memory] = _after(usages[event.memory], event)
            life.touches += _touches(event)
        if event.type in ACCEPTED:
            life.active.append(event.time)
    life.usage = dict(usages)
    return life


def undone_events(log: Iterable[Event]) -> set[int]:
    """Return the numbers of the events that a later undo took back, what they caused included."""
    events = list(log)
    undone = {int(event.data["seq"]) for event in events if event.type == "undo" and "seq" in event.data}
    return undone | {e.seq for e in events if undone and e.type == "transition" and e.data.get("cause") in undone}


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
            usage = replace(usage, forgotten=False, never=False, failures=0, shown=0, restored=event.time)
        case "dismiss":
            usage = _dismissed(usage, event)
    return _used(usage, event) if event.type in ACCEPTED else usage


def _used(usage: Usage, event: Event) -> Usage:
    places = usage.places
    if all(place[:2] != (event.path, event.symbol) for place in places):
        places = (*places, (event.path, event.symbol, event.time))
    first = usage.first_used if usage.uses else event.time
    return replace(usage, uses=usage.uses + 1, first_used=first, last_used=event.time, places=places, never=False)


def _dismissed(usage: Usage, event: Event) -> Usage:
    """A dismissal where the memory had been accepted is a use that failed; elsewhere it says nothing but "not here"."""
    never = bool(event.data.get("never"))
    failed = any(
        never or (path == event.path and (symbol == event.symbol or not symbol or not event.symbol))
        for path, symbol, _ in usage.places
    )
    usage = replace(usage, failures=usage.failures + failed)
    if never:
        return replace(usage, never=True, pinned=False)
    return replace(usage, dismissed=usage.dismissed | {(event.path, event.symbol)})


def _shown(event: Event) -> Iterable[tuple[str, str]]:
    """Yield (memory, path) of a batch of showings."""
    if event.memory:
        yield event.memory, event.path
    seen = event.data.get("seen")
    for path, memories in seen.items() if isinstance(seen, dict) else ():
        yield from ((str(memory), str(path)) for memory in memories if isinstance(memories, list))


def _seen(usage: Usage, path: str, time: float) -> Usage:
    """Count a showing once a file and day: a hint that stands at its line all day is one."""
    day, (last, paths) = int(time // DAY), usage.shown_on
    if day == last and path in paths:
        return usage
    return replace(usage, shown=usage.shown + 1, shown_on=(day, paths | {path} if day == last else frozenset({path})))


def _touches(event: Event) -> list[Touch]:
    share = event.data.get("share", 1.0)
    match event.type:
        case "pin":
            return [Touch(event.memory, event.time, GATES["pin"], HOLD)]
        case "unpin" | "forget":
            return [Touch(event.memory, event.time, 0.0, LET_GO)]
        case "dismiss" if event.data.get("never"):
            return [Touch(event.memory, event.time, 0.0, LET_GO)]
        case kind if kind in ACCEPTED:
            share = min(1.0, max(0.0, float(share))) if isinstance(share, int | float) else 1.0
            return [Touch(event.memory, event.time, GATES[kind] * share)]
    return []


def _transition(event: Event) -> Transition:
    status, layer = event.data.get("status"), event.data.get("layer")  # imported ones may hold anything
    return Transition(
        event.seq,
        event.time,
        cast("Status", status if status in get_args(Status) else "candidate"),
        layer if layer in (0, 1, 2) else 0,
        str(event.data.get("reason", "")),
        str(event.data.get("commit", "")),
    )


def _copy(life: Life) -> Life:
    return Life(
        dict(life.usage),
        dict(life.notes),
        dict(life.transitions),
        dict(life.merged),
        list(life.touches),
        list(life.active),
        life.tuned,
        life.selections.copy(),
        life.last_seq,
    )
