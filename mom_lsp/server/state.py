"""mom/state: what an editor's status bar shows, sent whenever it changes, to clients that ask for it.

{uri, git, indexed, memories, pinned, forgotten, notes, indexing, waiting, problems, lines, working}, one notification
for each workspace folder: `uri` as the client named it, `indexing` the running pass {phase, done, total} or null,
`waiting` (why indexing waits, "" if it does not), `problems`, `lines` (all that a tooltip says) and `working` (what the
indexer is doing, "" if nothing) finished phrases.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from mom_lsp.errors import MomError
from mom_lsp.git.location import locate

if TYPE_CHECKING:
    from mom_lsp.server.app import MomServer

METHOD = "mom/state"
PAUSE = 0.5  # seconds; progress comes more often


class State:
    """Tells the client, at most twice a second, and never the same twice."""

    def __init__(self, ls: MomServer) -> None:
        self._ls = ls
        self._told: dict[str, dict[str, Any]] = {}  # by URI
        self._telling = False

    def soon(self) -> None:
        """Tell the client before long, if it listens."""
        if self._ls.client.state and not self._telling:
            self._telling = True
            asyncio.get_running_loop().call_later(PAUSE, self._start)

    def _start(self) -> None:
        self._telling = False
        if self._ls.exit_code is None:
            self._ls.start_task(self._tell())

    async def _tell(self) -> None:
        for uri, folder in tuple(self._ls.folders.items()):
            if not self._ls.settings_of(folder).enable:
                continue
            location = await asyncio.to_thread(locate, folder)
            try:
                state = await self._ls.engines.request(location.data, location.root, "state", {})
            except MomError:
                continue  # it is starting, and tells when it has
            if self._told.get(uri) != state:
                self._told[uri] = state
                self._ls.protocol.notify(METHOD, {"uri": uri, **state})
