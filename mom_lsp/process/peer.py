"""One end of a connection to or from the engine.

Messages are JSON (never pickle), one a frame of multiprocessing.connection:

    {"id": 1, "method": "suggest", "params": {}}  ->  {"id": 1, "result": …}
                                                  or  {"id": 1, "error": {"type": "NoIndex", "message": "…"}}
    {"method": "progress", "params": {}}              a notification, from the engine
    {"method": "cancel", "params": {"id": 1}}         cancels a request, from a client

The engine's first message, after mutual authentication with the key, is the notification `hello`; its last one,
unless it dies, is `bye`.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import socket
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from multiprocessing.connection import Connection
from typing import Any

Params = Mapping[str, Any]

MAX_MESSAGE = 16 * 2**20  # bytes; an open document has at most 1 MB, and JSON makes it at most six times larger


class Peer:
    """A connection with a writer thread, so that sending never blocks."""

    def __init__(self, connection: Connection[Any, Any]) -> None:
        self._connection = connection
        self._outbox: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._writer = threading.Thread(target=self._write, name="mom-writer", daemon=True)
        self._writer.start()
        self.pending: dict[int, Future[Any]] = {}
        self.stops: dict[int, threading.Event] = {}  # set when the client cancels a request

    def send(self, message: Params) -> None:
        """Queue one message; raises ValueError or TypeError if it is not JSON-serializable or too large."""
        data = json.dumps(message).encode("ascii")
        if len(data) > MAX_MESSAGE:
            raise ValueError(f"a message of {len(data)} bytes is too large")
        self._outbox.put(data)

    def close(self) -> None:
        """Close the connection after writing everything that is queued."""
        self._outbox.put(None)

    def flushed(self, timeout: float) -> None:
        """After `close`: wait until everything queued is written, or for `timeout` seconds."""
        self._writer.join(timeout)

    def read(self, received: Callable[[dict[str, Any]], None]) -> None:
        """Pass on every message until the connection ends, then close it."""
        try:
            while True:
                message = json.loads(self._connection.recv_bytes(MAX_MESSAGE))
                if isinstance(message, dict):
                    received(message)
        except (EOFError, OSError, ValueError, RecursionError):
            pass  # the other side disconnected, or sent an invalid message
        finally:
            self.close()
            self._hang_up()
            self._writer.join()
            self._connection.close()

    def _write(self) -> None:
        with contextlib.suppress(OSError):
            while (data := self._outbox.get()) is not None:
                self._connection.send_bytes(data)
        self._hang_up()

    def _hang_up(self) -> None:
        """Wake the reading thread, which closing its descriptor would not."""
        with contextlib.suppress(OSError):
            if os.name == "nt":
                self._connection.close()
                return
            with socket.socket(fileno=os.dup(self._connection.fileno())) as end:
                end.shutdown(socket.SHUT_RDWR)
