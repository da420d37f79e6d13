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

SHOW_AFTER = 1.0  # seconds; a bar that only flashes is noise


@dataclass(slots=True)
class _Job:
    phase: str
    done: int = 0
    total: int = 0
    message: str = ""
    token: str | None = None  # set once the client shows it
    ended: bool = False

    @property
    def percentage(self) -> int | None:
        return min(100, 100 * self.done // self.total) if self.total > 0 else None


class ProgressBars:
    """One progress bar for each folder's current job."""

    def __init__(self, ls: BackgroundServer) -> None:
        self._ls = ls
        self._jobs: dict[str, _Job] = {}

    def report(self, params: dict[str, Any]) -> None:
        """Handle one progress notification of the engine."""
        root, phase = str(params.get("root", "")), str(params.get("phase", ""))
        job = self._jobs.get(root)
        if job is not None and job.phase != phase:
            self._end(root, str(params.get("message") or ""))
            job = None
        done, total = int(params.get("done") or 0), int(params.get("total") or 0)
        if job is None:
            if done >= total:  # also 0 of 0: the indexer waits, or has stopped waiting
                return
            job = self._jobs[root] = _Job(phase)
            asyncio.get_running_loop().call_later(SHOW_AFTER, self._begin, job)
        job.done, job.total, job.message = done, total, str(params.get("message") or "")
        if done >= total:
            self._end(root)
        elif job.token:
            report = types.WorkDoneProgressReport(message=job.message or None, percentage=job.percentage)
            self._ls.work_done_progress.report(job.token, report)

    def end_all(self) -> None:
        """End all bars, since the engine has disconnected."""
        for root in tuple(self._jobs):
            self._end(root)

    def _begin(self, job: _Job) -> None:
        window = self._ls.client_capabilities.window
        if not job.ended and window and window.work_done_progress:
            self._ls.start_task(self._show(job))

    async def _show(self, job: _Job) -> None:
        token = str(uuid.uuid4())
        try:
            await self._ls.work_done_progress.create_async(token)
        except JsonRpcException as error:
            log.info("no progress: %s", error)
            return
        begin = types.WorkDoneProgressBegin(
            title=STEPS.get(job.phase, "Working"),
            cancellable=False,
            message=job.message or None,
            percentage=job.percentage,
        )
        self._ls.work_done_progress.begin(token, begin)
        job.token = token
        if job.ended:
            self._finish(job)

    def _end(self, root: str, message: str = "") -> None:
        job = self._jobs.pop(root)
        job.ended, job.message = True, message
        self._finish(job)

    def _finish(self, job: _Job) -> None:
        if job.token:
            self._ls.work_done_progress.end(job.token, types.WorkDoneProgressEnd(message=job.message or None))
            self._ls.work_done_progress.tokens.pop(job.token, None)  # pygls never removes them
            job.token = None
