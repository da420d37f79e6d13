"""The engines behind the open folders: one a data folder, started when first asked, started again when it dies."""

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

from mom_lsp.errors import ChildError, ChildTimeout, DataFolderError, MomError
from mom_lsp.process import EngineClient, Restarts, ensure_engine
from mom_lsp.settings import EditorSettings

log = logging.getLogger(__name__)

T = TypeVar("T")
Notified = Callable[[str, dict[str, Any]], None]

START_TIMEOUT = 30.0  # seconds; a cold Raspberry Pi with an SD card needs some
ANSWER_TIMEOUT = 15.0


class WorktreeLocation(Protocol):
    """What can be asked about: a worktree or a plain folder, with our data folder for it."""

    @property
    def root(self) -> Path:
        """Of the worktree."""

    @property
    def data(self) -> Path:
        """Our folder for its repository."""


class Engines:
    """Asks the engine of each data folder. All methods belong to the event loop's thread.

    `notified` is called with every notification, and with "trouble" {"message"} where a data folder is out of reach;
    `changed` when an engine has come or gone.
    """

    def __init__(self, notified: Notified, changed: Callable[[bool], None], command: Sequence[str]) -> None:
        self.notified, self.changed, self.command = notified, changed, command
        self.settings: dict[Path, EditorSettings] = {}  # as the editor has set them, by workspace folder
        self._links: dict[Path, _Link] = {}

    async def ask(self, worktree: WorktreeLocation, method: str, timeout: float = ANSWER_TIMEOUT, **params: Any) -> Any:
        """Ask the engine about a worktree, and wait.

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

    async def open(self, data: Path, root: Path) -> None:
        """Have the engine watch over `root`; it is told again whenever it starts again."""
        link = self._links.setdefault(data, _Link(data, self))
        try:
            await link.connected(str(root))
        except MomError as error:
            log.warning("%s", error)

    def leave(self, root: Path) -> None:
        """Forget a folder that was closed."""
        for link in self._links.values():
            link.roots.discard(str(root))

    def settings_of(self, root: Path) -> EditorSettings:
        """Return the settings for a worktree: of the folder it lies in, or the first that lies in it."""
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
        """Hang up on all; engines end by themselves once nobody asks."""
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
        self._resting = self._closing = False

    async def connected(self, root: str) -> EngineClient:
        """Return the client, starting an engine if there is none; the engine knows `root` then."""
        new = root not in self.roots
        self.roots.add(root)
        client = self._client
        if client is None or client.closed.is_set():
            if self._resting:
                raise ChildError("the engine died and is about to start again")
            if self._starting is None:
                self._starting = asyncio.get_running_loop().create_task(self._start())
            client = await asyncio.shield(self._starting)
        elif new:
            await self._open(client, root)
        return client

    async def configure_all(self) -> None:
        """Tell the engine the settings for every folder (again)."""
        if self._client is not None:
            for root in tuple(self.roots):
                await self._configure(self._client, root)

    def close(self) -> None:
        """Hang up for good."""
        self._closing = True
        if self._client is not None:
            self._client.close()

    async def _start(self) -> EngineClient:
        try:
            client = await in_daemon_thread(self._connect_for(asyncio.get_running_loop()))
        except DataFolderError as error:  # another start would not help
            self._engines.notified("trouble", {"message": str(error)})
            raise
        except MomError as error:
            log.warning("%s", error)
            self._rest()
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
        """Have the engine watch over a folder; nobody waits for what it says about it."""
        await self._configure(client, root)
        asked = client.submit("open", {"root": root})
        asked.add_done_callback(_logged)
        asked.add_done_callback(partial(self._opened, asyncio.get_running_loop()))

    def _opened(self, loop: asyncio.AbstractEventLoop, done: Future[dict[str, Any]]) -> None:
        """Tell what keeps an open folder from being written."""
        if done.cancelled():
            return
        error = done.exception()
        why = (
            str(error)
            if isinstance(error, DataFolderError)
            else ""
            if error
            else (done.result() or {}).get("read_only")
        )
        if not why:
            return
        with contextlib.suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(self._engines.notified, "trouble", {"message": why})

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
        if client is None or not client.left:  # one that took its leave starts again when somebody asks
            self._rest()

    def _rest(self) -> None:
        """Wait before the next start, longer each time."""
        loop = asyncio.get_running_loop()
        delay = self._restarts.delay(loop.time())
        log.warning("the engine ended; the next one starts %s", f"in {delay:g} s" if delay else "in three minutes")
        self._resting = True
        loop.call_later(delay or Restarts.WINDOW, self._wake)

    def _wake(self) -> None:
        self._resting = False
        if self.roots and not self._closing:
            for root in list(self.roots)[:1]:  # connecting opens them all
                asyncio.get_running_loop().create_task(self._engines.open(self._data, Path(root)))


def _logged(done: Future[Any]) -> None:
    if not done.cancelled() and (error := done.exception()):
        log.warning("%s", error)


def in_daemon_thread(function: Callable[[], T]) -> asyncio.Future[T]:
    """Run `function` in a thread that never delays our own end (those of an executor are joined)."""
    future: Future[T] = Future()

    def run() -> None:
        with contextlib.suppress(InvalidStateError):  # cancelled
            try:
                future.set_result(function())
            except Exception as error:  # handed on to whoever awaits
                future.set_exception(error)

    threading.Thread(target=run, name="mom-blocking", daemon=True).start()
    return asyncio.wrap_future(future)
