"""Folds the events of the journal into the usage and status of each memory."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, cast, get_args

from mom_lsp.journal import Event
from mom_lsp.memory import Status, Usage
from mom_lsp.motifs.routes import RouteLog
from mom_lsp.tiers import HOLD, RELEASE, TOUCH
from mom_lsp.tiers.undo import undone_events
from mom_lsp.tiers.usage import ACCEPTED, GATES, after, hinted, impressions_in, merged_usage, seen, without_evidence

ERASING = frozenset({"forget", "restore", "purge"})
SELECTIONS = 200  # (memory, file it was listed at): the window for variety
NOTE_GRACE = 30 * 86_400.0  # seconds in which a forgotten note can be restored


@dataclass(frozen=True, slots=True)
class Transition:
    """A change of status in the journal."""

    seq: int
    time: float  # seconds since 1970
    status: Status
    layer: int
    reason: str
    commit: str = ""  # it depends on: the transition holds only where this is an ancestor of HEAD
    ended_by: str = ""  # the commit that reverted what the status before depended on: likewise

    def holds(self, in_history: Callable[[str], bool]) -> bool:
        """Whether it counts on a HEAD, from whether a commit is one of its ancestors."""
        return all(map(in_history, filter(None, (self.commit, self.ended_by))))


@dataclass(frozen=True, slots=True)
class Touch:
    """An event that raises a memory's strength, or stops its decay."""

    memory: str
    time: float  # seconds since 1970
    gate: float  # g * share, in [0, 1]
    hold: int = TOUCH


@dataclass
class Life:
    """The folded journal: each memory's usage, transitions and touches, and the notes."""

    usage: dict[str, Usage] = field(default_factory=dict)
    notes: dict[str, Event] = field(default_factory=dict)
    transitions: dict[str, tuple[Transition, ...]] = field(default_factory=dict)
    merged: dict[str, str] = field(default_factory=dict)  # memory -> the one it was merged into
    touches: list[Touch] = field(default_factory=list)
    active: list[float] = field(default_factory=list)  # times when the user saved a file or used a memory
    tuned: Mapping[str, Any] = field(default_factory=dict)  # mode -> weights learned here
    selections: dict[tuple[str, str], None] = field(default_factory=dict)  # (memory, path) of the last suggestions
    routes: RouteLog = field(default_factory=RouteLog)  # what was shown and accepted where
    last_seq: int = 0

    def of(self, memory: str) -> Usage:
        """Return the usage of a memory, UNTOUCHED if it has none."""
        return self.usage.get(memory, UNTOUCHED)

    @cached_property
    def most_used(self) -> int:
        """The largest number of uses of one memory."""
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
        """The ids of the memories with feedback that affects their status."""
        return frozenset(m for m, u in self.usage.items() if u.uses or u.failures or u.never)

    @cached_property
    def suppressed(self) -> dict[str, Usage]:
        """The memories that are forgotten, dismissed or archived: few of the many that were ever shown."""
        return {m: u for m, u in self.usage.items() if u.forgotten or u.dismissed or u.never}

    @cached_property
    def declared(self) -> tuple[object, ...]:
        """What the user wants to see or not to see: a value that changes with it."""
        pins = {m: self.usage[m].pins for m in self.pinned}
        unwanted = {m: (u.forgotten, u.dismissed, u.never) for m, u in self.suppressed.items()}
        return pins, unwanted, self.merged, list(self.notes), self.tuned

    def shown_for(self, memory: str) -> str:
        """Return the memory that is shown for a memory: itself, unless it was merged into another."""
        seen = {memory}
        while (memory := self.merged.get(memory, memory)) not in seen:
            seen.add(memory)
        return memory

    def transition(self, memory: str, ancestors: Collection[str]) -> Transition | None:
        """Return the last change of status that holds where HEAD has these ancestors, None if there is none."""
        newest_first = reversed(self.transitions.get(memory, ()))
        return next((one for one in newest_first if one.holds(ancestors.__contains__)), None)


UNTOUCHED = Usage()


