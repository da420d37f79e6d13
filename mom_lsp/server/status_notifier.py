"""mom/state: what an editor's status bar shows, sent whenever it changes, to clients that ask for it.

{uri, git, indexed, memories, pinned, forgotten, notes, indexing, waiting, problems, lines, working}, one notification
for each workspace folder: `uri` as the client named it, `indexing` the running pass {phase, done, total} or null,
`waiting` (why indexing waits, "" if it does not), `problems`, `lines` (all that a tooltip says) and `working` (what the
indexer is doing, "" if nothing) finished phrases.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

from mom_lsp.server.background import BackgroundServer

METHOD = "mom/state"
PAUSE = 0.5  # seconds; progress comes more often


class StatusNotifier:
    """Tells the client, at most twice a second, and never the same twice."""

    def __init__(self, ls: BackgroundServer, states: Callable[[], AsyncIterator[tuple[str, dict[str, Any]]]]) -> None:
        """Take the server, and what yields the state of each workspace folder with its URI."""
        self._ls, self._states = ls, states
        self._last: dict[str, dict[str, Any]] = {}  # by URI
        self._scheduled = False
        self.wanted = False  # whether the client listens

    def soon(self) -> None:
        """Tell the client before long, if it listens."""
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
