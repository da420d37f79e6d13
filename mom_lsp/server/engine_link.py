"""The connection to the engine of one data folder, which starts and restarts it and has it open folders."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, InvalidStateError
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TypeVar

from mom_lsp.datafolder import why_full
from mom_lsp.errors import ChildError, DataFolderError, MomError, NewerEngine
from mom_lsp.process import EngineClient, Restarts, ensure_engine
from mom_lsp.settings import EditorSettings

log = logging.getLogger(__name__)

T = TypeVar("T")
Notified = Callable[[str, dict[str, Any]], None]

START_TIMEOUT = 30.0  # seconds; enough for a cold start on a Raspberry Pi with an SD card
ANSWER_TIMEOUT = 15.0


class Owner(Protocol):
    """What a link needs to know of all engines, and whom it tells."""

    notified: Notified
    changed: Callable[[bool], None]
    command: Sequence[str]

    def settings_of(self, root: Path) -> EditorSettings:
        """The editor's settings for a worktree."""


class EngineLink:
    """The connection to one engine. All methods belong to the event loop's thread."""

    def __init__(self, data: Path, owner: Owner) -> None:
        self._data, self._owner = data, owner
        self._roots: set[str] = set()
        self._session: _Session | None = None
        self._starting: asyncio.Task[_Session] | None = None
        self._restarts = Restarts()
        self._pausing = self._closing = False

    async def connected(self, root: str) -> EngineClient:
        """Return the client, with `root` configured and opened; starts an engine if there is none.

        Raises:
            MomError: there is no engine, and why.
        """
        self._roots.add(root)
        session = self._session
        if session is None or session.client.closed.is_set():
            if self._pausing:
                raise ChildError("the engine exited and will restart soon")
            if self._starting is None:
                self._starting = asyncio.get_running_loop().create_task(self._start())
            session = await asyncio.shield(self._starting)
        await session.open(root)
        return session.client

    def tell(self, method: str, params: dict[str, Any]) -> None:
        """Send a request whose answer does not matter, if the engine is connected."""
        if self._session is not None:
            self._session.client.submit(method, params).add_done_callback(_logged)

    async def configure_all(self) -> None:
        """Send the settings of every folder to the engine; to one that is starting, as soon as it has started."""
        if self._starting is not None:
            await asyncio.wait([self._starting])  # which reports its own failure
        if (session := self._session) is not None:  # it may end meanwhile
            for root in tuple(self._roots):
                await session.configure(root)

    def leave(self, root: str) -> None:
        """Drop a folder that was closed."""
        self._roots.discard(root)
        if self._session is not None:
            self._session.leave(root)

    def close(self) -> None:
        """Disconnect for good."""
        self._closing = True
        if self._session is not None:
            self._session.client.close()

    async def _start(self) -> _Session:
        try:
            client = await in_daemon_thread(self._connect_for(asyncio.get_running_loop()))
        except (DataFolderError, NewerEngine) as error:  # a restart would not help
            self._owner.notified("trouble", {"message": str(error)})
            raise
        except MomError as error:
            log.warning("%s", error)
            self._pause()
            raise
        else:
            session = _Session(client, self._owner)
            for root in tuple(self._roots):
                await session.open(root)
            self._session = session
        finally:
            self._starting = None
        self._owner.changed(True)
        return session

    def _connect_for(self, loop: asyncio.AbstractEventLoop) -> Callable[[], EngineClient]:
        def later(function: Callable[..., None], *args: Any) -> None:
            with contextlib.suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(function, *args)

        return lambda: ensure_engine(
            self._data,
            START_TIMEOUT,
            on_notification=lambda method, params: later(self._owner.notified, method, params),
            on_closed=lambda: later(self._ended),
            command=self._owner.command,
        )

    def _ended(self) -> None:
        session, self._session = self._session, None
        if self._closing:
            return
        self._owner.changed(False)
        if session is None or not session.client.left:  # after an orderly exit, the next request restarts it
            self._pause()

    def _pause(self) -> None:
        """Schedule a restart, with a longer delay each time."""
        loop = asyncio.get_running_loop()
        delay = self._restarts.delay(loop.time())
        log.warning("the engine exited; it restarts %s", f"in {delay:g} s" if delay else "in three minutes")
        self._pausing = True
        if why := why_full(self._data):  # then it may just be killed
            self._owner.notified("trouble", {"message": why})
        loop.call_later(delay or Restarts.WINDOW, self._restart)

    def _restart(self) -> None:
        self._pausing = False
        if self._roots and not self._closing:
            asyncio.get_running_loop().create_task(self.keep_open(next(iter(self._roots))))

    async def keep_open(self, root: str) -> None:
        """Have the engine watch a folder, also after a restart; a failure is logged."""
        try:
            await self.connected(root)
        except (DataFolderError, NewerEngine) as error:  # the user is told
            log.info("%s", error)
        except MomError as error:
            log.warning("%s", error)


class _Session:
    """One engine, from its start to its end, and the folders that it knows."""

    def __init__(self, client: EngineClient, owner: Owner) -> None:
        self.client, self._owner = client, owner
        self._opened: set[str] = set()
        self._configuring = asyncio.Lock()  # the engine may answer two requests in any order, and the last must win

    async def open(self, root: str) -> None:
        """Send the settings of a folder, unless that was done, and have it watched, without waiting for the answer."""
        if root in self._opened:
            return
        async with self._configuring:
            if root in self._opened:
                return
            await self._configure(root)
            self._opened.add(root)
        asked = self.client.submit("open", {"root": root})
        asked.add_done_callback(_logged)
        asked.add_done_callback(partial(self._report_unwritable, asyncio.get_running_loop()))

    def leave(self, root: str) -> None:
        """Forget that a folder was opened: its settings may change before it is opened again."""
        self._opened.discard(root)

    async def configure(self, root: str) -> None:
        """Send the settings that a folder has now."""
        async with self._configuring:
            await self._configure(root)

    async def _configure(self, root: str) -> None:
        settings = self._owner.settings_of(Path(root)).plain()
        asked = self.client.submit("configure", {"root": root, "window": os.getpid(), **settings})
        with contextlib.suppress(MomError, TimeoutError):  # logged
            asked.add_done_callback(_logged)
            await asyncio.wait_for(asyncio.wrap_future(asked), ANSWER_TIMEOUT)

    def _report_unwritable(self, loop: asyncio.AbstractEventLoop, done: Future[dict[str, Any]]) -> None:
        """Report why an open folder cannot be written."""
        if done.cancelled():
            return
        error = done.exception()
        if error is not None:
            problem = str(error) if isinstance(error, DataFolderError) else ""
        else:
            problem = (done.result() or {}).get("unwritable") or ""
        if problem:
            with contextlib.suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(self._owner.notified, "trouble", {"message": problem})


def _logged(done: Future[Any]) -> None:
    if not done.cancelled() and (error := done.exception()):
        log.log(logging.INFO if isinstance(error, ChildError) else logging.WARNING, "%s", error)  # that is told once


def in_daemon_thread(function: Callable[[], T]) -> asyncio.Future[T]:
    """Run `function` in a thread that never delays our exit (an executor's threads are joined)."""
    future: Future[T] = Future()

    def run() -> None:
        with contextlib.suppress(InvalidStateError):  # cancelled
            try:
                future.set_result(function())
            except Exception as error:  # raised where the future is awaited
                future.set_exception(error)

    threading.Thread(target=run, name="mom-blocking", daemon=True).start()
    return asyncio.wrap_future(future)
