"""Background work: failures are logged, shown by `mom doctor`, and retried after a delay."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from mom_lsp.errors import MomError

MAX_DELAY = 60.0  # seconds

T = TypeVar("T")
log = logging.getLogger(__name__)


class BackgroundTasks:
    """Runs each kind of work repeatedly; one that fails is retried after 2, 4, 8… seconds, and blocks no other."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.problems: dict[str, str] = {}  # kind -> why it last failed
        self._clock = clock
        self._failures: dict[str, int] = {}  # in a row
        self._paused_until: dict[str, float] = {}

    def do(self, kind: str, work: Callable[[], T]) -> T | None:
        """Return what the work returns, None if it fails or its delay is not over."""
        if self._clock() < self._paused_until.get(kind, float("-inf")):
            return None
        try:
            done = work()
        except MomError as error:
            log.warning("%s failed: %s", kind, error)
            self._failed(kind, str(error))
        except Exception as error:  # the boundary: whatever fails, the engine goes on answering
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
        self._paused_until[kind] = self._clock() + min(MAX_DELAY, 2.0 ** self._failures[kind])
