"""Impressions: what was shown, counted in memory and written in batches, one journal event for many hints."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mom_lsp.errors import JournalError
from mom_lsp.journal import Event, Journal
from mom_lsp.motifs.routes import Task, showings
from mom_lsp.tiers import DAY
from mom_lsp.tiers.usage import impressions_in

FLUSH_AFTER = 60.0  # seconds
Batch = dict[str, set[str]]  # path -> memories


@dataclass(frozen=True, slots=True)
class AskedLines:
    """Where suggestions were asked for, in committed lines: enough to ask again, without any text."""

    head: str  # commit
    start: int  # line
    end: int


@dataclass(frozen=True, slots=True)
class ShownFor:
    """The task that something was shown for, and where."""

    task: Task
    path: str  # of the file; of a search, its key
    symbol: str = ""


class Impressions:
    """Collects impressions; each memory counts once per file and day, in a list and as a hint. Thread-safe."""

    def __init__(self) -> None:
        self._new: dict[str, Batch] = {"seen": {}, "hinted": {}}
        self._together: list[list[str | int]] = []  # head, path, start, end, memories …
        self._at: dict[ShownFor, list[str]] = {}
        self._day, self._old = 0, set[tuple[str, object]]()  # (path, what was shown there)
        self._since = 0.0
        self._lock = threading.Lock()

    def add(
        self, memories: Sequence[str], path: str, now: float, asked: AskedLines | None = None, *, hinted: bool = False
    ) -> None:
        """Count what was shown at a file.

        Args:
            memories: their ids.
            path: of the file.
            now: seconds since 1970.
            asked: the lines, if they were shown together in one answer: the one that is accepted then was preferred
                to the others, which `mom tune` learns from.
            hinted: whether they were hints on the screen.
        """
        kind = "hinted" if hinted else "seen"
        together = frozenset(memories) if asked and len(memories) > 1 else None
        with self._lock:
            fresh = [memory for memory in memories if self._is_new((kind, memory), path, now)]
            if fresh:
                self._new[kind].setdefault(path, set()).update(fresh)
            if asked and together and self._is_new(together, path, now):
                self._together.append([asked.head, path, asked.start, asked.end, *memories])
            if self._waiting:
                self._since = self._since or now

    def add_for(self, shown: ShownFor, memories: Sequence[str], now: float) -> None:
        """Record which memories were shown for a task: each once per place and day."""
        with self._lock:
            fresh = [memory for memory in memories if self._is_new((shown, memory), shown.path, now)]
            if fresh:
                self._at.setdefault(shown, []).extend(fresh)
                self._since = self._since or now

    def flush(self, journal: Journal, now: float, *, patience: float = 0.0) -> bool:
        """Write what was collected if the oldest impression has waited `patience` seconds; return whether it did."""
        with self._lock:
            if not self._waiting or (patience and now - self._since < patience):
                return False
            new, together, at, since = self._new, self._together, self._at, self._since
            self._new, self._together, self._at, self._since = {"seen": {}, "hinted": {}}, [], {}, 0.0
        data: dict[str, Any] = {
            kind: {path: sorted(memories) for path, memories in batch.items()} for kind, batch in new.items() if batch
        }
        data |= {"together": together} if together else {}
        shown_for = [[one.task, one.path, one.symbol, *memories] for one, memories in at.items()]
        data |= {"at": shown_for} if shown_for else {}
        try:
            journal.append("shown", data=data, now=now)
        except JournalError:
            with self._lock:  # to be written with the next impressions
                for kind, batch in new.items():
                    for path, memories in batch.items():
                        self._new[kind].setdefault(path, set()).update(memories)
                for one, memories_at in at.items():
                    self._at[one] = memories_at + self._at.get(one, [])
                self._together, self._since = together + self._together, since
            raise
        return True

    @property
    def _waiting(self) -> bool:
        return bool(self._new["seen"] or self._new["hinted"] or self._together or self._at)

    def _is_new(self, what: object, path: str, now: float) -> bool:
        """Whether something is shown at a file for the first time today; record that it is."""
        day = int(now // DAY)
        if day != self._day:
            self._day, self._old = day, set()
        known = (path, what) in self._old
        self._old.add((path, what))
        return not known


def last_shown(events: Sequence[Event], memory: str) -> tuple[str, str] | None:
    """Return the file and the symbol ("" for none) at which a memory was last suggested or hinted, None if nowhere."""
    for event in reversed(events):
        if event.type == "shown":
            for task, path, symbol, shown in reversed(list(showings(event.data))):
                if task == "editing" and memory == shown:
                    return path, symbol
            for kind in ("hinted", "seen"):
                for shown, path in impressions_in(event, kind):
                    if memory == shown:
                        return path, ""
    return None
