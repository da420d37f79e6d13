"""The engines of the open folders: one for each data folder, started on the first request, restarted when it dies."""

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
from mom_lsp.errors import ChildError, ChildTimeout, DataFolderError, MomError, NewerEngine
from mom_lsp.process import EngineClient, Restarts, ensure_engine
from mom_lsp.settings import EditorSettings

log = logging.getLogger(__name__)

T = TypeVar("T")
Notified = Callable[[str, dict[str, Any]], None]

START_TIMEOUT = 30.0  # seconds; enough for a cold start on a Raspberry Pi with an SD card
ANSWER_TIMEOUT = 15.0


class WorktreeLocation(Protocol):
    """The location of a worktree or plain folder, with our data folder for it."""

    @property
    def root(self) -> Path:
        """The worktree's root."""

    @property
    def data(self) -> Path:
        """The data folder of its repository."""


class Engines:
    """Sends requests to the engine of each data folder. All methods belong to the event loop's thread.

    `notified` is called with every notification, and with "trouble" {"message"} if a data folder is not accessible, its
    disk is full, or its engine is newer than this process; `changed` when an engine has connected (True) or
    disconnected.
    """

    def __init__(self, notified: Notified, changed: Callable[[bool], None], command: Sequence[str]) -> None:
        self.notified, self.changed, self.command = notified, changed, command
        self.settings: dict[Path, EditorSettings] = {}  # as the editor has set them, by workspace folder
        self._links: dict[Path, _Link] = {}

    async def ask(self, worktree: WorktreeLocation, method: str, timeout: float = ANSWER_TIMEOUT, **params: Any) -> Any:
        """Send a request about a worktree, and return the answer.

        Raises:
            MomError: the engine's own; ChildError while there is no engine, ChildTimeout.
        """
        link = self._links.setdefault(worktree.data, _Link(worktree.data, self))
        client = await link.connected(str(worktree.root))
        asked = asyncio.wrap_future(client.submit(method, {"root": str(worktree.root), **params}))
        try:
            return await asyncio.wait_for(asked, timeout)
        except TimeoutError:
            raise ChildTimeout(f"the engine did not answer {method} in {timeout:g} s") from None

    def tell(self, worktree: WorktreeLocation, method: str, **params: Any) -> None:
        """Send a request whose answer does not matter; none if no engine is connected."""
        if (link := self._links.get(worktree.data)) is not None:
            link.tell(method, {"root": str(worktree.root), **params})

    async def open(self, data: Path, root: Path) -> None:
        """Have the engine watch `root`, also after a restart."""
        link = self._links.setdefault(data, _Link(data, self))
        try:
            await link.connected(str(root))
        except (DataFolderError, NewerEngine) as error:  # the user is told
            log.info("%s", error)
        except MomError as error:
            log.warning("%s", error)

    def leave(self, root: Path) -> None:
        """Drop a folder that was closed."""
        for link in self._links.values():
            link.roots.discard(str(root))

    def settings_of(self, root: Path) -> EditorSettings:
        """Return the settings for a worktree: of the folder that contains it, or the first one inside it."""
        around = [folder for folder in self.settings if root.is_relative_to(folder)]
        if around:
            return self.settings[max(around, key=lambda folder: len(folder.parts))]
        inside = (found for folder, found in self.settings.items() if folder.is_relative_to(root))
        return next(inside, EditorSettings())

    async def configure(self, settings: dict[Path, EditorSettings]) -> None:
        """Pass the editor's settings on to every engine."""
        self.settings = settings
        for link in self._links.values():
            await link.configure_all()

    def close(self) -> None:
        """Disconnect from all engines; an idle engine ends by itself."""
        links, self._links = self._links, {}
        for link in links.values():
            link.close()


