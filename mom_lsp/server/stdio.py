"""The server's process: stdout is reserved for the protocol; any other output goes to stderr."""

from __future__ import annotations

import logging
import os
import sys

from mom_lsp.offline import without_collection
from mom_lsp.server.first_message import read_message, start_engines

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mom_lsp.server.app import MomServer


def main(tcp: tuple[str, int] | None = None) -> None:
    """Serve one editor, on stdin and stdout or on a port, until it disconnects."""
    first = read_message(sys.stdin.buffer) if tcp is None else None
    if first is not None:
        start_engines(first)
    with without_collection():  # the engines start meanwhile
        from mom_lsp.process.free_memory import hold_little
        from mom_lsp.server.editor_log import EditorLog
        from mom_lsp.server.handlers import create_server
        from mom_lsp.server.lifecycle import leave
        from mom_lsp.server.transport import serve_tcp

    hold_little()
    server = create_server()
    logging.basicConfig(level=logging.WARNING, handlers=[EditorLog(server)])
    logging.getLogger("pygls").setLevel(logging.WARNING)  # at lower levels it logs whole documents
    logging.getLogger("pygls.protocol.json_rpc").addFilter(_is_relevant)
    if tcp is not None:
        serve_tcp(server, *tcp)
    elif first is not None:
        serve_stdio(server, first)
    leave(server, 1 if server.exit_code is None else server.exit_code)  # without `exit`, the pipe was closed


def _is_relevant(record: logging.LogRecord) -> bool:
    """Return False for the traceback of an error sent to the client, and for messages that come late.

    Neovim writes whatever a server logs at its end into its own log as an error.
    """
    from pygls.exceptions import JsonRpcException

    for_client = record.exc_info and isinstance(record.exc_info[1], JsonRpcException)
    return not for_client and not record.msg.startswith(("Cancel notification", "Server shutting down"))


def serve_stdio(server: MomServer, first: bytes = b"") -> None:
    """Serve on stdin and stdout; the output of libraries and child processes is redirected to stderr.

    `first` is a message that was read already.
    """
    from mom_lsp.server.transport import serve_streams

    protocol = os.dup(1)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    with os.fdopen(protocol, "wb") as stdout:
        serve_streams(server, sys.stdin.buffer, stdout, first)
