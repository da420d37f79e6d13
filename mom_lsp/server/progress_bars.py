"""Work-done progress for indexing that takes longer than a second."""

from __future__ import annotations

import asyncio
import logging
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from mom_lsp.phrases import STEPS

if TYPE_CHECKING:
    from mom_lsp.server.background import BackgroundServer

log = logging.getLogger(__name__)

SHOW_AFTER = 1.0  # seconds; a bar that only flashes distracts


@dataclass(slots=True)
class _Bar:
    phase: str
    done: int = 0
    total: int = 0
    message: str = ""
    token: str | None = None  # set once the client shows it
    ended: bool = False

    @property
    def percentage(self) -> int | None:
        return min(100, 100 * self.done // self.total) if self.total > 1 else None  # of one step, nothing is known


class ProgressBars:
    """One progress bar for each folder that is being indexed."""

    def __init__(self, ls: BackgroundServer) -> None:
        self._ls = ls
        self._bars: dict[str, _Bar] = {}

    def report(self, params: dict[str, Any]) -> None:
        """Handle one progress notification of the engine."""
        root, phase = str(params.get("root", "")), str(params.get("phase", ""))
        bar = self._bars.get(root)
        if bar is not None and bar.phase != phase:
            self._end(root, str(params.get("message") or ""))
            bar = None
        done, total = int(params.get("done") or 0), int(params.get("total") or 0)
        if bar is None:
            if done >= total:  # also 0 of 0: the indexer waits, or has stopped waiting
                return
            bar = self._bars[root] = _Bar(phase)
            asyncio.get_running_loop().call_later(SHOW_AFTER, self._begin, bar)
        bar.done, bar.total, bar.message = done, total, str(params.get("message") or "")
        if done >= total:
            self._end(root)
        elif bar.token:
            report = types.WorkDoneProgressReport(message=bar.message or None, percentage=bar.percentage)
            self._ls.work_done_progress.report(bar.token, report)

    def end_all(self) -> None:
        """End all bars, since the engine has disconnected."""
        for root in tuple(self._bars):
            self._end(root)

    def _begin(self, bar: _Bar) -> None:
        window = self._ls.client_capabilities.window
        if not bar.ended and window and window.work_done_progress:
            self._ls.start_task(self._show(bar))

    async def _show(self, bar: _Bar) -> None:
        token = str(uuid.uuid4())
        try:
            await self._ls.work_done_progress.create_async(token)
        except JsonRpcException as error:
            log.info("no progress: %s", error)
            return
        begin = types.WorkDoneProgressBegin(
            title=STEPS.get(bar.phase, "Working"),
            cancellable=False,
            message=bar.message or None,
            percentage=bar.percentage,
        )
        self._ls.work_done_progress.begin(token, begin)
        bar.token = token
        if bar.ended:
            self._finish(bar)

    def _end(self, root: str, message: str = "") -> None:
        bar = self._bars.pop(root)
        bar.ended, bar.message = True, message
        self._finish(bar)

    def _finish(self, bar: _Bar) -> None:
        if bar.token:
            self._ls.work_done_progress.end(bar.token, types.WorkDoneProgressEnd(message=bar.message or None))
            self._ls.work_done_progress.tokens.pop(bar.token, None)  # pygls never removes them
            bar.token = None
