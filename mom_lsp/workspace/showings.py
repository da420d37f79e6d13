"""What was shown, counted in memory and written now and then: one event of the journal for many hints."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mom_lsp.errors import JournalError
from mom_lsp.journal import Journal
from mom_lsp.tiers import DAY

FLUSH_AFTER = 60.0  # seconds


@dataclass(frozen=True, slots=True)
class Asked:
    """Where suggestions were asked for, in committed lines: enough to ask again, and no text."""

    head: str  # commit
    start: int  # line
    end: int


class Showings:
    """Collects showings; each counts once a file and day. Thread-safe."""

    def __init__(self) -> None:
        self._new: dict[str, set[str]] = {}  # path -> memories
        self._together: list[list[str | int]] = []  # head, path, start, end, memories …
        self._day, self._old = 0, set[tuple[str, object]]()  # path, and a memory or what was shown together
        self._since = 0.0
        self._lock = threading.Lock()

    def add(self, memories: Sequence[str], path: str, now: float, asked: Asked | None = None) -> None:
        """Count what was shown at a file.

        Args:
            memories: their ids.
            path: of the file.
            now: seconds since 1970.
            asked: where, if they were shown together in answer to one question: what the user then accepts was
                preferred to the others, which `mom tune` learns from.
        """
        together = frozenset(memories) if asked and len(memories) > 1 else None
        with self._lock:
            fresh = [memory for memory in memories if self._is_new(memory, path, now)]
            if fresh:
                self._new.setdefault(path, set()).update(fresh)
            if asked and together and self._is_new(together, path, now):
                self._together.append([asked.head, path, asked.start, asked.end, *memories])
            if self._new or self._together:
                self._since = self._since or now

    def flush(self, journal: Journal, now: float, *, patience: float = 0.0) -> bool:
        """Write what was collected, if the oldest of it has waited that many seconds; whether it did."""
        with self._lock:
            if not (self._new or self._together) or (patience and now - self._since < patience):
                return False
            new, together, since = self._new, self._together, self._since
            self._new, self._together, self._since = {}, [], 0.0
        data: dict[str, Any] = {"seen": {path: sorted(memories) for path, memories in new.items()}}
        try:
            journal.append("shown", data=data | ({"together": together} if together else {}), now=now)
        except JournalError:
            with self._lock:  # to be written with what was shown meanwhile
                for path, memories in new.items():
                    self._new.setdefault(path, set()).update(memories)
                self._together, self._since = together + self._together, since
            raise
        return True

    def _is_new(self, what: object, path: str, now: float) -> bool:
        """Whether something was not shown at a file today; it is from now on."""
        day = int(now // DAY)
        if day != self._day:
            self._day, self._old = day, set()
        known = (path, what) in self._old
        self._old.add((path, what))
        return not known