class _Link:
    """The connection to one engine."""

    def __init__(self, data: Path, engines: Engines) -> None:
        self._data, self._engines = data, engines
        self.roots: set[str] = set()
        self._client: EngineClient | None = None
        self._starting: asyncio.Task[EngineClient] | None = None
        self._restarts = Restarts()
        self._pausing = self._closing = False

    async def connected(self, root: str) -> EngineClient:
        """Return the client, with `root` opened; starts an engine if there is none."""
        new = root not in self.roots
        self.roots.add(root)
        client = self._client
        if client is None or client.closed.is_set():
            if self._pausing:
                raise ChildError("the engine exited and will restart soon")
            if self._starting is None:
                self._starting = asyncio.get_running_loop().create_task(self._start())
            client = await asyncio.shield(self._starting)
        elif new:
            await self._open(client, root)
        return client

    def tell(self, method: str, params: dict[str, Any]) -> None:
        """Send a request whose answer does not matter, if the engine is connected."""
        if self._client is not None:
            self._client.submit(method, params).add_done_callback(_logged)

    async def configure_all(self) -> None:
        """Send the settings of every folder to the engine."""
        if self._client is not None:
            for root in tuple(self.roots):
                await self._configure(self._client, root)

    def close(self) -> None:
        """Disconnect for good."""
        self._closing = True
        if self._client is not None:
            self._client.close()

    async def _start(self) -> EngineClient:
        try:
            client = await in_daemon_thread(self._connect_for(asyncio.get_running_loop()))
        except (DataFolderError, NewerEngine) as error:  # a restart would not help
            self._engines.notified("trouble", {"message": str(error)})
            raise
        except MomError as error:
            log.warning("%s", error)
            self._pause()
            raise
        else:
            for known in tuple(self.roots):
                await self._open(client, known)
            self._client = client
        finally:
            self._starting = None
        self._engines.changed(True)
        return client

    def _connect_for(self, loop: asyncio.AbstractEventLoop) -> Callable[[], EngineClient]:
        def later(function: Callable[..., None], *args: Any) -> None:
            with contextlib.suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(function, *args)

        return lambda: ensure_engine(
            self._data,
            START_TIMEOUT,
            on_notification=lambda method, params: later(self._engines.notified, method, params),
            on_closed=lambda: later(self._ended),
            command=self._engines.command,
        )

    async def _open(self, client: EngineClient, root: str) -> None:
        """Have the engine watch a folder, without waiting for the answer."""
        await self._configure(client, root)
        asked = client.submit("open", {"root": root})
        asked.add_done_callback(_logged)
        asked.add_done_callback(partial(self._opened, asyncio.get_running_loop()))

    def _opened(self, loop: asyncio.AbstractEventLoop, done: Future[dict[str, Any]]) -> None:
        """Report why an open folder cannot be written."""
        if done.cancelled():
            return
        error = done.exception()
        problem = (
            str(error)
            if isinstance(error, DataFolderError)
            else ""
            if error
            else (done.result() or {}).get("unwritable")
        )
        if not problem:
            return
        with contextlib.suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(self._engines.notified, "trouble", {"message": problem})

    async def _configure(self, client: EngineClient, root: str) -> None:
        settings = self._engines.settings_of(Path(root)).plain()
        asked = client.submit("configure", {"root": root, "window": os.getpid(), **settings})
        with contextlib.suppress(MomError, TimeoutError):  # logged
            asked.add_done_callback(_logged)
            await asyncio.wait_for(asyncio.wrap_future(asked), ANSWER_TIMEOUT)

    def _ended(self) -> None:
        client, self._client = self._client, None
        if self._closing:
            return
        self._engines.changed(False)
        if client is None or not client.left:  # after an orderly exit, the next request restarts it
            self._pause()

    def _pause(self) -> None:
        """Schedule a restart, with a longer delay each time."""
        loop = asyncio.get_running_loop()
        delay = self._restarts.delay(loop.time())
        log.warning("the engine exited; it restarts %s", f"in {delay:g} s" if delay else "in three minutes")
        self._pausing = True
        if why := why_full(self._data):  # then it may just be killed
            self._engines.notified("trouble", {"message": why})
        loop.call_later(delay or Restarts.WINDOW, self._restart)

    def _restart(self) -> None:
        self._pausing = False
        if self.roots and not self._closing:
            for root in list(self.roots)[:1]:  # connecting opens all of them
                asyncio.get_running_loop().create_task(self._engines.open(self._data, Path(root)))


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
