"""mom/state: the state for an editor's status bar, sent whenever it changes, to clients that support it.

{uri, git, indexed, memories, pinned, forgotten, notes, indexing, waiting, problems, lines, working}, one notification
for each workspace folder: `uri` as the client spells it, `indexing` the running pass {phase, done, total} or null. The
others are finished phrases: `waiting` (why indexing waits, or ""), `problems`, `lines` (the tooltip) and `working` (the
indexer's current step, or "").
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

from mom_lsp.server.background import BackgroundServer

METHOD = "mom/state"
PAUSE = 0.5  # seconds; progress is reported more often


class StatusNotifier:
    """Notifies the client at most twice a second, and only of changes."""

    def __init__(self, ls: BackgroundServer, states: Callable[[], AsyncIterator[tuple[str, dict[str, Any]]]]) -> None:
        """Take the server, and a function that yields (URI, state) of each workspace folder."""
        self._ls, self._states = ls, states
        self._last: dict[str, dict[str, Any]] = {}  # by URI
        self._scheduled = False
        self.wanted = False  # whether the client supports the notification

    def soon(self) -> None:
        """Schedule a notification, if the client supports it."""
        if self.wanted and not self._scheduled:
            self._scheduled = True
            asyncio.get_running_loop().call_later(PAUSE, self._start)

    def _start(self) -> None:
        self._scheduled = False
        if self.wanted:
            self._ls.start_task(self._notify())

    async def _notify(self) -> None:
        async for uri, state in self._states():
            if self._last.get(uri) != state:
                self._last[uri] = state
                self._ls.protocol.notify(METHOD, {"uri": uri, **state})
