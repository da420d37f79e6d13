"""Whether the request that this thread answers was cancelled."""

from __future__ import annotations

from contextvars import ContextVar
from threading import Event

STOP: ContextVar[Event | None] = ContextVar("stop", default=None)  # set when the current request is cancelled


def is_cancelled() -> bool:
    """Whether the client cancelled the current request or disconnected; False outside of requests."""
    stop = STOP.get()
    return stop is not None and stop.is_set()
