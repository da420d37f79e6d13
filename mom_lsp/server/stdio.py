"""The server's process: the protocol has stdout for itself, everything else that is printed goes to stderr."""

from __future__ import annotations

import logging
import os
import sys

from pygls.exceptions import JsonRpcException

from mom_lsp.server.app import MomServer
from mom_lsp.server.transport import serve_streams, serve_tcp


def main(tcp: tuple[str, int] | None = None) -> None:
    """Serve one editor, on stdin and stdout or on a port, until it goes away."""
    from mom_lsp.server.handlers import create_server
    from mom_lsp.server.lifecycle import leave

    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("pygls").setLevel(logging.WARNING)  # below, it writes every document into the log
    logging.getLogger("pygls.protocol.json_rpc").addFilter(_is_news)
    server = create_server()
    if tcp is not None:
        serve_tcp(server, *tcp)
    else:
        serve_stdio(server)
    leave(server, 1 if server.exit_code is None else server.exit_code)  # no `exit` came: the pipe has ended


def _is_news(record: logging.LogRecord) -> bool:
    """Drop the traceback of an error that was meant for the client, and a cancellation that came too late."""
    for_client = record.exc_info and isinstance(record.exc_info[1], JsonRpcException)
    return not for_client and not record.msg.startswith("Cancel notification")


def serve_stdio(server: MomServer) -> None:
    """Speak on stdin and stdout. A library's print, or a child's, must not land in the protocol."""
    protocol = os.dup(1)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    with os.fdopen(protocol, "wb") as stdout:
        serve_streams(server, sys.stdin.buffer, stdout)
