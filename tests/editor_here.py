"""An editor and the real language server in this process; a service in this process answers as an engine does."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from bare_client import INITIALIZE, JSON, TIMEOUT, Client
from repositories import Mom

from mom_lsp.errors import ChildTimeout, MomError
from mom_lsp.server.app import MomServer
from mom_lsp.server.engine_link import ANSWER_TIMEOUT
from mom_lsp.server.engines import Engines, WorktreeLocation

T = TypeVar("T")
Fails = Callable[[str], MomError | None]


def folder(root: Path) -> JSON:
    return {"uri": root.as_uri(), "name": root.name}


class Services(Engines):
    """Engines that are services; `fails` returns the error that a request gets instead of its answer.

    An answer that is `held` was given before what happens until it is `released`. Any comes after some `seconds`; what
    was given up then is done by `wake` if they are `stopped`, else before.
    """

    def __init__(self, server: MomServer, *moms: Mom) -> None:
        own = server.engines
        super().__init__(own.notified, own.changed, own.command, server.settings_known)
        self.configured = server.settings_known
        self.moms = {mom.root: mom for mom in moms}
        self.fails: Fails = lambda method: None
        self.seconds, self.stopped = 0.0, False
        self._late: list[Callable[[], Any]] = []
        self.held, self.holds, self.released = "", asyncio.Event(), asyncio.Event()

    async def ask(
        self, worktree: WorktreeLocation, method: str, timeout: float | None = ANSWER_TIMEOUT, **params: Any
    ) -> Any:
        await self.configured()
        if error := self.fails(method):
            raise error
        run = partial(self.moms[worktree.root].call, method, **params)
        given_up = timeout is not None and timeout < self.seconds
        if given_up and self.stopped:
            self._late.append(run)
        else:
            answer = run()
        if method == self.held:
            self.holds.set()
            await self.released.wait()
        if given_up:
            raise ChildTimeout(f"the engine did not answer {method}")
        return answer

    def wake(self) -> None:
        """Do what was asked while the engines were stopped."""
        for run in self._late:
            run()

    async def open(self, data: Path, root: Path) -> None:
        """Start nothing: the services are there."""


class EditorHere(Client):
    """A client whose server has the folders of some services."""

    def __init__(self, *moms: Mom) -> None:
        super().__init__()
        self.engines = self.server.engines = Services(self.server, *moms)
        self._numbers = itertools.count(1)
        self.folders = [folder(mom.root) for mom in moms]

    async def request(self, method: str, params: Any) -> Any:
        """Send a request, and return its result."""
        answer = await self.ask(method, params, next(self._numbers))
        assert "error" not in answer, answer["error"]
        return answer["result"]

    async def run(self, command: str, *arguments: Any) -> Any:
        return await self.request("workspace/executeCommand", {"command": command, "arguments": arguments})

    def open(self, mom: Mom, path: str, text: str | None = None) -> str:
        """Open a file, by default with the text on the disk, and return its URI."""
        uri, known = (mom.root / path).as_uri(), (mom.root / path).read_text() if text is None else text
        document = {"uri": uri, "languageId": "python", "version": 1, "text": known}
        self.notify("textDocument/didOpen", {"textDocument": document})
        return uri

    async def actions(self, uri: str, line: int, *kinds: str) -> list[JSON]:
        """Return the actions for a line (from 1) that the user asks for, of these kinds or else of any."""
        at = {"line": line - 1, "character": 0}
        context = {"diagnostics": [], "triggerKind": 1} | ({"only": kinds} if kinds else {})
        place = {"textDocument": {"uri": uri}, "range": {"start": at, "end": at}}
        return list(await self.request("textDocument/codeAction", place | {"context": context}))

    async def titles(self, uri: str, line: int) -> list[str]:
        """Return the titles of the suggestions for a line (from 1)."""
        asked = {"textDocument": {"uri": uri}, "position": {"line": line - 1, "character": 0}}
        return [one["title"] for one in (await self.request("mom/suggest", asked))["suggestions"]]

    async def choose(self, choice: Callable[[list[str]], str]) -> None:
        """Wait for a question to the user, and answer it with one of the titles offered."""
        asked = await self.message("window/showMessageRequest")
        title = choice([action["title"] for action in asked["params"]["actions"]])
        self.send({"jsonrpc": "2.0", "id": asked["id"], "result": {"title": title}})

    async def message(self, method: str) -> JSON:
        """Wait for the server's first message of a method."""
        async with asyncio.timeout(TIMEOUT):
            while not (found := [one for one in self.received if one.get("method") == method]):
                self.came.clear()
                await self.came.wait()
        return found[0]


def talk_here(talk: Callable[[EditorHere], Awaitable[T]], *moms: Mom, **greeting: Any) -> T:
    """Open an editor with the folders of some services, and return what a conversation with its server does.

    `greeting` has other parameters of `initialize`.
    """

    async def session() -> T:
        editor = EditorHere(*moms)
        try:
            await editor.request("initialize", INITIALIZE | {"workspaceFolders": editor.folders} | greeting)
            editor.notify("initialized", {})
            return await talk(editor)
        finally:
            editor.reader.feed_eof()
            await editor.reading

    return asyncio.run(session())
