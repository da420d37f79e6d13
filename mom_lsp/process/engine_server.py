"""The engine's end of the connections: it answers all clients of one data folder."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import secrets
import threading
import time
from collections.abc import Callable, Collection
from concurrent.futures import Future
from functools import partial
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, Connection, Listener, answer_challenge, deliver_challenge
from pathlib import Path
from typing import Any

from mom_lsp import __version__
from mom_lsp.datafolder import OpenFolder, make
from mom_lsp.errors import MomError
from mom_lsp.process.address import new_address, write_private
from mom_lsp.process.cancellation import STOP
from mom_lsp.process.command_socket import CommandSocket
from mom_lsp.process.fair_pool import FairPool
from mom_lsp.process.peer import Params, Peer
from mom_lsp.process.runtime_folder import new_files

log = logging.getLogger(__name__)

Handler = Callable[[str, dict[str, Any]], Any]
FAREWELL = 3.0  # seconds in which a client is told that the engine leaves; one that does not read must not block us
WORKERS = 3  # threads for one client; more would only take the processor from the other clients


class EngineServer:
    """Answers the clients of one data folder. Requests run in a few threads for each connection, the urgent ones first.

    Once the folder was moved, deleted or replaced it answers no more: new requests are about another folder.
    """

    def __init__(
        self, data_dir: Path, handler: Handler, version: str = __version__, *, urgent: Collection[str] = ()
    ) -> None:
        self._data_dir, self._handler, self._version, self._urgent = data_dir, handler, version, urgent
        self._pool = FairPool(WORKERS, "mom-request")
        self._key = secrets.token_bytes(32)
        self._peers: set[Peer] = set()
        self._guard = threading.Lock()
        self._running = 0
        self._last_activity = time.monotonic()
        self._closing, self._closed = threading.Event(), threading.Event()
        self._listener: Listener | None = None
        self._commands: CommandSocket | None = None

    def start(self) -> bool:
        """Listen; return False if another engine serves this data folder already.

        Raises:
            OSError: the data folder cannot be created, or there is no private folder for the engine's files.
        """
        from filelock import FileLock, Timeout  # imported here: clients need not wait 20 ms for it

        make(self._data_dir)
        self._held = OpenFolder(self._data_dir)
        files = Path(new_files(self._data_dir))
        self._lock = FileLock(files.with_suffix(".lock"))
        try:
            self._lock.acquire(blocking=False)
        except Timeout:
            return False
        address = new_address(files)
        self._listener = Listener(address, backlog=64)  # authentication happens in the connection's own thread
        if os.name != "nt":
            Path(address).chmod(0o600)
            self._commands = CommandSocket(str(files.with_suffix(".cmd")), self._run_command)
        record = {"address": address, "pid": os.getpid(), "version": self._version, "data": str(self._data_dir)}
        write_private(files.with_suffix(".key"), self._key)
        self._record = files.with_suffix(".json")
        write_private(self._record, json.dumps(record).encode())
        threading.Thread(target=self._accept, name="mom-accept", daemon=True).start()
        return True

    def is_findable(self) -> bool:
        """Whether the data folder is still in place, and clients can find this engine."""
        return self._held.is_there() and self._record.exists()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the server is closed (by `close` or by a client's `shutdown`); False after `timeout` seconds."""
        return self._closed.wait(timeout)

    @property
    def connections(self) -> int:
        """How many clients are connected."""
        return len(self._peers)

    @property
    def idle_since(self) -> float:
        """The time.monotonic() of the last activity; now while a request runs."""
        return time.monotonic() if self._running else self._last_activity

    def notify_all(self, method: str, params: Params) -> None:
        """Send a notification to every client."""
        for peer in tuple(self._peers):
            peer.send({"method": method, "params": params})

    def close(self) -> None:
        """Disconnect all clients; requests that have not started are dropped."""
        with self._guard:
            if self._closing.is_set() or self._listener is None:
                return
            self._closing.set()
        try:
            self._stop_listening(self._listener)
        finally:
            self._leave()

    def _stop_listening(self, listener: Listener) -> None:
        for file in (self._record, self._record.with_suffix(".key")):
            file.unlink(missing_ok=True)
        if self._commands is not None:
            self._commands.close()
        with contextlib.suppress(OSError):
            Client(listener.address).close()  # wakes the thread that accepts
        with contextlib.suppress(FileNotFoundError):  # its socket was removed, as that for commands may be
            listener.close()

    def _leave(self) -> None:
        peers = tuple(self._peers)
        for peer in peers:
            peer.send({"method": "bye", "params": {}})  # so that clients do not take it for a crash
            peer.close()
        self._pool.close()
        self._lock.release()
        self._held.release()
        for peer in peers:
            peer.flushed(FAREWELL)
        self._closed.set()  # last: the thread that waits for it ends the process

    def _accept(self) -> None:
        assert self._listener is not None
        while not self._closing.is_set():
            try:
                connection = self._listener.accept()
            except OSError:
                if not self._closing.wait(0.1):  # out of file descriptors: wait until others disconnect
                    log.warning("the engine cannot accept a connection", exc_info=True)
                continue
            threading.Thread(target=self._serve, args=[connection], name="mom-client", daemon=True).start()

    def _serve(self, connection: Connection[Any, Any]) -> None:
        try:
            deliver_challenge(connection, self._key)
            answer_challenge(connection, self._key)
        except (EOFError, OSError, AuthenticationError, AssertionError):
            connection.close()
            return
        peer = Peer(connection)
        hello = {"version": self._version, "pid": os.getpid(), "serves": self._held.identity}
        peer.send({"method": "hello", "params": hello})
        self._peers.add(peer)
        if self._closing.is_set():
            peer.close()
        peer.read(lambda message: self._receive(peer, message))
        self._peers.discard(peer)
        self._last_activity = time.monotonic()
        for future in tuple(peer.pending.values()):
            future.cancel()
        for stop in tuple(peer.stops.values()):
            stop.set()

    def _receive(self, peer: Peer, message: dict[str, Any]) -> None:
        match message:
            case {"method": "cancel", "params": {"id": int(number)}}:
                if (future := peer.pending.get(number)) and future.cancel():
                    peer.send({"id": number, "error": {"type": "ChildError", "message": "cancelled"}})
                elif stop := peer.stops.get(number):  # it is running, and may check is_cancelled()
                    stop.set()
            case {"id": int(number), "method": "shutdown"}:
                peer.send({"id": number, "result": None})
                self.close()
            case {"method": str(_)} if not self._held.is_there():
                self.close()
            case {"id": int(number), "method": str(method), "params": dict(params)}:
                with contextlib.suppress(RuntimeError):  # the pool is shut down
                    self._submit(peer, number, method, params)
            case _:
                raise ValueError("not a request")

    def _submit(self, peer: Peer, number: int, method: str, params: dict[str, Any]) -> None:
        def done(_: Future[None]) -> None:
            peer.pending.pop(number, None)
            peer.stops.pop(number, None)
            self._ended()

        peer.stops[number] = threading.Event()
        answer = partial(self._answer, peer, number, method, params)
        future = self._pool.submit(peer, answer, urgent=method in self._urgent)
        self._began()
        peer.pending[number] = future
        future.add_done_callback(done)

    def _answer(self, peer: Peer, number: int, method: str, params: dict[str, Any]) -> None:
        STOP.set(peer.stops.get(number))
        try:
            peer.send({"id": number, "result": self._handler(method, params)})
        except MomError as error:
            peer.send({"id": number, "error": {"type": type(error).__name__, "message": str(error)}})
        except Exception as error:  # the boundary: one request fails, the engine goes on
            log.exception("%s failed", method)
            text = f"the engine failed to answer {method} ({type(error).__name__}); see its log"
            peer.send({"id": number, "error": {"type": "ChildError", "message": text}})

    def _run_command(self, params: dict[str, Any]) -> dict[str, Any] | None:
        if params.pop("data") != self._held.identity or not self._held.is_there():
            return None
        self._began()
        try:
            return dict(self._handler("command", params))
        except Exception:  # the boundary, as above; the terminal's own process then runs it
            log.exception("a command failed")
            return None
        finally:
            self._ended()

    def _began(self) -> None:
        with self._guard:
            self._running += 1

    def _ended(self) -> None:
        with self._guard:
            self._running -= 1
            self._last_activity = time.monotonic()
