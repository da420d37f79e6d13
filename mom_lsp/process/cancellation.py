"""Whether the client of the request that this thread answers has taken it back, or has gone."""

from __future__ import annotations

from contextvars import ContextVar
from threading import Event

STOP: ContextVar[Event | None] = ContextVar("stop", default=None)  # of the request being answered


def is_cancelled() -> bool:
    """Tell whether nobody waits for the answer any more; never outside of a request."""
    stop = STOP.get()
    return stop is not None and stop.is_set()
