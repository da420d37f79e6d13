"""Valid LSP messages about a repository, and values, positions and texts that are not."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

JSON = dict[str, Any]
LONG = 200_000  # characters of a long text
HUGE = 5_000_000  # likewise of one that no editor sends; longer than any file that is read


@dataclass(frozen=True, slots=True)
class World:
    """What valid messages name: documents by URI with their texts, memories, and the folder."""

    folder: str  # a URI
    texts: dict[str, str]
    memories: list[str]


class MessageParts:
    """Makes parts of messages at random."""

    def __init__(self, random: Random, world: World) -> None:
        self.random, self.world = random, world

    def requests(self) -> dict[str, Any]:
        uri, memory = self.random.choice(list(self.world.texts)), self.random.choice(self.world.memories)
        line = self.random.randrange(max(1, self.world.texts[uri].count("\n")))
        document, position = {"uri": uri}, {"line": line, "character": 0}
        place = {"textDocument": document, "position": position}
        span = {"start": position, "end": {"line": line + self.random.choice((0, 40)), "character": 0}}
        commands = (
            ("mom.pin", [memory, uri, line + 1]),
            ("mom.unpin", [memory, uri]),
            ("mom.useful", [memory, uri, line + 1]),
            ("mom.dismiss", [memory, uri, line + 1]),
            ("mom.restore", [memory, uri]),
            ("mom.undo", [uri]),
            ("mom.search", ["why retry", uri]),
            ("mom.why", [uri, line + 1, False]),
            ("mom.status", [uri]),
            ("mom.nothing", []),
        )
        command, arguments = self.random.choice(commands)
        return {
            "textDocument/hover": place,
            "textDocument/inlayHint": {"textDocument": document, "range": span},
            "textDocument/codeAction": {"textDocument": document, "range": span, "context": {"diagnostics": []}},
            "textDocument/inlineCompletion": place | {"context": {"triggerKind": 1}},
            "workspace/executeCommand": {"command": command, "arguments": arguments},
            "codeAction/resolve": {"title": "Pin", "data": {"command": "mom.pin", "arguments": [memory]}},
            "inlayHint/resolve": {"position": position, "label": "←", "data": {"uri": uri, "id": memory}},
            "mom/suggest": place,
            "mom/kept": {"textDocument": document},
            "mom/show": {"id": memory, "textDocument": document},
            "mom/source": place | {"id": memory},
            "mom/episode": {"id": memory, "textDocument": document},
            "mom/opened": place | {"id": memory},
            "mom/review": {"textDocument": document},
            "initialize": {"processId": None, "rootUri": self.world.folder, "capabilities": {}},
        }

    def notifications(self) -> dict[str, Any]:
        uri = self.uri()
        return {
            "textDocument/didOpen": {
                "textDocument": {"uri": uri, "languageId": "python", "version": 1, "text": self.text(uri)}
            },
            "textDocument/didChange": {
                "textDocument": {"uri": uri, "version": 2},
                "contentChanges": [self.change()],
            },
            "textDocument/didSave": {"textDocument": {"uri": uri}},
            "textDocument/didClose": {"textDocument": {"uri": uri}},
            "workspace/didChangeConfiguration": {"settings": {"mom": {"hints": {"delay": 50}}}},
            "workspace/didChangeWorkspaceFolders": {
                "event": {"added": [{"uri": self.world.folder, "name": "r"}], "removed": []}
            },
            "window/workDoneProgress/cancel": {"token": "t"},
            "$/setTrace": {"value": "off"},
            "initialized": {},
        }

    def any(self) -> tuple[str, Any]:
        """Return one of all messages."""
        return self.random.choice(list((self.requests() | self.notifications()).items()))

    def uri(self) -> str:
        """Return the URI of a document that is open, may be opened, or cannot be."""
        folder, known = self.world.folder, list(self.world.texts)
        number = self.random.randrange(20)
        odd = (
            f"{folder}/new%20{number}.py",
            f"{folder}/../../etc/passwd",
            f"{folder}/%00.py",
            f"{folder}/" + "d/" * 5000 + "a.py",
            f"{folder}/{'x' * 300}.py",
            f"untitled:Untitled-{number}",
            "file://[",
            "file:///nowhere/a.py",
            "\ud800",
            "",
        )
        return self.random.choice(known if self.random.random() < 0.6 else odd)

    def text(self, uri: str) -> str:
        chance, own = self.random.random(), self.world.texts.get(uri, "a = 1\n")
        if chance < 0.75:
            return own
        return self.random.choice(
            (
                "",
                "\0" * 1000,
                "\ud800\udc00\ud800",
                "x" * LONG,
                "\n" * LONG,
                "\r" * 1000 + own,
                own * 20,
                *(("a b\n" * (HUGE // 4),) if chance > 0.99 else ()),
            )
        )

    def change(self) -> JSON:
        text = self.random.choice(("", "b", "\n", "é🍎\r", "x" * 1000, "\n" * 100, "\0"))
        if self.random.random() < 0.15:
            return {"text": self.text(self.uri())}
        start, end = self.position(), self.position()
        return {"range": {"start": start, "end": end}, "text": text}

    def position(self) -> JSON:
        of = (0, 1, 5, 40, 10_000, 2**31 - 1, 2**32, 10**30, -1, 1.5, None, "3")
        weights = (8, 8, 8, 8, 4, 1, 1, 1, 1, 1, 1, 1)
        line, character = self.random.choices(of, weights, k=2)
        return {"line": line, "character": character}

    def value(self, depth: int = 0) -> Any:
        plain: tuple[Any, ...] = (
            *(None, True, False, 0, -1, 1.5, 2**31, 2**53, 10**400, float("nan"), float("inf")),
            *("", "x", "1", "\ud800", "\0", "x" * 1000, "x" * LONG, "../" * 100, "file://["),
            *([], {}, [[]], {"uri": None}, self.world.folder),
        )
        if depth < 3 and self.random.random() < 0.15:
            inner = [self.value(depth + 1) for _ in range(self.random.randrange(4))]
            return inner if self.random.random() < 0.5 else {str(number): one for number, one in enumerate(inner)}
        return self.random.choice(plain)

    def mutate(self, params: Any) -> Any:
        """Return parameters in which one to three values are changed, missing or superfluous."""
        message = copy.deepcopy({"params": params})
        for _ in range(self.random.randrange(1, 4)):
            container = self.random.choice(list(containers(message)))
            keys = list(container) if isinstance(container, dict) else list(range(len(container)))
            chance = self.random.random()
            if not keys or chance < 0.1:
                if isinstance(container, dict):
                    container[self.random.choice(("more", "jsonrpc", "uri", "line"))] = self.value()
                else:
                    container.append(self.value())
            elif chance < 0.7:
                container[self.random.choice(keys)] = self.value()
            else:
                del container[self.random.choice(keys)]
        return message.get("params")


def containers(value: Any) -> Iterator[Any]:
    if isinstance(value, dict | list):
        yield value
        for inner in value.values() if isinstance(value, dict) else value:
            yield from containers(inner)
