"""The client of the engine, for the server and the command line, which start an engine if none runs."""

from __future__ import annotations

import contextlib
import itertools
import logging
import re
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, InvalidStateError
from concurrent.futures import TimeoutError as FutureTimeout
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, Connection, answer_challenge, deliver_challenge
from pathlib import Path
from typing import Any

from mom_lsp import __version__
from mom_lsp.datafolder import check, identity, why_full
from mom_lsp.errors import ChildError, ChildTimeout, DataFolderError, MomError, NewerEngine
from mom_lsp.process.address import read_address
from mom_lsp.process.peer import Params, Peer
from mom_lsp.process.spawn import READY, spawn

log = logging.getLogger(__name__)

Notified = Callable[[str, dict[str, Any]], None]
ENGINE = ("-m", "mom_lsp")  # the Python arguments that start one


def _errors(root: type[MomError] = MomError) -> dict[str, type[MomError]]:
    """Return all MomErrors by name."""
    found = {root.__name__: root}
    for child in root.__subclasses__():
        found |= _errors(child)
    return found


class EngineClient:
    """A connection to the engine: `submit` for asyncio (asyncio.wrap_future), `call` to wait."""

    def __init__(self, connection: Connection[Any, Any], on_notification: Notified | None) -> None:
        self._connection = connection
        self._on_notification = on_notification
        self._on_closed: Callable[[], None] | None = None
        self._numbers = itertools.count(1)
        self._guard = threading.Lock()
        self._hello: Future[dict[str, Any]] = Future()
        self.closed = threading.Event()
        self.left = False  # whether the engine exited normally (idle, or shut down) rather than died
        self._peer = Peer(connection)
        threading.Thread(target=self._run, name="mom-reader", daemon=True).start()

    @classmethod
    def connect(
        cls,
        data_dir: Path,
        timeout: float = 1.0,
        *,
        version: str = __version__,
        on_notification: Notified | None = None,
        on_closed: Callable[[], None] | None = None,
    ) -> EngineClient | None:
        """Connect to the engine of `data_dir`, None if there is none. One of another version is shut down.

        A newer one stays: this process has been running since before an update. An engine that serves another folder,
        since this one was moved or replaced, does not count.
        Both callbacks are called from the reading thread.

        Raises:
            NewerEngine: that is the case.
        """
        try:
            wanted = identity(data_dir)
            address, key = read_address(data_dir)
            connection = Client(address)
        except (OSError, ValueError):
            return None
        try:
            if not connection.poll(timeout):
                raise EOFError
            answer_challenge(connection, key)
            deliver_challenge(connection, key)
        except (OSError, EOFError, AuthenticationError, AssertionError):
            connection.close()
            return None
        client = cls(connection, on_notification)
        try:
            hello = client._hello.result(timeout)
            serves = hello.get("serves") == wanted
            same = serves and hello.get("version") == version
            if serves and _is_newer(str(hello.get("version")), version):
                client.close()
                raise NewerEngine(
                    f"mom was updated to {hello['version']} while this editor was running {version}:"
                    " restart its language server, or the editor"
                )
            if serves and not same:
                client.call("shutdown", {}, timeout)
                client.closed.wait(timeout)
        except NewerEngine:
            raise
        except (ChildError, FutureTimeout):
            same = False
        if not same:
            client.close()
            return None
        client.when_closed(on_closed)
        return client

    def when_closed(self, callback: Callable[[], None] | None) -> None:
        """Call `callback` when the connection closes, at once if it is closed already."""
        with self._guard:
            self._on_closed = callback
            ended = self.closed.is_set()
        if ended and callback:
            callback()

    def submit(self, method: str, params: Params) -> Future[Any]:
        """Send a request; the future gets the result or the error. Cancelling it cancels the request."""
        future: Future[Any] = Future()
        number = next(self._numbers)
        with self._guard:
            if self.closed.is_set():
                future.set_exception(ChildError("the engine has exited"))
                return future
            self._peer.pending[number] = future
        future.add_done_callback(lambda done: self._settled(number, done))
        try:
            self._peer.send({"id": number, "method": method, "params": params})
        except ValueError as error:
            _settle(future, ChildError(f"cannot send the request: {error}"))
        return future

    def call(self, method: str, params: Params, timeout: float | None = 30.0) -> Any:
        """Send a request and wait. Raises the engine's MomError, ChildError if it exits, or ChildTimeout."""
        future = self.submit(method, params)
        try:
            return future.result(timeout)
        except FutureTimeout:
            future.cancel()
            raise ChildTimeout(f"the engine did not answer {method} in {timeout:g} s") from None

    def close(self) -> None:
        """Disconnect; pending requests fail with ChildError."""
        self._peer.close()

    def _settled(self, number: int, future: Future[Any]) -> None:
        self._peer.pending.pop(number, None)
        if future.cancelled():
            self._peer.send({"method": "cancel", "params": {"id": number}})

    def _run(self) -> None:
        self._peer.read(self._receive)
        with self._guard:
            self.closed.set()
            callback = self._on_closed
        for future in (self._hello, *self._peer.pending.values()):
            _settle(future, ChildError("the engine has exited"))
        if callback:
            callback()

    def _receive(self, message: dict[str, Any]) -> None:
        match message:
            case {"method": "hello", "params": dict(params)}:
                _settle(self._hello, params)
            case {"method": "bye"}:
                self.left = True
            case {"method": str(method), "params": dict(params)}:
                self._notify(method, params)
            case {"id": int(number), "error": {"type": str(name), "message": str(text)}}:
                self._resolve(number, _errors().get(name, ChildError)(text))
            case {"id": int(number), "result": result}:
                self._resolve(number, result)

    def _notify(self, method: str, params: dict[str, Any]) -> None:
        if self._on_notification is None:
            return
        try:
            self._on_notification(method, params)
        except Exception:  # a caller's callback must not close the connection
            log.exception("handling the notification %s failed", method)

    def _resolve(self, number: int, answer: Any) -> None:
        if future := self._peer.pending.get(number):  # None: cancelled meanwhile
            _settle(future, answer)


