"""Work that nobody waits for: what fails is logged, told by `mom doctor`, and rests before it is tried again."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from mom_lsp.errors import MomError

LONGEST = 60.0  # seconds of rest

T = TypeVar("T")
log = logging.getLogger(__name__)


class BackgroundTasks:
    """Does each kind of work again and again; one that fails waits 2, 4, 8… seconds, and holds up no other."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.problems: dict[str, str] = {}  # kind -> why it failed the last time
        self._clock = clock
        self._failures: dict[str, int] = {}  # in a row
        self._resting_until: dict[str, float] = {}

    def do(self, kind: str, work: Callable[[], T]) -> T | None:
        """Return what the work returns, None if it rests or fails."""
        if self._clock() < self._resting_until.get(kind, float("-inf")):
            return None
        try:
            done = work()
        except MomError as error:
            log.warning("%s failed: %s", kind, error)
            self._failed(kind, str(error))
        except Exception as error:  # the border: whatever it is, the engine goes on answering
            log.exception("%s failed", kind)
            self._failed(kind, f"{type(error).__name__}: {error}")
        else:
            self.problems.pop(kind, None)
            self._failures.pop(kind, None)
            return done
        return None

    def _failed(self, kind: str, problem: str) -> None:
        self.problems[kind] = f"{kind} failed ({problem})"
        self._failures[kind] = self._failures.get(kind, 0) + 1
        self._resting_until[kind] = self._clock() + min(LONGEST, 2.0 ** self._failures[kind])
