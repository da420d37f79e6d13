"""An editor for measurements: `mom serve` behind a real pipe, asked as VS Code asks it."""

from __future__ import annotations

import json
import queue
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

from mom_lsp.errors import ChildError, ChildTimeout
from mom_lsp.evaluation.bench_clone import stop_engine
from mom_lsp.git import Location
from mom_lsp.process import EngineClient
from mom_lsp.process.spawn import spawn

PATIENCE = 120.0  # seconds for an answer
SCREEN = 60  # lines; VS Code asks for hints of a screen above and below too
REFRESH = "workspace/inlayHint/refresh"
CAPABILITIES = {
    "workspace": {"configuration": True, "workspaceFolders": True, "inlayHint": {"refreshSupport": True}},
    "textDocument": {"inlayHint": {"resolveSupport": {"properties": ["tooltip"]}}},
    "window": {"workDoneProgress": True},
    "experimental": {"mom": {"commands": True, "notices": True, "state": True}},
}
SETTINGS = {"model": {"rephrase": True}}  # so that the model's process is measured


class Editor:
    """A client of one `mom serve`. It answers every request of the server; its one setting is that a model answers."""

    def __init__(self, location: Location) -> None:
        """Start the server in a worktree, and initialize it."""
        self._location, self._number = location, 0
        self.process = spawn(["serve"], stderr=subprocess.DEVNULL)
        self._inbox: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read, args=[self.process.stdout], daemon=True)
        self._reader.start()
        root = location.root.as_uri()
        folders = [{"uri": root, "name": location.root.name}]
        self.initialized = time.perf_counter()  # when `initialize` was sent
        self.call(
            "initialize",
            {"processId": None, "rootUri": root, "capabilities": CAPABILITIES, "workspaceFolders": folders},
        )
        self._send({"method": "initialized", "params": {}})

    def open(self, path: str) -> str:
        """Open a file; return its URI."""
        file = self._location.root / path
        text = file.read_bytes().decode("utf-8", "replace")
        item = {"uri": file.as_uri(), "languageId": "text", "version": 1, "text": text}
        self._send({"method": "textDocument/didOpen", "params": {"textDocument": item}})
        return file.as_uri()

    def command(self, name: str, *arguments: object) -> Any:
        """Run a command of the server."""
        return self.call("workspace/executeCommand", {"command": name, "arguments": list(arguments)})

    def hover(self, uri: str, line: int) -> Any:
        """Return the hover of a line (from 1)."""
        return self.call("textDocument/hover", at(uri, line))

    def suggest(self, uri: str, line: int) -> list[dict[str, Any]]:
        """Return the suggestions of a line (from 1)."""
        return list(self.call("mom/suggest", at(uri, line))["suggestions"])

    def hints(self, uri: str, first: int, last: int) -> list[dict[str, Any]]:
        """Return the hints of some lines (from 1)."""
        return list(self.call("textDocument/inlayHint", lines(uri, first, last)))

    def first_hints(self, uri: str, first: int, patience: float = PATIENCE) -> float | None:
        """Wait for the first answer with a hint on the screen that starts at a line (from 1); return when it came.

        As in VS Code, the screens above and below are asked for too, and a refresh cancels the request and repeats it.
        None after `patience` seconds without any hint.
        """
        until = time.perf_counter() + patience
        screens = lines(uri, max(1, first - SCREEN), first + 2 * SCREEN - 1)
        asked = self.submit("textDocument/inlayHint", screens)
        answered = False
        while (left := until - time.perf_counter()) > 0:
            try:
                message = self.next_message(left)
            except ChildTimeout:
                return None
            if message.get("id") == asked and "method" not in message:
                answered = True
                shown = message.get("result") or []
                if any(first - 1 <= hint["position"]["line"] < first - 1 + SCREEN for hint in shown):
                    return time.perf_counter()
            elif message.get("method") == REFRESH:
                if not answered:
                    self.cancel(asked)
                asked, answered = self.submit("textDocument/inlayHint", screens), False
        return None

    def call(self, method: str, params: dict[str, Any]) -> Any:
        """Send a request and return its result. Raises ChildError."""
        number = self.submit(method, params)
        while True:
            message = self.next_message(PATIENCE)
            if message.get("id") == number and "method" not in message:
                if "error" in message:
                    raise ChildError(f"{method}: {message['error']['message']}")
                return message["result"]

    def close(self) -> None:
        """Close the pipe, on which the server exits, and wait for that."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()
        self._reader.join()

    def submit(self, method: str, params: dict[str, Any]) -> int:
        """Send a request; return its number."""
        self._number += 1
        self._send({"id": self._number, "method": method, "params": params})
        return self._number

    def cancel(self, number: int) -> None:
        """Cancel a request; it is answered all the same."""
        self._send({"method": "$/cancelRequest", "params": {"id": number}})

    def next_message(self, patience: float) -> dict[str, Any]:
        """Return the next message; a request of the server is answered first.

        Raises ChildTimeout if there is none, ChildError if the server has exited.
        """
        try:
            message = self._inbox.get(timeout=patience)
        except queue.Empty:
            raise ChildTimeout(f"the server sent nothing for {patience:g} s") from None
        if message is None:
            raise ChildError("the server has exited")
        if "id" in message and "method" in message:
            asked = message.get("params", {}).get("items", ()) if message["method"] == "workspace/configuration" else ()
            self._send({"id": message["id"], "result": [SETTINGS for _ in asked] or None})
        return message

    def _send(self, message: dict[str, Any]) -> None:
        assert self.process.stdin is not None
        data = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(data), data))
        self.process.stdin.flush()

    def _read(self, stream: IO[bytes]) -> None:
        """Queue the messages of the server, and None at their end."""
        size = 0
        with stream:
            while line := stream.readline():
                if line.lower().startswith(b"content-length:"):
                    size = int(line.split(b":")[1])
                elif not line.strip():
                    self._inbox.put(json.loads(stream.read(size)))
        self._inbox.put(None)


@contextmanager
def editing(location: Location) -> Iterator[Editor]:
    """Yield an editor; its server and the engine stop with it."""
    editor = Editor(location)
    try:
        yield editor
    finally:
        editor.close()
        if (client := EngineClient.connect(location.data, 60)) is not None:
            stop_engine(client, str(location.root))


def at(uri: str, line: int) -> dict[str, Any]:
    """Return the parameters of a request about a line (from 1)."""
    return {"textDocument": {"uri": uri}, "position": {"line": line - 1, "character": 0}}


def lines(uri: str, first: int, last: int) -> dict[str, Any]:
    """Return the parameters of a request about some lines (from 1)."""
    start, end = {"line": first - 1, "character": 0}, {"line": last, "character": 0}
    return {"textDocument": {"uri": uri}, "range": {"start": start, "end": end}}