def fold(events: Iterable[Event], before: Life | None = None) -> Life:
    """Return the state after the events of a journal, in their order.

    Args:
        events: all, or those after `before`, with no undo among them.
        before: the state after the earlier events; it is not changed.
    """
    log = list(events)
    undone, named = undone_events(log)
    life = _copy(before) if before else Life()
    life.last_seq = log[-1].seq if log else life.last_seq
    usages: dict[str, Usage] = defaultdict(Usage, life.usage)
    for event in log:
        if event.seq in undone or event.type == "undo":
            if event.seq in named and event.type == "transition":
                usages[event.memory] = without_evidence(usages[event.memory], event)
            continue
        life.routes.add(event)
        match event.type:
            case "note":
                life.notes[event.memory] = event
            case "shown":
                for memory, path in impressions_in(event, "hinted"):
                    usages[memory] = hinted(usages[memory], path, event.time)
                for memory, path in impressions_in(event, "seen"):
                    usages[memory] = seen(usages[memory], path, event.time)
                    life.selections.pop((memory, path), None)
                    life.selections[memory, path] = None
                while len(life.selections) > SELECTIONS:
                    del life.selections[next(iter(life.selections))]
            case "active":
                life.active.append(event.time)
            case "transition":
                life.transitions[event.memory] = (*life.transitions.get(event.memory, ()), _transition(event))
            case "tune":
                life.tuned = event.data
            case "merge":
                other = str(event.data.get("other", ""))
                if life.shown_for(other) == life.shown_for(event.memory):
                    continue  # imported: they are merged already, and evidence counts once
                life.merged[other] = event.memory
                usages[event.memory] = merged_usage(usages[event.memory], usages[other])
                life.touches += [replace(touch, memory=event.memory) for touch in life.touches if touch.memory == other]
                held = HOLD if usages[event.memory].pinned else RELEASE  # whichever of both was unpinned last
                life.touches.append(Touch(event.memory, event.time, 0.0, held))
        if event.memory and event.type != "shown":
            usages[event.memory] = after(usages[event.memory], event)
            life.touches += _touches(event)
        if event.type in ACCEPTED:
            life.active.append(event.time)
    life.usage = dict(usages)
    return life


def erasure_seq(log: Iterable[Event]) -> int:
    """Return the number of the last event that changes which memories the store may have.

    Those are what erases or restores; a pin of what was forgotten; and an undo of one of these, or of a note.
    """
    last, forgotten, reversible = 0, set[str](), set[int]()
    for event in log:
        erases = event.type in ERASING or (event.type == "pin" and event.memory in forgotten)
        if erases or (event.type == "undo" and event.data.get("seq") in reversible):
            last = event.seq
        if erases or event.type == "note":
            reversible.add(event.seq)
        if event.type == "forget":
            forgotten.add(event.memory)
    return last


def expired_notes(log: Iterable[Event], now: float) -> list[int]:
    """Return the numbers of the notes that were forgotten so long ago that their text must be erased."""
    return [seq for seq, since in forgotten_notes(log).items() if now - since > NOTE_GRACE]


def forgotten_notes(log: Iterable[Event]) -> dict[int, float]:
    """Return the numbers of the forgotten or undone notes that still have their text, with the time."""
    events = list(log)
    life, (undone, _) = fold(events), undone_events(events)
    last = {e.memory: e.time for e in events if e.type in {"forget", "undo"}}
    return {
        e.seq: last[e.memory]
        for e in events
        if e.type == "note" and e.data and e.memory in last and (e.seq in undone or life.of(e.memory).forgotten)
    }


def _touches(event: Event) -> list[Touch]:
    share = event.data.get("share", 1.0)
    match event.type:
        case "pin":
            return [Touch(event.memory, event.time, GATES["pin"], HOLD)]
        case "unpin" | "forget":
            return [Touch(event.memory, event.time, 0.0, RELEASE)]
        case "dismiss" if event.data.get("never"):
            return [Touch(event.memory, event.time, 0.0, RELEASE)]
        case kind if kind in ACCEPTED:
            share = min(1.0, max(0.0, float(share))) if isinstance(share, int | float) else 1.0
            return [Touch(event.memory, event.time, GATES[kind] * share)]
    return []


def _transition(event: Event) -> Transition:
    status, layer = event.data.get("status"), event.data.get("layer")  # imported events may have any data
    return Transition(
        event.seq,
        event.time,
        cast("Status", status if status in get_args(Status) else "candidate"),
        layer if layer in (0, 1, 2) else 0,
        str(event.data.get("reason", "")),
        str(event.data.get("commit", "")),
        str(event.data.get("ended_by", "")),
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
        dict(life.selections),
        life.routes.copy(),
        life.last_seq,
    )
