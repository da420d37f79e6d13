"""Every request is answered, and what a client says beyond what we know is passed over: over a real stream of bytes."""

from __future__ import annotations

import asyncio
import copy
import json
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsprotocol import types
from pygls.protocol import default_converter
from pytest_lsp import client_capabilities

from mom_lsp.server import create_server
from mom_lsp.server.app import MomServer
from mom_lsp.server.lenient import LenientReader
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
        """Take what the server writes, as its stream."""
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


ids = st.integers() | st.text() | st.floats(allow_nan=False, allow_infinity=False)
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([-1, 2**31, 2**32 - 1, 10**400])
    | st.floats()
    | st.text()
    | st.sampled_from([URI, "file:///r/%5Bid%5D.py", "file://[", "2.0", "jsonrpc", "\ud800"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["jsonrpc", "id", "uri", "line", "range", "type_name"]), inner, max_size=3)
    ),
    max_leaves=5,
)


def mutated(params: Any, data: st.DataObject) -> Any:
    """Return parameters in which some value is another one, is missing, or is too many."""
    message = copy.deepcopy({"params": params})
    for _ in range(data.draw(st.integers(1, 3))):
        containers = list(_containers(message))
        container = data.draw(st.sampled_from(containers))
        keys = list(container) if isinstance(container, dict) else list(range(len(container)))
        if not keys or data.draw(st.integers(0, 5)) == 0:
            if isinstance(container, dict):
                container[data.draw(st.sampled_from(["jsonrpc", "more", "trace"]))] = data.draw(values)
            else:
                container.append(data.draw(values))
            continue
        key = data.draw(st.sampled_from(keys))
        if data.draw(st.booleans()):
            container[key] = data.draw(values)
        else:
            del container[key]
    return message.get("params")


def _containers(value: Any) -> Any:
    if isinstance(value, dict | list):
        yield value
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _containers(inner)


@pytest.fixture(scope="module")
def talk() -> Iterator[Talk]:
    """Return what runs a conversation of a client that goes on through all examples."""
    with asyncio.Runner() as runner:

        async def start() -> Client:
            client = Client()
            await client.greet()
            return client

        client = runner.run(start())

        def talk(conversation: Conversation) -> Any:
            client.received.clear()
            return runner.run(conversation(client))

        yield talk


@pytest.mark.hypothesis
@given(method=st.sampled_from(sorted(REQUESTS)), number=ids, data=st.data())
def test_any_request_is_answered(talk: Talk, method: str, number: Any, data: st.DataObject) -> None:
    params = mutated(REQUESTS[method], data)
    answer = talk(lambda client: client.ask(method, params, number))
    assert ("result" in answer) != ("error" in answer)


@pytest.mark.hypothesis
@given(data=st.data())
def test_any_initialize_is_answered(talk: Talk, data: st.DataObject) -> None:
    params = mutated(INITIALIZE | {"capabilities": data.draw(st.sampled_from(CAPABILITIES))}, data)
    answer = talk(lambda client: client.ask("initialize", params))
    assert ("result" in answer) != ("error" in answer)


@pytest.mark.hypothesis
@given(method=st.sampled_from(sorted(NOTIFICATIONS)), data=st.data())
def test_after_any_notification_a_request_is_answered(talk: Talk, method: str, data: st.DataObject) -> None:
    params = mutated(NOTIFICATIONS[method], data)

    async def conversation(client: Client) -> JSON:
        client.notify(method, params)
        return await client.ask("textDocument/hover", PLACE)

    assert "result" in talk(conversation)


@pytest.mark.hypothesis
@given(value=values.filter(lambda value: not isinstance(value, dict)) | st.binary())
def test_after_anything_that_is_no_message_a_request_is_answered(talk: Talk, value: Any) -> None:
    async def conversation(client: Client) -> JSON:
        client.send(value)
        return await client.ask("textDocument/hover", PLACE)

    assert "result" in talk(conversation)


