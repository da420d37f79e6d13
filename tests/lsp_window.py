"""A language server in a process of its own, written to and read as bytes, and what it has answered."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
from hostile_messages import Hostile, as_id, framed
from message_parts import JSON

import mom_lsp
from mom_lsp.server.door import MAX_ERROR

SERVER = [sys.executable, "-P", "-m", "mom_lsp", "serve"]
PATIENCE = 60.0  # seconds without any answer, after which those that are missing are counted as lost
PLACES = (str(Path(mom_lsp.__file__).parent), sys.prefix, "site-packages", "Traceback", '.py"')  # in no error


@dataclass
class Window:
    """One `mom serve`, and what it has answered."""

    process: asyncio.subprocess.Process
    wanted: Counter[str] = field(default_factory=Counter)  # answers still to come, by id as JSON
    superfluous: int = 0
    answered: int = 0
    bad_errors: list[str] = field(default_factory=list)
    failures: Counter[str] = field(default_factory=Counter)  # errors that name no mistake of the client
    methods: dict[str, str] = field(default_factory=dict)
    hovers: dict[str, float] = field(default_factory=dict)  # when they were asked
    took: list[float] = field(default_factory=list)  # seconds of each hover
    found: int = 0  # hovers with a memory
    came: asyncio.Event = field(default_factory=asyncio.Event)
    reading: asyncio.Task[None] | None = None

    @property
    def missing(self) -> int:
        return self.wanted.total()

    @property
    def memory(self) -> float:
        """The resident memory in MB."""
        return float(psutil.Process(self.process.pid).memory_info().rss) / 1e6

    def send(self, message: Hostile) -> None:
        for id in message.answers:
            self.wanted[json.dumps(id)] += 1
            self.methods[json.dumps(id)] = f"{message.kind} {message.method[:40]}"
        assert self.process.stdin
        self.process.stdin.write(message.data)

    def request(self, id: str, method: str, params: Any) -> None:
        body = json.dumps({"jsonrpc": "2.0", "id": id, "method": method, "params": params}).encode()
        self.send(Hostile("own", framed(body), (id,), method))

    def notify(self, method: str, params: Any) -> None:
        body = json.dumps({"jsonrpc": "2.0", "method": method, "params": params}).encode()
        self.send(Hostile("own", framed(body)))

    def hover(self, uri: str, line: int) -> str:
        id = f"hover {len(self.took) + len(self.hovers)}"
        self.hovers[json.dumps(id)] = time.monotonic()
        place = {"textDocument": {"uri": uri}, "position": {"line": line, "character": 0}}
        self.request(id, "textDocument/hover", place)
        return id

    def edit(self, uri: str, end: str) -> None:
        """Write something at the end of a document."""
        last = {"line": 10_000_000, "character": 0}
        change = {"range": {"start": last, "end": last}, "text": end}
        self.notify("textDocument/didChange", {"textDocument": {"uri": uri, "version": 2}, "contentChanges": [change]})

    async def answer(self, id: str) -> None:
        """Wait until a request of ours is answered."""
        while self.wanted[json.dumps(id)]:
            self.came.clear()
            await asyncio.wait_for(self.came.wait(), PATIENCE)

    async def at_most(self, number: int) -> bool:
        """Wait until so few answers are missing; return False if no more come."""
        while self.missing > number:
            self.came.clear()
            try:
                await asyncio.wait_for(self.came.wait(), PATIENCE)
            except TimeoutError:
                return False
            if self.process.returncode is not None:
                return False
        return True

    async def end(self) -> None:
        """End the server as an editor does."""
        if self.process.returncode is None:
            self.request("shutdown", "shutdown", None)
            with contextlib.suppress(TimeoutError):
                await self.answer("shutdown")
            self.notify("exit", None)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.process.wait(), 10)
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()
        if self.reading is not None:
            await self.reading

    async def read(self) -> None:
        """Take every message of the server until it ends."""
        assert self.process.stdout
        with contextlib.suppress(asyncio.IncompleteReadError):
            while True:
                header = await self.process.stdout.readuntil(b"\r\n\r\n")
                length = int(header.lower().partition(b"content-length:")[2].split()[0])
                body = await self.process.stdout.readexactly(length)
                self._take(json.loads(body, parse_constant=self._no_json))
        self.came.set()

    def _take(self, message: JSON) -> None:
        if "method" in message:
            if "id" in message:
                self._respond(message)
            return
        id = json.dumps(as_id(message.get("id")))
        self.answered += 1
        if not self.wanted[id]:
            self.superfluous += 1
            return
        self.wanted[id] -= 1
        if not self.wanted[id]:
            del self.wanted[id]
        if (began := self.hovers.pop(id, None)) is not None:
            self.took.append(time.monotonic() - began)
            self.found += bool(message.get("result"))
        if error := message.get("error"):
            self._check(error)
        self.came.set()

    def _check(self, error: JSON) -> None:
        text = str(error["message"])
        shown = json.dumps(error)
        if len(shown) > MAX_ERROR + 100 or "\n" in text or any(place in shown for place in PLACES):
            self.bad_errors.append(shown[:500])
        if error["code"] == -32603 or "see the server's log" in text or "see its log" in text:
            self.failures[text[:150]] += 1

    def _respond(self, request: JSON) -> None:
        """Answer a request of the server as an editor does."""
        items = request["params"]["items"] if request["method"] == "workspace/configuration" else None
        result = [{"hints": {"delay": 50}} for _ in items] if items is not None else None
        body = json.dumps({"jsonrpc": "2.0", "id": request["id"], "result": result}).encode()
        self.send(Hostile("own", framed(body)))

    def _no_json(self, name: str) -> None:
        """Note a value that Python writes and reads, and no other client."""
        self.bad_errors.append(f"the server wrote {name}, which is not JSON")


CAPABILITIES = {
    "workspace": {"configuration": True, "inlayHint": {"refreshSupport": True}, "workspaceFolders": True},
    "textDocument": {"codeAction": {"codeActionLiteralSupport": {"codeActionKind": {"valueSet": []}}}},
}


async def open_window(root: Path, texts: dict[str, str], environment: dict[str, str]) -> Window:
    """Start a language server, and open the documents in it."""
    pipe = asyncio.subprocess.PIPE
    with (root.parent / "serve.log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            *SERVER, stdin=pipe, stdout=pipe, stderr=log, env=environment, limit=2**26
        )
    window = Window(process)
    window.reading = asyncio.create_task(window.read())
    folder = {"uri": root.as_uri(), "name": "r"}
    greeting = {"processId": None, "rootUri": root.as_uri(), "workspaceFolders": [folder], "capabilities": CAPABILITIES}
    window.request("initialize", "initialize", greeting)
    await window.answer("initialize")
    window.notify("initialized", {})
    for uri, text in texts.items():
        item = {"uri": uri, "languageId": "python", "version": 1, "text": text}
        window.notify("textDocument/didOpen", {"textDocument": item})
    return window
