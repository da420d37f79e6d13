"""Whether the request that this thread answers was cancelled."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from threading import Event

STOP: ContextVar[Event | None] = ContextVar("stop", default=None)  # set when the current request is cancelled


def is_cancelled() -> bool:
    """Whether the client cancelled the current request or disconnected; False outside of requests."""
    stop = STOP.get()
    return stop is not None and stop.is_set()


def cancellation() -> Callable[[], bool]:
    """Return `is_cancelled` of the current request, for any thread."""
    stop = STOP.get()
    return stop.is_set if stop is not None else lambda: False


class Lasting:
    """A condition that stays true once it was: why something was ended, even if the reason is gone by now."""

    def __init__(self, condition: Callable[[], bool]) -> None:
        self._condition, self.was_true = condition, False

    def __call__(self) -> bool:
        """Return whether the condition is or was true."""
        self.was_true = self.was_true or self._condition()
        return self.was_true