@pytest.mark.parametrize(
    "changes",
    [
        {"trace": "compact"},
        {"capabilities": None},
        {"capabilities": {"textDocument": {"hover": {"contentFormat": ["markdown", "asciidoc"]}}}},
        {"capabilities": {"textDocument": {"publishDiagnostics": {"tagSupport": {"valueSet": [-1, 1]}}}}},
        {"capabilities": {"workspace": {"symbol": {"symbolKind": {"valueSet": [1, 99]}}}}},
        {"capabilities": {"workspace": {"workspaceEdit": {"failureHandling": "hope"}}}},
        {"clientInfo": {"version": "1"}},
        {"initializationOptions": {"jsonrpc": "2.0", "id": 3, "method": "initialize"}},
        {"processId": 2**40},
        {"workspaceFolders": [{"uri": 5}, None]},
    ],
    ids=lambda changes: str(changes)[:60],
)
def test_a_client_with_something_new_is_greeted(changes: JSON) -> None:
    answer = run(lambda client: client.ask("initialize", INITIALIZE | changes))
    assert answer["result"]["capabilities"]["hoverProvider"]


def test_what_is_known_of_a_list_counts_though_something_in_it_is_new() -> None:
    read = _lenient().read({"contentFormat": ["asciidoc", "markdown"]}, types.HoverClientCapabilities)
    assert read.content_format == (types.MarkupKind.Markdown,)


@pytest.mark.parametrize("capabilities", CAPABILITIES)
def test_what_is_right_is_read_as_pygls_reads_it(capabilities: JSON) -> None:
    params = {"processId": 1, "rootUri": URI, "capabilities": capabilities, "initializationOptions": {"a": [None, 1.5]}}
    lenient, strict = (reader(params, types.InitializeParams) for reader in (_lenient().read, _strict))
    assert lenient == strict


def _lenient() -> LenientReader:
    return LenientReader(default_converter())


def _strict(value: Any, kind: Any) -> Any:
    return default_converter().structure(value, kind)


@pytest.mark.parametrize(
    ("method", "changes", "problem"),
    [
        ("textDocument/hover", {"position": None}, "textDocument/hover: params.position is missing"),
        ("textDocument/hover", {"textDocument": {"uri": 5}}, "textDocument/hover: params.textDocument.uri is no str"),
        ("mom/suggest", {"position": {"line": "1"}}, "position needs a line, counted from 0"),
        ("mom/show", {"id": None}, "say which memory: id"),
    ],
)
def test_params_without_meaning_are_invalid(method: str, changes: JSON, problem: str) -> None:
    async def talk(client: Client) -> JSON:
        await client.greet()
        return await client.ask(method, REQUESTS[method] | changes)

    error = run(talk)["error"]
    assert (error["code"], error["message"]) == (types.ErrorCodes.InvalidParams, problem)


@pytest.mark.parametrize(
    ("method", "changes"),
    [
        ("textDocument/inlayHint", {"range": {"start": POSITION, "end": {"line": 2**32 - 1, "character": 0}}}),
        ("textDocument/codeAction", {"range": {"start": POSITION, "end": {"line": 2**63, "character": -1}}}),
        ("textDocument/codeAction", {"context": {"diagnostics": [], "triggerKind": 3}}),
        ("textDocument/codeAction", {"context": {"only": ["quickfix"]}}),
        ("textDocument/hover", {"position": {"line": 1.0, "character": 0}}),
        ("shutdown", {}),
    ],
)
def test_a_request_that_can_be_understood_is(method: str, changes: JSON) -> None:
    async def talk(client: Client) -> JSON:
        await client.greet()
        return await client.ask(method, (REQUESTS.get(method, {})) | changes)

    assert "error" not in run(talk)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"range": {"start": POSITION, "end": {"line": 2**32 - 1, "character": 2**32 - 1}}, "text": "b"}, "b"),
        ({"range": {"start": {"line": 0, "character": 1}, "end": {"line": 2**63, "character": 0}}, "text": "b"}, "ab"),
        ({"range": None, "text": "b"}, "b"),
        ({"range": RANGE, "rangeLength": -1, "text": "b"}, "ba\n"),
    ],
)
def test_a_change_with_odd_numbers_is_made_where_it_was_meant(change: JSON, text: str) -> None:
    async def talk(client: Client) -> str:
        await client.greet()
        document = DOCUMENT | {"version": None}
        client.notify("textDocument/didChange", {"textDocument": document, "contentChanges": [change]})
        return await client.text()

    assert run(talk) == text


