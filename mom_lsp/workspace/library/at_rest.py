"""Work that waits until questions have stopped for a moment, as they do when a cursor comes to rest."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable

REST = 0.15  # seconds without anything new: while a cursor moves, its questions come closer than that
KEPT = 4  # of what was asked last: nobody waits for the rest any more


class AtRest:
    """Does work in a thread, the newest first, once nothing new has come for a moment. Thread-safe."""

    def __init__(self) -> None:
        self._waiting: dict[Hashable, Callable[[], None]] = {}  # oldest first
        self._doing: Hashable = None
        self._newest = 0.0  # when the newest came
        self._worker: threading.Thread | None = None
        self._lock = threading.Lock()

    def do(self, key: Hashable, work: Callable[[], None]) -> None:
        """Do some work later; the same work that is asked for again is not new."""
        with self._lock:
            if key in self._waiting or key == self._doing:
                return
            self._waiting[key], self._newest = work, time.monotonic()
            while len(self._waiting) > KEPT:
                del self._waiting[next(iter(self._waiting))]
            if self._worker is None:
                self._worker = threading.Thread(target=self._work, name="mom-at-rest", daemon=True)
                self._worker.start()

    def _work(self) -> None:
        try:
            while (work := self._next()) is not None:
                work()
        finally:
            with self._lock:
                if self._worker is threading.current_thread():  # not if nothing was left, and another one was started
                    self._doing, self._worker = None, None

    def _next(self) -> Callable[[], None] | None:
        """Wait for a moment without anything new; return the newest, None if there is none."""
        while True:
            with self._lock:
                self._doing = None
                if not self._waiting:
                    self._worker = None
                    return None
                left = self._newest + REST - time.monotonic()
                if left <= 0:
                    self._doing, work = self._waiting.popitem()
                    return work
            time.sleep(left)
