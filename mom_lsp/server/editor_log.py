"""The server's log, in the editor's log of it: window/logMessage, with its level. Neovim logs stderr as errors."""

from __future__ import annotations

import contextlib
import logging
from typing import TYPE_CHECKING

from lsprotocol import types

if TYPE_CHECKING:
    from mom_lsp.server.app import MomServer

FORMAT = "%(levelname)s %(name)s: %(message)s"


class EditorLog(logging.Handler):
    """Sends warnings and errors to the editor; those of pygls, and the ones before `initialized`, to stderr."""

    def __init__(self, server: MomServer) -> None:
        super().__init__(logging.WARNING)
        self._server = server
        self._stderr = logging.StreamHandler()
        self._stderr.setFormatter(logging.Formatter(FORMAT))

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record, from any thread."""
        loop = self._server.loop
        if loop is None or self._server.exit_code is not None or record.name.startswith("pygls"):
            self._stderr.emit(record)
            return
        level = types.MessageType.Error if record.levelno >= logging.ERROR else types.MessageType.Warning
        message = types.LogMessageParams(level, self.format(record))
        with contextlib.suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(self._server.window_log_message, message)
