"""Hostile LSP messages, made from valid ones by a mutator with a seed: the same seed makes the same messages."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

from message_parts import JSON, LONG, MessageParts, World, containers

TOO_LARGE = 40_000_000  # characters of a message that is not read at all
DEEP = (60, 900, 100_000)  # levels
REQUESTS = frozenset(
    {"textDocument/hover", "textDocument/inlayHint", "textDocument/codeAction", "textDocument/inlineCompletion"}
    | {"workspace/executeCommand", "codeAction/resolve", "inlayHint/resolve", "initialize"}
    | {f"mom/{name}" for name in ("suggest", "kept", "show", "source", "episode", "opened", "review")}
)


@dataclass(frozen=True, slots=True)
class Hostile:
    """What is sent, and what has to come back: one answer for each of these ids, null for an id that cannot be read.

    `probes` are the methods of the requests, for the table.
    """

    kind: str
    data: bytes
    answers: tuple[Any, ...] = ()
    method: str = ""


def nested(levels: int, kind: str = "[") -> str:
    """Return JSON that is nested so deep."""
    return "[" * levels + "]" * levels if kind == "[" else '{"a":' * levels + "1" + "}" * levels


def framed(body: bytes, header: str = "Content-Length: {}\r\n\r\n") -> bytes:
    """Return a message as it is sent."""
    return header.format(len(body)).encode() + body


class HostileMessages(MessageParts):
    """Makes messages without end."""

    def __init__(self, seed: int, world: World) -> None:
        super().__init__(Random(seed), world)
        self._number = 0
        self.opened: set[str] = set()  # what was opened, to be closed at the end
        self._sent: list[int] = []  # ids that were used lately
        self.open_versions: dict[str, int] = dict.fromkeys(world.texts, 1)  # versions, by URI
        self._kinds: list[tuple[Callable[[], Hostile], int]] = [
            (self._mutated, 40),
            (self._valid, 12),
            (self._edit, 12),
            (self._opened, 5),
            (self._cancel, 6),
            (self._twice, 4),
            (self._unknown, 4),
            (self._missing, 6),
            (self._response, 3),
            (self._not_json, 4),
            (self._bad_header, 3),
            (self._deep, 1),
        ]

    def __iter__(self) -> Iterator[Hostile]:
        makers, weights = zip(*self._kinds, strict=True)
        while True:
            yield self.random.choices(makers, weights)[0]()

    # --- kinds ---

    def _mutated(self) -> Hostile:
        method, params = self.any()
        message: JSON = {"jsonrpc": "2.0", "method": method, "params": self.mutate(params)}
        return self._request("mutated", message) if method in REQUESTS else self._sent_as("mutated", message)

    def _valid(self) -> Hostile:
        method, params = self.random.choice(list(self.requests().items()))
        return self._request("valid", {"method": method, "params": params})

    def _edit(self) -> Hostile:
        """Return a change of a text at a range that may be reversed, far outside, or no range at all."""
        uri = self.uri()
        changes = [self.change() for _ in range(self.random.choice((0, 1, 1, 1, 2, 50)))]
        version = self.random.choice((self.open_versions.get(uri, 0) + 1, 0, -1, None, 2**31, "1"))
        document = {"uri": uri, "version": version}
        return self._notify("edit", "textDocument/didChange", {"textDocument": document, "contentChanges": changes})

    def _opened(self) -> Hostile:
        """Return that a document was opened, again or anew, or closed, or saved."""
        uri, chance = self.uri(), self.random.random()
        if chance < 0.3:
            return self._notify("open, close", "textDocument/didClose", {"textDocument": {"uri": uri}})
        if chance < 0.4:
            return self._notify("open, close", "textDocument/didSave", {"textDocument": {"uri": uri}})
        language = self.random.choice(("python", "c", "", "x" * 1000, None))
        item = {"uri": uri, "languageId": language, "version": 1, "text": self.text(uri)}
        return self._notify("open, close", "textDocument/didOpen", {"textDocument": item})

    def _cancel(self) -> Hostile:
        known = self.random.choice(self._sent) if self._sent else 0
        id = self.random.choice((known, known, known, -1, "x", None, [], 1e400))
        return self._notify("cancel", "$/cancelRequest", {"id": id})

    def _twice(self) -> Hostile:
        """Return a request with the id of another one, which may be still in progress."""
        method, params = self.random.choice(list(self.requests().items()))
        id = self.random.choice(self._sent) if self._sent else 0
        return self._request("id used twice", {"method": method, "params": params}, id)

    def _unknown(self) -> Hostile:
        names = ("mom/unknown", "textDocument/definition", "$/unknown", "", "x" * LONG, "\ud800", "__class__", "exit ")
        message = {"jsonrpc": "2.0", "method": self.random.choice(names), "params": self.value()}
        return (
            self._request("unknown method", message)
            if self.random.random() < 0.7
            else self._sent_as("unknown method", message)
        )

    def _missing(self) -> Hostile:
        """Return a request that lacks a member, or in which one has another type."""
        method, params = self.any()
        message: JSON = {"jsonrpc": "2.0", "id": self._next(), "method": method, "params": params}
        name = self.random.choice(("jsonrpc", "params", "id"))
        if self.random.random() < 0.5:
            del message[name]
        else:
            message[name] = self.value()
        return self._sent_as("missing or wrong member", message, method)

    def _response(self) -> Hostile:
        """Return a response to a request that was never made, or to one of the client's own."""
        id = self.random.choice((self._sent[-1] if self._sent else 0, "none", None, 1.5))
        body = {"result": self.value()} if self.random.random() < 0.5 else {"error": self.value()}
        return Hostile("response to nothing", framed(self._dumped({"jsonrpc": "2.0", "id": id, **body})))

    def _not_json(self) -> Hostile:
        request = self._dumped({"id": 1, "method": "textDocument/hover", "params": {"a": "é"}}, plain=False)
        body = self.random.choice(
            (
                b"\xff\xfe{}",
                request.replace("é".encode(), b"\xff\x80"),
                request.decode().encode("utf-16"),
                request[:-1],
                request + b"}",
                b"",
                b"[]",
                b"null",
                b"1",
                b'"' + b"x" * LONG,
                b'[{"id": 1, "method": "textDocument/hover"}]',
                self.random.randbytes(self.random.randrange(1, 200)),
                b"\0" * 100,
            )
        )
        return Hostile("not JSON, not an object", framed(body), (None,))

    def _bad_header(self) -> Hostile:
        """Return a valid request behind a header that is odd or broken; a broken one is skipped."""
        number = self._next()
        body = self._dumped({"jsonrpc": "2.0", "id": number, "method": "mom/unknown"})
        odd = (
            "content-LENGTH:{}\r\n\r\n",
            "Content-Type: x; charset=utf-16\r\nContent-Length: {}\r\n\r\n",
            "X: " + "y" * LONG + "\r\nContent-Length: {}\r\n\r\n",
            "Content-Length: 7\r\nContent-Length: {}\r\n\r\n",
            "Content-Length: -1\r\n\r\nContent-Length: {}\r\n\r\n",
            "Content-Length: nine\r\n\r\nContent-Length: {}\r\n\r\n",
            "Content-Length: 999999999999999999\r\n\r\nContent-Length: {}\r\n\r\n",
            "\r\n\r\nContent-Length: {}\r\n\r\n",
            "\n\0\n\xff\nContent-Length: {}\n\n",
            "GET / HTTP/1.1\r\nHost: a\r\n\r\nContent-Length: {}\r\n\r\n",
        )
        return Hostile("odd header", framed(body, self.random.choice(odd)), (number,), "mom/unknown")

    def _deep(self) -> Hostile:
        """Return a request with parameters that are nested deep, or a number of many digits."""
        number, method = self._next(), self.random.choice(("codeAction/resolve", "mom/show", "textDocument/hover"))
        inner = (
            '"' + "x" * TOO_LARGE + '"'
            if self.random.random() < 0.02
            else self.random.choice(
                ("1" * 5000, *(nested(levels, kind) for levels in DEEP for kind in "[{"), "1e999", "NaN")
            )
        )
        body = f'{{"jsonrpc":"2.0","id":{number},"method":"{method}","params":{{"title":"a","data":{inner}}}}}'
        return Hostile("deep or huge", framed(body.encode()), (number,), method)

    # --- how they are sent ---

    def _next(self) -> int:
        self._number += 1
        self._sent = [*self._sent[-50:], self._number]
        return self._number

    def _request(self, kind: str, message: JSON, id: Any = None) -> Hostile:
        number = self._next() if id is None else id
        return self._sent_as(kind, {"jsonrpc": "2.0", "id": number} | message, message["method"])

    def _notify(self, kind: str, method: str, params: Any) -> Hostile:
        return self._sent_as(kind, {"jsonrpc": "2.0", "method": method, "params": params})

    def _sent_as(self, kind: str, message: JSON, method: str = "") -> Hostile:
        answers = (as_id(message["id"]),) if "id" in message else ()
        if message.get("method") == "textDocument/didOpen":
            named = [one["uri"] for one in containers(message) if isinstance(one, dict) and "uri" in one]
            self.opened.update(uri for uri in named if isinstance(uri, str))
        return Hostile(kind, framed(self._dumped(message)), answers, method)

    def _dumped(self, message: Any, *, plain: bool = True) -> bytes:
        return json.dumps(message, ensure_ascii=plain).encode("utf-8", "surrogatepass")


def as_id(value: Any) -> Any:
    """Return the id that an answer has: the request's, null for one that is none or is too large."""
    number = type(value) in (int, float) and abs(value) < 10**18
    return value if number or (isinstance(value, str) and len(value) <= 1000) else None
