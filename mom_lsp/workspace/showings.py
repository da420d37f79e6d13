"""What was shown, counted in memory and written now and then: one event of the journal for many hints."""

from __future__ import annotations

import threading
from collections.abc import Iterable

from mom_lsp.journal import Journal
from mom_lsp.tiers import DAY

FLUSH_AFTER = 60.0  # seconds


class Showings:
    """Collects showings; each counts once a file and day. Thread-safe."""

    def __init__(self) -> None:
        self._new: dict[str, set[str]] = {}  # path -> memories
        self._old: set[tuple[int, str, str]] = set()
        self._since = 0.0
        self._lock = threading.Lock()

    def add(self, memories: Iterable[str], path: str, now: float) -> None:
        """Count what was shown at a file."""
        day = int(now // DAY)
        with self._lock:
            fresh = [memory for memory in memories if (day, path, memory) not in self._old]
            if fresh:
                self._since = self._since or now
                self._new.setdefault(path, set()).update(fresh)
                self._old = {one for one in self._old if one[0] == day} | {(day, path, memory) for memory in fresh}

    def flush(self, journal: Journal, now: float, *, patience: float = 0.0) -> bool:
        """Write what was collected, if the oldest of it has waited that many seconds; whether it did."""
        with self._lock:
            if not self._new or (patience and now - self._since < patience):
                return False
            seen = {path: sorted(memories) for path, memories in self._new.items()}
            self._new, self._since = {}, 0.0
        journal.append("shown", data={"seen": seen}, now=now)
        return True
