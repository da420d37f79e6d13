"""mom/state: the state for an editor's status bar, sent whenever it changes, to clients that support it.

It also tells users of other editors when a history is read for the first time.

{uri, git, indexed, memories, pinned, forgotten, notes, indexing, waiting, problems, lines, working}, one notification
for each workspace folder: `uri` as the client spells it, `indexing` the running pass {phase, done, total} or null. The
others are finished phrases: `waiting` (why indexing waits, or ""), `problems`, `lines` (the tooltip) and `working` (the
indexer's current step, or ""). What takes less than a second is not shown as `indexing` or `working`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

from mom_lsp.server.background import BackgroundServer
from mom_lsp.server.first_reading import FirstReading
from mom_lsp.server.progress_bars import SHOW_AFTER

METHOD = "mom/state"
PAUSE = 0.5  # seconds; progress is reported more often


class StatusNotifier:
    """Notifies the client at most twice a second, and only of changes."""

    def __init__(
        self,
        ls: BackgroundServer,
        states: Callable[[], AsyncIterator[tuple[str, dict[str, Any]]]],
        first_reading: FirstReading,
    ) -> None:
        """Take the server, and a function that yields (URI, state) of each workspace folder."""
        self._ls, self._states, self.first_reading = ls, states, first_reading
        self._last: dict[str, dict[str, Any]] = {}  # by URI
        self._since: dict[str, float] = {}  # when the indexer began to work, by URI; the event loop's clock
        self._scheduled = False
        self.wanted = False  # whether the client supports the notification

    def soon(self) -> None:
        """Schedule a notification, if the client supports it or a first reading may begin or end."""
        if (self.wanted or self.first_reading.awaited) and not self._scheduled:
            self._scheduled = True
            asyncio.get_running_loop().call_later(PAUSE, self._start)

    def _start(self) -> None:
        self._scheduled = False
        self._ls.start_task(self._notify())

    async def _notify(self) -> None:
        async for uri, state in self._states():
            self.first_reading.update(uri, state)
            state = self._settled(uri, state)
            if self.wanted and self._last.get(uri) != state:
                self._last[uri] = state
                self._ls.protocol.notify(METHOD, {"uri": uri, **state})

    def _settled(self, uri: str, state: dict[str, Any]) -> dict[str, Any]:
        """Return a state without work that has just begun: what only flashes distracts."""
        if not state["working"]:
            self._since.pop(uri, None)
            return state
        loop = asyncio.get_running_loop()
        left = self._since.setdefault(uri, loop.time()) + SHOW_AFTER - loop.time()
        if left <= 0:
            return state
        loop.call_later(left, self.soon)
        return state | {"working": "", "indexing": None}
