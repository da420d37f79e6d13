"""A client that writes and reads bytes and knows only the framing of LSP; one example of each message."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from typing import Any

from pygls.protocol import default_converter
from pytest_lsp import client_capabilities

from mom_lsp.server import create_server
from mom_lsp.server.transport import read_messages

JSON = dict[str, Any]
TIMEOUT = 60.0  # seconds; reached only by a failure
URI = "file:///r/a.py"
DOCUMENT = {"uri": URI}
POSITION = {"line": 0, "character": 0}
RANGE = {"start": POSITION, "end": POSITION}
PLACE = {"textDocument": DOCUMENT, "position": POSITION}
INITIALIZE = {"processId": None, "rootUri": None, "capabilities": {}}
REQUESTS: dict[str, Any] = {
    "textDocument/hover": PLACE,
    "textDocument/inlayHint": {"textDocument": DOCUMENT, "range": RANGE},
    "textDocument/codeAction": {"textDocument": DOCUMENT, "range": RANGE, "context": {"diagnostics": []}},
    "textDocument/inlineCompletion": PLACE | {"context": {"triggerKind": 1}},
    "workspace/executeCommand": {"command": "mom.pin", "arguments": ["id", URI, 1]},
    "codeAction/resolve": {"title": "Pin", "data": {"command": "mom.pin", "arguments": []}},
    "inlayHint/resolve": {"position": POSITION, "label": "←", "data": {"uri": URI, "id": "id"}},
    "mom/suggest": PLACE,
    "mom/view": PLACE,
    "mom/seen": PLACE,
    "mom/domains": {"textDocument": DOCUMENT},
    "mom/kept": {"textDocument": DOCUMENT},
    "mom/show": {"id": "id", "textDocument": DOCUMENT},
    "mom/opened": PLACE | {"id": "id"},
    "mom/unknown": {},
}
NOTIFICATIONS: dict[str, Any] = {
    "textDocument/didOpen": {"textDocument": DOCUMENT | {"languageId": "python", "version": 1, "text": "a\n"}},
    "textDocument/didChange": {
        "textDocument": DOCUMENT | {"version": 2},
        "contentChanges": [{"range": RANGE, "text": "b"}],
    },
    "textDocument/didSave": {"textDocument": DOCUMENT},
    "textDocument/didClose": {"textDocument": DOCUMENT},
    "workspace/didChangeConfiguration": {"settings": {}},
    "$/cancelRequest": {"id": 7},
    "$/setTrace": {"value": "off"},
    "window/workDoneProgress/cancel": {"token": "t"},
    "mom/unknown": {},
}


CAPABILITIES: list[JSON] = [
    default_converter().unstructure(client_capabilities(name)) for name in ("neovim", "visual-studio-code", "emacs")
]


class Client:
    """A client in this process: what it sends is bytes on a stream, and so is what it reads."""

    def __init__(self) -> None:
        self.server = create_server()
        self.server.protocol.set_writer(self)
        self.reader = asyncio.StreamReader()
        self.reading = asyncio.ensure_future(read_messages(self.reader, self.server.protocol))
        self.received: list[JSON] = []
        self.came = asyncio.Event()
        self.reading.add_done_callback(lambda _: self.came.set())

    def write(self, data: bytes) -> None:
        """Receive what the server writes, in place of its stream."""
        self.received.append(json.loads(data.partition(b"\r\n\r\n")[2]))
        self.came.set()

    def close(self) -> None:
        """Do nothing: the stream is closed with the test."""

    def send(self, message: Any, header: str = "Content-Length: ") -> None:
        body = message if isinstance(message, bytes) else json.dumps(message).encode()
        self.reader.feed_data(f"{header}{len(body)}\r\n\r\n".encode() + body)

    def notify(self, method: str, params: Any) -> None:
        self.send({"jsonrpc": "2.0", "method": method, "params": params})

    async def answer(self, number: Any) -> JSON:
        """Wait for the answer to a request."""
        async with asyncio.timeout(TIMEOUT):
            while True:
                for message in self.received:
                    if "method" not in message and message.get("id") == number:
                        return message
                assert not self.reading.done(), "the server reads no more"
                self.came.clear()
                await self.came.wait()

    async def ask(self, method: str, params: Any, number: Any = 7) -> JSON:
        self.send({"jsonrpc": "2.0", "id": number, "method": method, "params": params})
        return await self.answer(number)

    async def greet(self) -> None:
        await self.ask("initialize", INITIALIZE, "greeting")
        self.notify("initialized", {})
        self.notify("textDocument/didOpen", NOTIFICATIONS["textDocument/didOpen"])

    async def text(self) -> str:
        """Return the open text, after all that was sent before."""
        self.received.clear()
        await self.ask("mom/unknown", {})
        return self.server.workspace.opened[URI].source


Conversation = Callable[[Client], Coroutine[Any, Any, Any]]
Talk = Callable[[Conversation], Any]


def run(talk: Conversation) -> Any:
    async def session() -> Any:
        client = Client()
        try:
            return await talk(client)
        finally:
            client.reader.feed_eof()
            await client.reading

    return asyncio.run(session())
