"""The server's background tasks, and its unsolicited messages."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from typing import Any

from lsprotocol import types
from pygls.exceptions import FeatureRequestError, JsonRpcException
from pygls.lsp.server import LanguageServer

from mom_lsp.errors import MomError

log = logging.getLogger(__name__)


class BackgroundServer(LanguageServer):
    """A language server with background tasks and warnings."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._tasks: set[asyncio.Task[Any]] = set()
        self._warned: set[str] = set()
        self.loop: asyncio.AbstractEventLoop | None = None  # since the editor has sent `initialized`

    def report_server_error(self, error: Exception, source: Any) -> None:
        """Log errors that pygls would show in the editor with our paths; a request's error is in its response."""
        if source is not FeatureRequestError:
            log.error("%s", error)

    def start_task(self, coroutine: Any) -> asyncio.Task[Any]:
        """Run a coroutine in the background, and hold a reference so that it is not garbage-collected."""
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._task_done)
        return task

    def _task_done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if task.cancelled() or (error := task.exception()) is None:
            return
        if isinstance(error, MomError | JsonRpcException):
            log.info("%s", error)
        else:
            log.error("a background task failed", exc_info=error)

    def warn(self, message: str) -> None:
        """Show a warning."""
        self.window_show_message(types.ShowMessageParams(types.MessageType.Warning, message))

    def warn_once(self, messages: Iterable[str]) -> None:
        """Show the warnings that were not shown before."""
        new = [message for message in messages if message not in self._warned]
        self._warned.update(new)
        if new:
            self.warn(f"mom: {'; '.join(new)}")

    def log_message(self, message: str) -> None:
        """Write a warning to the editor's log of this server."""
        self.window_log_message(types.LogMessageParams(types.MessageType.Warning, message))
