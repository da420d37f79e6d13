"""The log of routes: what was shown where, for which task, and what the user made of it.

A route leads from the coarsest place to a memory: domain, folder, file, symbol, memory (seed persistent_traces_math,
section 3.1, whose experts by layer these are). Domains and sub-domains are folders: unlike groups by meaning, they keep
their names when the index is rebuilt.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, cast, get_args

from mom_lsp.journal import Event
from mom_lsp.memory import memory_id

Task = Literal["editing", "why", "search"]
Place = tuple[str, ...]  # domain, folder, file, symbol, each with those before it in its name; coarsest first
TASKS: tuple[Task, ...] = get_args(Task)
ACCEPTED, IGNORED, DISMISSED = 1, 0, -1
REWARDS = {"pin": ACCEPTED, "useful": ACCEPTED, "inserted": ACCEPTED, "opened": ACCEPTED, "dismiss": DISMISSED}
MAX_VISITS = 5_000  # the newest: some thousand verdicts
DAY = 86_400  # seconds


class Visit(NamedTuple):
    """A memory at a place on one day, for one task. What is accepted again that day counts once."""

    task: str
    path: str  # of the file; of a search, its key
    symbol: str
    memory: str
    day: int  # since 1970


Spot = tuple[str, str, str]  # task, path and symbol


@dataclass
class RouteLog:
    """The last visits with their rewards, in order of time.

    A memory is ignored where the user judged another one instead. A showing that the user did not answer at all says
    nothing, since reading it may have been enough, and is not kept.
    """

    rewards: dict[Visit, int] = field(default_factory=dict)
    day: int = 0  # that the rest is about
    unanswered: dict[Spot, frozenset[str]] = field(default_factory=dict)  # what was shown where nothing is judged yet
    shown_for: dict[str, Spot] = field(default_factory=dict)  # where each memory was shown last

    def copy(self) -> RouteLog:
        """Return a log that can be added to."""
        return RouteLog(dict(self.rewards), self.day, dict(self.unanswered), dict(self.shown_for))

    def add(self, event: Event) -> None:
        """Add an event of the journal; those that are neither verdict nor showing change nothing."""
        day = int(event.time // DAY)
        if event.type == "shown":
            self._begin(day)
            for *spot, memory in showings(event.data):
                self._show((spot[0], spot[1], spot[2]), memory)
        elif event.type == "merge":
            self._merge(event.memory, str(event.data.get("other", "")))
        elif event.type in REWARDS and not event.data.get("never"):  # what is never suggested has no place
            self._begin(day)
            self._judge(event)
            for old in list(itertools.islice(self.rewards, max(0, len(self.rewards) - MAX_VISITS))):
                del self.rewards[old]

    def _begin(self, day: int) -> None:
        if day != self.day:
            self.day, self.unanswered, self.shown_for = day, {}, {}

    def _show(self, spot: Spot, memory: str) -> None:
        self.shown_for[memory] = spot
        self.unanswered[spot] = self.unanswered.get(spot, frozenset()) | {memory}

    def _judge(self, event: Event) -> None:
        """Record a verdict, for the task that showed the memory last; the last verdict of a day counts."""
        spot: Spot = ("editing", event.path, event.symbol)
        shown = self.shown_for.get(event.memory, spot)
        if shown[0] != "editing":
            spot = shown if shown[0] == "search" else (shown[0], event.path, event.symbol)
        for memory in sorted(self.unanswered.pop(spot, ())):
            self.rewards.setdefault(Visit(*spot, memory, self.day), IGNORED)
        visit = Visit(*spot, event.memory, self.day)
        self.rewards.pop(visit, None)
        self.rewards[visit] = REWARDS[event.type]

    def _merge(self, memory: str, other: str) -> None:
        """Count the visits of a duplicate for the memory that is shown for it."""
        before, self.rewards = self.rewards, {}
        for visit, reward in before.items():
            merged = visit._replace(memory=memory) if visit.memory == other else visit
            self.rewards[merged] = reward or self.rewards.get(merged, IGNORED)


def showings(data: Mapping[str, Any]) -> Iterator[tuple[str, str, str, str]]:
    """Yield (task, path, symbol, memory) of a batch of showings."""
    at = data.get("at")
    for row in at if isinstance(at, list) else ():  # an imported event may have any data
        if isinstance(row, list) and len(row) > 3 and row[0] in TASKS and all(isinstance(part, str) for part in row):
            task, path, symbol, *memories = row
            yield from ((task, path, symbol, memory) for memory in memories)


def search_key(words: Iterable[str]) -> str:
    """Return what stands for the words of a search in the journal, in any order: a hash, since no text is kept."""
    return memory_id("search", *sorted(set(words)))


def place_of(path: str, symbol: str = "") -> Place:
    """Return the place of a symbol, or of a file without one; () for no file."""
    if not path:
        return ()
    folder = path.rpartition("/")[0] or "."
    file = (folder.partition("/")[0], folder, path)
    return (*file, f"{path}\t{symbol}") if symbol else file


def place_of_visit(visit: Visit) -> Place:
    """Return the place of a visit; that of a search is its key alone."""
    return (visit.path,) if visit.task == "search" else place_of(visit.path, visit.symbol)


def task_of(visit: Visit) -> Task:
    """Return the task of a visit."""
    return cast("Task", visit.task)
