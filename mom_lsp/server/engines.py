"""The engines of the open folders: one for each data folder, started on the first request, restarted when it dies."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

from mom_lsp.errors import ChildTimeout
from mom_lsp.server.engine_link import ANSWER_TIMEOUT, EngineLink, Notified
from mom_lsp.settings import EditorSettings


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
    disconnected. A request waits for `configured`: an engine would act on other settings at once.
    """

    def __init__(
        self,
        notified: Notified,
        changed: Callable[[bool], None],
        command: Sequence[str],
        configured: Callable[[], Awaitable[object]],
    ) -> None:
        self.notified, self.changed, self.command, self._configured = notified, changed, command, configured
        self.settings: dict[Path, EditorSettings] = {}  # as the editor has set them, by workspace folder
        self._links: dict[Path, EngineLink] = {}

    async def ask(
        self, worktree: WorktreeLocation, method: str, timeout: float | None = ANSWER_TIMEOUT, **params: Any
    ) -> Any:
        """Send a request about a worktree, and return the answer; without a timeout, however long that takes.

        Raises:
            MomError: the engine's own; ChildError while there is no engine, ChildTimeout.
        """
        await self._configured()
        client = await self._link(worktree.data).connected(str(worktree.root))
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
        await self._link(data).keep_open(str(root))

    def leave(self, root: Path) -> None:
        """Drop a folder that was closed."""
        for link in self._links.values():
            link.leave(str(root))

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
        await asyncio.gather(*(link.configure_all() for link in self._links.values()))

    def close(self) -> None:
        """Disconnect from all engines; an idle engine ends by itself."""
        links, self._links = self._links, {}
        for link in links.values():
            link.close()

    def _link(self, data: Path) -> EngineLink:
        return self._links.setdefault(data, EngineLink(data, self))