@pytest.mark.parametrize("method", ["$/cancelRequest", "window/workDoneProgress/cancel"])
def test_what_fails_while_it_is_handled_stops_nothing(method: str) -> None:
    async def talk(client: Client) -> JSON:
        await client.greet()
        client.notify(method, {"id": [], "token": {}})
        return await client.ask("textDocument/hover", PLACE)

    assert "result" in run(talk)


def test_a_change_that_cannot_be_read_makes_the_text_unknown_until_a_whole_one_comes() -> None:
    changes = [{"range": RANGE, "text": "b"}, {"range": {"start": POSITION}, "text": "c"}]

    async def talk(client: Client) -> None:
        await client.greet()
        client.notify("textDocument/didChange", {"textDocument": DOCUMENT | {"version": 2}, "contentChanges": changes})
        await client.ask("mom/unknown", {})
        logged = [message["params"]["message"] for message in client.received if message.get("method") == LOG]
        assert logged == ["A change of a.py could not be read, so nothing is shown in it until it is opened again"]
        assert await client.text() == "a\n"  # all or nothing
        assert client.server.workspace.opened[URI].is_lost
        client.notify("textDocument/didChange", {"textDocument": DOCUMENT, "contentChanges": [{"text": "d\n"}]})
        assert await client.text() == "d\n"
        assert not client.server.workspace.opened[URI].is_lost

    run(talk)


LOG = "window/logMessage"


@pytest.mark.parametrize("number", [None, [], {}, True, float("nan")])
def test_an_id_that_can_be_none_is_answered_as_the_error_it_is(number: Any) -> None:
    async def talk(client: Client) -> JSON:
        await client.greet()
        return await client.ask("shutdown", None, number) if number is None else await _null_answer(client, number)

    assert run(talk)["error"]["code"] == types.ErrorCodes.InvalidRequest


async def _null_answer(client: Client, number: Any) -> JSON:
    client.send({"jsonrpc": "2.0", "id": number, "method": "shutdown"})
    return await client.answer(None)


def test_what_is_no_json_is_answered_as_the_error_it_is() -> None:
    async def talk(client: Client) -> JSON:
        client.send(b"{")
        return await client.answer(None)

    assert run(talk)["error"]["code"] == types.ErrorCodes.ParseError


def test_requests_before_initialize_and_after_shutdown_are_refused() -> None:
    async def talk(client: Client) -> list[int]:
        early = await client.ask("textDocument/hover", PLACE, 1)
        await client.greet()
        await client.ask("shutdown", None, 2)
        late = await client.ask("textDocument/hover", PLACE, 3)
        return [early["error"]["code"], late["error"]["code"]]

    assert run(talk) == [types.ErrorCodes.ServerNotInitialized, types.ErrorCodes.InvalidRequest]


def test_an_answer_of_the_client_that_cannot_be_read_leaves_nobody_waiting() -> None:
    async def talk(client: Client) -> None:
        await client.greet()
        for answer in ({"result": 5}, {"error": "no"}, {"error": {"code": "x"}}, {}):
            asked = asyncio.ensure_future(_ask_client(client.server))
            await asyncio.sleep(0)
            number = client.received[-1]["id"]
            client.send({"jsonrpc": "2.0", "id": number, **answer})
            async with asyncio.timeout(TIMEOUT):
                await asyncio.wait([asked])
            assert asked.exception() is not None or asked.result() is None

    run(talk)


async def _ask_client(server: MomServer) -> Any:
    return await server.window_show_message_request_async(types.ShowMessageRequestParams(types.MessageType.Info, "?"))


@pytest.mark.parametrize(
    "header",
    ["content-length: ", "CONTENT-LENGTH:", "Content-Type: x\r\ncontent-length : ", "noise\r\nContent-Length: "],
)
def test_headers_are_read_in_any_case(header: str) -> None:
    async def talk(client: Client) -> JSON:
        client.send(
            {"jsonrpc": "2.0", "id": 7, "method": "initialize", "params": INITIALIZE | {"trace": "off"}}, header
        )
        return await client.answer(7)

    assert "result" in run(talk)