def _settle(future: Future[Any], answer: Any) -> None:
    """Set the result or error of a future, unless it is done or cancelled."""
    with contextlib.suppress(InvalidStateError):
        if isinstance(answer, MomError):
            future.set_exception(answer)
        else:
            future.set_result(answer)


def ensure_engine(
    data_dir: Path,
    timeout: float = 20.0,
    *,
    version: str = __version__,
    on_notification: Notified | None = None,
    on_closed: Callable[[], None] | None = None,
    command: Sequence[str] = ENGINE,
) -> EngineClient:
    """Connect to the engine of `data_dir`, and start one (`mom_lsp engine --data DIR`) if none runs.

    Several callers may race: the engines use a lock, the loser exits with code 0 and its caller finds the winner.

    Raises:
        ChildError: the engine fails to start.
        ChildTimeout: no engine is ready after `timeout` seconds.
        DataFolderError: no engine can serve this folder.
        NewerEngine: the one that runs is of a newer version of mom.
    """
    deadline = time.monotonic() + timeout
    pause = threading.Event()
    for attempt in itertools.count():
        left = deadline - time.monotonic()
        if left <= 0:
            raise ChildTimeout(f"the engine did not start in {timeout:g} s; see `mom doctor`")
        client = EngineClient.connect(
            data_dir, left, version=version, on_notification=on_notification, on_closed=on_closed
        )
        if client is not None:
            return client
        check(data_dir)
        pause.wait(min(0.05 * attempt, left, 0.5))  # the winner of a race has the lock and is ready soon
        _start_engine(data_dir, max(0.0, deadline - time.monotonic()), command)
    raise AssertionError("unreachable")


def _is_newer(version: str, than: str) -> bool:
    """Whether a version is newer than another one, as far as both have numbers."""
    one, other = (tuple(map(int, re.findall(r"\d+", text))) for text in (version, than))
    return bool(other) and one > other


def start_early(data_dir: Path, *, command: Sequence[str] = ENGINE) -> None:
    """Start the engine of `data_dir` unless one runs, without waiting until it is ready: `ensure_engine` does that."""
    try:
        read_address(data_dir)
    except (OSError, ValueError):
        _starting(data_dir, command)


def _start_engine(data_dir: Path, timeout: float, command: Sequence[str]) -> None:
    """Start an engine and wait until it is ready, or exits because another one is."""
    with contextlib.suppress(FutureTimeout):
        code = _starting(data_dir, command).result(timeout)
        if code and (why := why_full(data_dir)):
            raise DataFolderError(why)
        if code:
            raise ChildError(f"the engine exited with code {code} at startup; see `mom doctor`")


_started: dict[Path, Future[int]] = {}  # by data folder: the engines that this process has started and waits for
_starting_guard = threading.Lock()


def _starting(data_dir: Path, command: Sequence[str]) -> Future[int]:
    """Return the engine that this process is starting, a new one if there is none: 0 once it is ready, or exit code."""
    with _starting_guard:
        if (known := _started.get(data_dir)) is not None:
            return known
        arguments = ["engine", "--data", str(data_dir)]
        try:
            engine = spawn(arguments, stdout=subprocess.PIPE, detached=True, command=command)
        except OSError as error:  # this interpreter is gone, or there are too many processes
            why = f"the engine cannot be started ({error.strerror}): if mom was updated or moved, restart the editor"
            raise ChildError(why) from error
        ready = _started[data_dir] = Future[int]()

    def watch() -> None:
        assert engine.stdout is not None
        with engine.stdout:
            is_ready = engine.stdout.readline() == READY
        code = 0 if is_ready else engine.wait()
        with _starting_guard:
            del _started[data_dir]
        ready.set_result(code)
        engine.wait()  # reaps it, however long it lives

    threading.Thread(target=watch, name="mom-engine-watch", daemon=True).start()
    return ready
